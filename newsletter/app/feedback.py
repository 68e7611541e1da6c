"""Reports on their way in: by mail, by the mail system, by a provider's events."""

import logging
from collections.abc import Iterable

from newsletter.app.service import Service
from newsletter.core.feedback import Arrival, CameBy, TakenIn, read_arrival, unread_arrival
from newsletter.services import feedback

log = logging.getLogger(__name__)


class Feedback(Service):
    """What became of the mail, as others tell it."""

    def take_in_report(self, raw: bytes, *, came_by: CameBy, envelope_to: str = "") -> TakenIn:
        """Take one message in; committed when this returns. Raises StoreUnavailable.

        envelope_to: the address it was sent to, "" where only the message tells.
        """
        return self.take_in_events([_read(raw, came_by, envelope_to)])[0]

    def take_in_events(self, arrivals: Iterable[Arrival]) -> list[TakenIn]:
        """Take all of them in, in one transaction; committed when this returns."""
        secrets = self.letterhead.keys.secrets
        with self.store.write() as session:
            now = self._now(session)
            return [
                feedback.take_in(session, arrival, secrets=secrets, now=now) for arrival in arrivals
            ]


def _read(raw: bytes, came_by: CameBy, envelope_to: str) -> Arrival:
    """The message read. Strangers write it: one that breaks our reading must not block the rest."""
    try:
        return read_arrival(raw, came_by=came_by, envelope_to=envelope_to)
    except Exception:
        log.exception("report_unreadable came_by=%s", came_by)
        return unread_arrival(raw, came_by=came_by, envelope_to=envelope_to)
