"""Readers from a file, such as an engine that was used before writes one."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli.choices import Json, actor
from newsletter.cli.mistakes import cause_of
from newsletter.cli.opening import opened
from newsletter.cli.words import amount, print_json, progress, result, say
from newsletter.core.subscribers import TopicText, Wishes
from newsletter.errors import ChoiceError, NotFound

NEEDED = ("address", "topic", "filter")
TEXTS = ("cadence", "time_zone")
NUMBERS = ("hour", "weekday", "cap")
SHOWN = 20  # refusals that are named on the screen; --json has all


@dataclass(slots=True)
class _Reader:
    """One address with what its rows say; the first row of an address sets its schedule."""

    wishes: Wishes
    topics: list[TopicText] = field(default_factory=list)


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            help="With a head line: address, topic, filter; if you like also cadence, hour, "
            "weekday, time_zone, cap. One row for each topic.",
        ),
    ],
    is_json: Json = False,
) -> None:
    """Add many readers who asked for the mail elsewhere; they are not asked again."""
    readers = _readers(file)
    with opened() as newsletter, progress() as show:
        pairs = ((text, replace(one.wishes, topics=tuple(one.topics))) for text, one in readers)
        taken = newsletter.import_subscribers(
            pairs, actor=actor(), progress=lambda done: show("Import", done, len(readers))
        )
    if is_json:
        print_json(taken)
    else:
        result(f"Added {amount(taken.added, 'reader')}, refused {len(taken.refused)}.")
        for address, because in taken.refused[:SHOWN]:
            say(f"{address}: {because}")
        if len(taken.refused) > SHOWN:
            say(f"… and {len(taken.refused) - SHOWN} more: --json names them all.")
    if taken.refused:
        raise typer.Exit(1)


def _readers(file: Path) -> list[tuple[str, _Reader]]:
    """The addresses with their wishes, in the file's order. Raises NotFound, ChoiceError."""
    readers: dict[str, _Reader] = {}
    for line, row in _rows(file):
        address = row["address"].strip()
        if address not in readers:
            readers[address] = _Reader(_wishes(row, file, line))
        readers[address].topics.append(TopicText(name=row["topic"], filter=row["filter"]))
    return list(readers.items())


def _rows(file: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            missing = [name for name in NEEDED if name not in (rows.fieldnames or ())]
            if missing:
                raise ChoiceError(
                    f"{file} has no column {missing[0]!r}: its first line must name at least "
                    f"{', '.join(NEEDED)}."
                )
            for row in rows:
                yield rows.line_num, {name: value or "" for name, value in row.items() if name}
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise NotFound(f"{file} cannot be read as CSV in UTF-8 ({cause_of(problem)}).") from problem


def _wishes(row: Mapping[str, str], file: Path, line: int) -> Wishes:
    texts = {name: row[name].strip() for name in TEXTS if row.get(name, "").strip()}
    numbers = {}
    for name in NUMBERS:
        text = row.get(name, "").strip()
        if text and not text.isdecimal():
            raise ChoiceError(f"{file}, line {line}: {name} is {text!r}, it must be a number.")
        if text:
            numbers[name] = int(text)
    return Wishes(**texts, **numbers)  # type: ignore[arg-type] # each name has its own type
