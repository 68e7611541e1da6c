"""Handing over alone: personal mails of one size, through our own transport, to one relay."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache

from newsletter.adapters.flow import MemoryFlow
from newsletter.adapters.smtp import Relay, SmtpTransport, parse_smtp_url
from newsletter.bench.day import Sink
from newsletter.core.delivery.states import Outcome, Result
from newsletter.core.ports import Letter
from newsletter.errors import Refused, Unavailable

BATCH = 1500  # as many as a worker gives a quick relay at once
LINE = b"a line of an invented digest, as long as quoted-printable lines are at most\r\n"
HEAD = (
    "From: Bench <bench@newsletter.localhost>\r\nTo: <{recipient}>\r\n"
    "Message-ID: <{number:032x}@newsletter.localhost>\r\nSubject: Measurement {number}\r\n\r\n"
)
LEAST_BYTES = 500

Show = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """What was sent, and what it took. Making up the mails is not in it.

    cpu_us_per_message: of this process, system calls included. connections: at the end.
    """

    messages: int
    size: int
    connections: int
    seconds: float
    per_second: float
    cpu_us_per_message: float


def measure(
    *,
    messages: int,
    size: int,
    connections: int | None = None,
    smtp_url: str = "",
    delay_ms: int = 0,
    is_really_meant: bool = False,
    show: Show,
) -> Send:
    """Hand so many mails of `size` bytes to the relay, or to a sink of our own without one.

    connections: None finds out how many are worth it. Raises Refused for a relay that is not on
    this machine unless it is really meant, Unavailable when mails were not accepted.
    """
    if size < LEAST_BYTES:
        raise Refused(f"A mail of {size} bytes has no room for its headers: take {LEAST_BYTES}.")
    with ExitStack() as stack:
        url = smtp_url or stack.enter_context(Sink(delay_ms)).url
        relay = parse_smtp_url(url)
        if not relay.is_loopback and not is_really_meant:
            raise Refused(
                f"{relay.name} is not on this machine, and {messages:,} made-up mails would really"
                " be sent there: add --really if that is what you want."
            )
        transport = SmtpTransport([relay], flow=MemoryFlow(), connections=connections)
        stack.callback(transport.close)
        problem = transport.look()
        if problem:
            raise Unavailable(f"{problem}: nothing was sent.")
        seconds, cpu = _hand_over(transport, relay, messages, size, show)
        return Send(
            messages=messages,
            size=size,
            connections=transport.widths[relay.name],
            seconds=round(seconds, 3),
            per_second=round(messages / seconds, 1),
            cpu_us_per_message=round(cpu / messages * 1e6, 1),
        )


def _hand_over(
    transport: SmtpTransport, relay: Relay, messages: int, size: int, show: Show
) -> tuple[float, float]:
    """(seconds, seconds of CPU) of handing over alone. Raises Unavailable."""
    seconds = cpu = 0.0
    for start, letters in _batches(messages, size):
        show("Mails", start, messages)
        wall_before, cpu_before = time.perf_counter(), time.process_time()
        outcomes = [outcome for _, outcome in transport.send_many(letters, accepted=_nobody)]
        seconds += time.perf_counter() - wall_before
        cpu += time.process_time() - cpu_before
        _check(outcomes, relay, start)
    return seconds, cpu


def _batches(messages: int, size: int) -> Iterator[tuple[int, Sequence[Letter]]]:
    for start in range(0, messages, BATCH):
        numbers = range(start, min(start + BATCH, messages))
        yield start, [_letter(number, size) for number in numbers]


def _letter(number: int, size: int) -> Letter:
    recipient = f"reader{number}@host{number % 50}.example"
    head = HEAD.format(recipient=recipient, number=number).encode()
    return Letter(
        delivery_id=number,
        epoch=1,
        return_path=f"b+{number:024x}@newsletter.localhost",
        recipient=recipient,
        parts=[head, _body(size - len(head))],
        is_wire_ready=True,
    )


@lru_cache(maxsize=16)  # as in a digest, readers share what is not their own
def _body(size: int) -> bytes:
    """So many bytes, of which the last line is a whole one."""
    return (LINE * (size // len(LINE) + 1))[-size:]


def _check(outcomes: Sequence[Outcome], relay: Relay, before: int) -> None:
    counts = Counter(outcome.result for outcome in outcomes)
    sent = counts.pop(Result.SENT, 0)
    if not counts:
        return
    first = next(outcome for outcome in outcomes if outcome.result is not Result.SENT)
    words = ", ".join(f"{count} {result}" for result, count in counts.items())
    raise Unavailable(
        f"{relay.name} took {before + sent} mails and then not all of them ({words}):"
        f" {first.code or 'no reply'} {first.text}"
    )


def _nobody(_: Sequence[Letter]) -> None: ...
