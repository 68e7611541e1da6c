"""Addresses with a scheme, as settings hold them: one or several, by comma."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

LISTENERS = ("lmtp", "smtp")  # of REPORTS_URL: where we listen
MAILBOXES = ("imaps", "imap", "maildir", "mbox")  # … or look every minute


def is_listened_to(url: str) -> bool:
    """Whether we take reports in there ourselves."""
    return url.partition("://")[0] in LISTENERS


def parted(value: str) -> tuple[str, ...]:
    """Each address in the text; a password may hold a comma."""
    return tuple(url.strip() for url in re.split(r",\s*(?=\w+://)", value) if url.strip())


def has_host(value: str) -> bool:
    """Whether there is a host, and a port that can be one where a port is named."""
    try:
        parts = urlsplit(value)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def is_loopback(url: str) -> bool:
    """Whether the address is one of this machine only."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
