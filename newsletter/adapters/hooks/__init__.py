"""Calls of mail providers: believed only with their proof."""

from newsletter.adapters.hooks.calls import CallReader
from newsletter.adapters.hooks.sns import HttpSns

__all__ = ["CallReader", "HttpSns"]
