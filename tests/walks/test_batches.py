"""How many deliveries a worker takes in hand at once, and how soon it says what became of them."""

from datetime import timedelta

import pytest
from builders import MONDAY, a_newsletter, a_paper, add_reader, settings_for, wishes

from newsletter.adapters.queue import MemoryQueue
from newsletter.adapters.smtp import MemoryTransport
from newsletter.adapters.store.attempts import attempts_of
from newsletter.adapters.store.claims import claim
from newsletter.core.delivery.states import Outcome, Result, State
from newsletter.services.deliveries import BATCH, MOST_AT_ONCE, next_batch, record

TODAY = MONDAY.date()


class Killed(BaseException):
    """What a kill looks like to the code around it: nothing more of it runs."""


class ShortLivedTransport(MemoryTransport):
    """Dies after so many letters."""

    def __init__(self, letters: int) -> None:
        super().__init__()
        self._left = letters

    def send_many(self, letters, *, accepted):
        for told in super().send_many(letters, accepted=accepted):
            yield told
            self._left -= 1
            if not self._left:
                raise Killed


def test_of_a_large_batch_few_are_in_doubt_after_a_kill(tmp_path):
    parts = {"transport": ShortLivedTransport(BATCH + 30), "queue": MemoryQueue()}
    with a_newsletter(tmp_path, papers=[a_paper()], **parts) as newsletter:
        newsletter.import_subscribers((f"r{n}@example.org", wishes()) for n in range(BATCH + 60))
        newsletter.pull(TODAY)
        newsletter.plan_range(0, TODAY, everyone=True)
        newsletter._batch_size = MOST_AT_ONCE

        with pytest.raises(Killed):
            newsletter.send_waiting()

        assert newsletter.counts(TODAY) == {State.SENT: BATCH, State.SENDING: 60}


def test_a_quick_relay_is_given_more_at_once_but_not_without_end():
    size = BATCH
    for _ in range(5):
        size = next_batch(size, claimed=size, sent=size, seconds=size / 4000)

    assert size == MOST_AT_ONCE


@pytest.mark.parametrize(
    ("sent", "seconds"), [(MOST_AT_ONCE, 60.0), (20, 2.0), (0, 0.1)], ids=["slow", "few", "none"]
)
def test_a_relay_that_is_slow_or_refuses_is_given_few_at_once(sent, seconds):
    size = next_batch(MOST_AT_ONCE, claimed=MOST_AT_ONCE, sent=sent, seconds=seconds)

    assert size == BATCH


def test_a_batch_of_the_last_few_says_nothing_of_the_relay():
    assert next_batch(1000, claimed=3, sent=3, seconds=0.001) == 1000


@pytest.fixture(params=["sqlite", "postgres"])
def claimed(request, tmp_path):
    """A service whose only delivery a worker has in its hands."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    settings = settings_for(tmp_path, **({"database_url": url} if url else {}))
    parts = {"queue": MemoryQueue(), "settings": settings}
    with a_newsletter(tmp_path, papers=[a_paper()], **parts) as newsletter:
        add_reader(newsletter, "ada")
        newsletter.pull(TODAY)
        newsletter.plan_range(0, TODAY, everyone=True)
        with newsletter.store.write() as session:
            found = claim(session, now=MONDAY, most=BATCH)
        yield newsletter, found


def test_a_batch_that_is_written_twice_keeps_each_try_once(claimed):
    newsletter, (one,) = claimed
    greylisted = Outcome(result=Result.DEFERRED, code=450, text="later, please")

    for seconds in (0, 1):  # the answer to the first commit was lost
        with newsletter.store.write() as session:
            now = MONDAY + timedelta(seconds=seconds)
            record(session, [one], {one.id: greylisted}, {}, now=now)

    with newsletter.store.read() as session:
        assert [attempt.text for attempt in attempts_of(session, one.id)] == ["later, please"]
        assert newsletter.deliveries()[0].attempts == 1
