"""From the source to the inbox, on both databases, with the real parts where they are cheap."""

import email
from datetime import date, timedelta

import pytest
from builders import Clock, MemorySource, a_newsletter, a_paper, add_reader, settings_for, wishes
from sqlalchemy import text

from newsletter.adapters.queue import MemoryQueue, Task
from newsletter.adapters.seen import MemorySeen, RedisSeen
from newsletter.adapters.smtp import MemoryTransport
from newsletter.core.delivery.states import MAX_RECOVERIES, Outcome, Result, State
from newsletter.errors import QueueUnavailable, SourceUnavailable
from newsletter.services.deliveries import BATCH

TODAY = date(2026, 6, 15)
TOMORROW, YESTERDAY = TODAY + timedelta(days=1), TODAY - timedelta(days=1)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, tmp_path):
    if request.param == "sqlite":
        return settings_for(tmp_path)
    url = request.getfixturevalue("postgres_url")
    return settings_for(tmp_path, database_url=url)


@pytest.fixture
def service(database, tmp_path):
    """Makes a service over the test's database, with a queue that is looked at by hand."""
    made = []

    def make(papers=(), **parts):
        parts = {"queue": MemoryQueue(), **parts}
        made.append(a_newsletter(tmp_path, papers=papers, settings=database, **parts))
        return made[-1]

    yield make
    for newsletter in made:
        newsletter.close()


def sent_to(newsletter) -> list[str]:
    return sorted(letter.recipient for letter in newsletter.parts.transport.sent)


def test_each_reader_gets_just_the_papers_of_their_topics(service):
    newsletter = service([a_paper(1), a_paper(2, title="Diffusion", abstract="Images from noise.")])
    add_reader(newsletter, "ada", "agents")
    add_reader(newsletter, "bob", "diffusion")
    add_reader(newsletter, "eve", "quantum")

    ran = newsletter.run(TODAY, everyone=True)

    by_reader = {view.address: view.papers for view in newsletter.deliveries()}
    assert by_reader == {"ada@example.org": ("2606.00001",), "bob@example.org": ("2606.00002",)}
    assert ran.counts == {State.SENT: 2}
    assert ran.planned.without_match == 1


def test_the_same_edition_run_three_times_sends_each_digest_once(service):
    newsletter = service([a_paper(1)])
    add_reader(newsletter, "ada")

    runs = [newsletter.run(TODAY, everyone=True) for _ in range(3)]

    assert sent_to(newsletter) == ["ada@example.org"]
    assert [(ran.planned.digests, ran.planned.served) for ran in runs] == [(1, 0), (0, 1), (0, 1)]


def test_the_next_day_repeats_no_paper(service):
    newsletter = service([a_paper(1)])
    add_reader(newsletter, "ada")
    newsletter.run(TODAY, everyone=True)
    later = a_paper(2, featured_on=TOMORROW)
    newsletter.parts.sources[0].days[TOMORROW] = [a_paper(1, featured_on=TOMORROW), later]

    newsletter.run(TOMORROW, everyone=True)

    assert [view.papers for view in newsletter.deliveries()] == [("2606.00002",), ("2606.00001",)]


@pytest.mark.parametrize("is_gone", ["emptied", "away"])
def test_a_dedup_cache_that_forgot_everything_repeats_no_paper(service, is_gone):
    newsletter = service([a_paper(1)])
    add_reader(newsletter, "ada")
    newsletter.run(TODAY, everyone=True)
    if is_gone == "emptied":
        newsletter.parts.seen.forget()
    else:
        newsletter.parts.__dict__["seen"] = AwaySeen()

    newsletter.run(TOMORROW, everyone=True)

    assert sent_to(newsletter) == ["ada@example.org"]


def test_a_flushed_redis_repeats_no_paper(service, redis_client):
    newsletter = service([a_paper(1)], seen=RedisSeen(redis_client))
    add_reader(newsletter, "ada")
    newsletter.run(TODAY, everyone=True)
    redis_client.flushall()

    newsletter.run(TOMORROW, everyone=True)
    newsletter.run(TOMORROW + timedelta(days=1), everyone=True)

    assert sent_to(newsletter) == ["ada@example.org"]


def test_a_cache_that_missed_a_commit_is_told_again(service):
    seen = MemorySeen()
    newsletter = service([a_paper(1)], seen=seen)
    add_reader(newsletter, "ada")
    newsletter.parts.__dict__["seen"] = AwaySeen()  # dies between the commit and the cache
    newsletter.run(TODAY, everyone=True)
    newsletter.parts.__dict__["seen"] = seen

    newsletter.run(TOMORROW, everyone=True)

    assert sent_to(newsletter) == ["ada@example.org"]


