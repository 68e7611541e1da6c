"""An edition once more, to exactly the readers who are asked for."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.choices import EVERY_DAY, EditionArgument, Json, Yes, actor, parse_instant
from newsletter.cli.opening import opened, warn_without_relay
from newsletter.cli.streams import stream_json
from newsletter.cli.words import amount, result, say
from newsletter.core.delivery.resends import MISSED, SETTLED, Verdict, Wanted
from newsletter.core.delivery.states import State

if TYPE_CHECKING:
    from newsletter.app import Newsletter

FIRST = 5  # addresses, domains and reasons that a summary names
MOST_NAMED = 20  # readers who are left out; more are counted by their reason
MOST_NUMBERS = 10  # of new deliveries in the line that says what was done
NEVER = "never planned"


def add_to(app: typer.Typer) -> None:
    app.command(
        epilog="Example: newsletter resend 2026-06-16 --missing --reason 'relay was down' "
        "--dry-run",
        rich_help_panel=EVERY_DAY,
    )(resend)


def resend(
    edition: EditionArgument,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            metavar="ADDRESS",
            help="Exactly this reader, even if theirs was sent; may be repeated.",
        ),
    ] = None,
    missing: Annotated[
        bool,
        typer.Option(
            "--missing",
            metavar="",
            help="All who should have it and do not: theirs failed, expired, was skipped or waits "
            "for a look; or they were due that day and none was planned, as when papers came late.",
        ),
    ] = False,
    failed: Annotated[
        bool, typer.Option("--failed", metavar="", help="Those whose last one failed.")
    ] = False,
    state: Annotated[
        list[State] | None,
        typer.Option("--state", help="Those whose last one is in this state; may be repeated."),
    ] = None,
    since: Annotated[
        Any,
        typer.Option(
            "--since",
            parser=parse_instant,
            metavar="INSTANT",
            help="Only of those sent or refused since, such as 2026-06-16T03:10 (UTC).",
        ),
    ] = None,
    domain: Annotated[
        str, typer.Option("--domain", metavar="DOMAIN", help="Only of readers there.")
    ] = "",
    even_if_sent: Annotated[
        bool,
        typer.Option(
            "--even-if-sent", metavar="", help="Also those who got it: they get a second one."
        ),
    ] = False,
    reason: Annotated[
        str | None,
        typer.Option("--reason", help="Kept with each delivery; needed for all but --to."),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", metavar="", help="Only say what would be sent, and to whom."),
    ] = False,
    yes: Yes = False,
    is_json: Json = False,
) -> None:
    """Send an edition once more to exactly these readers: same papers, new message.

    Stopped in the middle, it goes on when run again: nobody gets two for the same reason, unless
    they are named with --to.
    """
    states = _states(missing=missing, failed=failed, states=state or (), since=since)
    _check(to, states, reason)
    wanted = Wanted(
        edition=edition,
        because=reason or "resent by hand",
        addresses=tuple(to or ()),
        states=() if to else states,
        is_missing=missing,
        since=since,
        domain=domain.strip().lower(),
        even_if_sent=even_if_sent,
    )
    with opened() as newsletter:
        code = _do(newsletter, wanted, is_dry_run=dry_run, is_sure=yes, is_json=is_json)
        settings = newsletter.settings
    if not dry_run and not code:
        warn_without_relay(settings)
    if code:
        raise typer.Exit(code)


def _states(
    *, missing: bool, failed: bool, states: Sequence[State], since: datetime | None
) -> tuple[State, ...]:
    wanted = [*(MISSED if missing else ()), *((State.FAILED,) if failed else ()), *states]
    if since is not None and not wanted:
        wanted = list(SETTLED)
    return tuple(dict.fromkeys(wanted))


def _check(to: list[str] | None, states: Sequence[State], reason: str | None) -> None:
    if bool(to) == bool(states):
        raise typer.BadParameter(
            "say to whom: either --to ADDRESS, or some of --missing, --failed, --state, --since."
        )
    if not to and not (reason or "").strip():
        raise typer.BadParameter("say why with --reason: it is kept with each delivery.")
    if waiting := [one for one in states if one not in SETTLED]:
        raise typer.BadParameter(f"what is {waiting[0].value} goes out by itself.")


@dataclass(slots=True)
class Summary:
    """What a resend comes to, counted while its pages go by."""

    by_state: Counter[str] = field(default_factory=Counter)
    by_domain: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    addresses: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    refusals: list[tuple[str, str]] = field(default_factory=list)

    def taken(self, pages: Iterable[Sequence[Verdict]]) -> Iterator[Verdict]:
        """Each reader, counted."""
        for page in pages:
            for one in page:
                self._add(one)
                yield one

    def _add(self, one: Verdict) -> None:
        if one.refused:
            self.refused[one.refused] += 1
            if len(self.refusals) < MOST_NAMED:
                self.refusals.append((one.address, one.refused))
            return
        self.by_state[one.state.value if one.state else NEVER] += 1
        self.by_domain[one.domain] += 1
        if len(self.addresses) < FIRST:
            self.addresses.append(one.address)
        if one.delivery_id is not None and len(self.numbers) <= MOST_NUMBERS:
            self.numbers.append(one.delivery_id)

    @property
    def count(self) -> int:
        return self.by_state.total()

    def as_document(self) -> Mapping[str, Any]:
        return {
            "count": self.count,
            "by_state": self.by_state,
            "by_domain": dict(self.by_domain.most_common()),
            "refused": self.refused,
        }


def _do(
    newsletter: "Newsletter", wanted: Wanted, *, is_dry_run: bool, is_sure: bool, is_json: bool
) -> int:
    """Show the set, ask where somebody can answer, and do it; the exit code."""
    set_ = Summary()
    asked = newsletter.resend(wanted, actor=actor(), is_dry_run=True)
    shown = {one.subscriber_id for one in set_.taken(asked)}
    if not is_json:
        _show_set(set_, wanted)
    if not (is_dry_run or is_sure or not set_.count) and not _is_sure(set_.count):
        say("Nothing was sent.")
        return 1
    done = Summary()
    readers = done.taken(
        newsletter.resend(wanted, actor=actor(), is_dry_run=is_dry_run, only=shown)
    )
    if is_json:
        head = {"edition": wanted.edition, "is_dry_run": is_dry_run}
        stream_json("readers", readers, lambda: {**head, **done.as_document()})
    elif is_dry_run:
        _show_dry(readers, set_.count, wanted.edition)
    else:
        for _ in readers:
            pass
        _show_done(done, wanted.edition)
    if not is_json:
        _show_refused(done)
    if done.count and not is_dry_run:
        _warn_if_held(newsletter, wanted.edition)
    return 1 if wanted.addresses and done.refused else 0


def _is_sure(count: int) -> bool:
    if not sys.stdin.isatty():
        return True
    return typer.confirm(f"Send {amount(count, 'mail')}?", err=True)


def _show_set(found: Summary, wanted: Wanted) -> None:
    """The exact set in a few lines; readers who were named need none."""
    if wanted.addresses and found.count <= FIRST:
        return
    if not found.count:
        say(f"Nobody is left whom edition {wanted.edition} must be sent to again.")
        return
    say(f"Edition {wanted.edition}, once more to {amount(found.count, 'reader')}:")
    say(f"  were     {_first(found.by_state)}")
    say(f"  at       {_first(found.by_domain)}")
    more = ", …" if found.count > len(found.addresses) else ""
    say(f"  such as  {', '.join(found.addresses)}{more}")


def _first(counts: "Counter[str]") -> str:
    shown = [f"{name} {number:,}" for name, number in counts.most_common(FIRST)]
    rest = counts.total() - sum(number for _, number in counts.most_common(FIRST))
    return ", ".join(shown) + (f", others {rest:,}" if rest else "")


def _show_dry(readers: Iterable[Verdict], count: int, edition: date) -> None:
    result(f"Would resend {amount(count, 'digest')} of edition {edition}{':' if count else '.'}")
    for one in readers:
        if not one.refused:
            result(f"  {one.address}")


def _show_done(done: Summary, edition: date) -> None:
    new = done.by_state[NEVER]
    resent = done.count - new
    if 0 < resent <= MOST_NUMBERS:
        label = "delivery" if resent == 1 else "deliveries"
        numbers = ", ".join(map(str, done.numbers))
        result(f"Resent {amount(resent, 'digest')} (edition {edition}, {label} {numbers}).")
    else:
        result(f"Resent {amount(resent, 'digest')} (edition {edition}).")
    if new:
        result(f"Planned {amount(new, 'digest')} for the first time (edition {edition}).")
    if done.count > MOST_NUMBERS:
        say(f"See how they fare with `newsletter watch {edition}`.")


def _show_refused(done: Summary) -> None:
    if done.refused.total() <= MOST_NAMED:
        for address, why in done.refusals:
            say(f"Not to {address}: {why}")
        return
    say(f"{amount(done.refused.total(), 'reader')} left out:")
    for why, number in done.refused.most_common():
        say(f"  {number:>9,}  {why}")


def _warn_if_held(newsletter: "Newsletter", edition: date) -> None:
    found = newsletter.editions(edition=edition, limit=1)
    if found and found[0].state == "held":
        say(
            f"The edition is held ({found[0].held_because}): its mails wait until "
            f"`newsletter editions release {edition}`."
        )
