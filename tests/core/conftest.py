"""What the mail's tests share: the shipped templates, a paper that has everything, links."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from newsletter.core.digests import Digest, Pick, Section
from newsletter.core.mail.rendering import Brand, Links, Renderer
from newsletter.core.papers import Organization, Paper

TEMPLATES = Path(__file__).parents[2] / "templates" / "email"
SITE = "https://papers.example.org"
EDITION = date(2026, 6, 18)


def a_mail_paper(number: int = 1, **values) -> Paper:
    given = {
        "id": f"2606.{number:05d}",
        "title": f"Agents That Read Their Own Mail, Part {number}",
        "abstract": "We let agents answer their mail. They did it well. Nobody noticed for a week.",
        "authors": ("Ada Lovelace", "Charles Babbage", "Mary Somerville"),
        "author_count": 15,
        "organization": Organization(name="engine", full_name="Analytical Engine Society"),
        "upvotes": 1204,
        "comments": 6,
        "code_stars": 88,
        "code_url": f"https://code.example.org/mail/{number}",
        "project_url": f"https://mail-{number}.example.org/",
        "thumbnail_url": f"https://pictures.example.org/{number}.png",
        "featured_on": EDITION,
        "published_at": datetime(2026, 6, 16, tzinfo=UTC),
        "sources": ("huggingface",),
    }
    return Paper(**(given | values))


@pytest.fixture(scope="session")
def mail_templates() -> Path:
    return TEMPLATES


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    return Renderer(TEMPLATES)


@pytest.fixture(scope="session")
def mail_paper():
    """Makes a paper that has everything; the number makes its id."""
    return a_mail_paper


@pytest.fixture(scope="session")
def mail_links():
    """Makes one reader's links, all of them."""

    def make(token: str = "token7", **values) -> Links:
        given = {
            "preferences": f"{SITE}/preferences/{token}",
            "unsubscribe": f"{SITE}/unsubscribe/{token}",
            "unsubscribe_mailto": f"mailto:leave@papers.example.org?subject={token}",
            "view": f"{SITE}/view/{token}",
            "archive": f"{SITE}/archive",
            "pause": f"{SITE}/preferences/{token}/pause",
            "confirm": f"{SITE}/confirm/{token}",
            "change": f"{SITE}/address/{token}",
            "help": f"{SITE}/help",
        }
        return Links(**(given | values))

    return make


@pytest.fixture(scope="session")
def mail_brand() -> Brand:
    return Brand(base_url=SITE, postal_address="Example Lab, 1 Example Street, Exampletown")


@pytest.fixture(scope="session")
def rendered(renderer, mail_links, mail_brand):
    """Renders papers as one digest: given as a list, or by topic."""

    def render(
        papers, *, left_out=(), more=0, words=("agent*",), topic="Agents", links=None, **values
    ):
        topics = papers if isinstance(papers, dict) else {topic: papers}
        digest, known = a_mail_digest(topics, left_out=left_out, more=more, words=words)
        given = {"edition": EDITION, "links": links or mail_links(), "brand": mail_brand}
        return renderer.digest(digest, known, **(given | values))

    return render


def a_mail_digest(topics, *, left_out=(), more=0, words=("agent*",)):
    """A digest of these papers by topic, and all its papers by id."""
    digest = Digest(
        sections=tuple(
            Section(
                topic=topic,
                picks=tuple(Pick(paper_id=paper.id, words=tuple(words)) for paper in found),
            )
            for topic, found in topics.items()
        ),
        left_out=tuple(Pick(paper_id=paper.id) for paper in left_out),
        more=more,
    )
    papers = [*(paper for found in topics.values() for paper in found), *left_out]
    return digest, {paper.id: paper for paper in papers}


@pytest.fixture(scope="session")
def golden_digest(renderer, golden_papers, mail_links, mail_brand):
    """The digest that is held as a file, rendered."""
    digest, papers = golden_papers
    return renderer.digest(digest, papers, edition=EDITION, links=mail_links(), brand=mail_brand)


@pytest.fixture(scope="session")
def golden_papers(mail_paper):
    """What is held as a file: two topics, a bare paper, TeX, a list past the cap."""
    return a_mail_digest(
        {
            "Agents & mail": [
                mail_paper(1),
                mail_paper(
                    2,
                    title=r"Learning $\ell_1$-Sparse Inboxes with Ünïcode & <Tags>",
                    abstract=r"Most mail is never read. We read 12.5\% of it. " * 12,
                    authors=("Émilie du Châtelet", "Ada Lovelace"),
                    author_count=2,
                    organization=None,
                ),
            ],
            "Short": [
                mail_paper(
                    3,
                    title="A Paper of Which Little Is Known",
                    abstract="",
                    authors=(),
                    author_count=0,
                    organization=None,
                    upvotes=None,
                    comments=None,
                    code_stars=None,
                    code_url="",
                    project_url="",
                    sources=("arxiv",),
                )
            ],
        },
        words=("agent*", '"electronic mail"'),
        left_out=[mail_paper(4), mail_paper(5)],
        more=3,
    )
