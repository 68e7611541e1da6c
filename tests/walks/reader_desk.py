"""A service whose mails are sent on purpose, for the walks of a reader's life."""

import email
import email.policy
import re
from datetime import UTC, datetime, timedelta

import pytest
from builders import MONDAY, Clock, MemorySource, a_newsletter, a_paper, settings_for
from sqlalchemy import func, select, text

from newsletter.adapters.queue import MemoryQueue
from newsletter.adapters.smtp import MemoryTransport
from newsletter.adapters.store import claims
from newsletter.adapters.store.tables import Row, SuppressionRow
from newsletter.core.addresses import hash_address
from newsletter.core.delivery.states import Kind, Outcome, Result

DAY = timedelta(days=1)
NEW = "ada@new.example.org"


class Desk:
    """A service whose mails wait until they are sent on purpose; a paper a day, before and after.

    The paper of Monday is number 100, that of Tuesday 101; the older, the more upvotes.
    """

    def __init__(self, folder, url: str) -> None:
        self.clock, self.relay = Clock(), MemoryTransport(self._answer)
        self.refused: set[str] = set()
        self.service = a_newsletter(
            folder,
            clock=self.clock,
            queue=MemoryQueue(),
            transport=self.relay,
            settings=settings_for(folder, database_url=url),
            sources=(MemorySource({MONDAY.date() + n * DAY: [_paper(n)] for n in range(-40, 60)}),),
        )

    def _answer(self, letter) -> Outcome:
        if letter.recipient in self.refused:
            return Outcome(result=Result.DEFERRED, code=451, status="4.3.0", text="come back")
        return Outcome(result=Result.SENT, code=250, status="2.0.0", text="taken")

    def collect(self, first: int, last: int) -> None:
        """Pull the papers of these days, counted from Monday."""
        for number in range(first, last + 1):
            self.service.pull(MONDAY.date() + number * DAY)

    def token(self, reader, page: str = "preferences") -> str:
        return getattr(self.service.pages_of(reader.id), page).rpartition("/")[2].partition("#")[0]

    def plan(self) -> None:
        """Plan for all who are due."""
        self.service.plan_range(0)

    def plan_for_everyone(self) -> None:
        self.service.plan_range(0, everyone=True)

    def mails(self) -> list[tuple[str, str]]:
        """Recipient and subject of what waits, once it was sent."""
        before = len(self.relay.sent)
        self.service.send_waiting()
        return [(one.recipient, mail_of(one)["Subject"]) for one in self.relay.sent[before:]]

    def papers_sent(self) -> list[int]:
        """The numbers of the papers in the last digest, the first one first."""
        self.service.send_waiting()
        (view, *_) = (one for one in self.service.deliveries() if one.kind is Kind.DIGEST)
        return [int(paper[-3:]) for paper in view.papers]

    def ask_to_move(self, reader, address: str = NEW) -> str:
        """The link that went to the new address; "" when none did."""
        before = len(self.relay.sent)
        self.service.ask_to_move(self.token(reader), address)
        self.service.send_waiting()
        sent = [one for one in self.relay.sent[before:] if one.recipient == address]
        if not sent:
            return ""
        return re.search(r"/address/([a-z0-9]+)", text_of(sent[0]))[1]

    def suppress(self, address: str) -> None:
        secret = self.service.letterhead.hash_secret
        with self.service.store.write() as session:
            reason = "hard bounce"
            claims.add_suppression(session, hash_address(address, secret), reason, now=MONDAY)

    def suppressed(self) -> set[str]:
        """Which of ada's addresses must not be mailed."""
        secret = self.service.letterhead.hash_secret
        with self.service.store.read() as session:
            found = set(session.scalars(select(SuppressionRow.address_hash)))
        return {one for one in ("ada@example.org", NEW) if hash_address(one, secret) in found}

    def count(self, table) -> int:
        with self.service.store.read() as session:
            return session.scalar(select(func.count()).select_from(table))

    def everything(self) -> str:
        """All rows of all tables, as one text."""
        with self.service.store.read() as session:
            return "".join(
                str(tuple(row))
                for name in Row.metadata.tables
                for row in session.execute(text(f"SELECT * FROM {name}"))
            )


def _paper(number: int):
    day = MONDAY.date() + number * DAY
    return a_paper(100 + number, featured_on=day, upvotes=500 - number)


def mail_of(letter):
    return email.message_from_bytes(letter.content, policy=email.policy.default)


def text_of(letter) -> str:
    return mail_of(letter).get_body(("plain",)).get_content()


on_both = pytest.mark.parametrize("desk", ["sqlite", "postgres"], indirect=True)


def on(days: int, hour: int = 8) -> datetime:
    """That day, counted from Monday."""
    return datetime(2026, 6, 15, hour, tzinfo=UTC) + days * DAY
