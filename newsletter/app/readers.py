"""Subscribing, and what admins do with a subscription."""

from collections.abc import Callable, Iterable
from itertools import islice

from newsletter.adapters.store.subscribers import subscribers_page
from newsletter.app.by_link import ByLink
from newsletter.core.records import Export
from newsletter.core.results import Imported
from newsletter.core.subscribers import Status, Subscriber, Wishes
from newsletter.services import imports, records, subscriptions


class Readers(ByLink):
    """Subscriptions: made by readers, kept by admins."""

    def subscribe(self, address: str, wishes: Wishes) -> None:
        """Ask this address to confirm; see services.subscriptions for what a stranger may learn."""
        with self.store.write() as session:
            waits = subscriptions.subscribe(
                session,
                address,
                wishes,
                hash_secret=self.letterhead.hash_secret,
                sender=self._sender,
                now=self._now(session),
            )
        self._ring_for(waits)

    def recover(self, address: str) -> None:
        """Mail this reader the link to their preferences; silent when there is no such reader."""
        with self.store.write() as session:
            waits = subscriptions.recover(
                session,
                address,
                hash_secret=self.letterhead.hash_secret,
                sender=self._sender,
                now=self._now(session),
            )
        self._ring_for(waits)

    # Readers, by an admin

    def add_subscriber(
        self, address: str, wishes: Wishes, *, is_confirmed: bool, actor: str = "admin"
    ) -> Subscriber:
        """Add a reader: at once when they are known to want it, else by a confirmation mail."""
        with self.store.write() as session:
            added, waits = subscriptions.add_subscriber(
                session,
                address,
                wishes,
                is_confirmed=is_confirmed,
                actor=actor,
                hash_secret=self.letterhead.hash_secret,
                sender=self._sender,
                now=self._now(session),
            )
        self._ring_for(waits)
        return added

    def import_subscribers(
        self,
        readers: Iterable[tuple[str, Wishes]],
        *,
        actor: str = "admin",
        progress: Callable[[int], None] | None = None,
    ) -> Imported:
        """Add many readers who asked for the mail elsewhere; each that cannot be is named.

        Committed by the thousand: what was added before an interruption stays. progress: told how
        many were looked at.
        """
        total, rest = Imported(), iter(readers)
        while chunk := list(islice(rest, imports.AT_ONCE)):
            with self.store.write() as session:
                total += imports.import_subscribers(
                    session,
                    chunk,
                    actor=actor,
                    hash_secret=self.letterhead.hash_secret,
                    now=self._now(session),
                )
            if progress is not None:
                progress(total.added + len(total.refused))
        return total

    def subscriber(self, address: str) -> Subscriber:
        """The subscriber of this address. Raises AddressError, NotFound."""
        with self.store.read() as session:
            return subscriptions.subscriber(session, address)

    def subscribers(
        self, *, status: str | None = None, limit: int = 100, after_id: int = 0
    ) -> tuple[Subscriber, ...]:
        """Subscribers by id, those after `after_id`."""
        with self.store.read() as session:
            return subscribers_page(
                session,
                status=Status(status) if status else None,
                limit=limit,
                after_id=after_id,
            )

    def export_subscriber(self, address: str) -> Export:
        """All that is stored about the reader of this address. Raises AddressError, NotFound."""
        with self.store.read() as session:
            found = subscriptions.subscriber(session, address)
            return records.export(session, found.id, now=self._now(session))

    def remove_subscriber(self, address: str, *, actor: str) -> None:
        """Forget a reader with all that was sent to them; a suppression stays."""
        with self.store.write() as session:
            subscriptions.remove_subscriber(
                session,
                address,
                actor=actor,
                hash_secret=self.letterhead.hash_secret,
                now=self._now(session),
            )
