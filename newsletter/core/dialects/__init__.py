"""Queries of other search services, read into our filter language: `import_query`."""

from newsletter.core.dialects.parts import Dropped
from newsletter.core.dialects.reading import DIALECTS, Imported, import_query

__all__ = ["DIALECTS", "Dropped", "Imported", "import_query"]
