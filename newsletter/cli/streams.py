"""Results of any length on stdout: one JSON document or a table of CSV, written as they come."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from newsletter.cli.words import as_json, clean


def stream_json(
    name: str, items: Iterable[Any], rest: Callable[[], Mapping[str, Any]] = dict
) -> None:
    """One document `{name: [each item], …rest}`. rest: asked for when all items were written."""
    is_ascii = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    write = sys.stdout.write
    write(f'{{\n  "{name}": [')
    for number, item in enumerate(items):
        write(("," if number else "") + "\n    " + json.dumps(as_json(item), ensure_ascii=is_ascii))
    write("\n  ]")
    for key, value in rest().items():
        write(f",\n  {json.dumps(key)}: {json.dumps(as_json(value), ensure_ascii=is_ascii)}")
    write("\n}\n")
    sys.stdout.flush()


def stream_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A heading and a line for each row (RFC 4180, but with this system's line ends)."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_plain(as_json(cell)) for cell in row])
    sys.stdout.flush()


def _plain(cell: Any) -> Any:
    """The cell without controls, and never one that a spreadsheet would take for a formula."""
    if not isinstance(cell, str):
        return "" if cell is None else cell
    text = clean(cell)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text
