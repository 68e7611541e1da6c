"""The twin of a report mailbox, without any file or server."""

from collections.abc import Iterable, Iterator

from newsletter.core.feedback.intake import CameBy
from newsletter.core.ports import Mail
from newsletter.core.reports import MAX_REPORT_BYTES


class MemoryBox:
    """Holds the messages it is given in `waiting`, by name."""

    came_by = CameBy.MAILBOX

    def __init__(self, raws: Iterable[bytes] = (), *, name: str = "memory") -> None:
        self.name = name
        self.waiting = {str(number): raw for number, raw in enumerate(raws)}

    def fetch(self) -> Iterator[Mail]:
        for name, raw in list(self.waiting.items()):
            yield Mail(name=name, raw=raw[:MAX_REPORT_BYTES])

    def remove(self, mail: Mail) -> None:
        self.waiting.pop(mail.name, None)

    def close(self) -> None:
        """Nothing is open."""
