"""Where reports wait: IMAP mailboxes, Maildirs, mbox files; one outside system per file."""

from newsletter.adapters.mailbox.memory import MemoryBox
from newsletter.adapters.mailbox.opening import open_box

__all__ = ["MemoryBox", "open_box"]
