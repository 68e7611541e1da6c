"""Readers, by an admin's hand."""

from typing import Annotated, Any

import typer

from newsletter.cli.choices import MANAGE, Address, Json, Limit, actor
from newsletter.cli.importing import import_
from newsletter.cli.opening import opened, warn_without_relay
from newsletter.cli.words import add_row, amount, as_json, out, print_json, result, say, table
from newsletter.core.subscribers import Status, Subscriber, TopicText, Wishes

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
STANDARD = Wishes()


def add_to(app: typer.Typer) -> None:
    nouns = typer.Typer(no_args_is_help=True, help="Add, show and remove readers.")
    nouns.command(
        "add",
        epilog="Example: newsletter subscribers add ada@example.org --topic 'Agents=title:agent*' "
        "--hour 8 --time-zone Europe/London",
    )(add)
    nouns.command("import", epilog="Example: newsletter subscribers import readers.csv")(import_)
    nouns.command("show", epilog="Example: newsletter subscribers show ada@example.org")(show)
    nouns.command("export", epilog="Example: newsletter subscribers export ada@example.org")(export)
    nouns.command("list", epilog="Example: newsletter subscribers list --status pending")(list_)
    nouns.command("remove", epilog="Example: newsletter subscribers remove ada@example.org --yes")(
        remove
    )
    app.add_typer(nouns, name="subscribers", rich_help_panel=MANAGE)


def _topic(text: str) -> TopicText:
    name, sign, wanted = text.partition("=")
    if not (name.strip() and sign and wanted.strip()):
        raise typer.BadParameter(f"{text!r} must look like 'NAME=FILTER', such as 'Agents=agent*'.")
    return TopicText(name=name.strip(), filter=wanted.strip())


def _weekday(given: str | int) -> int:
    """0 is Monday; a day's name, its beginning or its number from 0."""
    text = str(given)  # Typer passes the default, too
    if text.isdecimal():
        return int(text)
    found = [no for no, name in enumerate(DAYS) if name.lower().startswith(text.strip().lower())]
    if len(found) != 1:
        raise typer.BadParameter(f"{text!r} is no weekday: write Monday, or 0 for Monday.")
    return found[0]


def add(
    address: Address,
    topics: Annotated[
        list[Any],
        typer.Option(
            "--topic", parser=_topic, metavar="NAME=FILTER", help="A topic; may be repeated."
        ),
    ],
    mutes: Annotated[
        list[str] | None,
        typer.Option("--mute", metavar="FILTER", help="Papers never to send; may be repeated."),
    ] = None,
    cadence: Annotated[
        str, typer.Option(metavar="HOW-OFTEN", help="daily, weekdays, weekly or monthly.")
    ] = STANDARD.cadence,
    hour: Annotated[
        int, typer.Option(metavar="HOUR", help="0 to 23, in their time zone.")
    ] = STANDARD.hour,
    weekday: Annotated[
        int,
        typer.Option(
            parser=_weekday,
            metavar="DAY",
            show_default="Monday",
            help="For weekly: Monday to Sunday.",
        ),
    ] = STANDARD.weekday,
    time_zone: Annotated[
        str, typer.Option(metavar="ZONE", help="Such as Europe/London.")
    ] = STANDARD.time_zone,
    cap: Annotated[
        int, typer.Option(metavar="PAPERS", help="Most papers in one mail.")
    ] = STANDARD.cap,
    thumbnails: Annotated[
        bool, typer.Option("--thumbnails", metavar="", help="Mails with pictures.")
    ] = False,
    is_confirmed: Annotated[
        bool,
        typer.Option(
            "--confirmed/--ask",
            metavar="",
            help="Active at once, or only after they press a button in a mail.",
        ),
    ] = True,
    is_json: Json = False,
) -> None:
    """Add a reader."""
    wishes = Wishes(
        topics=tuple(topics),
        mutes=tuple(mutes or ()),
        cadence=cadence,
        weekday=weekday,
        hour=hour,
        time_zone=time_zone,
        cap=cap,
        thumbnails=thumbnails,
    )
    with opened() as newsletter:
        settings = newsletter.settings
        added = newsletter.add_subscriber(address, wishes, is_confirmed=is_confirmed, actor=actor())
    if is_json:
        print_json(added)
    elif added.status is Status.PENDING:
        result(f"Asked {added.address} to confirm: they must press the button in the mail.")
        warn_without_relay(settings)
    else:
        result(f"Added {added.address} with {amount(len(added.wishes.topics), 'topic')}.")


