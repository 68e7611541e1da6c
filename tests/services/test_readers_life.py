"""A reader's life after subscribing, up to the relay: pause, move, look, be erased."""

import email
import email.policy
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from builders import (
    MONDAY,
    Clock,
    MemorySource,
    a_newsletter,
    a_paper,
    add_reader,
    settings_for,
    wishes,
)
from sqlalchemy import func, select, text

from newsletter.adapters.queue import MemoryQueue
from newsletter.adapters.smtp import MemoryTransport
from newsletter.adapters.store import claims
from newsletter.adapters.store.tables import (
    AuditRow,
    DeliveryRow,
    RecipientRow,
    Row,
    SubscriberRow,
    SuppressionRow,
)
from newsletter.core.addresses import hash_address
from newsletter.core.delivery.states import Kind, Outcome, Result
from newsletter.core.feedback.arriving import CameBy
from newsletter.core.subscribers import Status
from newsletter.errors import AddressError, LinkError, Refused

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


@pytest.fixture
def desk(request, tmp_path):
    url = f"sqlite:///{tmp_path}/n.db"
    if getattr(request, "param", "sqlite") == "postgres":
        url = request.getfixturevalue("postgres_url")
    made = Desk(tmp_path, url)
    yield made
    made.service.close()


@pytest.fixture
def ada(desk):
    """An active reader of everything, daily at seven."""
    return add_reader(desk.service, "ada", "*", cap=20)


on_both = pytest.mark.parametrize("desk", ["sqlite", "postgres"], indirect=True)


def on(days: int, hour: int = 8) -> datetime:
    """That day, counted from Monday."""
    return datetime(2026, 6, 15, hour, tzinfo=UTC) + days * DAY


# Pause


def test_a_pause_stops_a_digest_that_was_planned_already(desk, ada):
    desk.collect(0, 0)
    desk.plan_for_everyone()

    desk.service.pause(desk.token(ada), until=on(7))

    assert desk.mails() == []


@on_both
def test_the_first_digest_after_a_pause_makes_up_for_it(desk, ada):
    desk.collect(-5, 0)
    desk.service.pause(desk.token(ada), until=on(10, 0))

    desk.collect(1, 10)
    desk.clock.now = on(10)
    desk.plan()

    # As one of the day the pause began: from two days before it.
    assert desk.papers_sent() == list(range(98, 111))


def test_after_that_a_digest_covers_what_it_always_does(desk, ada):
    desk.collect(-5, 0)
    desk.service.pause(desk.token(ada), until=on(10, 0))
    desk.clock.now = on(10)
    desk.plan()  # nothing was collected in between

    desk.collect(1, 11)
    desk.clock.now = on(11)
    desk.plan()

    assert desk.papers_sent() == [109, 110, 111]
    assert desk.service.subscriber(ada.address).wishes.paused_until is None


def test_a_long_pause_is_made_up_for_by_32_days_and_the_cap_as_usual(desk):
    eve = add_reader(desk.service, "eve", "*", cap=5)
    desk.service.pause(desk.token(eve), until=on(50, 0))

    desk.collect(1, 50)
    desk.clock.now = on(50)
    desk.plan()

    assert desk.papers_sent() == [119, 120, 121, 122, 123]
    (view, *_) = desk.service.deliveries()
    assert len(view.digest.left_out) + view.digest.more == 32 - 5


def test_resuming_brings_what_was_missed_with_the_next_digest(desk, ada):
    desk.service.pause(desk.token(ada), until=on(40))
    desk.collect(1, 6)
    desk.clock.now = on(6, 12)

    back = desk.service.pause(desk.token(ada), until=None)
    assert back.next_due_at == on(7, 7)
    desk.clock.now = on(7)
    desk.plan()

    assert desk.papers_sent() == [101, 102, 103, 104, 105, 106]


def test_a_longer_pause_still_counts_from_its_beginning(desk, ada):
    desk.service.pause(desk.token(ada), until=on(5, 0))
    desk.clock.now = on(3)
    desk.service.pause(desk.token(ada), until=on(9, 0))

    desk.collect(1, 9)
    desk.clock.now = on(9)
    desk.plan()

    assert desk.papers_sent() == list(range(101, 110))


def test_one_who_comes_back_does_not_change_what_the_others_get(desk, ada):
    add_reader(desk.service, "bob", "*", cap=20)
    desk.service.pause(desk.token(ada), until=on(10, 0))
    desk.collect(1, 10)
    desk.clock.now = on(10)

    desk.plan()

    found = {one.address: len(one.papers) for one in desk.service.deliveries()}
    assert found == {"ada@example.org": 10, "bob@example.org": 3}


