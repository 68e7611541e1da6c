"""Recorded or hand-made days in a folder: papers without a network."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from newsletter.adapters.sources import reading
from newsletter.adapters.sources.atom import parse_any
from newsletter.adapters.sources.daily_papers import parse_daily_papers
from newsletter.core.papers import Fetched
from newsletter.core.ports import Validators
from newsletter.core.works import merge
from newsletter.errors import SourceUnavailable

FOLDER = "folder"
SUFFIXES = (".json", ".xml", ".atom", ".rss")
MAX_BYTES = 64 * 1024 * 1024

_DATE = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")


class FolderSource:
    """A `PaperSource` over files with a date in their names, or over one file.

    Files hold what a source answered: a JSON array of Daily Papers (or flat hand-made records),
    or an arXiv feed or API answer in Atom or RSS. A single file without a date in its name
    answers for whatever day is asked, and its papers count as featured on that day.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        return f"{FOLDER}:{self._path}"

    def days(self) -> tuple[date, ...]:
        """The days that there are files for, in order. Raises SourceUnavailable."""
        return tuple(sorted({day for day, _ in self._files() if day is not None}))

    def fetch(self, day: date, *, validators: Validators) -> Fetched:
        """What the files of this day hold; nothing when there is none. Never conditional.

        A file that cannot be read is named in `skipped`, and raises SourceUnavailable only when
        it leaves nothing.
        """
        found, problems = [], []
        for dated, path in self._files(day):
            try:
                found.append(self._parse(path, day, is_dated=dated is not None))
            except SourceUnavailable as error:
                problems.append(error)
        if problems and not found:
            raise problems[0]
        skipped = [reason for part in found for reason in part.skipped]
        return Fetched(
            papers=merge(paper for part in found for paper in part.papers),
            skipped=(*skipped, *map(str, problems)),
        )

    def _files(self, wanted: date | None = None) -> Iterator[tuple[date | None, Path]]:
        """The files and their days; only those that answer for `wanted`, where it is given."""
        for path in self._paths():
            day = _day_in(path.stem)
            if day is None and path != self._path:
                continue  # an undated file beside others belongs to no day
            if wanted is None or day in (None, wanted):
                yield day, path

    def _paths(self) -> list[Path]:
        try:
            if self._path.is_file():
                return [self._path]
            return sorted(p for p in self._path.iterdir() if p.suffix.lower() in SUFFIXES)
        except (OSError, ValueError) as error:
            raise self._unreadable(self._path, error) from error

    def _parse(self, path: Path, day: date, *, is_dated: bool) -> Fetched:
        body = self._read(path)
        found = _parse(body, day, f"{FOLDER}:{path}")
        skipped = tuple(f"{path.name}: {reason}" for reason in found.skipped)
        if is_dated:
            return replace(found, skipped=skipped)
        papers = tuple(replace(paper, featured_on=day) for paper in found.papers)
        return Fetched(papers=papers, skipped=skipped)

    def _read(self, path: Path) -> bytes:
        try:
            if path.stat().st_size > MAX_BYTES:
                reason = f"{path} is larger than {MAX_BYTES:,} bytes"
                raise SourceUnavailable(self.name, reason)
            return path.read_bytes()
        except OSError as error:
            raise self._unreadable(path, error) from error

    def _unreadable(self, path: Path, error: OSError | ValueError) -> SourceUnavailable:
        words = error.strerror if isinstance(error, OSError) else str(error)
        return SourceUnavailable(
            self.name,
            f"{path} cannot be read ({words}): give a folder of YYYY-MM-DD.json files, or one file",
        )


def _parse(body: bytes, day: date, source: str) -> Fetched:
    """The papers in one file, by what it begins with: XML, a JSON array, or an answer in JSON."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"<":
        # A recorder of arXiv's API wraps the answer: {"url": …, "status_code": …, "body": "<?xml…"}
        wrapped = _wrapped(body)
        if wrapped is None:
            return parse_daily_papers(body, day, source=source, flat_source=FOLDER)
        body = wrapped
    page = parse_any(body, day, source=source)
    return Fetched(papers=page.papers, skipped=page.skipped)


def _wrapped(body: bytes) -> bytes | None:
    if body.lstrip()[:1] != b"{" or not reading.is_json(body):
        return None
    answer = reading.mapping(reading.parse_json(body, "")).get("body")
    if not isinstance(answer, str):
        return None
    try:
        # Some recorders took UTF-8 for Latin-1 ("GÃ¶tz"): back to the bytes they were sent.
        sent = answer.encode("latin-1")
        sent.decode("utf-8")
    except UnicodeError:
        return answer.encode("utf-8", "replace")
    return sent


def _day_in(name: str) -> date | None:
    """The first date in a file's name that exists."""
    for text in _DATE.findall(name):
        try:
            return date.fromisoformat(text)
        except ValueError:
            continue
    return None
