"""The ledger, previews and health: what admins and pages look at."""

from collections.abc import Sequence
from datetime import date, timedelta

from newsletter.adapters.queue import Task
from newsletter.adapters.store import ledger as book
from newsletter.adapters.store import papers as shelf
from newsletter.app.service import Service
from newsletter.core.delivery import Kind, State
from newsletter.core.papers import Paper
from newsletter.core.results import (
    DeliveryView,
    EditionView,
    Finding,
    Preview,
    Resent,
    ServiceStatus,
)
from newsletter.services import deliveries, health, previews, subscriptions


class Ledger(Service):
    """What was sent to whom, what would be, and how the service stands."""

    def resend(
        self,
        edition: date,
        *,
        addresses: Sequence[str],
        actor: str,
        because: str,
        is_dry_run: bool,
    ) -> Resent:
        """Send these readers their digest of the edition once more; see services.deliveries."""
        with self.store.write() as session:
            resent = deliveries.resend(
                session,
                edition,
                addresses,
                actor=actor,
                because=because,
                is_dry_run=is_dry_run,
                sender=self._sender,
                now=self._now(session),
            )
        if resent.delivery_ids:
            self.ring(Task.SEND)
        return resent

    def deliveries(
        self,
        *,
        edition: date | None = None,
        state: State | None = None,
        address: str | None = None,
        limit: int = 100,
    ) -> tuple[DeliveryView, ...]:
        """The newest deliveries first."""
        key = subscriptions.key_of(address) if address else None
        with self.store.read() as session:
            return book.deliveries(
                session,
                edition=edition,
                states=[state] if state else (),
                address_key=key,
                limit=limit,
            )

    def editions(self, *, limit: int = 10) -> tuple[EditionView, ...]:
        with self.store.read() as session:
            return book.editions(session, limit=limit, kind=Kind.DIGEST)

    # Papers and previews

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

    def preview_filter(self, text: str, *, days: int = 30) -> tuple[Paper, ...]:
        """What the filter would have brought in the last days, newest and best first."""
        with self.store.read() as session:
            newest = next((day for day, _ in shelf.paper_days(session, limit=1)), self.today())
            last = min(newest, self.today())
            found = shelf.papers_featured(session, last - timedelta(days=days - 1), last)
        return previews.matches(text, found)

    # Health

    def status(self) -> ServiceStatus:
        names = [source.name for source in self.parts.sources]
        with self.store.read() as session:
            return health.status(session, names, now=self._now(session))

    def check(self) -> tuple[Finding, ...]:
        """Whether every part answers, each with what to do if it does not."""
        return self.parts.check(self.store)

    def upgrade(self) -> list[str]:
        """Bring the database's tables to this version; the names of the migrations that ran."""
        return self.store.upgrade()