def test_why_a_paper_came_is_told_after_a_pause_too(desk, ada):
    desk.service.pause(desk.token(ada), until=on(10, 0))
    desk.collect(1, 10)
    desk.clock.now = on(10)
    desk.plan()
    desk.service.send_waiting()

    told = desk.service.why(ada.address, "2606.00103")

    assert told.came
    assert "too old" not in told.conclusion


# Move


def test_until_the_new_address_says_yes_nothing_changes(desk, ada):
    assert desk.ask_to_move(ada)

    assert desk.service.subscriber("ada@example.org") == ada


@on_both
def test_the_new_address_gets_what_waits_and_the_old_one_a_note(desk, ada):
    desk.collect(0, 0)
    link = desk.ask_to_move(ada)
    desk.plan_for_everyone()

    moved = desk.service.move(link)

    assert moved.address == NEW
    assert (moved.wishes, moved.next_due_at) == (ada.wishes, ada.next_due_at)
    assert sorted(desk.mails()) == [
        ("ada@example.org", "Your Daily Papers go to another address now"),
        (NEW, "Paper 100 about agents"),
    ]


def test_a_moved_reader_is_counted_with_the_new_domain_and_its_suppressions(desk, ada):
    desk.service.move(desk.ask_to_move(ada))
    desk.suppress(NEW)
    desk.collect(0, 0)
    desk.plan_for_everyone()

    assert [to for to, _ in desk.mails()] == ["ada@example.org"]  # the note only
    assert desk.service.deliveries(domain="new.example.org")


def test_pressing_the_button_twice_moves_once(desk, ada):
    link = desk.ask_to_move(ada)
    desk.service.move(link)

    again = desk.service.move(link)

    assert again.address == NEW
    assert len(desk.mails()) == 1


@pytest.mark.parametrize("obstacle", ["another reader", "suppressed", "asked too often"])
def test_an_address_that_cannot_be_had_is_not_mailed_and_nobody_learns_why(desk, ada, obstacle):
    if obstacle == "another reader":
        desk.service.add_subscriber(NEW, wishes("x"), is_confirmed=True)
    if obstacle == "suppressed":
        desk.suppress(NEW)
    if obstacle == "asked too often":
        for _ in range(3):
            desk.service.subscribe(NEW, wishes("x"))
        desk.service.send_waiting()

    assert desk.ask_to_move(ada) == ""


def test_confirmations_and_moves_to_an_address_are_three_a_day_together(desk, ada):
    desk.ask_to_move(ada)
    desk.ask_to_move(ada)

    for _ in range(3):
        desk.service.subscribe(NEW, wishes("x"))

    assert len(desk.mails()) == 1


def test_only_the_newest_link_moves(desk, ada):
    old = desk.ask_to_move(ada)
    desk.ask_to_move(ada, "ada@third.example.org")

    with pytest.raises(LinkError, match="only the newest link"):
        desk.service.move(old)


def test_a_link_to_a_new_address_works_for_three_days(desk, ada):
    link = desk.ask_to_move(ada)
    desk.clock.move(days=3, seconds=1)

    with pytest.raises(LinkError, match="too old"):
        desk.service.move(link)


def test_the_link_of_one_purpose_does_nothing_else(desk, ada):
    link = desk.ask_to_move(ada)

    for use in (desk.service.confirm, desk.service.subscriber_of, desk.service.unsubscribe_token):
        with pytest.raises(LinkError):
            use(link)
    with pytest.raises(LinkError):
        desk.service.move(desk.token(ada))


@on_both
def test_an_address_that_left_before_can_be_moved_to(desk, ada):
    old = desk.service.add_subscriber(NEW, wishes("x"), is_confirmed=True)
    desk.service.unsubscribe(desk.token(old, "unsubscribe"), because="page")

    moved = desk.service.move(desk.ask_to_move(ada))

    assert (moved.id, moved.address) == (ada.id, NEW)
    assert desk.count(SubscriberRow) == 1


def test_an_address_that_subscribed_meanwhile_is_not_taken_away(desk, ada):
    link = desk.ask_to_move(ada)
    desk.service.add_subscriber(NEW, wishes("x"), is_confirmed=True)

    with pytest.raises(Refused, match="subscription of its own"):
        desk.service.move(link)


def test_ones_own_address_is_no_new_one(desk, ada):
    with pytest.raises(AddressError, match="already"):
        desk.service.ask_to_move(desk.token(ada), "ADA@example.org")


def test_one_who_left_cannot_move(desk, ada):
    desk.service.unsubscribe(desk.token(ada, "unsubscribe"), because="page")

    with pytest.raises(Refused, match="running"):
        desk.service.ask_to_move(desk.token(ada), NEW)


