"""What a relay or a domain has no room for yet goes out in the same run, as soon as it has."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from builders import a_newsletter, a_paper, add_reader

from newsletter.adapters.smtp import MemoryTransport
from newsletter.core.delivery.states import Outcome, Result, State

START = datetime(2026, 6, 15, 12, tzinfo=UTC)


def running_clock():
    """The builders' Monday, from where it goes on by itself."""
    began = datetime.now(UTC)
    return lambda: START + (datetime.now(UTC) - began)


def test_a_delayed_digest_is_sent_by_the_same_run_and_uses_no_try(tmp_path):
    tries = Counter()

    def answer(letter):
        tries[letter.delivery_id] += 1
        if tries[letter.delivery_id] == 1:
            return Outcome(result=Result.DELAYED, wait=timedelta(milliseconds=50))
        return Outcome(result=Result.SENT, code=250)

    transport = MemoryTransport(answer)
    service = a_newsletter(tmp_path, papers=[a_paper()], transport=transport, clock=running_clock())
    add_reader(service, "ada")

    ran = service.run(everyone=True)

    assert ran.counts == {State.SENT: 1}
    assert len(transport.sent) == 1
    assert [one.attempts for one in service.deliveries()] == [1]
