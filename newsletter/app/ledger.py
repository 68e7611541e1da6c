"""The ledger and health: what admins look at."""

from datetime import date

from newsletter.adapters.store import ledger as book
from newsletter.app.service import Service
from newsletter.core.delivery import Kind, State
from newsletter.core.results import (
    DeliveryView,
    EditionView,
    Finding,
    ServiceStatus,
)
from newsletter.services import health, subscriptions


class Ledger(Service):
    """What was sent to whom, and how the service stands."""

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

    def editions(self, *, edition: date | None = None, limit: int = 10) -> tuple[EditionView, ...]:
        """The last editions of digests with their counts, newest first; or only this one."""
        with self.store.read() as session:
            now = self._now(session)
            return book.editions(session, limit=limit, kind=Kind.DIGEST, edition=edition, now=now)

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
