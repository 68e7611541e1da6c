"""Limits of relays and rates of domains: shared by all workers, or within this process."""

from newsletter.adapters.flow.memory import MemoryFlow
from newsletter.adapters.flow.shared import RedisFlow

__all__ = ["MemoryFlow", "RedisFlow"]
