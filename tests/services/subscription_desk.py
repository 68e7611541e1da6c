"""The services of a subscription over one store, at a time that tests move."""

from collections.abc import Callable

from builders import MONDAY, wishes
from sqlalchemy import func, select
from sqlmodel import col

from newsletter.adapters.store import Store
from newsletter.adapters.store.claims import add_suppression
from newsletter.adapters.store.deliveries import Sender
from newsletter.adapters.store.tables import DeliveryRow, EditionRow
from newsletter.core.addresses import hash_address
from newsletter.services import subscriptions

SECRET = b"a-secret-for-tests"
SENDER = Sender(secret=SECRET, domain="example.org")
ADA = "ada@example.org"


class Desk:
    """The service over one store, at a time that tests move."""

    def __init__(self, store: Store) -> None:
        self.store, self.now = store, MONDAY

    def do(self, use: Callable, *given, **more):
        """One use of the service, committed."""
        if use in (subscriptions.subscribe, subscriptions.recover, subscriptions.add_subscriber):
            more |= {"hash_secret": SECRET, "sender": SENDER}
        if use is subscriptions.confirm:
            more |= {"sender": SENDER}
        if use is subscriptions.remove_subscriber:
            more |= {"hash_secret": SECRET}
        if use not in (subscriptions.subscriber, subscriptions.subscriber_of):
            more |= {"now": self.now}
        with self.store.write() as session:
            return use(session, *given, **more)

    def subscribe(self, address: str = ADA, *filters: str, **values) -> int | None:
        return self.do(subscriptions.subscribe, address, wishes(*filters, **values))

    def reader(self, *filters: str, **values):
        """Ada, active."""
        self.subscribe(ADA, *filters, **values)
        return self.do(subscriptions.confirm, self.ada().id)[0]

    def ada(self):
        return self.do(subscriptions.subscriber, ADA)

    def suppress(self, address: str = ADA) -> None:
        with self.store.write() as session:
            add_suppression(session, hash_address(address, SECRET), "hard bounce", now=MONDAY)

    def count(self, table) -> int:
        with self.store.read() as session:
            return session.scalar(select(func.count()).select_from(table))

    def mails(self) -> list[tuple[str, str]]:
        """Kind and state of each delivery."""
        wanted = select(col(EditionRow.kind), col(DeliveryRow.state)).join(
            EditionRow, col(EditionRow.id) == col(DeliveryRow.edition_id)
        )
        with self.store.read() as session:
            return [tuple(row) for row in session.execute(wanted.order_by(col(DeliveryRow.id)))]
