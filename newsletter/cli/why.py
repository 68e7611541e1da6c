"""Why a paper came to a reader, or why it did not: the whole way, step by step."""

from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.choices import MANAGE, Address, Edition, Json
from newsletter.cli.opening import opened
from newsletter.cli.words import as_json, print_json, result, say

if TYPE_CHECKING:
    from newsletter.core.accounts import Account
    from newsletter.core.results import DeliveryView

PASSED, STOPPED = "✓", "✗"


def add_to(app: typer.Typer) -> None:
    app.command(
        epilog="Example: newsletter why ada@example.org 2606.01234 --edition 2026-06-16",
        rich_help_panel=MANAGE,
    )(why)


def why(
    address: Address,
    paper: Annotated[
        str,
        typer.Argument(metavar="PAPER", help="Its arXiv id, its address or its DOI."),
    ],
    edition: Edition = None,
    is_json: Json = False,
) -> None:
    """Tell why a paper came to a reader, or why it did not."""
    with opened() as newsletter:
        told = newsletter.why(address, paper, edition=edition)
    if is_json:
        print_json(_as_json(told))
        return
    result(f"{told.paper.id}  “{told.paper.title}”")
    result(f"{told.address}, digest of {told.edition}")
    for step in told.steps:
        result(f"  {PASSED if step.is_passed else STOPPED} {step.words}")
    if told.delivery is not None:
        result(f"  {_delivery(told.delivery)}")
    result("")
    result(told.conclusion)
    for note in told.notes:
        say(note)


def _delivery(one: "DeliveryView") -> str:
    at = f"{one.sent_at or one.planned_at:%Y-%m-%d %H:%M} UTC"
    when = "" if one.sent_at else ", planned"
    return f"delivery {one.id}: {one.state.value}{when} {at}, Message-ID {one.message_id}"


def _as_json(told: "Account") -> dict[str, object]:
    trace, one = told.trace, told.delivery
    return {
        "address": told.address,
        "edition": told.edition,
        "paper": {"id": told.paper.id, "title": told.paper.title, "url": told.paper.page},
        "came": told.came,
        "outcome": trace.stop,
        "topic": trace.topic,
        "words": trace.words,
        "steps": [as_json(step) for step in told.steps],
        "conclusion": told.conclusion,
        "notes": told.notes,
        "delivery": one
        and {
            name: getattr(one, name)
            for name in ("id", "state", "resend_no", "planned_at", "sent_at", "message_id")
        },
    }
