"""The topic filter language: `parse_filter` makes a Filter of a reader's text."""

from newsletter.core.filters.parser import parse_filter
from newsletter.core.filters.tree import Filter

__all__ = ["Filter", "parse_filter"]