def test_a_dead_address_can_be_left_for_a_new_one(desk, ada):
    desk.suppress(ada.address)

    moved = desk.service.move(desk.ask_to_move(ada))

    assert moved.address == NEW
    assert desk.mails() == []  # no note to a dead address


def test_addresses_that_were_left_are_forgotten_after_a_month(desk, ada):
    desk.service.move(desk.ask_to_move(ada))
    assert desk.count(RecipientRow)

    desk.clock.move(days=31)
    desk.service.sweep()

    assert desk.count(RecipientRow) == 0
    assert "ada@example.org" not in desk.everything()


# Look, take along


@on_both
def test_the_export_holds_all_and_nothing_of_others(desk, ada):
    add_reader(desk.service, "bob", "bobs own topic")
    desk.collect(0, 0)
    desk.plan_for_everyone()
    desk.service.send_waiting()
    desk.suppress("bob@example.org")

    found = json.loads(json.dumps(desk.service.export(desk.token(ada)).plain()))

    assert found["profile"]["address"] == "ada@example.org"
    assert found["topics"] == [{"name": "*", "filter": "*", "cap": None, "on": True}]
    (message,) = found["messages"]
    assert (message["kind"], message["state"]) == ("digest", "sent")
    assert message["papers"][0]["title"] == "Paper 100 about agents"
    assert found["suppression"] is None
    assert [note["action"] for note in found["notes"]] == ["add subscriber"]
    assert "bob" not in json.dumps(found)


def test_an_admin_exports_the_same(desk, ada):
    theirs = desk.service.export(desk.token(ada))

    assert desk.service.export_subscriber("Ada@Example.org") == theirs


def test_a_reader_sees_the_digests_of_the_last_days_only(desk, ada):
    desk.collect(0, 0)
    desk.plan_for_everyone()
    desk.service.send_waiting()

    assert [one.state.value for one in desk.service.digests_sent(desk.token(ada), days=90)] == [
        "sent"
    ]
    desk.clock.move(days=90)
    assert desk.service.digests_sent(desk.token(ada), days=90) == ()


# Erase


@on_both
def test_erasing_leaves_nothing_that_names_the_reader(desk, ada):
    desk.collect(0, 0)
    desk.plan_for_everyone()
    desk.service.send_waiting()
    desk.ask_to_move(ada)
    before = desk.service.subscriber(ada.address)

    desk.service.erase(desk.token(before), never_again=False)

    left = desk.everything()
    assert "ada@" not in left
    assert hash_address(ada.address, desk.service.letterhead.hash_secret) not in left
    assert (desk.count(SubscriberRow), desk.count(DeliveryRow)) == (0, 0)
    with pytest.raises(LinkError):
        desk.service.subscriber_of(desk.token(ada))


def test_the_note_of_erasing_names_nobody(desk, ada):
    desk.service.erase(desk.token(ada), never_again=False)

    with desk.service.store.read() as session:
        note = session.scalars(select(AuditRow).order_by(AuditRow.id.desc())).first()
    assert (note.actor, note.action) == ("reader", "erase subscriber")
    assert note.subject == f"subscriber {ada.id}"


def test_an_erased_reader_is_mailed_nothing_that_waits(desk, ada):
    desk.collect(0, 0)
    desk.plan_for_everyone()

    desk.service.erase(desk.token(ada), never_again=False)

    assert desk.mails() == []


def test_an_erased_address_can_subscribe_anew_by_confirming(desk, ada):
    desk.service.erase(desk.token(ada), never_again=False)

    desk.service.subscribe(ada.address, wishes("x"))

    assert desk.service.subscriber(ada.address).status is Status.PENDING
    assert desk.service.subscriber(ada.address).id != ada.id


def test_who_asks_never_to_be_mailed_again_never_is(desk, ada):
    desk.service.erase(desk.token(ada), never_again=True)

    desk.service.subscribe(ada.address, wishes("x"))

    assert desk.mails() == []
    assert desk.count(SubscriberRow) == 0


def test_erasing_does_not_lift_a_suppression(desk, ada):
    desk.suppress(ada.address)

    desk.service.erase(desk.token(ada), never_again=False)

    assert desk.count(SuppressionRow) == 1


def test_a_reader_erased_while_a_batch_is_handed_over_does_not_lose_the_others(desk, ada):
    add_reader(desk.service, "bob", "*")
    desk.collect(0, 0)
    desk.plan_for_everyone()
    desk.refused = {"ada@example.org", "bob@example.org"}
    erase = desk._answer

    def answer(letter):
        if desk.count(SubscriberRow) == 2:
            desk.service.erase(desk.token(ada), never_again=False)
        return erase(letter)

    desk.relay._answer = answer
    desk.service.send_waiting()

    (left,) = desk.service.deliveries()
    assert (left.address, left.attempts) == ("bob@example.org", 1)


