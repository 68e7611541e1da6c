"""The counts of the gate: over all processes by Redis, or within this one."""

from newsletter.adapters.gate.memory import MemoryGate
from newsletter.adapters.gate.shared import RedisGate

__all__ = ["MemoryGate", "RedisGate"]
