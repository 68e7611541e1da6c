"""Places papers come from."""

from newsletter.adapters.sources.arxiv import ArxivSource
from newsletter.adapters.sources.building import build_sources
from newsletter.adapters.sources.folder import FolderSource
from newsletter.adapters.sources.huggingface import HuggingFaceSource

__all__ = ["ArxivSource", "FolderSource", "HuggingFaceSource", "build_sources"]
