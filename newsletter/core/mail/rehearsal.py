"""Made-up digests, links and senders that between them reach every line of the templates."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from newsletter.core.digests import Digest, Pick, Section
from newsletter.core.mail.mails import Brand, Links
from newsletter.core.papers import Organization, Paper

SAMPLE_DAY = date(2026, 1, 5)
_SITE = "https://papers.example.org"
_PAST_THE_CAP = 50  # more than a mail lists, so that the rest is only counted


def sample_digests() -> Iterator[tuple[Digest, Mapping[str, Paper], bool]]:
    """Digests with their papers and whether with thumbnails: the richest, then the barest."""
    rich, bare = (
        _rich_paper(),
        Paper(id="title:0123456789abcdef", title="A Title Alone", featured_on=SAMPLE_DAY),
    )
    others = {
        f"2601.{n:05}": Paper(id=f"2601.{n:05}", title=f"Another Paper {n}", featured_on=SAMPLE_DAY)
        for n in range(_PAST_THE_CAP)
    }
    papers = {rich.id: rich, bare.id: bare, **others}
    full = Digest(
        sections=(
            Section(
                topic="Agents", picks=(Pick(paper_id=rich.id, words=("agent*", '"tool use"')),)
            ),
            Section(topic="Everything", picks=(Pick(paper_id=bare.id),)),
        ),
        left_out=tuple(Pick(paper_id=paper_id) for paper_id in others),
    )
    yield full, papers, True
    yield Digest(sections=full.sections[1:]), papers, False


def sample_links() -> tuple[Links, ...]:
    """All the links there can be, then only those that every reader has."""
    always = {
        "preferences": f"{_SITE}/preferences/token",
        "unsubscribe": f"{_SITE}/unsubscribe/token",
        "unsubscribe_mailto": "mailto:leave@papers.example.org",
        "confirm": f"{_SITE}/confirm/token",
        "change": f"{_SITE}/address/token",
    }
    sometimes = {name: f"{_SITE}/{name}" for name in ("view", "archive", "pause", "help")}
    return Links(**always, **sometimes), Links(**always)


def page_links() -> tuple[Links, ...]:
    """Those of the page on the web: it may be passed on, and shows nothing of the reader's own."""
    without = Links(preferences="", unsubscribe="", unsubscribe_mailto="")
    return replace(without, archive=f"{_SITE}/archive"), without


def sample_brands() -> tuple[Brand, ...]:
    return Brand(base_url=_SITE, postal_address="1 Example Street"), Brand(base_url=_SITE)


def _rich_paper() -> Paper:
    return Paper(
        id="2601.10000",  # none of those past the cap has it
        title="A Paper That Has Everything",
        featured_on=SAMPLE_DAY,
        abstract="It says what it did. Then it says how well that went.",
        authors=("Ada Example", "Ben Example", "Cem Example"),
        author_count=15,
        organization=Organization(name="example", full_name="Example Lab"),
        upvotes=1204,
        comments=6,
        code_stars=12,
        code_url="https://code.example.org/everything",
        project_url="https://everything.example.org/",
        thumbnail_url="https://pictures.example.org/everything.png",
        sources=("huggingface",),
    )
