"""The topic filter language: `parse_filter` makes a Filter of a reader's text."""

from newsletter.core.filters.parser import Filter, parse_filter

__all__ = ["Filter", "parse_filter"]
