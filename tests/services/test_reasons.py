"""Why a paper came to a reader, or why it did not: by the ledger and by what was known then."""

from datetime import timedelta

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
from sqlmodel import select, update

from newsletter.adapters.queue import MemoryQueue
from newsletter.adapters.store.tables import EditionRow, SubscriberRow, SuppressionRow
from newsletter.core.tracing import Stop
from newsletter.errors import AddressError, NotFound

DAY = MONDAY.date()
ADA = "ada@example.org"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def source():
    return MemorySource({DAY: [a_paper(number, upvotes=20 - number) for number in range(1, 5)]})


@pytest.fixture
def newsletter(tmp_path, clock, source):
    with a_newsletter(tmp_path, clock=clock, sources=(source,), queue=MemoryQueue()) as made:
        yield made


def plan(newsletter):
    """Make today's digests; nothing is sent."""
    today = newsletter.today()
    newsletter.pull(today)
    newsletter.plan_range(0, today, everyone=True)


def why(newsletter, number=1, **values):
    return newsletter.why(ADA, f"2606.{number:05d}", **values)


def link(newsletter, subscriber, name):
    return getattr(newsletter.pages_of(subscriber.id), name).rpartition("/")[2]


def test_a_paper_that_was_sent_is_told_with_its_delivery(newsletter):
    add_reader(newsletter, "ada", "agents")
    newsletter.run(everyone=True)

    told = why(newsletter)

    (delivery,) = newsletter.deliveries()
    assert told.came
    assert (told.trace.stop, told.trace.topic, told.trace.words) == (
        Stop.DIGEST, "agents", ("agents",),
    )  # fmt: skip
    assert all(step.is_passed for step in told.steps)
    assert [step.name for step in told.steps] == [
        "work", "window", "topic", "mute", "seen", "rank", "topic cap", "digest cap",
    ]  # fmt: skip
    assert told.delivery.message_id == delivery.message_id
    assert "sent 2026-06-15 12:00 UTC" in told.conclusion
    assert told.notes == ()


@pytest.mark.parametrize(
    ("values", "number", "stop", "says"),
    [
        ({"mutes": ("title:4",)}, 4, Stop.MUTE, "Muted by `title:4`: without that mute it would"),
        ({"cap": 2}, 3, Stop.DIGEST_CAP, "With 3 papers a digest instead of 2 it would come"),
    ],
)
def test_a_paper_that_was_stopped_is_told_with_what_would_change_it(
    newsletter, values, number, stop, says
):
    add_reader(newsletter, "ada", "agents", **values)
    plan(newsletter)

    told = why(newsletter, number)

    assert (told.came, told.trace.stop) == (False, stop)
    assert not told.steps[-1].is_passed
    assert told.steps[-1].name == stop
    assert says in told.conclusion


def test_each_topic_that_does_not_want_a_paper_says_what_it_lacks(newsletter):
    add_reader(newsletter, "ada", "robot*", "title:agents upvotes:>=99")
    plan(newsletter)

    told = why(newsletter)

    assert [step.words for step in told.steps if step.name == "topic"] == [
        "topic robot* needs `robot*`: not in title, abstract or keywords",
        "topic title:agents upvotes:>=99 needs `upvotes:>=99`: it has 19 upvotes",
    ]


def test_a_paper_named_at_the_foot_of_the_mail_says_so(newsletter):
    add_reader(newsletter, "ada", "agents", cap=2)
    plan(newsletter)

    assert (
        "The mail names this paper at its foot, without its abstract." in why(newsletter, 3).notes
    )


def test_a_paper_of_an_earlier_digest_is_told_with_that_digest(newsletter, clock):
    add_reader(newsletter, "ada", "agents")
    plan(newsletter)
    clock.move(days=1)

    told = why(newsletter, edition=DAY + timedelta(days=1))

    assert told.trace.stop is Stop.SEEN
    assert f"The reader had it in the digest of {DAY}" in told.conclusion


def test_without_an_edition_the_one_that_brought_the_paper_is_told(newsletter, clock):
    add_reader(newsletter, "ada", "agents")
    plan(newsletter)
    clock.move(days=2)

    told = why(newsletter)

    assert (told.edition, told.came) == (DAY, True)


def test_the_seen_papers_are_those_of_the_digests_before(newsletter, clock, source):
    add_reader(newsletter, "ada", "agents")
    plan(newsletter)
    clock.move(days=1)
    source.days[clock().date()] = [a_paper(9, featured_on=clock().date())]
    plan(newsletter)

    assert why(newsletter, edition=DAY).came
    assert why(newsletter, 9).edition == DAY + timedelta(days=1)


def test_what_was_sent_stays_the_truth_when_topics_change(newsletter):
    ada = add_reader(newsletter, "ada", "agents")
    plan(newsletter)

    newsletter.change_wishes(link(newsletter, ada, "preferences"), wishes("robots"))
    told = why(newsletter)

    assert (told.came, told.trace.topic, told.trace.words) == (True, "agents", ("agents",))
    assert any("changed after this digest was made" in note for note in told.notes)


def test_a_paper_that_only_the_topics_of_today_want_is_told_as_such(newsletter, source):
    source.days[DAY].append(a_paper(7, title="Kites", abstract=""))
    ada = add_reader(newsletter, "ada", "agents")
    plan(newsletter)

    newsletter.change_wishes(link(newsletter, ada, "preferences"), wishes("agents", "kites"))
    told = why(newsletter, 7)

    assert (told.came, told.trace.stop) == (False, Stop.CHANGED)
    assert "was made without it" in told.conclusion


