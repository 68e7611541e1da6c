"""What the commands print: results to stdout, words to stderr, progress only on a terminal."""

import contextlib
import dataclasses
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PIPE_WIDTH = 160  # columns for a reader that is no terminal
# Relays and papers choose some of the text below: no control may reach the terminal.
STAGES = {"pull": "Fetching papers", "plan": "Choosing for readers", "send": "Sending mails"}
_CONTROLS = {number: " " for number in (*range(32), *range(127, 160)) if number != 10}


def set_up_streams() -> None:
    """An odd character must not stop a command on a terminal that cannot show it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def set_up_log(*, is_verbose: bool) -> None:
    """Commands say themselves what matters; the log is for whoever asks for it."""
    root = logging.getLogger()
    if not is_verbose:
        root.addHandler(logging.NullHandler())
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root.addHandler(handler)
    logging.getLogger("newsletter").setLevel(logging.INFO)


def out() -> "Console":
    """The console for results."""
    from rich.console import Console

    return Console(highlight=False, markup=False, width=_width(sys.stdout))


def err() -> "Console":
    """The console for words to a person."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, width=_width(sys.stderr))


def say(sentence: str) -> None:
    """One sentence to the person at the terminal."""
    err().print(clean(sentence), soft_wrap=True)


def result(line: str) -> None:
    """One line of the result, as it is."""
    print(clean(line))


def clean(text: str) -> str:
    """The text without anything that a terminal would obey."""
    return text.translate(_CONTROLS)


def print_json(value: Any) -> None:
    """One JSON document and nothing else on stdout."""
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(as_json(value), indent=2, ensure_ascii=not is_utf8))


def as_json(value: Any) -> Any:
    """Our values as JSON has them: dates and instants in ISO form, bytes left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(as_json(key)): as_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


def table(*columns: str, title: str = "", is_tight: bool = False) -> "Table":
    """A table whose cells are plain text; add rows with `add_row(table, …)`.

    is_tight: one space between the columns, for many of them on a narrow terminal.

    A column's last character may say how it is shown: `#` numbers, to the right; `!` never wrapped.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    made = Table(
        title=title or None,
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 0 if is_tight else 1),
    )
    made.title_style = "bold"
    for column in columns:
        how = column[-1:] if column[-1:] in ("#", "!") else ""
        made.add_column(
            Text(column.removesuffix(how)),
            justify="right" if how == "#" else "left",
            overflow="fold",
            no_wrap=bool(how),
        )
    return made


def add_row(to: "Table", *cells: object) -> None:
    from rich.text import Text

    to.add_row(*(cell if isinstance(cell, Text) else Text(clean(_cell(cell))) for cell in cells))


def _cell(value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M %Z").strip()
    return str(value)


def amount(number: int, one: str, many: str = "") -> str:
    """`1 paper`, `25 papers`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


@contextlib.contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on stderr while it is a terminal; call it with (stage, done, total)."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = err()
    if not console.is_terminal:
        yield _show_nothing
        return
    columns = (
        TextColumn("{task.description:<22}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(STAGES.get(stage, stage), total=total or None)
            bars.update(tasks[stage], completed=done, total=total or None)

        yield show


def _show_nothing(stage: str, done: int, total: int) -> None:
    """Progress, for a reader that is no terminal."""


def _width(stream: Any) -> int | None:
    if os.environ.get("COLUMNS") or (hasattr(stream, "isatty") and stream.isatty()):
        return None
    return PIPE_WIDTH
