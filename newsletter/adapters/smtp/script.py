"""What conversations are written in: generators that yield what they wait for.

So the steps stand in their order, and a single thread can hold hundreds of conversations.
"""

from collections.abc import Generator
from enum import Enum
from typing import NamedTuple

from newsletter.adapters.smtp.wire import Broken, Reply, Wire
from newsletter.core.delivery.states import Stage, outcome_of


class For(Enum):
    """What a script waits for: a whole reply, or a socket that can be read or written."""

    REPLY = 1
    READABLE = 2
    WRITABLE = 3


class Wait(NamedTuple):
    """What is waited for, and the longest time. The same one again: the time goes on."""

    what: For
    seconds: float


Step = Generator[Wait, None, None]
Question = Generator[Wait, None, Reply]


class Refused(Exception):
    """The relay cannot be used: at which stage, with which reply, in which words."""

    def __init__(self, stage: Stage, code: int, text: str) -> None:
        super().__init__(stage, code, text)
        self.outcome = outcome_of(stage, code, text)


class Leaving(Exception):
    """The relay said 421: it closes the connection (RFC 5321 section 3.8)."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.reply = reply


def next_reply(wire: Wire, seconds: float) -> Question:
    """The relay's next reply, at once when it is there. Raises Broken, and Leaving for 421."""
    wait = None
    while (reply := wire.reply()) is None:
        if wire.end:
            raise Broken(wire.end)
        wait = wait or Wait(For.REPLY, seconds)
        yield wait
    if reply.code == 421:
        raise Leaving(reply)
    return reply


def ask(wire: Wire, command: str, seconds: float) -> Question:
    """The reply to one command, whatever it is. Raises Leaving."""
    wire.write(command.encode() + b"\r\n")
    return (yield from next_reply(wire, seconds))


def demand(wire: Wire, command: str, seconds: float) -> Step:
    """Say a command that must be accepted. Raises Broken and Leaving."""
    reply = yield from ask(wire, command, seconds)
    if reply.code // 100 != 2:
        raise Broken(f"it answered {command.split()[0]} with {reply.code} {reply.text}")
