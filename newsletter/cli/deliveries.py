"""The ledger: who was sent what, and what became of it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.choices import MANAGE, MOST_NUMBER, Edition, Json, Limit, parse_instant
from newsletter.cli.opening import opened
from newsletter.cli.streams import stream_csv, stream_json
from newsletter.cli.words import add_row, as_json, clean, out, print_json, result, say, table
from newsletter.core.delivery.states import State

if TYPE_CHECKING:
    from rich.table import Table

    from newsletter.app import Newsletter
    from newsletter.core.delivery.ledger import DeliveryHistory
    from newsletter.core.results import DeliveryView, ReportView

LONGEST_REPLY = 80  # characters of the relay's words in the table; `show` and --json have them all
PAGE = 1000
MOST_DOMAINS = 20
COLUMNS = (
    "id",
    "edition",
    "kind",
    "address",
    "state",
    "resend_no",
    "attempts",
    "planned_at",
    "next_at",
    "sent_at",
    "last_code",
    "last_text",
    "message_id",
    "because",
)
TROUBLE = (State.FAILED, State.REVIEW, State.EXPIRED)


def add_to(app: typer.Typer) -> None:
    nouns = typer.Typer(no_args_is_help=True, help="See who was sent what.")
    nouns.command(
        "list",
        epilog="Example: newsletter deliveries list --edition 2026-06-16 --state failed",
    )(list_)
    nouns.command("show", epilog="Example: newsletter deliveries show 4812")(show)
    app.add_typer(nouns, name="deliveries", rich_help_panel=MANAGE)


def list_(
    edition: Edition = None,
    state: Annotated[
        list[State] | None, typer.Option("--state", help="In this state; may be repeated.")
    ] = None,
    address: Annotated[
        str | None, typer.Option("--address", metavar="ADDRESS", help="Of this reader only.")
    ] = None,
    domain: Annotated[
        str | None, typer.Option("--domain", metavar="DOMAIN", help="Of readers there only.")
    ] = None,
    since: Annotated[
        Any,
        typer.Option(
            "--since",
            parser=parse_instant,
            metavar="INSTANT",
            help="Planned, sent or refused since, such as 2026-06-16T03:10 (UTC).",
        ),
    ] = None,
    count: Annotated[
        bool, typer.Option("--count", metavar="", help="Only how many, by state and domain.")
    ] = False,
    limit: Limit = 100,
    everything: Annotated[
        bool, typer.Option("--all", metavar="", help="However many there are.")
    ] = False,
    after: Annotated[
        int | None,
        typer.Option(
            "--after", max=MOST_NUMBER, metavar="NUMBER", help="Go on behind this delivery."
        ),
    ] = None,
    is_csv: Annotated[
        bool, typer.Option("--csv", metavar="", help="Print a line of CSV for each.")
    ] = False,
    is_json: Json = False,
) -> None:
    """List deliveries, the newest first."""
    wanted: dict[str, Any] = {
        "edition": edition,
        "states": tuple(state or ()),
        "address": address,
        "domain": domain.strip().lower() if domain else None,
        "since": since,
    }
    with opened() as newsletter:
        if count:
            _show_counts(newsletter.delivery_counts(**wanted), is_json=is_json)
            return
        most = None if everything else limit
        found = _pages(newsletter, wanted, after=after, most=most)
        if is_json:
            stream_json("deliveries", map(_as_json, found))
        elif is_csv:
            stream_csv(COLUMNS, ([getattr(one, name) for name in COLUMNS] for one in found))
        else:
            _show(list(found), most=most)


def _pages(
    newsletter: "Newsletter", wanted: Mapping[str, Any], *, after: int | None, most: int | None
) -> "Iterator[DeliveryView]":
    """Up to `most` deliveries, all for None, read a page at a time."""
    left = most
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        page = newsletter.deliveries(**wanted, after=after, limit=size)
        yield from page
        if len(page) < size:
            return
        after = page[-1].id
        left = None if left is None else left - len(page)


def _show(found: "list[DeliveryView]", *, most: int | None) -> None:
    if not found:
        say("No delivery is like that.")
        return
    out().print(_table(found))
    if len(found) == most:
        say(f"More may follow: see them with --after {found[-1].id}, or how many with --count.")
    lost = [one for one in found if one.state in TROUBLE]
    if lost:
        one = lost[0]
        say(f"The whole history of one: `newsletter deliveries show {one.id}`.")
        say(
            "To send again to all who lack theirs: "
            f"`newsletter resend {one.edition} --missing --reason TEXT --dry-run`."
        )


def _table(found: "list[DeliveryView]") -> "Table":
    """What the relay said stands below the reader, where it said something else than yes."""
    from rich.text import Text

    shown = table("No.#", "Edition!", "Kind!", "State!", "When!", "Reader", is_tight=True)
    for one in found:
        kind = f"{one.kind.value} ({one.resend_no})" if one.resend_no else one.kind.value
        when = (one.sent_at or one.planned_at).astimezone()
        reader = Text(clean(one.address))
        if reply := _reply(one):
            reader.append(f"\n{reply}", style="dim")
        add_row(shown, one.id, one.edition, kind, one.state.value, f"{when:%m-%d %H:%M}", reader)
    return shown


def _reply(one: "DeliveryView") -> str:
    if one.state is State.SENT:
        return ""
    reply = " ".join(f"{one.last_code or ''} {one.last_text}".split())
    return clean(reply)[:LONGEST_REPLY]


def _as_json(one: "DeliveryView") -> dict[str, object]:
    return {**as_json(one), "papers": list(one.papers)}


def _show_counts(counts: "list[tuple[str, State, int]]", *, is_json: bool) -> None:
    by_state, by_domain = Counter[State](), dict[str, Counter[State]]()
    for domain, state, number in counts:
        by_state[state] += number
        by_domain.setdefault(domain, Counter())[state] += number
    first = sorted(by_domain.items(), key=lambda one: (-one[1].total(), one[0]))
    if is_json:
        print_json({"count": by_state.total(), "by_state": by_state, "by_domain": dict(first)})
        return
    if not by_state:
        say("No delivery is like that.")
        return
    states = [state for state in State if by_state[state]]
    shown = table("Domain", *(f"{state.value}#" for state in states), "All#", is_tight=True)
    for domain, numbers in first[:MOST_DOMAINS]:
        add_row(shown, domain, *_numbers(numbers, states), f"{numbers.total():,}")
    if len(first) > MOST_DOMAINS:
        rest = sum((numbers for _, numbers in first[MOST_DOMAINS:]), Counter[State]())
        name = f"{len(first) - MOST_DOMAINS:,} others"
        add_row(shown, name, *_numbers(rest, states), f"{rest.total():,}")
    shown.add_section()
    add_row(shown, "all", *_numbers(by_state, states), f"{by_state.total():,}")
    out().print(shown)


def _numbers(counts: "Counter[State]", states: list[State]) -> list[str]:
    return [f"{counts[state]:,}" if counts[state] else "" for state in states]


def show(
    name: Annotated[
        str, typer.Argument(metavar="ID", help="The delivery's number, or its Message-ID.")
    ],
    is_json: Json = False,
) -> None:
    """Show the whole history of one delivery, with the relay's words."""
    with opened() as newsletter:
        found = newsletter.delivery(name.strip())
    if is_json:
        print_json({**as_json(found), "delivery": _as_json(found.delivery)})
    else:
        _show_history(found)


