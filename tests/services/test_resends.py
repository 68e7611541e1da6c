"""An edition goes again to exactly the readers who are asked for, on both databases."""

from datetime import date, timedelta

import pytest
from builders import Clock, a_newsletter, a_paper, add_reader, settings_for, wishes
from sqlmodel import col, select

from newsletter.adapters.queue import MemoryQueue, Task
from newsletter.adapters.smtp import MemoryTransport
from newsletter.adapters.store.claims import add_suppression
from newsletter.adapters.store.planning import edition_id
from newsletter.adapters.store.tables import AuditRow
from newsletter.core.addresses import hash_address
from newsletter.core.delivery.resends import MISSED, Wanted
from newsletter.core.delivery.states import Kind, Outcome, Result, State
from newsletter.errors import AddressError, NotFound, Refused

TODAY = date(2026, 6, 15)
REFUSED = Outcome(result=Result.FAILED, code=554, status="5.7.1", text="5.7.1 not today")
SENT = Outcome(result=Result.SENT, code=250, text="2.0.0 OK")


class Relay(MemoryTransport):
    """Takes everything, but refuses those whose address is in `refused`."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        super().__init__(lambda letter: REFUSED if letter.recipient in self.refused else SENT)


@pytest.fixture(params=["sqlite", "postgres"])
def newsletter(request, tmp_path):
    settings = settings_for(tmp_path)
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
        settings = settings_for(tmp_path, database_url=url)
    made = a_newsletter(
        tmp_path,
        papers=[a_paper(1)],
        settings=settings,
        clock=Clock(),
        queue=MemoryQueue(),
        transport=Relay(),
    )
    yield made
    made.close()


def wanted(**values) -> Wanted:
    return Wanted(**({"edition": TODAY, "because": "the relay was down"} | values))


def resend(newsletter, is_dry_run=False, **values) -> list:
    pages = newsletter.resend(wanted(**values), actor="admin", is_dry_run=is_dry_run)
    return [one for page in pages for one in page]


def chosen(verdicts) -> list[str]:
    return sorted(one.address.partition("@")[0] for one in verdicts if not one.refused)


def refused(verdicts) -> dict[str, str]:
    return {one.address.partition("@")[0]: one.refused for one in verdicts if one.refused}


def failing(newsletter, *names: str) -> None:
    newsletter.parts.transport.refused = {f"{name}@example.org" for name in names}


def run(newsletter) -> None:
    newsletter.run(TODAY, everyone=True)


def sent_to(newsletter) -> list[str]:
    return sorted(one.recipient.partition("@")[0] for one in newsletter.parts.transport.sent)


def audits(newsletter) -> list[AuditRow]:
    with newsletter.store.read() as session:
        rows = session.scalars(select(AuditRow).where(col(AuditRow.action) == "resend"))
        return list(rows)


@pytest.fixture
def missed(newsletter):
    """Ada has her digest; Bob's and Eve's failed, and the relay is well again."""
    for name in ("ada", "bob", "eve"):
        add_reader(newsletter, name)
    failing(newsletter, "bob", "eve")
    run(newsletter)
    failing(newsletter)
    return newsletter


def test_only_those_whose_digest_failed_get_it_again(missed):
    verdicts = resend(missed, states=(State.FAILED,))
    missed.send_waiting()

    assert chosen(verdicts) == ["bob", "eve"]
    assert sent_to(missed) == ["ada", "bob", "eve"]


def test_a_dry_run_shows_the_same_set_and_changes_nothing(missed):
    before = missed.deliveries()

    shown = resend(missed, is_dry_run=True, states=(State.FAILED,))

    assert chosen(shown) == ["bob", "eve"]
    assert missed.deliveries() == before
    assert audits(missed) == []


def test_asking_twice_sends_once(missed):
    resend(missed, states=MISSED)
    again = resend(missed, states=MISSED)
    missed.send_waiting()
    once_more = resend(missed, states=(*MISSED, State.SENT), even_if_sent=True)

    assert chosen(again) == []
    assert chosen(once_more) == ["ada"]
    assert "in this resend already" in refused(once_more)["bob"]
    assert sent_to(missed) == ["ada", "bob", "eve"]


def test_a_resend_that_failed_can_be_done_again_for_another_reason(missed):
    failing(missed, "bob", "eve")
    resend(missed, states=MISSED)
    missed.send_waiting()

    assert chosen(resend(missed, states=MISSED)) == []
    assert chosen(resend(missed, states=MISSED, because="mended")) == ["bob", "eve"]


def test_who_was_sent_theirs_is_left_out_unless_it_is_said(missed):
    assert refused(resend(missed, is_dry_run=True, states=(State.SENT,))) == {
        "ada": "was sent theirs: say --even-if-sent if they must get it again"
    }
    assert chosen(resend(missed, states=(State.SENT,), even_if_sent=True)) == ["ada"]


def test_a_reader_named_by_address_may_get_it_again(missed):
    assert chosen(resend(missed, addresses=("ADA@example.org",))) == ["ada"]
    assert "one waiting" in refused(resend(missed, addresses=("ada@example.org",)))["ada"]


def test_what_was_only_sent_before_an_instant_is_left_out(missed):
    clock = missed.store._clock
    since = clock() + timedelta(hours=1)
    clock.move(hours=2)
    resend(missed, addresses=("bob@example.org",), because="he asked")
    missed.send_waiting()

    states = (State.SENT, State.FAILED)
    later = resend(missed, is_dry_run=True, states=states, since=since, even_if_sent=True)

    assert chosen(later) == ["bob"]


def test_a_domain_narrows_the_set(missed):
    missed.add_subscriber("joe@Example.COM", wishes("agents"), is_confirmed=True)
    missed.parts.transport.refused = {"joe@example.com"}
    run(missed)

    shown = resend(missed, is_dry_run=True, states=(State.FAILED,), domain="example.com")

    assert [(one.address, one.domain) for one in shown] == [("joe@example.com", "example.com")]


def test_who_is_suppressed_ended_or_paused_gets_nothing_and_the_reason_is_said(missed):
    with missed.store.write() as session:
        address_hash = hash_address("bob@example.org", missed.letterhead.hash_secret)
        add_suppression(session, address_hash, "complaint", now=missed.store.now(session))
    eve = missed.subscriber("eve@example.org")
    missed.unsubscribe(token_of(missed, eve), because="page")

    verdicts = resend(missed, states=MISSED)

    assert chosen(verdicts) == []
    assert "suppressed (complaint)" in refused(verdicts)["bob"]
    assert "is ended, not active" in refused(verdicts)["eve"]


def token_of(newsletter, subscriber) -> str:
    return newsletter.pages_of(subscriber.id).unsubscribe.rpartition("/")[2]


def test_strangers_and_readers_without_a_digest_are_refused_one_by_one(missed):
    missed.add_subscriber("zoe@example.org", wishes("quantum"), is_confirmed=True)

    verdicts = resend(missed, addresses=("who@example.org", "zoe@example.org", "bob@example.org"))

    assert chosen(verdicts) == ["bob"]
    assert refused(verdicts) == {
        "who": "is not a subscriber",
        "zoe": f"has no digest in edition {TODAY}: nothing matched",
    }


def test_readers_who_were_due_and_never_planned_are_planned_now(newsletter):
    clock = newsletter.store._clock
    clock.move(hours=-6)  # 6:00: all come before their hour, seven
    add_reader(newsletter, "ada")
    add_reader(newsletter, "late", hour=23)
    add_reader(newsletter, "friday", cadence="weekly", weekday=4)
    add_reader(newsletter, "none", "quantum")
    with newsletter.store.write() as session:  # an empty day was planned
        edition_id(session, Kind.DIGEST, TODAY, now=newsletter.store.now(session))
    clock.move(hours=6)
    add_reader(newsletter, "new")  # came after their hour of that day
    newsletter.pull(TODAY)

    shown = resend(newsletter, is_dry_run=True, states=MISSED, is_missing=True)
    assert newsletter.deliveries() == ()
    done = resend(newsletter, states=MISSED, is_missing=True)
    again = resend(newsletter, states=MISSED, is_missing=True)

    assert chosen(shown) == chosen(done) == ["ada"]
    assert again == []
    assert [(one.address, one.resend_no) for one in newsletter.deliveries()] == [
        ("ada@example.org", 0)
    ]


def test_what_fails_after_the_set_was_shown_does_not_join_it(missed):
    shown = resend(missed, is_dry_run=True, states=(State.FAILED,), domain="example.org")
    only = {one.subscriber_id for one in shown if one.address.startswith("bob")}

    pages = missed.resend(
        wanted(states=(State.FAILED,)), actor="admin", is_dry_run=False, only=only
    )

    assert chosen(one for page in pages for one in page) == ["bob"]


def test_all_of_it_is_audited_with_who_why_and_which(missed):
    verdicts = resend(missed, states=MISSED)

    (audit,) = audits(missed)
    assert (audit.actor, audit.because) == ("admin", "the relay was down")
    assert audit.subject == f"edition {TODAY}"
    assert audit.details == {"deliveries": sorted(one.delivery_id for one in verdicts)}


def test_a_resend_rings_for_its_hand_over(missed):
    missed.parts.queue.rings.clear()

    resend(missed, states=MISSED)

    assert [task for task, _ in missed.parts.queue.rings] == [Task.SEND]


def test_a_large_set_is_done_in_pages_and_goes_on_where_it_was_stopped(missed, monkeypatch):
    monkeypatch.setattr("newsletter.adapters.store.candidates.PAGE", 1)
    pages = missed.resend(wanted(states=MISSED), actor="admin", is_dry_run=False)
    first = next(pages)
    pages.close()  # as a crash between two transactions

    rest = resend(missed, states=MISSED)
    missed.send_waiting()

    assert (chosen(first), chosen(rest)) == (["bob"], ["eve"])
    assert sent_to(missed) == ["ada", "bob", "eve"]


def test_an_edition_that_is_not_there_or_was_cancelled_is_refused(missed):
    with pytest.raises(NotFound, match="newsletter editions list"):
        resend(missed, edition=date(2026, 6, 1), states=MISSED)
    missed.cancel_edition(TODAY, because="wrong papers", actor="admin")
    with pytest.raises(Refused, match="wrong papers"):
        resend(missed, states=MISSED)


def test_what_is_no_address_stops_it_before_anything_is_sent(missed):
    with pytest.raises(AddressError):
        resend(missed, addresses=("bob@example.org", "no address"))

    assert [one.resend_no for one in missed.deliveries()] == [0, 0, 0]
