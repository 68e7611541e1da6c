"""The command line: `newsletter …`."""

from newsletter.cli.root import main

__all__ = ["main"]
