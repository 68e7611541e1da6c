"""No paper comes twice, whatever the dedup cache knows, forgets or is told too late."""

from datetime import timedelta

import pytest
from builders import a_paper, add_reader
from days import TODAY, TOMORROW, sent_to

from newsletter.adapters.seen import MemorySeen, RedisSeen
from newsletter.adapters.smtp import MemoryTransport
from newsletter.core.delivery.states import Outcome, Result
from newsletter.errors import QueueUnavailable


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


def test_a_digest_that_failed_leaves_its_papers_new(service):
    refused = Outcome(result=Result.FAILED, code=554, status="5.7.1", text="policy")
    newsletter = service([a_paper(1)], transport=MemoryTransport(lambda letter: refused))
    add_reader(newsletter, "ada")
    newsletter.run(TODAY, everyone=True)
    newsletter.parts.__dict__["transport"] = MemoryTransport()

    newsletter.run(TOMORROW, everyone=True)

    assert sent_to(newsletter) == ["ada@example.org"]


class AwaySeen:
    """A dedup cache whose server is away."""

    def __getattr__(self, name):
        def unavailable(*_, **__):
            raise QueueUnavailable("Redis does not answer")

        return unavailable
