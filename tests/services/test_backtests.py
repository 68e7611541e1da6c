"""Filters tried on stored papers: kept ready, renewed when papers change."""

import threading
from datetime import date, timedelta

import pytest
from builders import MONDAY, Clock, MemorySource, a_newsletter, a_paper

from newsletter.core.papers import Paper
from newsletter.errors import ChoiceError, FilterError
from newsletter.services.backtests import RecentPapers

DAY = MONDAY.date()


def days_before(number: int) -> date:
    return DAY - timedelta(days=number)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def source():
    return MemorySource({})


@pytest.fixture
def newsletter(tmp_path, clock, source):
    with a_newsletter(tmp_path, clock=clock, sources=(source,)) as made:
        yield made


def announce(newsletter, source, day: date, *papers: Paper) -> None:
    source.days[day] = papers
    newsletter.pull(day)


def dated(number: int, day: date, **values) -> Paper:
    return a_paper(number, featured_on=day, **values)


def test_the_papers_of_the_last_days_are_tried(newsletter, source):
    for ago in (0, 5, 29, 30):
        announce(newsletter, source, days_before(ago), dated(ago + 1, days_before(ago)))

    found = newsletter.back_test("agents")

    assert [day.date for day in found.days] == [days_before(29), days_before(5), DAY]
    assert (found.filter, found.span, len(found.matches)) == ("agents", 30, 3)


def test_the_days_end_with_the_last_that_has_papers(newsletter, source, clock):
    announce(newsletter, source, DAY, dated(1, DAY))
    clock.move(days=45)

    assert len(newsletter.back_test("agents", days=1).matches) == 1


def test_papers_of_days_to_come_are_not_tried(newsletter, source):
    tomorrow = DAY + timedelta(days=1)
    announce(newsletter, source, tomorrow, dated(1, tomorrow))

    assert newsletter.back_test("agents").days == ()


def test_new_and_changed_papers_are_seen_at_once(newsletter, source, clock):
    announce(newsletter, source, DAY, dated(1, DAY))
    assert len(newsletter.back_test("agents").matches) == 1

    clock.move(minutes=20)
    announce(newsletter, source, DAY, dated(1, DAY, upvotes=50), dated(2, DAY))

    assert len(newsletter.back_test("agents").matches) == 2
    assert len(newsletter.back_test("upvotes:50").matches) == 1


def test_only_the_days_that_changed_are_made_ready_again(newsletter, source, clock):
    recent = RecentPapers()
    for ago in (0, 1):
        announce(newsletter, source, days_before(ago), dated(ago + 1, days_before(ago)))
    before = past(newsletter, recent)

    clock.move(minutes=20)
    announce(newsletter, source, DAY, dated(1, DAY), dated(3, DAY))
    after = past(newsletter, recent)

    assert after.days[0] is before.days[0]
    assert after.days[1] is not before.days[1]
    assert past(newsletter, recent) is after


def past(newsletter, recent):
    with newsletter.store.read() as session:
        return recent.past(session, today=newsletter.today())


def test_a_paper_announced_again_counts_on_its_new_day_only(newsletter, source, clock):
    announce(newsletter, source, days_before(3), dated(1, days_before(3)))
    newsletter.back_test("agents")

    clock.move(minutes=20)
    announce(newsletter, source, DAY, dated(1, DAY))

    assert [day.date for day in newsletter.back_test("agents").days] == [DAY]


def test_many_threads_that_ask_at_once_get_the_same_answer(newsletter, source):
    announce(newsletter, source, DAY, *(dated(number, DAY) for number in range(1, 20)))
    answers, start = [], threading.Barrier(6)

    def ask():
        start.wait()
        answers.append(len(newsletter.back_test("agents").matches))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [19] * 6


@pytest.mark.parametrize("days", [0, 91, -1])
def test_only_1_to_90_days_can_be_looked_at(newsletter, days):
    with pytest.raises(ChoiceError, match="choose from 1 to 90"):
        newsletter.back_test("agents", days=days)


def test_a_wrong_filter_is_told_before_any_paper_is_read(newsletter):
    with pytest.raises(FilterError):
        newsletter.back_test("(agents")
