"""How `newsletter watch` shows a look: a screen, a line or a document."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from newsletter.cli.editions import domain_table
from newsletter.cli.rates import rate_document
from newsletter.cli.words import add_row, amount, clean, table
from newsletter.core.delivery.ledger import Tally
from newsletter.core.delivery.states import State
from newsletter.core.feedback.rates import (
    LEAST_SENT,
    MOST_COMPLAINTS,
    WARN_COMPLAINTS,
    Rate,
    Standing,
    share,
)

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

    from newsletter.cli.watch_view import View

_WARNS = f"{WARN_COMPLAINTS:.1%} warns".replace("%", " %")
_HOLDS = f"{MOST_COMPLAINTS:.1%} holds".replace("%", " %")
_TOLD = {  # beside the complaints: in words what to think of them, in colour that one should
    Standing.FEW: (f"judged from {LEAST_SENT:,} sent on", ""),
    Standing.FINE: (f"{_WARNS}, {_HOLDS}", ""),
    Standing.WARN: (f"many: {_HOLDS}", "bold yellow"),
    Standing.HOLD: (f"too many: {_HOLDS}", "bold red"),
}


def shown(view: "View") -> "Group":
    """The screen: at most 60 columns wide, but for the domains."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.text import Text

    tally = view.tally
    done = tally.planned - tally.left
    bar = ProgressBar(total=max(1, tally.planned), completed=done, width=60)
    parts: list[Any] = [_counts(view), bar]
    if view.edition.state != "open":
        parts += ["", Text(clean(_halt(view)), style="bold")]
    if view.edition.state == "held":
        parts.append(f"To let it go on: `newsletter editions release {view.day}`.")
    parts.append(came_back(view.rate))
    if view.domains:
        parts.append(domain_table(view.domains, view.domain_count))
    return Group(*parts)


def came_back(rate: Rate) -> "Table":
    """What came back, beside what would be too much."""
    from rich.text import Text

    came = table("!", "#", "#", "")
    came.show_header = False
    kinds = f"{rate.hard:,} hard, {rate.soft:,} soft" if rate.bounces else " "
    words, style = _TOLD[rate.standing]
    bounced = share(rate.bounce_rate) if rate.bounces else ""
    complained = share(rate.complaint_rate) if rate.complaints else ""
    add_row(came, "bounces", f"{rate.bounces:,}", bounced, kinds)
    add_row(came, "complaints", f"{rate.complaints:,}", complained, Text(words, style))
    return came


def line(view: "View") -> str:
    tally, rate = view.tally, view.rate
    parts = [f"{view.day}", f"{tally.of(State.SENT):,} of {tally.planned:,} sent"]
    parts += [f"{number:,} {name}" for name, number in _numbers(tally)[2:] if number]
    if rate.bounces:
        parts.append(f"{amount(rate.bounces, 'bounce')} ({share(rate.bounce_rate)})")
    if rate.complaints:
        parts.append(f"{amount(rate.complaints, 'complaint')} ({share(rate.complaint_rate)})")
    parts.append(f"{view.per_second:,.0f} a second")
    if view.edition.state != "open":
        parts.append(_halt(view))
    elif tally.left > tally.deferred:
        parts.append(f"time left {_left(view)}")
    return ", ".join(parts)


def document(view: "View") -> Mapping[str, Any]:
    left = view.time_left
    return {
        "edition": view.day,
        "state": view.edition.state,
        "held_because": view.edition.held_because,
        "planned": view.tally.planned,
        "counts": view.tally.counts,
        "deferred": view.tally.deferred,
        "per_second": round(view.per_second, 1),
        "seconds_left": None if left is None else int(left.total_seconds()),
        "reported": rate_document(view.rate),
        "domains": [
            {"domain": one.domain, "counts": one.tally.counts, "deferred": one.tally.deferred}
            for one in view.domains
        ],
    }


def _counts(view: "View") -> "Table":
    facts = table("!", "#", "!", "#", title=f"Edition {view.day}")
    facts.show_header = False
    cells = [(name, f"{number:,}") for name, number in _numbers(view.tally)]
    cells += [("mails a second", f"{view.per_second:,.0f}"), ("time left", _left(view))]
    half = (len(cells) + 1) // 2
    for left, right in zip(cells[:half], cells[half:], strict=True):
        add_row(facts, *left, *right)
    return facts


def _halt(view: "View") -> str:
    return f"{view.edition.state}: {view.edition.held_because}"


def _numbers(tally: Tally) -> list[tuple[str, int]]:
    return [
        ("planned", tally.planned),
        ("sent", tally.of(State.SENT)),
        ("waiting", tally.of(State.PENDING) - tally.deferred),
        ("in hand", tally.of(State.SENDING)),
        ("deferred", tally.deferred),
        ("failed", tally.of(State.FAILED)),
        ("review", tally.of(State.REVIEW)),
        ("skipped or expired", tally.of(State.SKIPPED, State.EXPIRED)),
    ]


def _left(view: "View") -> str:
    if view.edition.state == "held":
        return "held"
    if view.tally.left and view.tally.left == view.tally.deferred:
        return "tried later"
    return "unknown" if view.time_left is None else str(view.time_left)
