"""Whole editions: how they went, and an admin's hand on them."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import reconcile
from newsletter.cli.choices import MANAGE, EditionArgument, Json, Yes, actor, parse_reason
from newsletter.cli.opening import opened
from newsletter.cli.words import add_row, amount, out, print_json, result, say, table
from newsletter.core.delivery.ledger import UNSENT, DomainTally, EditionReport, Tally
from newsletter.core.delivery.states import State
from newsletter.core.feedback.rates import Rate, share

if TYPE_CHECKING:
    from rich.table import Table

    from newsletter.core.results import EditionView

Reason = Annotated[
    str,
    typer.Option(
        "--reason",
        parser=parse_reason,
        metavar="TEXT",
        help="Kept with the edition and in the audit.",
    ),
]


def add_to(app: typer.Typer) -> None:
    nouns = typer.Typer(no_args_is_help=True, help="See, hold, release and cancel editions.")
    for verb, command, example in (
        ("list", list_, "list"),
        ("show", show, "show 2026-06-16"),
        ("hold", hold, "hold 2026-06-16 --reason 'a wrong paper is in it'"),
        ("release", release, "release 2026-06-16"),
        ("cancel", cancel, "cancel 2026-06-16 --reason 'a wrong paper is in it'"),
    ):
        nouns.command(verb, epilog=f"Example: newsletter editions {example}")(command)
    reconcile.add_to(nouns)
    app.add_typer(nouns, name="editions", rich_help_panel=MANAGE)


def list_(
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1000, metavar="ROWS", help="At most so many.")
    ] = 10,
    is_json: Json = False,
) -> None:
    """List the last editions with what became of their mails, the newest first."""
    with opened() as newsletter:
        found = newsletter.editions(limit=limit)
    if is_json:
        print_json({"editions": found})
        return
    if not found:
        say("There is no edition yet: `newsletter run` makes one.")
        return
    names = ("Planned#", "Sent#", "%#", "Waiting#", "Deferred#", "Failed#", "Review#", "Other#")
    shown = table("Edition!", "State!", *names, is_tight=True)
    for one in found:
        add_row(shown, one.edition, one.state, *_row(one))
    out().print(shown)
    for one in found:
        if one.state == "held":
            say(
                f"{one.edition} is held ({one.held_because}): "
                f"`newsletter editions release {one.edition}` lets it go on."
            )
    lost = [one for one in found if _tally(one).of(State.FAILED, State.REVIEW)]
    if lost:
        say(f"Why mails did not go out: `newsletter editions show {lost[0].edition}`.")


def _tally(one: "EditionView") -> Tally:
    return Tally(counts=one.counts, deferred=one.deferred)


def _row(one: "EditionView") -> list[str]:
    tally = _tally(one)
    planned, sent, *others = (
        f"{number:,}" if number else ""
        for number in (
            tally.planned,
            tally.of(State.SENT),
            tally.left - tally.deferred,
            tally.deferred,
            tally.of(State.FAILED),
            tally.of(State.REVIEW),
            tally.of(State.SKIPPED, State.EXPIRED),
        )
    )
    return [planned, sent, _share(tally), *others]


def _share(tally: Tally) -> str:
    """Of those planned, how many of a hundred were sent; cut, so that only all of them are 100."""
    if not tally.planned:
        return ""
    return f"{tally.of(State.SENT) * 1000 // tally.planned / 10:.1f}"


def show(edition: EditionArgument, is_json: Json = False) -> None:
    """Show how one edition went: counts, speed, domains, and why mails did not go out."""
    with opened() as newsletter:
        found = newsletter.edition_report(edition)
    if is_json:
        print_json(found)
    else:
        _show_report(found)


def _show_report(found: EditionReport) -> None:
    one, tally = found.edition, _tally(found.edition)
    facts = table("!", "")
    facts.show_header = False
    add_row(facts, "Edition", f"{one.edition}, {one.state}")
    if one.held_because:
        add_row(facts, "Because", one.held_because)
    counts = ", ".join(f"{number:,} {state.value}" for state, number in tally.counts.items())
    add_row(facts, "Deliveries", f"{tally.planned:,}: {counts or 'none'}")
    if tally.deferred:
        add_row(facts, "Deferred", f"{tally.deferred:,} of the pending are tried again later")
    add_row(facts, "First sent", found.first_sent_at)
    add_row(facts, "Last sent", found.last_sent_at)
    if found.per_second is not None:
        add_row(facts, "Speed", f"{found.per_second:,.1f} mails a second")
    add_row(facts, "Came back", _came_back(found.rate))
    add_row(facts, "Sent until", one.expires_at)
    console = out()
    console.print(facts)
    if found.domains:
        console.print(domain_table(found.domains, found.domain_count))
    if found.causes:
        reasons = table("Mails#", "Became!", "Code#", "Why", title="Not sent, or not yet")
        for cause in found.causes:
            words = cause.text or "nothing was said"
            add_row(reasons, f"{cause.count:,}", cause.state.value, cause.code or "", words)
        console.print(reasons)
    for sentence in _advice(one, tally):
        say(sentence)


def _came_back(rate: Rate) -> str:
    """ "3 bounces (0.15 %, 2 of them hard), 1 complaint (0.05 %)"."""
    if not (rate.bounces or rate.complaints):
        return "nothing was reported"
    bounces = amount(rate.bounces, "bounce")
    complaints = amount(rate.complaints, "complaint")
    return (
        f"{bounces} ({share(rate.bounce_rate)}, {rate.hard:,} of them hard), "
        f"{complaints} ({share(rate.complaint_rate)})"
    )


def domain_table(domains: "Sequence[DomainTally]", domain_count: int) -> "Table":
    names = ("Planned#", "Sent#", "Waiting#", "Deferred#", "Failed#")
    shown = table("Domain", *names, title="By domain", is_tight=True)
    for each in domains:
        tally = each.tally
        failed = tally.of(State.FAILED, State.REVIEW)
        numbers = (tally.planned, tally.of(State.SENT), tally.left - tally.deferred,
                   tally.deferred, failed)  # fmt: skip
        add_row(shown, each.domain, *(f"{number:,}" if number else "" for number in numbers))
    if domain_count > len(domains):
        add_row(shown, f"and {domain_count - len(domains):,} more")
    return shown


def _advice(one: "EditionView", tally: Tally) -> Iterator[str]:
    day = one.edition
    if one.state == "held":
        yield f"To let it go on: `newsletter editions release {day}`."
    if tally.left and one.state == "open":
        yield f"To see it go out: `newsletter watch {day}`."
    if tally.of(*UNSENT) and one.state != "cancelled":
        yield f"To send again to who lacks it: `newsletter resend {day} --missing --reason TEXT`."


def hold(edition: EditionArgument, reason: Reason) -> None:
    """Send nothing more of an edition for now; what workers have in hand still goes out."""
    with opened() as newsletter:
        newsletter.hold_edition(edition, because=reason, actor=actor())
        found = newsletter.edition(edition)
    waiting, in_hand = found.counts.get(State.PENDING, 0), found.counts.get(State.SENDING, 0)
    result(f"Held edition {edition}: {amount(waiting, 'mail')} not sent yet.")
    if in_hand:
        say(f"{in_hand:,} more are in workers' hands and still go out.")
    if waiting or in_hand:
        say(
            f"What waits at {found.expires_at:%Y-%m-%d %H:%M} UTC expires; let it go on before "
            f"with `newsletter editions release {edition}`."
        )


def release(
    edition: EditionArgument,
    reason: Annotated[str, typer.Option("--reason", help="Kept in the audit.")] = "",
) -> None:
    """Let a held edition go on."""
    with opened() as newsletter:
        newsletter.release_edition(edition, because=reason, actor=actor())
        left = _tally(newsletter.edition(edition)).left
    result(f"Released edition {edition}: {amount(left, 'mail')} to send.")
    if left:
        say(f"To see it go out: `newsletter watch {edition}`.")


def cancel(
    edition: EditionArgument,
    reason: Reason,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", metavar="", help="Only say what would be skipped.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Send nothing more of an edition, for good: what waits is skipped, what was sent stays."""
    with opened() as newsletter:
        found = newsletter.edition(edition)
        tally = _tally(found)
        if dry_run:
            result(f"Would skip {amount(tally.left, 'mail')} of edition {edition}.")
            return
        question = f"Skip {amount(tally.left, 'mail')} of edition {edition} for good?"
        if not yes and sys.stdin.isatty() and not typer.confirm(question, err=True):
            say("Nothing was cancelled.")
            raise typer.Exit(1)
        skipped = newsletter.cancel_edition(edition, because=reason, actor=actor())
    sent = amount(tally.of(State.SENT), "mail")
    result(f"Cancelled edition {edition}: {amount(skipped, 'mail')} skipped; {sent} had gone out.")