def _show_history(found: "DeliveryHistory") -> None:
    one = found.delivery
    facts = table("!", "")
    facts.show_header = False
    for label, value in _facts(found):
        add_row(facts, label, value)
    tries = table("When!", "Claim#", "Became!", "Reply", title="History")
    for when, claim, became, reply in _events(found):
        add_row(tries, when, claim, became, reply)
    console = out()
    console.print(facts)
    console.print(tries)
    if found.titles:
        papers = table("Paper!", "Title", title="Papers")
        for paper, title in found.titles:
            add_row(papers, paper, title)
        console.print(papers)
    for sentence in _advice(found):
        say(sentence)
    if one.state is State.SENT and not found.reports:
        result("The relay took it: what became of it later stands in the relay's own log.")


def _facts(found: "DeliveryHistory") -> list[tuple[str, object]]:
    one = found.delivery
    facts: list[tuple[str, object]] = [
        ("Delivery", f"{one.id}, {one.kind.value} of edition {one.edition}"),
        ("Reader", one.address),
        ("State", one.state.value),
        ("Message-ID", one.message_id),
        ("Tries", one.attempts),
    ]
    if one.resend_no:
        facts.append(("Resend", f"number {one.resend_no}, because: {one.because}"))
    for other in found.others:
        label = "Resend of" if other.resend_no < one.resend_no else "Resent as"
        facts.append((label, f"delivery {other.id}, {other.state.value}"))
    if found.recovered:
        facts.append(("Recovered", f"{found.recovered} times: its worker vanished"))
    if found.uncertain:
        facts.append(("Uncertain", f"{found.uncertain} replies were lost after the last dot"))
    if one.state is State.PENDING:
        facts.append(("Next try", one.next_at))
    if found.lease_until is not None:
        facts.append(("In hand until", found.lease_until))
    if found.suppressed_because:
        since = found.suppressed_since_at
        facts.append(("Suppressed", f"{found.suppressed_because}, since {since:%Y-%m-%d}"))
    return facts


def _events(found: "DeliveryHistory") -> list[tuple[datetime | None, object, str, str]]:
    """What happened, in its order; the last line is the row's own when no try tells it."""
    one = found.delivery
    events: list[tuple[datetime | None, object, str, str]] = [(one.planned_at, "", "planned", "")]
    events += [
        (each.at, each.epoch, each.state.value, f"{each.code or ''} {each.text}".strip())
        for each in found.attempts
    ]
    reply = f"{one.last_code or ''} {one.last_text}".strip()
    told = found.attempts[-1] if found.attempts else None
    if one.state is State.SENDING:
        events.append((None, found.epoch, "sending", "being handed over"))
    elif one.state is not State.PENDING and (told is None or told.state is not one.state):
        events.append((one.sent_at, found.epoch, one.state.value, reply))
    return events + [(each.arrived_at, "", "reported", _told(each)) for each in found.reports]


def _told(report: "ReportView") -> str:
    """`hard: no such mailbox, 5.1.1; 550 no such user (report 12)`."""
    cause = ", ".join(part for part in (report.cause or report.nature, report.status) if part)
    kind = f"{report.kind}: " if report.kind else ""
    delay = ", a delay" if report.is_delay else ""
    reply = f"; {report.reply}" if report.reply else ""
    return f"{kind}{cause}{delay}{reply} (report {report.id})"


def _advice(found: "DeliveryHistory") -> Iterator[str]:
    one = found.delivery
    newest = all(other.resend_no < one.resend_no for other in found.others)
    if found.suppressed_because:
        yield "The address is suppressed: nothing is sent to it."
    elif one.state in TROUBLE and newest:
        yield f"To send it again: `newsletter resend {one.edition} --to {one.address}`."
