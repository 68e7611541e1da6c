"""The way to the relay."""

from newsletter.adapters.smtp.memory import MemoryTransport
from newsletter.adapters.smtp.relay import Relay, Tls, parse_smtp_url
from newsletter.adapters.smtp.transport import SmtpTransport
from newsletter.adapters.smtp.wire import Patience

__all__ = ["MemoryTransport", "Patience", "Relay", "SmtpTransport", "Tls", "parse_smtp_url"]
