"""What others tell that is no report by mail: providers' calls, and mail to the way out."""

import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from email.utils import parseaddr
from functools import partial

from sqlmodel import Session

from newsletter.adapters.store.histories import last_message_id
from newsletter.app.feedback import Feedback
from newsletter.app.rates import Watching
from newsletter.core.addresses import parse_address
from newsletter.core.feedback.arriving import Arrival, TakenIn
from newsletter.core.feedback.intake import CameBy, Fate
from newsletter.core.feedback.mailed_leave import leave_arrival, leave_tokens
from newsletter.core.subscribers import LEFT_AT_PROVIDER
from newsletter.core.tokens import Purpose, read_token
from newsletter.core.webhooks.arriving import arrival_of, token_arrival
from newsletter.core.webhooks.values import Call, Event
from newsletter.errors import AddressError, LinkError, Refused
from newsletter.services import feedback, leaving

log = logging.getLogger(__name__)


class Hooks(Feedback, Watching):
    """Calls of mail providers, and mail that asks for no more."""

    def take_in_events(self, arrivals: Iterable[Arrival]) -> list[TakenIn]:
        """As of Feedback; an edition that too much comes back of is held."""
        taken = super().take_in_events(arrivals)
        self.hold_if_reported(taken)
        return taken

    def take_in_report(self, raw: bytes, *, came_by: CameBy, envelope_to: str = "") -> TakenIn:
        """As of Feedback; a mail to an unsubscribe address that we signed ends its subscription."""
        for token in leave_tokens(raw, envelope_to=envelope_to):
            with self.store.write() as session:
                taken = self._leave(session, token, raw, came_by)
            if taken is not None:
                return taken
        return super().take_in_report(raw, came_by=came_by, envelope_to=envelope_to)

    def _leave(self, session: Session, token: str, raw: bytes, came_by: CameBy) -> TakenIn | None:
        """None for a token that is not ours: whoever made it up acts on nobody."""
        now, keys = self._now(session), self.letterhead.keys
        try:
            reader = read_token(Purpose.UNSUBSCRIBE, token, keys=keys, now=now).subscriber_id
        except LinkError:
            return None
        taken = feedback.take_in(
            session, leave_arrival(raw, came_by=came_by), secrets=keys.secrets, now=now
        )
        if not _is_old(taken):  # an old mail read again undoes no change of mind
            with suppress(LinkError):  # the subscription is gone already
                leaving.unsubscribe(session, reader, because="mail", now=now)
        log.info("left_by_mail subscriber=%s fate=%s", reader, taken.fate)
        return taken

    def take_in_call(self, provider: str, call: Call) -> list[TakenIn]:
        """Take in what a provider's call tells; committed when this returns.

        Raises NotFound for a provider that no secret is set for, Refused for a call that is not
        proved to be theirs, Unavailable where that or the database is away: then they call again.
        """
        with self.store.read() as session:
            now = self._now(session)
        events = self.parts.calls.events(provider, call, now=now)
        if not events:
            return []
        with self.store.write() as session:
            taken = [self._take_in(session, CameBy(provider), event, now=now) for event in events]
        self.hold_if_reported(taken)
        return taken

    def _take_in(
        self, session: Session, came_by: CameBy, event: Event, *, now: datetime
    ) -> TakenIn:
        secrets = self.letterhead.keys.secrets
        take_in = partial(feedback.take_in, session, secrets=secrets, now=now)
        has_served = bool(event.token) and _is_old(take_in(token_arrival(came_by, event.token)))
        ids = self._our_last_message(session, event)
        taken = take_in(arrival_of(came_by, event, message_ids=ids))
        if _is_old(taken):
            return taken
        if has_served:
            raise Refused("its token has served for another call")
        if event.record is None and taken.subscriber_id is not None:
            leaving.unsubscribe(session, taken.subscriber_id, because=LEFT_AT_PROVIDER, now=now)
            log.info("left_at_provider subscriber=%s", taken.subscriber_id)
        return taken

    def _our_last_message(self, session: Session, event: Event) -> tuple[str, ...]:
        """What the event must be about where the provider keeps nothing of ours but the reader."""
        own = parseaddr(self.settings.sender)[1].lower()
        if event.return_path or event.message_id or event.sender.lower() not in ("", own):
            return ()
        try:
            key = parse_address(event.recipient).key
        except AddressError:
            return ()
        found = last_message_id(session, key)
        return (found,) if found else ()


def _is_old(taken: TakenIn) -> bool:
    return taken.fate is Fate.REPEATED
