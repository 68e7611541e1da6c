"""The transport's twin without a network."""

from collections.abc import Callable, Iterator, Sequence

from newsletter.core.delivery.states import Outcome, Result
from newsletter.core.ports import Letter

SENT = Outcome(result=Result.SENT, code=250, status="2.0.0", text="2.0.0 kept in memory")


class MemoryTransport:
    """Keeps what it is given in `sent`, in order.

    answer: the outcome of each letter; without it everything is sent.
    """

    def __init__(self, answer: Callable[[Letter], Outcome] | None = None) -> None:
        self.sent: list[Letter] = []
        self._answer = answer

    def send_many(
        self, letters: Sequence[Letter], *, accepted: Callable[[Sequence[Letter]], None]
    ) -> Iterator[tuple[Letter, Outcome]]:
        for letter in letters:
            outcome = self._answer(letter) if self._answer else SENT
            if outcome.result is Result.SENT:
                self.sent.append(letter)
                accepted([letter])
            yield letter, outcome

    def close(self) -> None:
        """Nothing is open."""
