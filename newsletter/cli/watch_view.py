"""What `newsletter watch` knows of an edition from its looks so far."""

import time
from collections import deque
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from newsletter.core.delivery.ledger import DomainTally, Tally
from newsletter.core.delivery.states import State
from newsletter.core.feedback.rates import Rate
from newsletter.core.results import EditionView

if TYPE_CHECKING:
    from newsletter.app import Newsletter

RATE_SECONDS = 10.0  # the rate is that of the last seconds
MOST_DOMAINS = 10
SLOW_SHARE = 10  # counting domains and reports may take a tenth of the time, however long it takes


class View:
    """An edition, counted anew at each look; the first one is when it is made. Raises NotFound.

    rate: what came back of it. domains: the largest, out of domain_count.
    """

    edition: EditionView
    rate: Rate
    domains: Sequence[DomainTally]
    domain_count: int

    def __init__(self, newsletter: "Newsletter", day: date) -> None:
        self.day = day
        self._newsletter = newsletter
        self._looks = deque[tuple[float, int]]()
        self._slow_at = 0.0
        self.look()

    def look(self) -> None:
        """Count anew; what takes longer less often, but for the last time."""
        self.edition = self._newsletter.edition(self.day)
        now = time.monotonic()
        self._looks.append((now, self.tally.of(State.SENT)))
        while len(self._looks) > 2 and now - self._looks[1][0] > RATE_SECONDS:
            self._looks.popleft()
        if now >= self._slow_at or not self.tally.left:
            self._look_closely()
            self._slow_at = now + (time.monotonic() - now) * (1 + SLOW_SHARE)

    def _look_closely(self) -> None:
        self.rate = self._newsletter.edition_rate(self.edition)
        every = self._newsletter.tally_by_domain(self.day)
        self.domains, self.domain_count = every[:MOST_DOMAINS], len(every)

    @property
    def tally(self) -> Tally:
        return Tally(counts=self.edition.counts, deferred=self.edition.deferred)

    @property
    def per_second(self) -> float:
        """Mails a second over the last seconds; 0 at the first look."""
        (first_at, first), (last_at, last) = self._looks[0], self._looks[-1]
        return max(0, last - first) / (last_at - first_at) if last_at > first_at else 0.0

    @property
    def time_left(self) -> timedelta | None:
        """Until what can go out now is sent, at this rate; None where nothing moves or may move."""
        waiting = self.tally.left - self.tally.deferred
        if waiting and self.edition.state == "held":
            return None
        if not waiting:
            return timedelta()
        rate = self.per_second
        return timedelta(seconds=round(waiting / rate)) if rate else None
