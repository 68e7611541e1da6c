"""A paper: one work as its sources announced it."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

ARXIV_PAGE = "https://arxiv.org/abs/"
ARXIV_PDF = "https://arxiv.org/pdf/"
HUGGINGFACE_PAGE = "https://huggingface.co/papers/"

# A work that is announced again counts as announced then, within this many days of the first time.
# The dedup cache remembers for longer than this and the longest window together.
REFEATURE_DAYS = 30


def featured_again(first: date, last: date, now: date) -> date:
    """The day a work counts as announced, when it is announced once more on `now`."""
    return now if last < now <= first + timedelta(days=REFEATURE_DAYS) else last


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """Who stands behind a paper: `name` is the slug ("internlm"), `full_name` for people."""

    name: str
    full_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One work. Text is clean: no controls, single blanks in titles, NFC.

    id: the arXiv id without version ("2606.19338", "cs/0503050"), else "doi:10.…", else
        "title:" and 16 hex digits of the folded title: the same work has the same id everywhere.
    authors: in order, hidden ones left out. author_count: may exceed len(authors) where a source
        only gives the number; 0 when nobody is named.
    upvotes, comments, code_stars: None when the source does not say.
    published_at: aware UTC. featured_on: the day it was announced (a Daily Papers date, an arXiv
        announcement); never None, since a source always knows which day it answered for.
    categories: arXiv's ("cs.CL"), the primary one first. sources: names, the first announcer first.
    short_summary: one or two sentences by the source, "" when absent, like all absent text.
    page_url: where the source shows it, "" when the id says it all (see `page`).
    """

    id: str
    title: str
    featured_on: date
    abstract: str = ""
    authors: tuple[str, ...] = ()
    author_count: int = 0
    organization: Organization | None = None
    upvotes: int | None = None
    comments: int | None = None
    published_at: datetime | None = None
    keywords: tuple[str, ...] = ()
    short_summary: str = ""
    code_url: str = ""
    code_stars: int | None = None
    project_url: str = ""
    thumbnail_url: str = ""
    media_urls: tuple[str, ...] = ()
    submitter: str = ""
    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    doi: str = ""
    comment: str = ""
    page_url: str = ""

    @property
    def is_on_arxiv(self) -> bool:
        return bool(self.id) and not self.id.startswith(("doi:", "title:"))

    @property
    def page(self) -> str:
        """Where a reader reads about it: the community's page, else arXiv's, else the DOI's."""
        if self.page_url:
            return self.page_url
        if self.is_on_arxiv:
            return (HUGGINGFACE_PAGE if "huggingface" in self.sources else ARXIV_PAGE) + self.id
        return f"https://doi.org/{self.doi}" if self.doi else self.project_url or self.code_url

    @property
    def pdf(self) -> str:
        return ARXIV_PDF + self.id if self.is_on_arxiv else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What one look at a source came to.

    papers: one per work. skipped: one sentence for each record that could not be read, with its
    place and the reason. is_unchanged: the source said that nothing is new (304).
    validators: what the next conditional request wants to send back, by request address:
    {"https://…": {"etag": "…", "last_modified": "…"}}.
    """

    papers: tuple[Paper, ...] = ()
    skipped: tuple[str, ...] = ()
    is_unchanged: bool = False
    validators: dict[str, dict[str, str]] = field(default_factory=dict)