# Welcome


def test_who_confirms_is_welcomed_once_with_the_link_to_their_own_page(desk):
    desk.service.subscribe("eve@example.org", wishes("x"))
    desk.service.send_waiting()
    link = re.search(r"/confirm/([a-z0-9]+)", text_of(desk.relay.sent[0]))[1]
    desk.service.confirm(link)
    desk.service.confirm(link)

    (welcome,) = desk.mails()

    assert welcome == ("eve@example.org", "Welcome to Daily Papers")
    eve = desk.service.subscriber("eve@example.org")
    assert desk.token(eve) in text_of(desk.relay.sent[-1])
    assert desk.token(eve, "unsubscribe") in text_of(desk.relay.sent[-1])


# Fewer mails instead of none


@pytest.mark.parametrize("has_left", [False, True])
def test_once_a_week_instead_of_leaving(desk, ada, has_left):
    link = desk.token(ada, "unsubscribe")
    if has_left:
        desk.service.unsubscribe(link, because="page")

    kept = desk.service.weekly_instead(link)

    assert (kept.status, kept.wishes.cadence) == (Status.ACTIVE, "weekly")
    assert kept.next_due_at == on(7, 7)


@pytest.mark.parametrize("has_left", [False, True])
def test_a_pause_instead_of_leaving(desk, ada, has_left):
    link = desk.token(ada, "unsubscribe")
    if has_left:
        desk.service.unsubscribe(link, because="page")

    kept = desk.service.pause_instead(link, until=on(30, 0))

    assert (kept.status, kept.next_due_at) == (Status.ACTIVE, on(30, 7))


# Late reports

BOUNCE = """\
To: {path}
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="edge"

--edge
Content-Type: text/plain

The message could not be handed to its reader.

--edge
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ada@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <ada@example.org> no such user here

--edge--
"""


def test_a_late_report_on_the_old_address_does_not_harm_the_new_one(desk, ada):
    desk.collect(0, 0)
    desk.plan_for_everyone()
    desk.service.send_waiting()
    (old,) = desk.relay.sent
    desk.service.move(desk.ask_to_move(ada))

    desk.service.take_in_report(BOUNCE.format(path=old.return_path).encode(), came_by=CameBy.STDIN)

    assert desk.suppressed() == {"ada@example.org"}


def test_a_new_address_that_does_not_exist_harms_nobodys_own(desk, ada):
    desk.ask_to_move(ada)
    asked = desk.relay.sent[-1]

    desk.service.take_in_report(
        BOUNCE.format(path=asked.return_path).encode().replace(b"ada@example.org", NEW.encode()),
        came_by=CameBy.STDIN,
    )

    assert desk.suppressed() == {NEW}


def test_what_servers_wrote_of_a_reader_is_erased_too(desk, ada):
    desk.collect(0, 0)
    desk.plan_for_everyone()
    desk.service.send_waiting()
    path = desk.relay.sent[-1].return_path
    desk.service.take_in_report(BOUNCE.format(path=path).encode(), came_by=CameBy.STDIN)

    desk.service.erase(desk.token(ada), never_again=False)

    assert "ada@" not in desk.everything()


# Language


def test_a_mail_and_its_page_write_the_date_in_the_readers_language(desk):
    add_reader(desk.service, "eve", "*", language="fr")
    add_reader(desk.service, "bob", "*")
    desk.collect(0, 0)
    desk.plan_for_everyone()
    desk.service.send_waiting()

    bodies = {one.recipient: text_of(one) for one in desk.relay.sent}

    assert "lundi 15 juin 2026" in bodies["eve@example.org"]
    assert "Monday, 15 June 2026" in bodies["bob@example.org"]
    view = re.search(r"/view/([a-z0-9]+)", bodies["eve@example.org"])[1]
    assert '<span lang="fr"' in desk.service.digest_page(view)


# The ledger


def test_the_ledger_says_where_each_mail_went_even_after_a_move(desk, ada):
    desk.collect(0, 0)
    desk.plan_for_everyone()
    desk.service.send_waiting()
    desk.service.move(desk.ask_to_move(ada))

    found = {(one.kind, one.address) for one in desk.service.deliveries()}

    assert found == {
        (Kind.DIGEST, "ada@example.org"),
        (Kind.CHANGE, NEW),
        (Kind.MOVED, "ada@example.org"),
    }
