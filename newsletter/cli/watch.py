"""An edition as it goes out: counts, rate and time left, refreshed in place."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.choices import EVERY_DAY, Json
from newsletter.cli.editions import domain_table
from newsletter.cli.opening import opened, parse_day
from newsletter.cli.words import add_row, out, print_json, result, say, table
from newsletter.core.delivery.ledger import DomainTally, Tally
from newsletter.core.delivery.states import State
from newsletter.errors import NotFound

if TYPE_CHECKING:
    from rich.console import Group

    from newsletter.app import Newsletter

RATE_SECONDS = 10.0  # the rate is that of the last seconds
LOOKS_APART = 1.0  # between the two looks that one snapshot's rate takes
MOST_DOMAINS = 10
DOMAIN_SHARE = 10  # counting by domain may take a tenth of the time, however long it takes


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: newsletter watch 2026-06-16", rich_help_panel=EVERY_DAY)(watch)


def watch(
    edition: Annotated[
        Any,
        typer.Argument(
            parser=parse_day,
            metavar="[EDITION]",
            help="Its date; default the last one of which mails wait.",
        ),
    ] = None,
    interval: Annotated[
        float, typer.Option("--interval", min=0.5, metavar="SECONDS", help="Between two looks.")
    ] = 2.0,
    once: Annotated[
        bool, typer.Option("--once", metavar="", help="One snapshot, and no more.")
    ] = False,
    is_json: Json = False,
) -> None:
    """See an edition go out: sent, rate, time left, domains; Ctrl-C ends the looking only."""
    with opened() as newsletter:
        day = edition or newsletter.newest_edition()
        if day is None:
            raise NotFound("There is no edition yet: `newsletter run` makes one.")
        view = View(newsletter=newsletter, day=day)
        view.look()
        if once or is_json:
            time.sleep(LOOKS_APART if view.tally.left else 0)
            view.look()
            _print(view, is_json=is_json)
            return
        console = out()
        if console.is_terminal:
            _live(view, interval)
        else:
            _lines(view, interval)


@dataclass(slots=True)
class View:
    """What is known of the edition, from the looks so far."""

    newsletter: "Newsletter"
    day: date
    tally: Tally = field(default_factory=Tally)
    domains: Sequence[DomainTally] = ()
    domain_count: int = 0
    _looks: deque[tuple[float, int]] = field(default_factory=deque)
    _domains_at: float = 0.0

    def look(self) -> None:
        """Count anew; by domain less often, as that costs more."""
        self.tally = self.newsletter.tally(self.day)
        now = time.monotonic()
        self._looks.append((now, self.tally.of(State.SENT)))
        while len(self._looks) > 2 and now - self._looks[1][0] > RATE_SECONDS:
            self._looks.popleft()
        if now >= self._domains_at:
            every = self.newsletter.tally_by_domain(self.day)
            self.domains, self.domain_count = every[:MOST_DOMAINS], len(every)
            took = time.monotonic() - now
            self._domains_at = now + took * (1 + DOMAIN_SHARE)

    @property
    def per_second(self) -> float:
        """Mails a second over the last seconds; 0 at the first look."""
        (first_at, first), (last_at, last) = self._looks[0], self._looks[-1]
        return max(0, last - first) / (last_at - first_at) if last_at > first_at else 0.0

    @property
    def time_left(self) -> timedelta | None:
        """Until what can go out now is sent, at this rate; None where nothing moves."""
        waiting = self.tally.left - self.tally.deferred
        if not waiting:
            return timedelta()
        rate = self.per_second
        return timedelta(seconds=round(waiting / rate)) if rate else None


def _live(view: View, interval: float) -> None:
    from rich.live import Live

    try:
        with Live(_shown(view), console=out(), auto_refresh=False, transient=False) as live:
            while view.tally.left:
                time.sleep(interval)
                view.look()
                live.update(_shown(view), refresh=True)
    except KeyboardInterrupt:
        say("The looking ended; the mails go on by themselves.")
        return
    _say_end(view)


def _lines(view: View, interval: float) -> None:
    """For a file or a pipe: a line for each look."""
    try:
        while True:
            result(_line(view))
            if not view.tally.left:
                break
            time.sleep(interval)
            view.look()
    except KeyboardInterrupt:
        return
    _say_end(view)


def _print(view: View, *, is_json: bool) -> None:
    if is_json:
        print_json(_document(view))
    else:
        out().print(_shown(view))


def _line(view: View) -> str:
    tally = view.tally
    parts = [f"{view.day}", f"{tally.of(State.SENT):,} of {tally.planned:,} sent"]
    parts += [f"{number:,} {name}" for name, number in _numbers(tally)[2:] if number]
    parts.append(f"{view.per_second:,.0f} a second")
    if tally.left:
        parts.append(f"{_span(view.time_left)} left")
    return ", ".join(parts)


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


def _shown(view: View) -> "Group":
    from rich.console import Group
    from rich.progress_bar import ProgressBar

    tally = view.tally
    facts = table("!", "#", "!", "#", title=f"Edition {view.day}")
    facts.show_header = False
    cells = [(name, f"{number:,}") for name, number in _numbers(tally)]
    cells += [("mails a second", f"{view.per_second:,.0f}"), ("time left", _span(view.time_left))]
    half = (len(cells) + 1) // 2
    for left, right in zip(cells[:half], cells[half:], strict=True):
        add_row(facts, *left, *right)
    done = tally.planned - tally.left
    bar = ProgressBar(total=max(1, tally.planned), completed=done, width=60)
    parts: list[Any] = [facts, bar]
    if view.domains:
        parts += ["", domain_table(view.domains, view.domain_count)]
    return Group(*parts)


def _span(left: timedelta | None) -> str:
    return "unknown" if left is None else str(left)


def _document(view: View) -> Mapping[str, Any]:
    left = view.time_left
    return {
        "edition": view.day,
        "planned": view.tally.planned,
        "counts": view.tally.counts,
        "deferred": view.tally.deferred,
        "per_second": round(view.per_second, 1),
        "seconds_left": None if left is None else int(left.total_seconds()),
        "domains": [
            {"domain": one.domain, "counts": one.tally.counts, "deferred": one.tally.deferred}
            for one in view.domains
        ],
    }


def _say_end(view: View) -> None:
    if view.tally.of(State.FAILED, State.REVIEW):
        say(f"Why mails did not go out: `newsletter editions show {view.day}`.")
    else:
        say("Nothing is left to send.")
