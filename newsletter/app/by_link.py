"""What readers do with a signed link: choose, pause, leave, come back, move, look, be forgotten.

Each raises LinkError for a link that is not one of ours, or whose reader is gone.
"""

from datetime import date, datetime, timedelta

from newsletter.adapters.queue import Task
from newsletter.app.service import Service
from newsletter.core.digests import Digest
from newsletter.core.mail.links import links_of
from newsletter.core.mail.rendering import Links
from newsletter.core.papers import Paper
from newsletter.core.records import Export
from newsletter.core.results import DeliveryView
from newsletter.core.schedule import edition_of
from newsletter.core.subscribers import Subscriber, Wishes
from newsletter.core.tokens import Purpose, Token, read_token
from newsletter.services import choosing, leaving, moving, previews, records, subscriptions

CONFIRM_AGE = timedelta(days=7)
CHANGE_AGE = timedelta(days=3)


class ByLink(Service):
    """Uses of a subscription that need its link and nothing else."""

    def confirm_token(self, token: str) -> Subscriber:
        """The reader of a confirmation link; nothing is changed."""
        return self._reader(Purpose.CONFIRM, token, max_age=CONFIRM_AGE)

    def confirm(self, token: str) -> Subscriber:
        """Begin to mail the reader of this confirmation link. Raises Refused."""
        with self.store.write() as session:
            now = self._now(session)
            reader = self._read(Purpose.CONFIRM, token, now, max_age=CONFIRM_AGE)
            confirmed, waits = subscriptions.confirm(session, reader, sender=self._sender, now=now)
        self._ring_for(waits)
        return confirmed

    def pages_of(self, subscriber_id: int, *, edition: date | None = None) -> Links:
        """The signed addresses of this reader's own pages. edition: with that of its digest."""
        return links_of(self.letterhead, subscriber_id, confirm_at=None, edition=edition)

    # With the link to the preferences

    def subscriber_of(self, token: str) -> Subscriber:
        """The reader of a preferences link; nothing is changed."""
        return self._reader(Purpose.MANAGE, token)

    def is_suppressed(self, subscriber: Subscriber) -> bool:
        """Whether mail to this reader came back or was complained of, so that none is sent."""
        with self.store.read() as session:
            return records.is_suppressed(session, subscriber.id)

    def change_wishes(self, token: str, wishes: Wishes) -> Subscriber:
        """Replace all wishes of the reader of this preferences link."""
        with self.store.write() as session:
            now = self._now(session)
            reader = self._read(Purpose.MANAGE, token, now)
            return choosing.change_wishes(session, reader, wishes, now=now)

    def pause(self, token: str, *, until: datetime | None) -> Subscriber:
        """Send this reader no digest before then; None resumes at once."""
        with self.store.write() as session:
            now = self._now(session)
            reader = self._read(Purpose.MANAGE, token, now)
            return choosing.pause(session, reader, until=until, now=now)

    def check_new_address(self, token: str, address: str) -> None:
        """Raise AddressError, for the reader to see, unless a subscription could move there."""
        moving.check_new(self.subscriber_of(token), address)

    def ask_to_move(self, token: str, address: str) -> None:
        """Ask this new address whether the subscription may move there. Raises AddressError.

        Whether it was asked is not told: see services.moving.
        """
        with self.store.write() as session:
            now = self._now(session)
            waits = moving.ask_to_move(
                session,
                self._read(Purpose.MANAGE, token, now),
                address,
                hash_secret=self.letterhead.hash_secret,
                sender=self._sender,
                now=now,
            )
        self._ring_for(waits)

    def digests_sent(self, token: str, *, days: int) -> tuple[DeliveryView, ...]:
        """This reader's digests of the last `days` days, the newest first."""
        with self.store.read() as session:
            now = self._now(session)
            reader = self._read(Purpose.MANAGE, token, now)
            return records.digests_sent(session, reader, days=days, now=now)

    def export(self, token: str) -> Export:
        """All that is stored about the reader of this preferences link."""
        with self.store.read() as session:
            now = self._now(session)
            reader = self._read(Purpose.MANAGE, token, now)
            return records.export(session, reader, now=now)

    def erase(self, token: str, *, never_again: bool) -> None:
        """Forget the reader of this preferences link; see services.leaving."""
        with self.store.write() as session:
            now = self._now(session)
            reader = self._read(Purpose.MANAGE, token, now)
            leaving.erase(session, reader, never_again=never_again, now=now)

    def upcoming(self, subscriber: Subscriber) -> tuple[Digest | None, dict[str, Paper]]:
        """What this reader's digest would hold if it were made now, with its papers by id."""
        with self.store.read() as session:
            today = edition_of(self._now(session), subscriber.wishes.time_zone)
            return previews.upcoming(session, subscriber, today)

    # With the link that leaves

    def unsubscribe_token(self, token: str) -> Subscriber:
        """The reader of an unsubscribe link; nothing is changed."""
        return self._reader(Purpose.UNSUBSCRIBE, token)

    def unsubscribe(self, token: str, *, because: str) -> Subscriber:
        """Mail the reader of this unsubscribe link no more; again changes nothing."""
        with self.store.write() as session:
            now = self._now(session)
            reader = self._read(Purpose.UNSUBSCRIBE, token, now)
            return leaving.unsubscribe(session, reader, because=because, now=now)

    def resubscribe(self, token: str) -> Subscriber:
        """Take back the leave of the reader of this unsubscribe link. Raises Refused."""
        with self.store.write() as session:
            now = self._now(session)
            reader = self._read(Purpose.UNSUBSCRIBE, token, now)
            return leaving.resubscribe(session, reader, now=now)

    def weekly_instead(self, token: str) -> Subscriber:
        """One digest a week instead of none, also for one who has just left. Raises Refused."""
        with self.store.write() as session:
            now = self._now(session)
            reader = self._read(Purpose.UNSUBSCRIBE, token, now)
            leaving.resubscribe(session, reader, now=now)
            return choosing.weekly(session, reader, now=now)

    def pause_instead(self, token: str, *, until: datetime) -> Subscriber:
        """A pause instead of no mail at all, also for one who has just left. Raises Refused."""
        with self.store.write() as session:
            now = self._now(session)
            reader = self._read(Purpose.UNSUBSCRIBE, token, now)
            leaving.resubscribe(session, reader, now=now)
            return choosing.pause(session, reader, until=until, now=now)

    # With other links

    def new_address(self, token: str) -> tuple[Subscriber, str]:
        """Who moves, and where to; nothing is changed."""
        with self.store.read() as session:
            reader, delivery_id = self._change(token, self._now(session))
            address = moving.new_address(session, reader, delivery_id)
            return subscriptions.subscriber_of(session, reader), address

    def move(self, token: str) -> Subscriber:
        """Mail this reader at their new address from now on. Raises Refused."""
        with self.store.write() as session:
            now = self._now(session)
            reader, delivery_id = self._change(token, now)
            moved, waits = moving.move(
                session,
                reader,
                delivery_id,
                hash_secret=self.letterhead.hash_secret,
                sender=self._sender,
                now=now,
            )
        self._ring_for(waits)
        return moved

    def digest_page(self, token: str) -> str:
        """The whole digest behind a mail's link to the web, as html. Raises NotFound."""
        with self.store.read() as session:
            link = self._token(Purpose.VIEW, token, self._now(session))
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

    def _change(self, token: str, now: datetime) -> tuple[int, int]:
        """The reader, and the delivery that asked their new address."""
        link = self._token(Purpose.CHANGE, token, now, max_age=CHANGE_AGE)
        return link.subscriber_id, int(link.extra)

    def _read(
        self, purpose: Purpose, token: str, now: datetime, *, max_age: timedelta | None = None
    ) -> int:
        return self._token(purpose, token, now, max_age=max_age).subscriber_id

    def _token(
        self, purpose: Purpose, token: str, now: datetime, *, max_age: timedelta | None = None
    ) -> Token:
        return read_token(purpose, token, keys=self.letterhead.keys, now=now, max_age=max_age)

    def _ring_for(self, delivery_id: int | None) -> None:
        if delivery_id is not None:
            self.ring(Task.SEND)
