"""Hugging Face's Daily Papers: what a community put on the list, by day."""

from datetime import date
from urllib.parse import urlencode

from newsletter.adapters.http import Answer, Http, Manners
from newsletter.adapters.sources import reading
from newsletter.adapters.sources.daily_papers import (
    HUGGINGFACE,
    entry_id,
    parse_daily_papers,
    parse_entries,
)
from newsletter.core.papers import Fetched
from newsletter.core.ports import Validators
from newsletter.core.works import merge

__all__ = ["HuggingFaceSource", "parse_daily_papers"]

HUGGINGFACE_URL = "https://huggingface.co"
PAGE_SIZE = 100  # the most that the interface gives
SMALLEST_FULL_PAGE = 50  # its own page size, should it not listen to ours
MAX_PAGES = 20

MANNERS = Manners(
    source=HUGGINGFACE,
    accept="application/json",
    is_whole=reading.is_json,
    explain=reading.error_in_json,
)


class HuggingFaceSource:
    """A `PaperSource`."""

    name = HUGGINGFACE

    def __init__(self, http: Http, base_url: str = HUGGINGFACE_URL) -> None:
        self._http, self._base_url = http, base_url.rstrip("/")

    def fetch(self, day: date, *, validators: Validators) -> Fetched:
        """Every page of the day's list; see `PaperSource.fetch`.

        A page is asked for only if it changed. When one did, all are read again: papers change
        pages with their upvotes.
        """
        known = [url for page in range(MAX_PAGES) if (url := self._url(day, page)) in validators]
        if not known or known[0] != self._url(day, 0):
            return self._pages(day)
        for place, url in enumerate(known):
            answer = self._http.get(url, MANNERS, validators=validators[url])
            if not answer.is_unchanged:
                return self._pages(day, first=answer if place == 0 else None)
        return Fetched(is_unchanged=True, validators={url: dict(validators[url]) for url in known})

    def _pages(self, day: date, *, first: Answer | None = None) -> Fetched:
        """Page after page until one is short, empty, or only repeats what was there.

        first: the answer for the first page, where it has come already.
        """
        parsed: list[Fetched] = []
        seen: set[str] = set()
        given: dict[str, dict[str, str]] = {}
        for page in range(MAX_PAGES):
            url = self._url(day, page)
            answer = first if first and page == 0 else self._http.get(url, MANNERS)
            given[url] = answer.validators
            ids = [entry_id(entry) for entry in parse_entries(answer.body)]
            if seen.issuperset(ids):
                break
            seen.update(ids)
            parsed.append(parse_daily_papers(answer.body, day))
            if len(ids) < SMALLEST_FULL_PAGE:
                break
        return Fetched(
            papers=merge(paper for page in parsed for paper in page.papers),
            skipped=tuple(
                f"page {number}, {reason}" if number > 1 else reason
                for number, page in enumerate(parsed, start=1)
                for reason in page.skipped
            ),
            validators=given,
        )

    def _url(self, day: date, page: int) -> str:
        query = urlencode({"date": day.isoformat(), "limit": PAGE_SIZE, "p": page})
        return f"{self._base_url}/api/daily_papers?{query}"
