"""From the environment to a Newsletter that is ready: settings, running servers, tables."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import typer

from newsletter.cli import running
from newsletter.cli.words import say
from newsletter.errors import StoreUnavailable
from newsletter.settings import Settings, read_settings

if TYPE_CHECKING:
    from newsletter.app import Newsletter


def current_settings() -> Settings:
    """The settings; where `newsletter up` runs on this data folder, its servers stand in.

    Raises SettingsError.
    """
    settings = read_settings()
    defaults = running.servers(settings.data_dir)
    return read_settings(defaults=defaults) if defaults else settings


@contextmanager
def opened(
    settings: Settings | None = None, *, patience_seconds: float | None = None
) -> "Iterator[Newsletter]":
    """The service with tables of this version. Raises SettingsError, StoreUnavailable.

    patience_seconds: how long it waits for others' locks; as long as work may take if None.
    """
    settings = settings or current_settings()
    from newsletter.app import Newsletter

    with Newsletter.from_settings(settings, patience_seconds=patience_seconds) as newsletter:
        ready_tables(newsletter)
        yield newsletter


def ready_tables(newsletter: "Newsletter") -> None:
    """Bring the embedded database up to date by itself; any other one only by an admin."""
    try:
        newsletter.store.check_tables()
    except StoreUnavailable:
        if not owns_database(newsletter.settings):
            raise
        newsletter.upgrade()


def warn_without_relay(settings: Settings) -> None:
    """Say that what was just put in the ledger cannot leave yet, where that is so."""
    if not settings.smtp_url:
        say("No relay is set, so mails wait: run `newsletter up`, or set NEWSLETTER_SMTP_URL.")


def owns_database(settings: Settings) -> bool:
    """Whether it is the SQLite file of the data folder, which nobody else looks after."""
    return settings.database_url == f"sqlite:///{settings.data_dir / 'newsletter.db'}"


def with_absolute_paths(settings: Settings) -> Settings:
    """The same for a process with another current directory."""
    database_url = settings.database_url
    if re.match(r"sqlite:///(?![/:])", database_url):
        path, mark, query = database_url.removeprefix("sqlite:///").partition("?")
        database_url = f"sqlite:///{Path(path).absolute()}{mark}{query}"
    return replace(
        settings,
        data_dir=settings.data_dir.absolute(),
        templates_dir=settings.templates_dir.absolute() if settings.templates_dir else None,
        database_url=database_url,
        sources=",".join(_absolute_source(one) for one in settings.sources.split(",")),
    )


def _absolute_source(source: str) -> str:
    name, colon, rest = source.strip().partition(":")
    if name != "folder" or not colon:
        return source
    return folder_source(Path(unquote(rest)).expanduser().absolute())


def folder_source(path: Path) -> str:
    """This folder as the setting names it, where a comma would begin another source."""
    return "folder:" + str(path).replace("%", "%25").replace(",", "%2C")


def parse_day(text: str) -> date:
    """For Typer: a date such as 2026-06-16."""
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date: write it like 2026-06-16.") from None
