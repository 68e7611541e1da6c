"""A search for what is rare goes far back by itself."""

from datetime import timedelta

import pytest
from builders import MONDAY, Clock, a_newsletter, a_paper
from fastapi.testclient import TestClient

from newsletter.adapters.queue import MemoryQueue
from newsletter.adapters.store.papers import add_papers
from newsletter.services.searches import OlderPapers
from newsletter.web import create_app
from newsletter.web.archive import MOST_PAST
from newsletter.web.shield import Timing

BUSY = Timing(answer_seconds=20.0, even_seconds=0.0)  # a test machine may be
DAY = MONDAY.date()


@pytest.fixture
def serve(tmp_path):
    """Makes a client of a site whose only kite is so many pages back."""
    opened = []

    def made(pages: int) -> TestClient:
        newsletter = a_newsletter(tmp_path, clock=Clock(), queue=MemoryQueue())
        newsletter._older = OlderPapers(most_new=1)  # a paper fills a page
        papers = [a_paper(n, featured_on=DAY - timedelta(days=100 + n)) for n in range(1, pages)]
        kite = a_paper(99, title="Kites", featured_on=DAY - timedelta(days=100 + pages))
        with newsletter.store.write() as session:
            add_papers(session, (a_paper(98), *papers, kite), now=MONDAY)
        client = TestClient(create_app(newsletter, timing=BUSY), base_url="https://x.example")
        opened.append(newsletter)
        return client

    yield made
    for newsletter in opened:
        newsletter.close()


def test_pages_without_a_match_are_gone_past(serve):
    found = serve(6).get("/archive/search?filter=title:kites")

    assert "Kites" in found.text
    assert len(found.history) == 5


def test_a_search_without_any_match_stops_in_time_and_says_how_far_it_looked(serve):
    found = serve(20).get("/archive/search?filter=title:kites")

    assert found.status_code == 200
    assert len(found.history) == MOST_PAST
    assert "No paper matches as far back as this page looked" in found.text
    assert 'rel="next"' in found.text