def test_a_plan_that_another_worker_overtook_repeats_no_paper(service):
    other = service([a_paper(1)])
    other.pull(TODAY)

    class Overtaken(MemorySeen):
        """Somebody else plans the range while it is being composed here."""

        def version(self, range_no):
            found = super().version(range_no)
            if not other.editions():
                other.plan_range(range_no, TODAY, everyone=True)
            return found

    newsletter = service([a_paper(1)], seen=Overtaken())
    add_reader(newsletter, "ada")

    planned = newsletter.plan_range(0, TOMORROW, everyone=True)

    assert (planned.readers, planned.digests) == (1, 0)
    assert [view.edition for view in newsletter.deliveries()] == [TODAY]


def test_a_reader_who_changes_their_hour_while_they_are_planned_keeps_the_new_one(service):
    clock = Clock()
    newsletter = service([a_paper(1)], clock=clock)
    due = add_reader(newsletter, "ada", hour=13)
    clock.move(hours=2)
    token = newsletter.pages_of(due.id).preferences.rpartition("/")[2]
    changed = []

    class Meanwhile(MemorySeen):
        def version(self, range_no):
            if not changed:
                changed.append(newsletter.change_wishes(token, wishes(hour=20, cap=5)))
            return super().version(range_no)

    service(seen=Meanwhile(), clock=clock).plan_range(0)

    assert newsletter.subscriber("ada@example.org").next_due_at == changed[0].next_due_at


def test_a_digest_that_failed_leaves_its_papers_new(service):
    refused = Outcome(result=Result.FAILED, code=554, status="5.7.1", text="policy")
    newsletter = service([a_paper(1)], transport=MemoryTransport(lambda letter: refused))
    add_reader(newsletter, "ada")
    newsletter.run(TODAY, everyone=True)
    newsletter.parts.__dict__["transport"] = MemoryTransport()

    newsletter.run(TOMORROW, everyone=True)

    assert sent_to(newsletter) == ["ada@example.org"]


def test_only_readers_whose_hour_has_come_are_planned(service):
    clock = Clock()  # noon in UTC
    newsletter = service([a_paper(1)], clock=clock)
    add_reader(newsletter, "early", hour=13)
    add_reader(newsletter, "late", hour=15)
    newsletter.pull()

    clock.move(hours=1, minutes=5)
    newsletter.tick()
    rung = [arguments for task, arguments in newsletter.parts.queue.rings if task == Task.PLAN]
    newsletter.plan_range(0)
    newsletter.send_waiting()

    assert rung == [{"range_no": 0}]
    assert sent_to(newsletter) == ["early@example.org"]


def test_a_tick_with_nobody_due_rings_for_no_plan(service):
    newsletter = service([a_paper(1)])
    add_reader(newsletter, "ada", hour=23)

    newsletter.tick()

    assert [task for task, _ in newsletter.parts.queue.rings] == [Task.PULL]


def test_a_reader_who_was_planned_is_not_due_before_the_next_day(service):
    clock = Clock()
    newsletter = service([a_paper(1)], clock=clock)
    added = add_reader(newsletter, "ada", hour=13)
    clock.move(hours=2)

    newsletter.plan_range(0)

    due_at = newsletter.subscriber("ada@example.org").next_due_at
    assert due_at == added.next_due_at + timedelta(days=1)


def test_a_paused_reader_is_planned_again_after_the_pause(service):
    clock = Clock()
    newsletter = service([a_paper(1)], clock=clock)
    add_reader(newsletter, "ada", hour=13, paused_until=clock() + timedelta(hours=30))

    clock.move(hours=2)
    newsletter.plan_range(0)
    newsletter.run(TODAY, everyone=True)
    during = sent_to(newsletter)
    clock.move(hours=48)
    newsletter.plan_range(0)
    newsletter.send_waiting()

    assert during == []
    assert sent_to(newsletter) == ["ada@example.org"]


def test_a_source_that_fails_does_not_stop_the_others(service):
    broken = MemorySource({TODAY: SourceUnavailable("broken", "answered 500")}, name="broken")
    working = MemorySource({TODAY: [a_paper(1)]})
    newsletter = service(sources=(broken, working))
    add_reader(newsletter, "ada")

    ran = newsletter.run(TODAY, everyone=True)

    assert [pulled.problem for pulled in ran.pulled] == ["answered 500", ""]
    assert sent_to(newsletter) == ["ada@example.org"]


def test_how_a_day_was_pulled_is_told_for_that_day_alone(service):
    broken = MemorySource({TODAY: SourceUnavailable("broken", "answered 500")}, name="broken")
    newsletter = service(sources=(broken,))

    newsletter.pull(YESTERDAY)

    assert newsletter.pulled(TODAY) == ()
    newsletter.pull(TODAY)
    assert [look.problem for look in newsletter.pulled(TODAY)] == ["answered 500"]
    assert [look.problem for look in newsletter.pulled(YESTERDAY)] == [""]


