"""The ledger and health: what admins look at."""

from collections.abc import Collection
from datetime import date, datetime

from newsletter.adapters.store import ledger as book
from newsletter.adapters.store import tallies
from newsletter.adapters.store.editions import edition_views, newest_edition, sent_between
from newsletter.adapters.store.rates import edition_rates
from newsletter.app.service import Service
from newsletter.core.delivery.ledger import (
    DeliveryHistory,
    DomainTally,
    EditionReport,
    causes,
)
from newsletter.core.delivery.states import Kind, State
from newsletter.core.results import DeliveryView, EditionView, Finding, ServiceStatus
from newsletter.errors import NotFound
from newsletter.services import control, health, subscriptions

MOST_DOMAINS = 10
MOST_CAUSES = 10
MAX_DIGITS = 19  # of a number that a database can hold


class Ledger(Service):
    """What was sent to whom, and how the service stands."""

    def deliveries(
        self,
        *,
        edition: date | None = None,
        states: Collection[State] = (),
        address: str | None = None,
        domain: str | None = None,
        since: datetime | None = None,
        after: int | None = None,
        limit: int = 100,
    ) -> tuple[DeliveryView, ...]:
        """The newest deliveries first. after: the number that ended the page before."""
        key = subscriptions.key_of(address) if address else None
        with self.store.read() as session:
            return book.deliveries(
                session,
                edition=edition,
                states=states,
                address_key=key,
                domain=domain,
                since=since,
                after=after,
                limit=limit,
            )

    def delivery_counts(
        self,
        *,
        edition: date | None = None,
        states: Collection[State] = (),
        address: str | None = None,
        domain: str | None = None,
        since: datetime | None = None,
    ) -> list[tuple[str, State, int]]:
        """How many deliveries there are by domain and state."""
        key = subscriptions.key_of(address) if address else None
        with self.store.read() as session:
            return book.delivery_counts(
                session,
                edition=edition,
                states=states,
                address_key=key,
                domain=domain,
                since=since,
            )

    def delivery(self, name: str) -> DeliveryHistory:
        """One delivery in full, by its number or its Message-ID. Raises NotFound."""
        with self.store.read() as session:
            is_number = name.isdecimal() and len(name) < MAX_DIGITS
            number = int(name) if is_number else book.delivery_with_message_id(session, name)
            found = book.history(session, number) if number is not None else None
        if found is None:
            raise NotFound(
                f"There is no delivery {name}: it is a number of `newsletter deliveries list`, "
                "or a Message-ID."
            )
        return found

    def editions(self, *, edition: date | None = None, limit: int = 10) -> tuple[EditionView, ...]:
        """The last editions of digests with their counts, newest first; or only this one."""
        with self.store.read() as session:
            now = self._now(session)
            return edition_views(session, limit=limit, kind=Kind.DIGEST, edition=edition, now=now)

    def edition_report(self, day: date) -> EditionReport:
        """One edition in full. Raises NotFound."""
        with self.store.read() as session:
            now = self._now(session)
            row = control.edition_of_digests(session, day)
            view = edition_views(session, limit=1, kind=Kind.DIGEST, edition=day, now=now)[0]
            first, last = sent_between(session, view.id)
            domains = tallies.by_domain(session, view.id, now=now)
            return EditionReport(
                edition=view,
                first_sent_at=first,
                last_sent_at=last,
                domains=tuple(domains[:MOST_DOMAINS]),
                domain_count=len(domains),
                causes=causes(tallies.reasons(session, row.id or 0, now=now), most=MOST_CAUSES),
                rate=edition_rates(session, [view])[0],
            )

    def newest_edition(self) -> date | None:
        """The last edition of which anything waits, else the last one; None when there is none."""
        with self.store.read() as session:
            return newest_edition(session)

    def edition(self, day: date) -> EditionView:
        """One edition with its counts: cheap enough to look every second. Raises NotFound."""
        with self.store.read() as session:
            now = self._now(session)
            control.edition_of_digests(session, day)
            return edition_views(session, limit=1, kind=Kind.DIGEST, edition=day, now=now)[0]

    def tally_by_domain(self, day: date) -> list[DomainTally]:
        """Its counts by domain, the largest first: half a second for each million readers."""
        with self.store.read() as session:
            row = control.edition_of_digests(session, day)
            return tallies.by_domain(session, row.id or 0, now=self._now(session))

    # Health

    def status(self) -> ServiceStatus:
        names = [source.name for source in self.parts.sources]
        boxes = [box.name for box in self.parts.report_boxes]
        with self.store.read() as session:
            return health.status(session, names, mailboxes=boxes, now=self._now(session))

    def check(self) -> tuple[Finding, ...]:
        """Whether every part answers, each with what to do if it does not."""
        return self.parts.check(self.store)

    def check_templates(self) -> None:
        """Refuse to start with templates that readers would find broken; raises TemplateProblem.

        Only an operator's own are looked at: those of the program were, before it was shipped.
        """
        if self.settings.templates_dir is not None:
            self.parts.check_templates()

    def upgrade(self) -> list[str]:
        """Bring the database's tables to this version; the names of the migrations that ran."""
        return self.store.upgrade()
