"""A relay that is away for long: what waits is not turned over and over."""

from builders import MONDAY, a_newsletter, a_paper, wishes

from newsletter.adapters.queue import MemoryQueue
from newsletter.adapters.smtp import MemoryTransport
from newsletter.core.delivery.states import Outcome, Result, State
from newsletter.services.deliveries import BATCH

TODAY = MONDAY.date()
HELD = Outcome(result=Result.HELD, text="the relay cannot be used: connection refused")


class CountedTransport(MemoryTransport):
    """Counts its calls."""

    calls = 0

    def send_many(self, letters, *, accepted):
        self.calls += 1
        return super().send_many(letters, accepted=accepted)


def test_while_the_relay_is_away_only_one_batch_finds_out(tmp_path):
    parts = {"transport": CountedTransport(answer=lambda _: HELD), "queue": MemoryQueue()}
    with a_newsletter(tmp_path, papers=[a_paper()], **parts) as newsletter:
        newsletter.import_subscribers(
            (f"reader{number}@example.org", wishes()) for number in range(2 * BATCH)
        )
        newsletter.pull(TODAY)
        newsletter.plan_range(0, TODAY, everyone=True)

        newsletter.send_waiting()

        assert parts["transport"].calls == 1
        assert newsletter.counts(TODAY)[State.PENDING] > BATCH