def test_two_ticks_at_once_look_at_a_source_once(service):
    newsletter = service([a_paper(1)])

    newsletter.pull()
    newsletter.pull()

    asked = newsletter.parts.sources[0].asked
    assert len(asked) == len(set(asked))


def test_a_dead_address_is_suppressed_and_never_mailed_again(service):
    dead = Outcome(result=Result.FAILED, code=550, status="5.1.1", text="no such mailbox")
    newsletter = service([a_paper(1)], transport=MemoryTransport(lambda letter: dead))
    add_reader(newsletter, "ada")
    newsletter.run(TODAY, everyone=True)
    newsletter.parts.__dict__["transport"] = MemoryTransport()

    newsletter.run(TOMORROW, everyone=True)

    assert sent_to(newsletter) == []


REFUSED = Outcome(result=Result.FAILED, code=550, status="5.7.1", text="5.7.1 Looks like spam")


@pytest.fixture
def refused(service):
    """A service whose relay refuses everybody for its policy: more readers than one batch."""
    newsletter = service([a_paper(1)], transport=MemoryTransport(lambda letter: REFUSED))
    newsletter.import_subscribers((f"r{n}@example.org", wishes()) for n in range(BATCH + 20))
    return newsletter


def test_an_edition_that_providers_refuse_is_held_and_nobody_is_suppressed(refused):
    ran = refused.run(TODAY, everyone=True)

    assert ran.counts == {State.FAILED: BATCH, State.PENDING: 20}
    (edition,) = refused.editions()
    assert edition.state == "held"
    assert "Looks like spam" in edition.held_because
    with refused.store.read() as session:
        assert session.execute(text("SELECT count(*) FROM suppressions")).scalar() == 0


def test_an_edition_that_an_admin_released_is_not_held_again(refused):
    refused.run(TODAY, everyone=True)
    refused.release_edition(TODAY, because="they let us in now", actor="ada")
    refused.parts.__dict__["transport"] = MemoryTransport(lambda letter: REFUSED)
    refused._breaker_at = 0.0

    refused.send_waiting()

    assert refused.counts(TODAY) == {State.FAILED: BATCH + 20}
    assert refused.editions()[0].state == "open"


def test_a_deferred_digest_is_tried_again_under_the_same_message_id(service):
    clock = Clock()
    answers = [
        Outcome(result=Result.DEFERRED, code=450, status="4.2.0", text="greylisted"),
        Outcome(result=Result.SENT, code=250, text="ok"),
    ]
    tried = []

    def answer(letter):
        tried.append(email.message_from_bytes(letter.content)["Message-ID"])
        return answers[len(tried) - 1]

    newsletter = service([a_paper(1)], clock=clock, transport=MemoryTransport(answer))
    add_reader(newsletter, "ada")
    newsletter.run(TODAY, everyone=True)
    before = newsletter.counts(TODAY)
    clock.move(hours=1)
    newsletter.send_waiting()

    assert before == {State.PENDING: 1}
    assert newsletter.counts(TODAY) == {State.SENT: 1}
    assert tried[0] == tried[1]


def test_a_reader_who_leaves_after_planning_gets_nothing(service):
    newsletter = service([a_paper(1)])
    reader = add_reader(newsletter, "ada")
    newsletter.pull()
    newsletter.plan_range(0, TODAY, everyone=True)
    token = newsletter.pages_of(reader.id).unsubscribe.rpartition("/")[2]

    newsletter.unsubscribe(token, because="one click")
    newsletter.send_waiting()

    assert sent_to(newsletter) == []
    assert newsletter.counts(TODAY) == {State.SKIPPED: 1}


def test_a_worker_that_dies_after_the_claim_loses_nothing(service):
    clock = Clock()
    newsletter = service([a_paper(1)], clock=clock, transport=DyingTransport())
    add_reader(newsletter, "ada")
    with pytest.raises(Killed):
        newsletter.run(TODAY, everyone=True)
    newsletter.parts.__dict__["transport"] = MemoryTransport()

    newsletter.send_waiting()
    before = sent_to(newsletter)
    clock.move(minutes=8)
    newsletter.sweep()
    newsletter.send_waiting()

    assert before == []
    assert sent_to(newsletter) == ["ada@example.org"]


def test_an_acceptance_that_was_noted_is_not_sent_twice(service):
    clock = Clock()
    newsletter = service([a_paper(1)], clock=clock, transport=DyingTransport(after_acceptance=True))
    add_reader(newsletter, "ada")
    with pytest.raises(Killed):
        newsletter.run(TODAY, everyone=True)
    newsletter.parts.__dict__["transport"] = MemoryTransport()

    clock.move(minutes=8)
    newsletter.sweep()
    newsletter.send_waiting()

    assert sent_to(newsletter) == []
    assert newsletter.counts(TODAY) == {State.SENT: 1}


