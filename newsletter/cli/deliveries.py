"""The ledger: who was sent what, and what became of it."""

from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.choices import MANAGE, Edition, Json, Limit
from newsletter.cli.opening import opened
from newsletter.cli.words import add_row, as_json, out, print_json, say, table
from newsletter.core.delivery import State

if TYPE_CHECKING:
    from rich.table import Table

    from newsletter.core.results import DeliveryView

LONGEST_REPLY = 80  # characters of the relay's words in the table; --json has them whole


def add_to(app: typer.Typer) -> None:
    nouns = typer.Typer(no_args_is_help=True, help="See who was sent what.")
    nouns.command(
        "list",
        epilog="Example: newsletter deliveries list --edition 2026-06-16 --state failed",
    )(list_)
    app.add_typer(nouns, name="deliveries", rich_help_panel=MANAGE)


def list_(
    edition: Edition = None,
    state: Annotated[State | None, typer.Option("--state", help="In this state only.")] = None,
    address: Annotated[
        str | None, typer.Option("--address", metavar="ADDRESS", help="Of this reader only.")
    ] = None,
    limit: Limit = 100,
    is_json: Json = False,
) -> None:
    """List deliveries, the newest first."""
    with opened() as newsletter:
        found = newsletter.deliveries(edition=edition, state=state, address=address, limit=limit)
    if is_json:
        print_json({"deliveries": [_as_json(one) for one in found]})
        return
    if not found:
        say("No delivery is like that.")
        return
    out().print(_table(found))
    if len(found) == limit:
        say(f"Only the first {limit} are shown: see more with --limit.")


def _table(found: "tuple[DeliveryView, ...]") -> "Table":
    """What the relay said is only shown where it said something else than yes."""
    said = any(_reply(one) for one in found)
    columns = ("No.#", "Edition!", "Kind!", "Reader", "State!", "Papers#", "When")
    shown = table(*columns, *(("Reply",) if said else ()))
    for one in found:
        kind = f"{one.kind.value} ({one.resend_no})" if one.resend_no else one.kind.value
        when = one.sent_at or one.planned_at
        cells = (one.id, one.edition, kind, one.address, one.state.value, len(one.papers), when)
        add_row(shown, *cells, *((_reply(one),) if said else ()))
    return shown


def _reply(one: "DeliveryView") -> str:
    if one.state is State.SENT:
        return ""
    return f"{one.last_code or ''} {one.last_text}".strip()[:LONGEST_REPLY]


def _as_json(one: "DeliveryView") -> dict[str, object]:
    return {**as_json(one), "papers": list(one.papers)}
