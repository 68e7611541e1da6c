"""The ledger held against the relay's own log."""

import gzip
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TextIO

import typer

from newsletter.cli.choices import EditionArgument, Json, actor
from newsletter.cli.mistakes import cause_of
from newsletter.cli.opening import opened
from newsletter.cli.streams import stream_json
from newsletter.cli.words import amount, result, say
from newsletter.core.delivery.reconcile import Difference, Finding, Reconciliation, begun
from newsletter.core.delivery.relay_logs import RelayLog, read_log
from newsletter.errors import NotFound, Refused

MOST_NAMED = 20  # deliveries of each kind that are named; --json has them all
GZIP = b"\x1f\x8b"
# What an admin can do about each.
REMEDIES = {
    Difference.LOST: "the relay lost them, or the log does not cover their time; "
    "`newsletter resend` with --to sends to one of them again.",
    Difference.UNRECORDED: "they went out and we never learned it: --apply records them as sent.",
    Difference.DOUBLED: "the relay took them more than once, under one Message-ID.",
}


def add_to(nouns: typer.Typer) -> None:
    nouns.command(
        "reconcile",
        epilog="Example: newsletter editions reconcile 2026-06-16 --log /var/log/mail.log.1.gz",
    )(reconcile)


def reconcile(
    edition: EditionArgument,
    logs: Annotated[
        list[str],
        typer.Option(
            "--log",
            metavar="FILE",
            help="A log of Postfix, Exim or OpenSMTPD, or one Message-ID a line; .gz too, - for "
            "stdin; may be repeated, the oldest first.",
        ),
    ],
    apply: Annotated[
        bool,
        typer.Option(
            "--apply", metavar="", help="Record as sent what the log shows, and the ledger not."
        ),
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", help="Kept in the audit, with --apply.")
    ] = "by the relay's log",
    is_json: Json = False,
) -> None:
    """Hold an edition against the relay's log; exit code 1 where they differ."""
    log = read_log(line for name in logs for line in _lines(name))
    if not log.messages:
        raise Refused(
            f"No message is named in {', '.join(logs)}: it must be a relay's log, or have one "
            "Message-ID a line."
        )
    found, named = begun(log), dict[Difference, list[Finding]]()
    with opened() as newsletter:
        pages = newsletter.reconcile(
            edition, log, found, apply_as=actor() if apply else None, because=reason
        )
        findings = (one for page in pages for one in page)
        if is_json:
            stream_json("differences", findings, lambda: {"edition": edition, **_document(found)})
        else:
            for one in findings:
                some = named.setdefault(one.difference, [])
                if len(some) < MOST_NAMED:
                    some.append(one)
            _show(found, named, log, str(edition))
    if not found.is_equal or not found.named:
        raise typer.Exit(1)


def _document(found: Reconciliation) -> dict[str, object]:
    return {
        "is_equal": found.is_equal,
        "deliveries": found.lines,
        "agreed": found.agreed,
        "bounced_later": found.bounced,
        "in_hand": found.in_hand,
        "messages_in_log": found.messages,
        "unread_lines": found.unread,
        "counts": found.counts,
        "applied": found.applied,
    }


def _lines(name: str) -> Iterator[str]:
    """The lines of a log, packed or not; what is no text in it is replaced."""
    with _opened(name) as stream:
        yield from stream


@contextmanager
def _opened(name: str) -> Iterator[TextIO]:
    try:
        raw = io.FileIO(sys.stdin.fileno(), closefd=False) if name == "-" else io.FileIO(name)
    except OSError as problem:
        raise NotFound(
            f"{name} cannot be read ({cause_of(problem)}): name a relay's log, or - for standard "
            "input."
        ) from None
    try:
        plain = io.BufferedReader(raw)
        unpacked = gzip.GzipFile(fileobj=plain) if plain.peek(2)[:2] == GZIP else plain
        yield io.TextIOWrapper(unpacked, encoding="utf-8", errors="replace")
    except (EOFError, gzip.BadGzipFile) as problem:
        raise Refused(f"The log {name} is cut or damaged: {problem}.") from None
    finally:
        raw.close()


def _show(
    found: Reconciliation,
    named: dict[Difference, list[Finding]],
    log: RelayLog,
    edition: str,
) -> None:
    result(f"Edition {edition}: {found.lines:,} deliveries; the log: {log.messages:,} messages.")
    result(f"  {found.agreed:>9,}  sent, by both")
    for difference in Difference:
        result(f"  {found.counts[difference]:>9,}  {difference.value}")
    if found.applied:
        result(f"  {found.applied:>9,}  now recorded as sent")
    if found.bounced:
        say(f"{amount(found.bounced, 'mail')} of those the relay could not deliver later.")
    if found.in_hand:
        say(f"{amount(found.in_hand, 'mail')} are being handed over: look again in a while.")
    for difference, some in named.items():
        remedy = REMEDIES[difference]
        say(f"{difference.value[0].upper()}{difference.value[1:]}: {remedy}")
        for one in some:
            times = f", {one.copies} times" if one.copies > 1 else ""
            say(f"  {one.line.id}  {one.line.address}  {one.line.state.value}{times}")
        if found.counts[difference] > len(some):
            say(f"  … and {found.counts[difference] - len(some):,} more: --json has them all.")
    if not found.named:
        say("The log names no message of this edition: is it of the right relay and the right day?")
    elif found.is_equal:
        say("Ledger and log say the same.")