def test_a_delivery_that_kills_every_worker_goes_to_a_person_and_harms_no_other(service):
    clock = Clock()
    newsletter = service([a_paper(1)], clock=clock, transport=PoisonedTransport("ada@example.org"))
    for name in ("ada", "bob", "eve"):
        add_reader(newsletter, name)
    newsletter.pull()
    newsletter.plan_range(0, TODAY, everyone=True)

    for _ in range(MAX_RECOVERIES):
        with pytest.raises(Killed):
            newsletter.send_waiting()
        clock.move(minutes=8)
        newsletter.sweep()
    newsletter.send_waiting()

    assert newsletter.counts(TODAY) == {State.REVIEW: 1, State.SENT: 2}
    assert sent_to(newsletter) == ["bob@example.org", "eve@example.org"]


def test_a_poisonous_row_goes_to_a_person_and_the_rest_goes_out(service):
    newsletter = service([a_paper(1)])
    add_reader(newsletter, "ada")
    add_reader(newsletter, "bob")
    newsletter.pull()
    newsletter.plan_range(0, TODAY, everyone=True)
    with newsletter.store.write() as session:
        session.execute(
            text("UPDATE deliveries SET digest = :broken WHERE subscriber_id = 1"),
            {"broken": '{"sections": [["agents", [["no-such-paper", []]]]]}'},
        )

    newsletter.send_waiting()

    assert sent_to(newsletter) == ["bob@example.org"]
    assert newsletter.counts(TODAY) == {State.REVIEW: 1, State.SENT: 1}


def test_where_no_message_can_be_made_all_of_them_wait(service):
    newsletter = service([a_paper(1)])
    for name in ("ada", "bob", "eve"):
        add_reader(newsletter, name)
    newsletter.pull(TODAY)
    newsletter.plan_range(0, TODAY, everyone=True)
    with newsletter.store.write() as session:
        session.execute(text("UPDATE deliveries SET digest = '{\"sections\": 1}'"))

    newsletter.send_waiting()

    assert newsletter.counts(TODAY) == {State.PENDING: 3}
    assert "cannot be made" in newsletter.deliveries()[0].last_text


def test_an_expired_edition_is_not_sent(service):
    clock = Clock()
    newsletter = service([a_paper(1)], clock=clock)
    add_reader(newsletter, "ada")
    newsletter.pull()
    newsletter.plan_range(0, TODAY, everyone=True)

    clock.move(days=4)
    newsletter.send_waiting()
    newsletter.sweep()

    assert sent_to(newsletter) == []
    assert newsletter.counts(TODAY) == {State.EXPIRED: 1}


def test_an_old_edition_run_for_new_readers_still_goes_out(service):
    clock = Clock()
    newsletter = service([a_paper(1)], clock=clock)
    add_reader(newsletter, "ada")
    newsletter.run(TODAY, everyone=True)

    clock.move(days=5)
    add_reader(newsletter, "bob")
    newsletter.run(TODAY, everyone=True)

    assert sent_to(newsletter) == ["ada@example.org", "bob@example.org"]


def test_without_a_beat_a_worker_plans_and_sends_by_itself(service):
    clock = Clock()
    newsletter = service([a_paper(1)], clock=clock)
    add_reader(newsletter, "ada", hour=13)
    newsletter.pull()

    clock.move(hours=1, minutes=2)
    newsletter.look_around()

    assert sent_to(newsletter) == ["ada@example.org"]


class Killed(BaseException):
    """What a kill looks like to the code around it: nothing more of it runs."""


class DyingTransport(MemoryTransport):
    """Dies while it hands over, before or after the relay's acceptance."""

    def __init__(self, *, after_acceptance: bool = False) -> None:
        super().__init__()
        self._after_acceptance = after_acceptance

    def send_many(self, letters, *, accepted):
        if self._after_acceptance:
            accepted(letters)
        raise Killed
        yield


class PoisonedTransport(MemoryTransport):
    """Dies, before it hands over anything, at a batch that holds this recipient."""

    def __init__(self, recipient: str) -> None:
        super().__init__()
        self._recipient = recipient

    def send_many(self, letters, *, accepted):
        if self._recipient in {letter.recipient for letter in letters}:
            raise Killed
        yield from super().send_many(letters, accepted=accepted)


class AwaySeen:
    """A dedup cache whose server is away."""

    def __getattr__(self, name):
        def unavailable(*_, **__):
            raise QueueUnavailable("Redis does not answer")

        return unavailable
