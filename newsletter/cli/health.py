"""Is it well: status, check."""

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from newsletter.cli.choices import EVERY_DAY, START, Json
from newsletter.cli.daily import counted
from newsletter.cli.opening import current_settings, opened, ready_tables
from newsletter.cli.words import add_row, amount, out, print_json, result, say, table
from newsletter.errors import StoreUnavailable

if TYPE_CHECKING:
    from newsletter.core.results import Finding, ServiceStatus


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: newsletter check", rich_help_panel=START)(check)
    app.command(epilog="Example: newsletter status --json", rich_help_panel=EVERY_DAY)(status)


def status(is_json: Json = False) -> None:
    """Say how it stands; exit code 1 and a sentence for each thing that is stale."""
    with opened() as newsletter:
        found = newsletter.status()
    if is_json:
        print_json(found)
    else:
        show_status(found)
    if found.stale:
        raise typer.Exit(1)


def check(is_json: Json = False) -> None:
    """Try every setting for real; exit code 1 and the remedy where something is wrong."""
    from newsletter.app import Newsletter

    # Not `opened`: a database that cannot be used is a finding here, not a reason to stop.
    with Newsletter.from_settings(current_settings()) as newsletter:
        with suppress(StoreUnavailable):
            ready_tables(newsletter)
        findings = (*_unknown_settings(), *newsletter.check())
    if is_json:
        print_json({"is_ok": all(one.is_ok for one in findings), "findings": findings})
    else:
        show_findings(findings)
    if not all(one.is_ok for one in findings):
        raise typer.Exit(1)


def _unknown_settings() -> "Iterator[Finding]":
    """Names in the environment that look like ours: a slip of the pen would pass unseen."""
    from difflib import get_close_matches

    from newsletter.core.results import Finding
    from newsletter.settings import MEANINGS, PREFIX

    for name in sorted(os.environ):
        bare = name.removeprefix(PREFIX).removesuffix("_FILE")
        if not name.startswith(PREFIX) or bare in MEANINGS:
            continue
        near = get_close_matches(bare, MEANINGS, n=1)
        hint = f"did you mean {PREFIX}{near[0]}?" if near else "it is not read."
        yield Finding(name="setting", is_ok=not near, words=f"{name} is no setting: {hint}")


def show_findings(findings: "tuple[Finding, ...]") -> None:
    from rich.text import Text

    shown = table("!", "What!", "Found")
    for one in findings:
        mark = Text("ok", style="green") if one.is_ok else Text("wrong", style="bold red")
        add_row(shown, mark, one.name, one.words)
    out().print(shown)
    wrong = sum(not one.is_ok for one in findings)
    if wrong:
        say(f"{amount(wrong, 'thing')} to put right.")
    else:
        result("All is well.")


def show_status(found: "ServiceStatus") -> None:
    sources = table("Source", "Last answer", "Last day!", "Papers#", "Problem", title="Sources")
    for one in found.sources:
        add_row(
            sources,
            one.source,
            one.last_success_at,
            one.last_day,
            one.papers,
            one.problem or "none",
        )
    editions = table("Edition!", "State!", "Deliveries", title="Last editions")
    for edition in found.editions:
        add_row(editions, edition.edition, edition.state, counted(edition.counts))
    console = out()
    console.print(sources if found.sources else "No source has been asked yet.")
    console.print(editions if found.editions else "No edition yet.")
    readers = ", ".join(f"{number:,} {name}" for name, number in found.subscribers.items())
    result(f"Subscribers: {readers or 'none'}.")
    waiting = found.oldest_waiting_at
    age = f"the oldest for {_age(found.now - waiting)}" if waiting else "none"
    result(f"Waiting deliveries: {age}.")
    for sentence in found.stale:
        say(sentence)
    if not found.stale:
        result("Nothing is stale.")


def _age(passed: object) -> str:
    from datetime import timedelta

    assert isinstance(passed, timedelta)
    minutes = max(0, int(passed.total_seconds() // 60))
    if minutes < 120:
        return amount(minutes, "minute")
    hours = minutes // 60
    return amount(hours, "hour") if hours < 48 else amount(hours // 24, "day")
