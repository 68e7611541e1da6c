"""Papers by filter, page by page, as far back as any are stored."""

from datetime import date, timedelta

import pytest
from builders import MONDAY, Clock, MemorySource, a_newsletter, a_paper

from newsletter.adapters.store.papers import add_papers
from newsletter.errors import FilterError
from newsletter.services.searches import OlderPapers, search

DAY = MONDAY.date()


@pytest.fixture
def newsletter(tmp_path):
    with a_newsletter(tmp_path, clock=Clock(), sources=(MemorySource({}),)) as made:
        yield made


def store(newsletter, *papers) -> None:
    with newsletter.store.write() as session:
        add_papers(session, papers, now=MONDAY)


def days_ago(number: int) -> date:
    return DAY - timedelta(days=number)


def pages(newsletter, text: str, *, limit: int = 50, older=None) -> list[list[str]]:
    """The ids on each page, following the links from the first to the last."""
    start, found = None, []
    older = older or OlderPapers()
    while True:
        with newsletter.store.read() as session:
            page = search(session, text, recent=(), older=older, start=start, limit=limit)
        found.append([match.paper.id for match in page.matches])
        start = page.following
        if start is None:
            return found


def test_the_newest_day_comes_first_and_its_best_paper_before_the_others(newsletter):
    store(
        newsletter,
        a_paper(1, upvotes=1),
        a_paper(2, upvotes=9),
        a_paper(3, featured_on=days_ago(1), upvotes=99),
    )

    (found,) = pages(newsletter, "agents")
    assert found == ["2606.00002", "2606.00001", "2606.00003"]


def test_every_match_is_on_one_page_and_on_one_only(newsletter):
    papers = [
        a_paper(n, featured_on=days_ago(n // 3), title="Robots" if n % 5 else "Kites")
        for n in range(40)
    ]
    store(newsletter, *papers)

    found = pages(newsletter, "robots", limit=7)

    assert all(len(page) == 7 for page in found[:-1])
    shown = [one for page in found for one in page]
    assert sorted(shown) == sorted(paper.id for paper in papers if paper.title == "Robots")


def test_papers_of_long_ago_are_found_too(newsletter):
    store(newsletter, a_paper(1), *(a_paper(n, featured_on=days_ago(40 * n)) for n in range(2, 9)))

    (found,) = pages(newsletter, "agents")

    assert found == [f"2606.{n:05d}" for n in range(1, 9)]


def test_a_page_looks_at_so_many_old_papers_and_leaves_the_rest_to_the_next(newsletter):
    store(newsletter, *(a_paper(n, featured_on=days_ago(100 + n)) for n in range(1, 7)))

    found = pages(newsletter, "agents", older=OlderPapers(most_new=2))

    assert found == [[f"2606.{n:05d}" for n in pair] for pair in ((1, 2), (3, 4), (5, 6))]


def test_an_old_paper_that_changed_is_found_as_it_is_now(newsletter):
    old = a_paper(1, featured_on=days_ago(200), title="Robots")
    store(newsletter, old, a_paper(2, title="Kites"))
    assert pages(newsletter, "title:robots") == [[old.id]]

    store(newsletter, a_paper(3, featured_on=days_ago(200), title="More Robots", upvotes=1))

    assert pages(newsletter, "title:robots") == [[old.id, "2606.00003"]]


def test_what_is_kept_of_old_days_has_a_bound(newsletter):
    store(newsletter, *(a_paper(n, featured_on=days_ago(100 + n)) for n in range(2, 9)))
    older = OlderPapers(most_kept=3)

    pages(newsletter, "agents", older=older)

    assert older.size == 3


def test_the_count_is_of_the_days_that_are_kept_ready(newsletter):
    store(newsletter, a_paper(1), a_paper(2, featured_on=days_ago(89)),
          a_paper(3, featured_on=days_ago(90)))  # fmt: skip

    found = newsletter.search("agents")

    assert (found.total, found.since) == (2, days_ago(89))
    assert len(found.matches) == 3


def test_an_empty_store_has_no_match(newsletter):
    found = newsletter.search("agents")

    assert (found.matches, found.following, found.since) == ((), None, None)


def test_a_filter_that_cannot_be_read_is_an_error(newsletter):
    with pytest.raises(FilterError):
        newsletter.search("(agents")
