"""What makes two records the same work, and how they become one paper."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote

from newsletter.core.papers import Organization, Paper
from newsletter.core.text import clean, fold

# Old identifiers (until March 2007) name an archive: "cs/0503050", "math.GT/0309136".
_ARCHIVES = (
    "acc-phys adap-org alg-geom ao-sci astro-ph atom-ph bayes-an chao-dyn chem-ph cmp-lg comp-gas "
    "cond-mat cs dg-ga funct-an gr-qc hep-ex hep-lat hep-ph hep-th math math-ph mtrl-th nlin "
    "nucl-ex nucl-th patt-sol physics plasm-ph q-alg q-bio quant-ph solv-int supr-con"
).replace(" ", "|")
_ARXIV = re.compile(
    r"(?:(?:https?://)?(?:[a-z]+\.)?arxiv\.org/(?:abs|pdf|html|format|ps|e-print|src)/"
    r"|(?:https?://)?(?:www\.)?huggingface\.co/papers/"
    r"|(?:(?:https?://)?(?:dx\.)?doi\.org/|doi:\s*)?10\.48550/arxiv\."
    r"|oai:arxiv\.org:|arxiv:\s*)?"
    # Four digits until the end of 2014, five since; a number that lost its last zero is no id.
    r"(?:(?P<new>(?:0[7-9]|1[0-4])(?:0[1-9]|1[0-2])\.[0-9]{4}"
    r"|(?:1[5-9]|[2-9][0-9])(?:0[1-9]|1[0-2])\.[0-9]{5})"
    rf"|(?P<archive>{_ARCHIVES})(?:\.[a-z-]+)?/(?P<old>[0-9]{{7}}))"
    r"(?:v[0-9]+)?(?:\.pdf)?/?(?:[?#].*|\s*\[[^\]]*\])?",
    re.IGNORECASE | re.ASCII,
)
_DOI = re.compile(
    r"(?:(?:https?://)?(?:dx\.)?doi\.org/|doi:\s*)?(10\.[0-9]{4,9}/[^\s<>\"]+)", re.IGNORECASE
)
MIN_TITLE = 16  # letters and digits; shorter titles ("Reply", "Erratum") are shared by many works


def arxiv_id(text: str) -> str:
    """The arXiv id without version that this text is, in any spelling; "" when it is none.

    Takes bare ids, "arXiv:…", pages, PDFs, OAI names and arXiv's own DOIs. An old id loses its
    subject class ("math.GT/0309136" is "math/0309136"), as arXiv itself writes it.
    """
    found = _ARXIV.fullmatch(text.strip())
    if found is None:
        return ""
    return found["new"] or f"{found['archive'].lower()}/{found['old']}"


def doi(text: str) -> str:
    """The first DOI in this text, in small letters, without "doi:" or host; "" when none starts it.

    DOIs are compared without regard to case (DOI Handbook, section 2.4).
    """
    found = _DOI.match(unquote(text.strip()) if "%" in text else text.strip())
    return found[1].rstrip(".,;").lower() if found else ""


def work_id(title: str, *, identifier: str = "", doi_text: str = "") -> str:
    """The id of a work: see `Paper.id`. The same work gives the same id in every spelling.

    identifier: what the source calls it, such as an arXiv id, page address or DOI, or "".
    doi_text: a DOI that the source names beside it. title: must hold something to see.
    """
    for text in (identifier, doi_text):
        if found := arxiv_id(text):
            return found
    for text in (doi_text, identifier):
        if found := doi(text):
            return f"doi:{found}"
    return "title:" + hashlib.sha256(_title_key(title).encode()).hexdigest()[:16]


def merge(papers: Iterable[Paper]) -> tuple[Paper, ...]:
    """One paper for each work among these records, in order of first appearance.

    A record known only by its title or DOI joins the one work of a better id that has the same
    title or DOI. Of differing values the richer is kept: the longest abstract and the title that
    came with it, the longest list of authors and keywords, the largest figures, the earliest
    publication, the latest announcement, all sources and categories.
    """
    records = list(papers)
    better = _better_ids(records)
    works: dict[str, Paper] = {}
    for record in records:
        key = better.get(record.id, record.id)
        works[key] = _one(works[key], record) if key in works else record
    return tuple(replace(paper, id=key) for key, paper in works.items())


def merge_two(old: Paper, new: Paper) -> Paper:
    """What is known of a work after it was announced again, on another day or elsewhere.

    old: as it was stored; its id stays. Figures of `new` win where it has any, also when they
    fell; everything else is joined as `merge` does.
    """
    joined = _one(old, new)
    return replace(
        joined,
        upvotes=old.upvotes if new.upvotes is None else new.upvotes,
        comments=old.comments if new.comments is None else new.comments,
        code_stars=old.code_stars if new.code_stars is None else new.code_stars,
        short_summary=new.short_summary or old.short_summary,
        code_url=new.code_url or old.code_url,
        project_url=new.project_url or old.project_url,
        thumbnail_url=new.thumbnail_url or old.thumbnail_url,
    )


def _one(first: Paper, second: Paper) -> Paper:
    """Two records of one work as one; where both are as good, those of `first` stay."""
    text, authors = _richer_text(first, second), _longer(first.authors, second.authors)
    return replace(
        first,
        title=text.title,
        abstract=text.abstract,
        featured_on=max(first.featured_on, second.featured_on),
        authors=authors,
        author_count=max(first.author_count, second.author_count, len(authors)),
        organization=_known(first.organization, second.organization),
        upvotes=_largest(first.upvotes, second.upvotes),
        comments=_largest(first.comments, second.comments),
        code_stars=_largest(first.code_stars, second.code_stars),
        published_at=min(
            (at for at in (first.published_at, second.published_at) if at), default=None
        ),
        keywords=_longer(first.keywords, second.keywords),
        short_summary=first.short_summary or second.short_summary,
        code_url=first.code_url or second.code_url,
        project_url=first.project_url or second.project_url,
        thumbnail_url=first.thumbnail_url or second.thumbnail_url,
        media_urls=_longer(first.media_urls, second.media_urls),
        submitter=first.submitter or second.submitter,
        categories=_together(first.categories, second.categories),
        sources=_together(first.sources, second.sources),
        doi=first.doi or second.doi,
        comment=first.comment or second.comment,
        page_url=first.page_url or second.page_url,
    )


def _richer_text(first: Paper, second: Paper) -> Paper:
    """The record whose title and abstract are shown, always together so that they fit.

    The longer abstract wins, since some places cut it. Equally long ones: the newer record when
    the same places announce it again (a corrected title), else the first, so that two sources
    with different spellings do not overwrite each other at every pull.
    """
    if len(first.abstract) != len(second.abstract):
        return max(first, second, key=lambda paper: len(paper.abstract))
    return second if first.sources == second.sources else first


def _better_ids(records: list[Paper]) -> dict[str, str]:
    """Ids by title or DOI → the id of the one work among the records that they must mean."""
    by_doi = {f"doi:{record.doi}": record.id for record in records if record.doi}
    by_title: dict[str, set[str]] = {}
    for record in records:
        if not record.id.startswith("title:"):
            by_title.setdefault(_title_key(record.title), set()).add(
                by_doi.get(record.id, record.id)
            )
    better = {weak: strong for weak, strong in by_doi.items() if weak != strong}
    for record in records:
        key = _title_key(record.title)
        same = by_title.get(key, set())
        if record.id.startswith("title:") and len(same) == 1 and len(key) >= MIN_TITLE:
            better[record.id] = next(iter(same))
    return better


def _title_key(title: str) -> str:
    """What two spellings of one title share; a title of signs only is its own key."""
    cleaned = clean(title)
    return "".join(filter(str.isalnum, fold(cleaned))) or cleaned


def _longer(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return second if len(second) > len(first) else first


def _together(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return first + tuple(name for name in second if name not in first)


def _largest(first: int | None, second: int | None) -> int | None:
    return max((number for number in (first, second) if number is not None), default=None)


def _known(first: Organization | None, second: Organization | None) -> Organization | None:
    return second if first is None else first
