"""Papers and previews: what readers and admins look at before anything is sent."""

from datetime import date
from functools import cached_property

from newsletter.adapters.store import papers as shelf
from newsletter.app.service import Service
from newsletter.core.accounts import Account
from newsletter.core.backtest import BackTest
from newsletter.core.papers import Paper
from newsletter.core.results import Preview
from newsletter.services import backtests, previews, reasons, subscriptions


class Reading(Service):
    """The papers by day, what a filter would bring, and what a reader got or would get."""

    def papers(self, day: date) -> tuple[Paper, ...]:
        """The papers of one day, most upvoted first."""
        with self.store.read() as session:
            found = shelf.papers_featured(session, day, day)
        return tuple(sorted(found, key=lambda paper: (-(paper.upvotes or 0), paper.id)))

    def paper_days(self, *, limit: int = 60) -> tuple[tuple[date, int], ...]:
        with self.store.read() as session:
            return shelf.paper_days(session, limit=limit)

    def preview(self, address: str, *, edition: date | None = None) -> Preview:
        """The message that this reader got in the edition, or would get now."""
        with self.store.read() as session:
            subscriber = subscriptions.subscriber(session, address)
            return previews.preview(
                session,
                subscriber,
                edition or self.today(),
                renderer=self.parts.renderer,
                letterhead=self.letterhead,
                now=self._now(session),
            )

    def why(self, address: str, paper: str, *, edition: date | None = None) -> Account:
        """Why this paper came to this reader, or why not; see services.reasons.

        Raises AddressError, NotFound.
        """
        with self.store.read() as session:
            subscriber = subscriptions.subscriber(session, address)
            now = self._now(session)
            return reasons.reason(session, subscriber, paper, edition=edition, now=now)

    @cached_property
    def _recent(self) -> backtests.RecentPapers:
        return backtests.RecentPapers()

    def back_test(self, text: str, *, days: int = 30) -> BackTest:
        """What a filter would have brought in the last days that have papers.

        days: 1 to 90. Raises FilterError, ChoiceError. The first call makes the papers ready, which
        takes a second or so; from then on it takes milliseconds.
        """
        with self.store.read() as session:
            return backtests.try_filter(session, self._recent, text, days=days, today=self.today())
