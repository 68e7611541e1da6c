"""What readers and admins do with a subscription."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from itertools import islice

from newsletter.adapters.queue import Task
from newsletter.adapters.store.subscribers import subscribers_page
from newsletter.app.service import Service
from newsletter.core.mail.links import links_of
from newsletter.core.mail.rendering import Links
from newsletter.core.results import Imported
from newsletter.core.subscribers import Status, Subscriber, Wishes
from newsletter.core.tokens import Purpose, read_token
from newsletter.services import imports, previews, subscriptions

CONFIRM_AGE = timedelta(days=7)


class Readers(Service):
    """Subscriptions, by signed link and by address."""

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

    def confirm_token(self, token: str) -> Subscriber:
        """The reader of a confirmation link; nothing is changed. Raises LinkError."""
        return self._reader(Purpose.CONFIRM, token, max_age=CONFIRM_AGE)

    def confirm(self, token: str) -> Subscriber:
        """Begin to mail the reader of this confirmation link. Raises LinkError, Refused."""
        with self.store.write() as session:
            now = self._now(session)
            reader = self._read(Purpose.CONFIRM, token, now, max_age=CONFIRM_AGE)
            return subscriptions.confirm(session, reader, now=now)

    def subscriber_of(self, token: str) -> Subscriber:
        """The reader of a preferences link; nothing is changed. Raises LinkError."""
        return self._reader(Purpose.MANAGE, token)

    def change_wishes(self, token: str, wishes: Wishes) -> Subscriber:
        """Replace all wishes of the reader of this preferences link."""
        with self.store.write() as session:
            now = self._now(session)
            reader = self._read(Purpose.MANAGE, token, now)
            return subscriptions.change_wishes(session, reader, wishes, now=now)

    def unsubscribe_token(self, token: str) -> Subscriber:
        """The reader of an unsubscribe link; nothing is changed. Raises LinkError."""
        return self._reader(Purpose.UNSUBSCRIBE, token)

    def unsubscribe(self, token: str, *, because: str) -> Subscriber:
        """Mail the reader of this unsubscribe link no more; again changes nothing."""
        with self.store.write() as session:
            now = self._now(session)
            reader = self._read(Purpose.UNSUBSCRIBE, token, now)
            return subscriptions.unsubscribe(session, reader, because=because, now=now)

    def resubscribe(self, token: str) -> Subscriber:
        """Take back the leave of the reader of this unsubscribe link. Raises LinkError, Refused."""
        with self.store.write() as session:
            now = self._now(session)
            reader = self._read(Purpose.UNSUBSCRIBE, token, now)
            return subscriptions.resubscribe(session, reader, now=now)

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

    def pages_of(self, subscriber_id: int) -> Links:
        """The signed addresses of this reader's own pages."""
        return links_of(self.letterhead, subscriber_id, confirm_at=None)

    def digest_page(self, token: str) -> str:
        """The whole digest behind a mail's link to the web, as html. Raises LinkError, NotFound."""
        with self.store.read() as session:
            now = self._now(session)
            link = read_token(Purpose.VIEW, token, keys=self.letterhead.keys, now=now)
            return previews.digest_page(
                session,
                subscriptions.subscriber_of(session, link.subscriber_id),
                date.fromisoformat(link.extra),
                renderer=self.parts.renderer,
                letterhead=self.letterhead,
            )

    def _reader(
        self, purpose: Purpose, token: str, *, max_age: timedelta | None = None
    ) -> Subscriber:
        with self.store.read() as session:
            reader = self._read(purpose, token, self._now(session), max_age=max_age)
            return subscriptions.subscriber_of(session, reader)

    def _read(
        self, purpose: Purpose, token: str, now: datetime, *, max_age: timedelta | None = None
    ) -> int:
        keys = self.letterhead.keys
        return read_token(purpose, token, keys=keys, now=now, max_age=max_age).subscriber_id

    def _ring_for(self, delivery_id: int | None) -> None:
        if delivery_id is not None:
            self.ring(Task.SEND)

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
