"""Papers and previews: what readers and admins look at before anything is sent."""

import time
from calendar import monthrange
from datetime import date, datetime
from functools import cached_property

from newsletter.adapters.store import papers as shelf
from newsletter.app.service import Service
from newsletter.core.accounts import Account
from newsletter.core.backtest import BackTest
from newsletter.core.papers import Paper
from newsletter.core.results import Place, Preview, Searched
from newsletter.services import backtests, previews, reasons, searches, subscriptions

FRESH_SECONDS = 1.0  # that papers may be behind the store; looking costs as much as a filter


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

    def days_beside(self, day: date) -> tuple[date | None, date | None]:
        """The nearest days before and after this one that have papers."""
        with self.store.read() as session:
            return shelf.days_beside(session, day)

    def paper(self, paper_id: str) -> Paper | None:
        """The stored paper of this id."""
        with self.store.read() as session:
            return shelf.papers_with_ids(session, [paper_id]).get(paper_id)

    def papers_of_month(self, year: int, month: int) -> list[tuple[str, date, datetime]]:
        """(id, day, when it changed last) of a month's papers, the newest day first."""
        last = monthrange(year, month)[1]
        with self.store.read() as session:
            return shelf.papers_changed(session, date(year, month, 1), date(year, month, last))

    def papers_changed_at(self) -> datetime | None:
        """When a paper was added or changed last; None while there is none."""
        with self.store.read() as session:
            return shelf.papers_revision(session)[1]

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

    _look_again_at = 0.0  # by the monotonic clock

    @cached_property
    def _recent(self) -> backtests.RecentPapers:
        return backtests.RecentPapers()

    def back_test(
        self, text: str, *, days: int = 30, most: int | None = None, is_fresh: bool = True
    ) -> BackTest:
        """What a filter would have brought in the last days that have papers.

        days: 1 to 90. most: so many matches are told in full. is_fresh: otherwise the papers may
        be those of a moment ago. Raises FilterError, ChoiceError. The first call makes the papers
        ready, which takes a second or so; from then on it takes milliseconds.
        """
        past = self._recent.ready
        if is_fresh or time.monotonic() > self._look_again_at:
            with self.store.read() as session:
                past = self._recent.past(session, today=self.today())
            self._look_again_at = time.monotonic() + FRESH_SECONDS
        return backtests.try_filter(text, past, days=days, most=most)

    def rehearse_digest_page(self) -> None:
        """Have what a reader's digest page is made of ready, before the first one asks for it."""
        for day in self._recent.ready.days[-1:]:
            previews.rehearse_digest_page(
                day.index.papers,
                day.on,
                renderer=self.parts.renderer,
                letterhead=self.letterhead,
            )

    @cached_property
    def _older(self) -> searches.OlderPapers:
        return searches.OlderPapers()

    def search(self, text: str, *, start: Place | None = None, limit: int = 50) -> Searched:
        """The papers that a filter selects, the newest first. Raises FilterError."""
        with self.store.read() as session:
            recent = self._recent.past(session, today=self.today()).days
            return searches.search(
                session, text, recent=recent, older=self._older, start=start, limit=limit
            )
