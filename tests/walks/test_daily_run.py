"""From the source to the inbox, on both databases, with the real parts where they are cheap."""

from datetime import timedelta

from builders import Clock, MemorySource, a_paper, add_reader, wishes
from days import TODAY, YESTERDAY, sent_to

from newsletter.adapters.queue import Task
from newsletter.adapters.seen import MemorySeen
from newsletter.core.delivery.states import State
from newsletter.errors import SourceUnavailable


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
