"""Who must not be mailed: see why, add, lift."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.choices import MANAGE, Address, Json, Yes, actor, parse_reason
from newsletter.cli.mistakes import ASKED_WRONGLY, cause_of
from newsletter.cli.opening import opened
from newsletter.cli.streams import stream_csv, stream_json
from newsletter.cli.words import add_row, amount, out, print_json, result, say, table
from newsletter.errors import ChoiceError, NotFound

if TYPE_CHECKING:
    from newsletter.core.feedback.suppressed import Suppressing, SuppressionAccount, SuppressionView

STDIN = Path("-")
SHOWN, SCREEN = 20, 100
NO_READER = "(no reader: only its hash is kept)"
COLUMNS = ("address", "address_hash", "reason", "since_at")


def add_to(app: typer.Typer) -> None:
    nouns = typer.Typer(no_args_is_help=True, help="See, add and lift who must not be mailed.")
    for verb, command, example in (
        ("list", list_, "list --csv"),
        ("add", add, "add ada@example.org --reason 'asked by telephone'"),
        ("lift", lift, "lift ada@example.org --reason 'her mailbox is back'"),
        ("why", why, "why ada@example.org"),
    ):
        nouns.command(verb, epilog=f"Example: newsletter suppress {example}")(command)
    app.add_typer(nouns, name="suppress", rich_help_panel=MANAGE)


def list_(
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=1,
            metavar="ROWS",
            help="The newest only; default 100 on the screen, otherwise all.",
        ),
    ] = None,
    is_csv: Annotated[
        bool, typer.Option("--csv", metavar="", help="Print a table of CSV on stdout.")
    ] = False,
    is_json: Json = False,
) -> None:
    """List who must not be mailed; an address is shown only while it is a reader's."""
    with opened() as newsletter:
        if is_json or is_csv:
            found = newsletter.newest_suppressions(limit=limit) if limit else None
            _stream(found or newsletter.suppressions(), is_csv=is_csv)
            return
        newest = newsletter.newest_suppressions(limit=limit or SCREEN)
        total = newsletter.suppression_count()
    if not newest:
        say("Nobody is suppressed.")
        return
    shown = table("Address", "Since!", "Reason")
    for one in newest:
        add_row(shown, one.address or NO_READER, one.since_at, one.reason)
    out().print(shown)
    if total > len(newest):
        say(f"{len(newest):,} of {total:,} are shown: see more with --limit, or all with --csv.")


def _stream(found: "Iterable[SuppressionView]", *, is_csv: bool) -> None:
    if is_csv:
        stream_csv(COLUMNS, ([getattr(one, name) for name in COLUMNS] for one in found))
    else:
        stream_json("suppressions", found)


def add(
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            parser=parse_reason,
            metavar="TEXT",
            help="Kept with the suppression and in the audit.",
        ),
    ],
    addresses: Annotated[
        list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="Whom to mail no more.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="One address a line; - for standard input."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", metavar="", help="Only count what would be done.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Mail these addresses no more, whether they are readers or not."""
    texts = [*(addresses or ()), *(_lines(file) if file is not None else ())]
    if not texts:
        raise ChoiceError("No address was given: name one, or a file of them with --from.")
    with opened() as newsletter:
        found = newsletter.look_at_suppressing(texts)
        _say_wrong(found)
        if len(found.wrong) == len(texts):
            raise typer.Exit(ASKED_WRONGLY)
        say(_count(found))
        if dry_run:
            result(f"Would suppress {_addresses(len(found.new))}.")
            return
        question = f"Mail {_addresses(len(found.new))} no more?"
        is_asked = file is not None and file != STDIN and sys.stdin.isatty() and not yes
        if found.new and is_asked and not typer.confirm(question, err=True):
            say("Nothing was suppressed.")
            raise typer.Exit(1)
        done = newsletter.suppress(found.new, because=reason, actor=actor())
    result(f"Suppressed {_addresses(done)}.")
    if found.wrong:
        raise typer.Exit(1)


def _lines(file: Path) -> list[str]:
    try:
        text = sys.stdin.read() if file == STDIN else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise NotFound(
            f"{file} cannot be read as text in UTF-8 ({cause_of(problem)}): name a file with one "
            "address a line."
        ) from problem
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _say_wrong(found: "Suppressing") -> None:
    for _, because in found.wrong[:SHOWN]:
        say(because)
    if len(found.wrong) > SHOWN:
        say(f"… and {len(found.wrong) - SHOWN:,} more lines that are no address.")


def _count(found: "Suppressing") -> str:
    rest = [
        (found.already, "suppressed already"),
        (found.twice, "named twice"),
        (len(found.wrong), "no address"),
    ]
    others = "".join(f"; {number:,} {what}" for number, what in rest if number)
    return f"{_addresses(len(found.new))} to suppress{others}."


def _addresses(number: int) -> str:
    return amount(number, "address", "addresses")


def lift(
    address: Address,
    reason: Annotated[
        str,
        typer.Option("--reason", parser=parse_reason, metavar="TEXT", help="Kept in the audit."),
    ],
) -> None:
    """Let an address be mailed again; its subscription stays as it is."""
    with opened() as newsletter:
        newsletter.lift_suppression(address, because=reason, actor=actor())
        told = newsletter.why_suppressed(address)
    result(f"Lifted: {told.address} may be mailed again.")
    say(_subscription(told))


def why(address: Address, is_json: Json = False) -> None:
    """Tell why an address is not mailed, in the words of those who refused, and what lifts it."""
    with opened() as newsletter:
        told = newsletter.why_suppressed(address)
    if is_json:
        print_json(told)
        return
    found = told.suppression
    if found is None:
        result(f"{told.address} is not suppressed.")
    else:
        result(f"{told.address} is suppressed since {found.since_at:%Y-%m-%d %H:%M} UTC.")
        result(f"Reason: {found.reason}")
    result(f"Score: {told.bad_days} of {told.most_bad_days} bad days within the last 30.")
    if told.lifted_at is not None:
        result(f"An admin let it be mailed again on {told.lifted_at:%Y-%m-%d %H:%M} UTC.")
    if told.told:
        shown = table("When!", "Told by!", "Kind!", "Cause!", "Status!", "Delivery#", "Words")
        for one in told.told:
            add_row(shown, one.at, one.by, one.kind.value, one.cause, one.status,
                    one.delivery_id or "", one.reply)  # fmt: skip
        out().print(shown)
    else:
        say("Nothing was reported of mail to it.")
    say(_subscription(told))
    if found is not None:
        say(f"To lift it: `newsletter suppress lift {told.address} --reason TEXT`.")


def _subscription(told: "SuppressionAccount") -> str:
    if told.status:
        return f"Its subscription is {told.status}."
    return "It has no subscription."
