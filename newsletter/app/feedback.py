"""Reports on their way in: by mail, by the mail system, by a provider's events."""

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from newsletter.adapters.store import mailboxes, reports
from newsletter.app.service import Service
from newsletter.core.addresses import read_return_path
from newsletter.core.feedback.arriving import (
    Arrival,
    CameBy,
    Fate,
    TakenIn,
    read_arrival,
    unread_arrival,
)
from newsletter.core.ports import ReportBox
from newsletter.core.results import MailboxView, ReportCount, ReportView
from newsletter.errors import MailboxUnavailable, NewsletterError, NotFound
from newsletter.services import feedback

log = logging.getLogger(__name__)

LOOK_SECONDS = 100.0  # at one mailbox: below its lease, whatever its server does then
LATE = timedelta(minutes=2)  # after the last look at it
PRUNE_SECONDS = 3600.0
UNSUBSCRIBE_PREFIX = "unsubscribe+"  # of the mailto in List-Unsubscribe


def never() -> bool:
    return False


class Feedback(Service):
    """What became of the mail, as others tell it."""

    _prune_at = 0.0  # by the monotonic clock

    def take_in_report(self, raw: bytes, *, came_by: CameBy, envelope_to: str = "") -> TakenIn:
        """Take one message in; committed when this returns. Raises StoreUnavailable.

        envelope_to: the address it was sent to, "" where only the message tells. Strangers write
        it: one that breaks the program is kept unread, since it must not block those behind it.
        """
        words: dict[str, Any] = {"came_by": came_by, "envelope_to": envelope_to}
        try:
            return self.take_in_events([read_arrival(raw, **words)])[0]
        except NewsletterError:
            raise
        except Exception:
            log.exception("report_unreadable came_by=%s", came_by)
            return self.take_in_events([unread_arrival(raw, **words)])[0]

    def take_in_events(self, arrivals: Iterable[Arrival]) -> list[TakenIn]:
        """Take all of them in, in one transaction; committed when this returns."""
        secrets = self.letterhead.keys.secrets
        with self.store.write() as session:
            now = self._now(session)
            return [
                feedback.take_in(session, arrival, secrets=secrets, now=now) for arrival in arrivals
            ]

    def takes_mail_for(self, address: str) -> bool:
        """Whether an address of our domain is one that we made: nothing else is to be taken in."""
        secrets = self.letterhead.keys.secrets
        return read_return_path(address, secrets=secrets) is not None or address.lower().startswith(
            UNSUBSCRIBE_PREFIX
        )

    def poll_reports(
        self, *, only_late: bool = False, is_stopping: Callable[[], bool] = never
    ) -> int:
        """Empty the mailboxes that nobody else is emptying; how many messages were taken in.

        A mailbox that does not answer does not stop the others: its problem stands in
        `report_mailboxes`. only_late: those that should have been looked at by now, as beat may
        not run. is_stopping: asked before each message.
        """
        rest = LATE if only_late else timedelta()
        taken = 0
        for box in self.parts.report_boxes:
            with self.store.write() as session:
                now = self._now(session)
                is_ours = mailboxes.claim_mailbox(session, box.name, now=now, rest=rest)
            if is_ours:
                taken += self._empty(box, is_stopping)
        if time.monotonic() >= self._prune_at:
            self._prune_at = time.monotonic() + PRUNE_SECONDS
            with self.store.write() as session:
                reports.prune(session, now=self._now(session))
        return taken

    def _empty(self, box: ReportBox, is_stopping: Callable[[], bool]) -> int:
        """Take in what waits there, message by message: each is removed after its commit."""
        taken, problem, give_up = 0, "", time.monotonic() + LOOK_SECONDS
        try:
            for mail in box.fetch():
                self.take_in_report(mail.raw, came_by=box.came_by)
                box.remove(mail)
                taken += 1
                if is_stopping() or time.monotonic() > give_up:
                    break
            box.close()
        except MailboxUnavailable as trouble:
            problem = str(trouble)
            log.warning("mailbox_unavailable box=%s because=%s", box.name, problem)
        finally:
            with suppress(MailboxUnavailable):
                box.close()
        with self.store.write() as session:
            now = self._now(session)
            mailboxes.record_look(session, box.name, taken=taken, problem=problem, now=now)
        return taken

    # For admins

    def report_mailboxes(self) -> tuple[MailboxView, ...]:
        """How the last look at each mailbox of the settings went."""
        names = [box.name for box in self.parts.report_boxes]
        with self.store.read() as session:
            return mailboxes.mailbox_views(session, names)

    def reports(
        self, *, fate: Fate | None = None, after: int | None = None, limit: int = 100
    ) -> tuple[ReportView, ...]:
        """The newest reports first. after: the number that ended the page before."""
        with self.store.read() as session:
            return reports.reports(session, fate=fate, after=after, limit=limit)

    def report_counts(self) -> tuple[ReportCount, ...]:
        """How many there are of each way in, fate and kind."""
        with self.store.read() as session:
            return reports.report_counts(session)

    def report(self, number: int) -> ReportView:
        """One report, with the message itself as far as it is kept. Raises NotFound."""
        with self.store.read() as session:
            found = reports.report(session, number)
        if found is None:
            raise NotFound(f"There is no report {number}: see `newsletter reports list`.")
        return found
