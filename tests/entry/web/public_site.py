"""A site with papers of two days, and its public pages as they are read."""

from datetime import timedelta

from builders import MONDAY, a_paper
from lxml import html

from newsletter.core.papers import Organization

DAY = MONDAY.date()
EARLIER = DAY - timedelta(days=4)
PAPERS = (
    *(a_paper(number, upvotes=90 - number) for number in range(1, 33)),
    a_paper(
        40,
        title=r"Kites on the $\ell_1$ Ball",
        abstract="Nobody flew so high. " * 40 + "At last the tether broke.",
        featured_on=EARLIER,
        organization=Organization(name="x", full_name="Kite School"),
        keywords=("kites", "string theory"),
        categories=("cs.RO", "cs.LG"),
        doi="10.1234/kite",
        code_url="https://code.example.org/kite",
        code_stars=3,
    ),
    a_paper(41, id="cs/0503050", title="An old one", abstract="", featured_on=EARLIER, upvotes=1),
)
PUBLIC = (
    "/", "/subscribe", "/preview", "/preview?filter=kites", "/archive", "/archive/2026",
    "/archive/search", "/archive/search?filter=agents", f"/papers/{DAY}", f"/papers/{EARLIER}",
    "/paper/2606.00040", "/paper/cs/0503050", "/feed.xml", "/feed.xml?filter=kites",
)  # fmt: skip


def shown(answer) -> html.HtmlElement:
    assert answer.headers["content-type"].startswith("text/html")
    return html.fromstring(answer.text)


def words(answer) -> str:
    """The text of a page's main part."""
    (main,) = shown(answer).xpath("//main")
    return " ".join(main.text_content().split())
