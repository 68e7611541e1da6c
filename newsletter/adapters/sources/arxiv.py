"""arXiv: what was announced in the chosen categories on a day."""

import re
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from newsletter.adapters.http import Http, Manners
from newsletter.adapters.sources import atom
from newsletter.adapters.sources.atom import Page, parse_atom_api, parse_feed
from newsletter.adapters.sources.entries import ARXIV
from newsletter.core.papers import Fetched
from newsletter.core.ports import Validators
from newsletter.core.works import merge
from newsletter.errors import SourceUnavailable

__all__ = ["ArxivSource", "parse_atom_api", "parse_feed"]

API_URL = "https://export.arxiv.org"
FEED_URL = "https://rss.arxiv.org"
# arXiv API Terms of Use: at most one request in three seconds, from all one's machines together,
# for the API and the feeds alike.
INTERVAL = timedelta(seconds=3)
PAGE_SIZE = 100
MAX_PAGES = 20
EMPTY_TRIES = 2  # the API now and then gives an empty page in the middle of a result

# arXiv's schedule: submissions until 14:00 in New York are announced that evening from Sunday to
# Thursday and stand in the feed of the next day. From when to when, in days before the feed's day.
NEW_YORK = ZoneInfo("America/New_York")
CLOSING = time(14)
SUBMITTED = {0: (4, 3), 1: (4, 1), 2: (2, 1), 3: (2, 1), 4: (2, 1)}  # Monday is 0

# Archives that are parted into subjects ("cat:cs" alone would find nothing), and the others.
PARTED = frozenset({
    "astro-ph", "cond-mat", "cs", "econ", "eess", "math", "nlin", "physics", "q-bio", "q-fin",
    "stat",
})  # fmt: skip
WHOLE = frozenset({
    "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nucl-ex", "nucl-th", "quant-ph",
})  # fmt: skip
_SUBJECT = re.compile(r"[A-Z]{2}|[a-z]{2,}(?:-[a-z]+)*")


def parse_category(text: str) -> str:
    """A category as arXiv spells it ("cs.CL", "hep-th", "cs" for all of it); "" for none."""
    archive, dot, subject = text.strip().partition(".")
    archive = archive.lower()
    if not dot:
        return archive if archive in PARTED | WHOLE else ""
    # Subjects of two letters are written in capitals, the older ones ("mes-hall") are not.
    subject = subject.upper() if len(subject) == 2 else subject.lower()
    is_category = archive in PARTED and _SUBJECT.fullmatch(subject)
    return f"{archive}.{subject}" if is_category else ""


class ArxivSource:
    """A `PaperSource`. The daily feed where it is that of the day, else the API.

    The feed says what was announced, new and cross-listed; it holds one day only. The API knows
    other days by when papers were submitted, and does not know arXiv's holidays.
    """

    name = ARXIV

    def __init__(
        self,
        http: Http,
        categories: tuple[str, ...],
        *,
        base_url: str = API_URL,
        feed_url: str = FEED_URL,
        interval: timedelta = INTERVAL,
    ) -> None:
        self._http, self._categories = http, categories
        self._base_url = base_url.rstrip("/")
        self._feed_address = f"{feed_url.rstrip('/')}/atom/{'+'.join(categories)}"
        self._manners = Manners(
            source=ARXIV,
            interval=interval,
            accept="application/atom+xml, application/rss+xml, application/xml",
            is_whole=atom.is_whole,
            explain=atom.error_in_atom,
        )

    def fetch(self, day: date, *, validators: Validators) -> Fetched:
        """The day's announcements; see `PaperSource.fetch`. None are made on weekends."""
        try:
            found = self._from_feed(day, validators)
        except SourceUnavailable as error:
            if error.retry_after is not None:
                raise  # it asked to be left alone: both addresses are one place
            return self._from_api(day, feed_problem=error.reason)
        return self._from_api(day) if found is None else found

    def _from_feed(self, day: date, validators: Validators) -> Fetched | None:
        """The feed's papers; None when it is that of another day.

        Validators are only ever given for a feed of the day asked for, so that "unchanged" means
        that this day's papers are known.
        """
        url = self._feed_address
        answer = self._http.get(url, self._manners, validators=validators.get(url, {}))
        if answer.is_unchanged:
            return Fetched(is_unchanged=True, validators={url: dict(validators[url])})
        page = parse_feed(answer.body)
        if page.announced_on != day:
            return None
        return Fetched(
            papers=page.papers, skipped=page.skipped, validators={url: answer.validators}
        )

    def _from_api(self, day: date, *, feed_problem: str = "") -> Fetched:
        """What was submitted in the hours whose papers are announced on this day."""
        if day.weekday() not in SUBMITTED:
            if feed_problem:
                raise SourceUnavailable(ARXIV, feed_problem)
            return Fetched()
        query = search_query(self._categories, day)
        pages, problems = [], []
        for start in range(0, MAX_PAGES * PAGE_SIZE, PAGE_SIZE):
            page = self._api_page(query, day, start)
            pages.append(page)
            done = start + page.entries
            if done >= (page.total or 0):
                break
            if page.entries < PAGE_SIZE:
                problems.append(f"papers {done + 1} to {page.total} of the API did not come")
                break
        else:
            problems.append(f"papers after the first {MAX_PAGES * PAGE_SIZE} were left out")
        skipped = [reason for page in pages for reason in page.skipped]
        return Fetched(
            papers=merge(paper for page in pages for paper in page.papers),
            skipped=(*skipped, *problems),
        )

    def _api_page(self, query: str, day: date, start: int) -> Page:
        parameters = {
            "search_query": query,
            "start": start,
            "max_results": PAGE_SIZE,
            "sortBy": "submittedDate",
            "sortOrder": "descending",
        }
        url = f"{self._base_url}/api/query?{urlencode(parameters)}"
        for _ in range(EMPTY_TRIES):
            page = parse_atom_api(self._http.get(url, self._manners).body, day)
            if page.entries or (page.total or 0) <= start:
                break
        return page


def search_query(categories: tuple[str, ...], day: date) -> str:
    """The API's query for what is announced on this day, which is no Saturday or Sunday.

    Its times are in GMT and hold both ends (arXiv API User's Manual, section 3.1.1).
    """
    first, last = (_closing(day - timedelta(days=days)) for days in SUBMITTED[day.weekday()])
    last -= timedelta(minutes=1)
    wanted = " OR ".join(
        f"cat:{name}.*" if name in PARTED else f"cat:{name}" for name in categories
    )
    return f"({wanted}) AND submittedDate:[{first:%Y%m%d%H%M} TO {last:%Y%m%d%H%M}]"


def _closing(day: date) -> datetime:
    return datetime.combine(day, CLOSING, NEW_YORK).astimezone(ZoneInfo("UTC"))
