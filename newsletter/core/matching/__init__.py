"""Which papers a filter selects, and why: `PaperIndex`."""

from newsletter.core.matching.index import PaperIndex

__all__ = ["PaperIndex"]
