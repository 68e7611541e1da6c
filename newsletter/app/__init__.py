"""The service as its entrances know it: one short method per use.

A method opens the transaction, calls one service, and rings only after the commit, so that a
doorbell never announces what the store does not hold.
"""

from newsletter.app.control import Control
from newsletter.app.entrance import Entrance
from newsletter.app.hooks import Hooks
from newsletter.app.ledger import Ledger
from newsletter.app.readers import Readers
from newsletter.app.reading import Reading
from newsletter.app.resending import Resending
from newsletter.app.suppressing import Suppressions


class Newsletter(Readers, Entrance, Reading, Resending, Control, Hooks, Suppressions, Ledger):
    """The whole service over one set of settings; see Service for how to build one."""


__all__ = ["Newsletter"]