def show(address: Address, is_json: Json = False) -> None:
    """Show all that is known of a reader."""
    with opened() as newsletter:
        found = newsletter.subscriber(address)
        suppression = newsletter.why_suppressed(address).suppression
    if is_json:
        print_json(
            {**as_json(found), "suppressed_because": suppression.reason if suppression else ""}
        )
        return
    shown = table("!", "")
    shown.show_header = False
    for name, value in _facts(found):
        add_row(shown, name, value)
    if suppression:
        add_row(shown, "Suppressed", f"{suppression.reason}, since {suppression.since_at:%Y-%m-%d}")
    out().print(shown)
    topics = table("Topic", "Filter", "Most#", "!", title="Topics")
    for topic in found.wishes.topics:
        add_row(topics, topic.name, topic.filter, topic.cap, "on" if topic.is_on else "off")
    out().print(topics)


def _facts(found: Subscriber) -> list[tuple[str, object]]:
    wishes = found.wishes
    when = f"{wishes.cadence} at {wishes.hour}:00, {wishes.time_zone}"
    if wishes.cadence == "weekly":
        when = f"weekly, {DAYS[wishes.weekday]} at {wishes.hour}:00, {wishes.time_zone}"
    facts: list[tuple[str, object]] = [
        ("Address", found.address),
        ("Status", found.status.value),
        ("Mail", f"{when}, at most {amount(wishes.cap, 'paper')}"),
        ("Next", found.next_due_at),
        ("Since", found.confirmed_at or found.created_at),
    ]
    facts += [("Mute", mute) for mute in wishes.mutes]
    if wishes.paused_until:
        facts.append(("Paused until", wishes.paused_until))
    if found.ended_at:
        facts.append(("Ended", f"{found.ended_at:%Y-%m-%d}, {found.ended_because}"))
    return facts


def export(address: Address) -> None:
    """Print all that is stored about a reader as JSON, for them to have."""
    with opened() as newsletter:
        found = newsletter.export_subscriber(address)
    print_json(found.plain())


def list_(
    status: Annotated[Status | None, typer.Option("--status", help="With this one only.")] = None,
    limit: Limit = 100,
    is_json: Json = False,
) -> None:
    """List readers in the order they came."""
    with opened() as newsletter:
        found = newsletter.subscribers(status=status.value if status else None, limit=limit)
    if is_json:
        print_json({"subscribers": found})
        return
    if not found:
        say("Nobody yet: add a reader with `newsletter subscribers add`.")
        return
    shown = table("Reader", "Status!", "Topics", "How often!", "Next mail")
    for one in found:
        names = ", ".join(topic.name for topic in one.wishes.topics)
        add_row(shown, one.address, one.status.value, names, one.wishes.cadence, one.next_due_at)
    out().print(shown)
    if len(found) == limit:
        say(f"Only the first {limit} are shown: see more with --limit.")


def remove(
    address: Address,
    yes: Annotated[bool, typer.Option("--yes", "-y", metavar="", help="Do not ask first.")] = False,
) -> None:
    """Remove a reader and all that is stored about them."""
    with opened() as newsletter:
        found = newsletter.subscriber(address)
        if not (yes or _is_sure(found)):
            say("Nothing was removed.")
            raise typer.Exit(1)
        newsletter.remove_subscriber(address, actor=actor())
    result(f"Removed {found.address}.")


def _is_sure(found: Subscriber) -> bool:
    return typer.confirm(f"Remove {found.address} and their topics?", err=True)