def test_a_paper_that_came_after_the_digest_was_made_is_told_as_late(newsletter, clock, source):
    add_reader(newsletter, "ada", "agents")
    plan(newsletter)
    clock.move(hours=2)
    source.days[DAY].append(a_paper(8))
    newsletter.pull(DAY)

    told = why(newsletter, 8, edition=DAY)

    assert told.trace.stop is Stop.WINDOW
    assert told.steps[-1].words == (
        "it reached us 2026-06-15 14:00 UTC, and this digest was made 2026-06-15 12:00 UTC"
    )


def test_a_paper_of_another_day_is_told_with_its_day(newsletter):
    add_reader(newsletter, "ada", "agents")
    plan(newsletter)

    told = why(newsletter, edition=DAY - timedelta(days=1))

    assert told.trace.stop is Stop.WINDOW
    assert f"--edition {DAY}" in told.conclusion


# --- Readers who got nothing ---------------------------------------------------------------------


def test_who_has_not_confirmed_is_told_so(newsletter):
    newsletter.add_subscriber(ADA, wishes("agents"), is_confirmed=False)
    plan(newsletter)

    told = why(newsletter)

    assert not told.came
    assert "has not confirmed the subscription yet" in told.conclusion
    assert "it would come under topic agents" in told.conclusion


def test_who_left_is_told_so(newsletter):
    ada = add_reader(newsletter, "ada", "agents")
    newsletter.unsubscribe(link(newsletter, ada, "unsubscribe"), because="page")
    plan(newsletter)

    assert "left on 2026-06-15 (page)" in why(newsletter).conclusion


def test_who_is_suppressed_is_told_so(newsletter):
    add_reader(newsletter, "ada", "agents")
    with newsletter.store.write() as session:
        hashed = session.scalars(select(SubscriberRow.address_hash)).one()
        session.add(SuppressionRow(address_hash=hashed, reason="hard bounce", since_at=MONDAY))
    plan(newsletter)

    assert "is suppressed (hard bounce)" in why(newsletter).conclusion


def test_who_paused_is_told_until_when(newsletter):
    add_reader(newsletter, "ada", "agents", paused_until=MONDAY + timedelta(days=3))
    plan(newsletter)

    assert "has paused the mail until 2026-06-18 12:00 UTC" in why(newsletter).conclusion


def test_for_whom_nothing_matched_is_told_so(newsletter):
    add_reader(newsletter, "ada", "robots")
    plan(newsletter)

    told = why(newsletter)

    assert told.delivery is None
    assert "nothing new matched by then" in told.conclusion


def test_a_digest_that_is_still_to_come_is_told_with_its_hour(newsletter):
    add_reader(newsletter, "ada", "agents", hour=20)
    newsletter.pull(DAY)

    told = why(newsletter)

    assert "is to come, at 2026-06-15 20:00 UTC" in told.conclusion
    assert "By today's topics it would come under topic agents" in told.conclusion


def test_a_day_without_a_digest_for_this_reader_is_told(newsletter):
    add_reader(newsletter, "ada", "agents", cadence="weekly", weekday=3)
    newsletter.pull(DAY)

    assert "gets mail once a week: none is due on Monday" in why(newsletter).conclusion


def test_an_edition_that_nobody_planned_is_told(newsletter, clock):
    add_reader(newsletter, "ada", "agents")
    newsletter.pull(DAY)
    clock.move(hours=1)

    told = why(newsletter, edition=DAY)

    assert told.delivery is None
    assert f"The edition of {DAY} was never planned" in told.conclusion


# --- Which paper is meant ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "2606.00001",
        "2606.00001v3",
        "arXiv:2606.00001",
        "https://arxiv.org/abs/2606.00001v1",
        "huggingface.co/papers/2606.00001",
        "10.48550/arXiv.2606.00001",
        "https://doi.org/10.1000/XYZ.1",
    ],
)
def test_a_paper_is_known_by_every_name_that_people_have_for_it(newsletter, source, name):
    source.days[DAY] = [a_paper(1, doi="10.1000/xyz.1")]
    add_reader(newsletter, "ada", "agents")
    plan(newsletter)

    assert newsletter.why(ADA, name).paper.id == "2606.00001"


@pytest.mark.parametrize("name", ["2606.99999", "no such paper", "", "10.1000/none"])
def test_a_paper_that_is_not_stored_is_told_with_what_to_do(newsletter, name):
    add_reader(newsletter, "ada", "agents")

    with pytest.raises(NotFound, match="newsletter pull"):
        newsletter.why(ADA, name)


def test_a_reader_that_is_not_known_is_told(newsletter):
    with pytest.raises(NotFound):
        newsletter.why("eve@example.org", "2606.00001")
    with pytest.raises(AddressError):
        newsletter.why("no address", "2606.00001")


def test_an_edition_that_is_held_is_told_so(newsletter):
    add_reader(newsletter, "ada", "agents")
    plan(newsletter)
    with newsletter.store.write() as session:
        session.execute(update(EditionRow).values(state="held", held_because="a wrong title"))

    assert any("held (a wrong title)" in note for note in why(newsletter).notes)


def test_postgresql_tells_the_same(tmp_path, clock, source, postgres_url):
    source.days[DAY] = [a_paper(1, doi="10.1000/xyz.1"), a_paper(2, title="Kites", abstract="")]
    settings = settings_for(tmp_path, database_url=postgres_url)
    parts = {"clock": clock, "sources": (source,), "queue": MemoryQueue()}
    with a_newsletter(tmp_path, settings=settings, **parts) as newsletter:
        add_reader(newsletter, "ada", "agents")
        plan(newsletter)

        assert newsletter.why(ADA, "doi:10.1000/XYZ.1").came
        assert why(newsletter, 2).trace.stop is Stop.TOPIC
        assert len(newsletter.back_test("agents").matches) == 1
