"""Bounces and complaints: what a mail says without a database, and all that came in."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import intake, rates
from newsletter.cli.choices import MANAGE, MOST_NUMBER, Json, Limit
from newsletter.cli.opening import opened
from newsletter.cli.words import add_row, as_json, out, print_json, result, say, table
from newsletter.core.feedback.intake import Fate

if TYPE_CHECKING:
    from newsletter.core.reports import Report
    from newsletter.core.results import MailboxView, ReportCount, ReportView

STDIN = "-"


def add_to(app: typer.Typer) -> None:
    nouns = typer.Typer(no_args_is_help=True, help="Bounces and complaints.")
    nouns.command("list", epilog="Example: newsletter reports list --fate unread")(list_)
    nouns.command("show", epilog="Example: newsletter reports show 12")(show)
    nouns.command("poll", epilog="Example: newsletter reports poll")(intake.poll)
    nouns.command("ingest", epilog="Example: newsletter reports ingest < bounce.eml")(intake.ingest)
    nouns.command("listen", epilog="Example: newsletter reports listen --lmtp 127.0.0.1:2424")(
        intake.listen
    )
    nouns.command("rates", epilog="Example: newsletter reports rates --edition 2026-06-16")(
        rates.rates
    )
    nouns.command("classify", epilog="Example: newsletter reports classify bounce.eml")(classify)
    app.add_typer(nouns, name="reports", rich_help_panel=MANAGE)


def list_(
    fate: Annotated[
        Fate | None, typer.Option("--fate", help="Only those with which this was done.")
    ] = None,
    limit: Limit = 20,
    after: Annotated[
        int | None,
        typer.Option(
            "--after", max=MOST_NUMBER, metavar="NUMBER", help="Go on behind this report."
        ),
    ] = None,
    is_json: Json = False,
) -> None:
    """See what came in, the newest first: how much of what, and from which mailboxes."""
    with opened() as newsletter:
        counts, boxes = newsletter.report_counts(), newsletter.report_mailboxes()
        found = newsletter.reports(fate=fate, after=after, limit=limit)
    if is_json:
        shown = [_without_raw(one) for one in found]
        print_json({"counts": counts, "mailboxes": boxes, "reports": shown})
        return
    if not counts:
        say("No report has come in yet.")
    else:
        _show_counts(counts)
    if boxes:
        _show_boxes(boxes)
    if found:
        _show_reports(found)
        if len(found) == limit:
            say(f"More may follow: see them with --after {found[-1].id}.")


def _show_counts(counts: "Sequence[ReportCount]") -> None:
    ways = sorted({one.came_by for one in counts})
    shown = table("What came in", *(f"{way}#" for way in ways), "All#", is_tight=True)
    for fate in Fate:
        for kind in sorted({one.kind for one in counts if one.fate == fate}):
            numbers = [
                sum(
                    one.count
                    for one in counts
                    if (one.came_by, one.fate, one.kind) == (way, fate, kind)
                )
                for way in ways
            ]
            name = f"{fate.value}: {kind}" if kind else fate.value
            add_row(shown, name, *(f"{n:,}" if n else "" for n in numbers), f"{sum(numbers):,}")
    out().print(shown)


def _show_boxes(boxes: "Sequence[MailboxView]") -> None:
    shown = table("Mailbox", "Looked at!", "Taken in#", "Problem", is_tight=True)
    for box in boxes:
        add_row(shown, box.name, box.looked_at, f"{box.taken:,}", box.problem)
    out().print(shown)


def _show_reports(found: "Sequence[ReportView]") -> None:
    shown = table("No.#", "Came!", "By!", "Fate!", "Kind!", "Status!", "Cause", "Reader",
                  is_tight=True)  # fmt: skip
    for one in found:
        when = f"{one.arrived_at.astimezone():%m-%d %H:%M}"
        kind = f"{one.kind} (delay)" if one.is_delay else one.kind
        add_row(shown, one.id, when, one.came_by, one.fate, kind, one.status,
                one.cause or one.nature, one.address)  # fmt: skip
    out().print(shown)


def show(
    number: Annotated[
        int,
        typer.Argument(max=MOST_NUMBER, metavar="NUMBER", help="A number of `reports list`."),
    ],
    is_raw: Annotated[
        bool, typer.Option("--raw", metavar="", help="Only the message itself, byte by byte.")
    ] = False,
    is_json: Json = False,
) -> None:
    """Show one report, with the message itself where nobody could make use of it."""
    with opened() as newsletter:
        one = newsletter.report(number)
    if is_raw:
        sys.stdout.buffer.write(one.raw or b"")
        sys.stdout.buffer.flush()
    elif is_json:
        print_json(_without_raw(one) | {"message": (one.raw or b"").decode("utf-8", "replace")})
    else:
        _show_one(one)


def _show_one(one: "ReportView") -> None:
    facts = table("!", "")
    facts.show_header = False
    delay = " (the server tries on)" if one.is_delay else ""
    for label, value in (
        ("Report", one.id),
        ("Came in", one.arrived_at),
        ("By", one.came_by),
        ("Is", one.nature),
        ("Fate", one.fate),
        ("Kind", one.kind + delay),
        ("Cause", f"{one.cause} {one.status}".strip()),
        ("Reply", f"{one.code or ''} {one.reply}".strip()),
        ("Delivery", one.delivery_id),
        ("Reader", one.address),
    ):
        if value:
            add_row(facts, label, value)
    out().print(facts)
    if one.raw is not None:
        for line in one.raw.decode("utf-8", "replace").splitlines():
            result(line)


def _without_raw(one: "ReportView") -> dict[str, object]:
    return {name: value for name, value in as_json(one).items() if name != "raw"}


def classify(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="Messages as they came in, one a file; - for standard input."
        ),
    ],
) -> None:
    """Tell what reports say, one line of JSON a file; nobody is suppressed by it."""
    from newsletter.core.reports import parse_report

    is_unread = False
    for file in files:
        try:
            raw = _bytes_of(file)
        except OSError as problem:
            is_unread = True
            say(
                f"{file} cannot be read ({problem.strerror or problem}): name a file with one mail."
            )
            continue
        print(json.dumps(_as_json(file, parse_report(raw))), flush=True)
    if is_unread:
        raise typer.Exit(1)


def _bytes_of(file: str) -> bytes:
    """The beginning of a file, as much as is looked at; raises OSError."""
    from newsletter.core.reports import MAX_REPORT_BYTES

    if file == STDIN:
        return sys.stdin.buffer.read(MAX_REPORT_BYTES)
    with Path(file).open("rb") as opened:
        return opened.read(MAX_REPORT_BYTES)


def _as_json(file: str, report: "Report") -> dict[str, object]:
    return {
        "file": file,
        "records": [
            {
                "recipient": record.recipient,
                "kind": record.kind.value,
                "status": record.status,
                "cause": record.cause,
            }
            for record in report.records
        ],
    }
