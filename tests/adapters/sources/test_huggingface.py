"""The Daily Papers API as a source: what is asked for a day, and what its answers become."""

import json
from datetime import date

import pytest

from newsletter.adapters.sources.huggingface import HuggingFaceSource
from newsletter.errors import SourceUnavailable

DAY = date(2026, 6, 16)
PATH = f"/api/daily_papers?date={DAY}&limit=100&p="


def entry(number: int) -> dict:
    return {"paper": {"id": f"2606.{number:05}", "title": f"Paper {number}"}}


def body(*entries: object) -> bytes:
    return json.dumps(entries).encode()


WHOLE = body(entry(1), entry(2))


def fetch(http, web, validators=None):
    return HuggingFaceSource(http, web.url + "/").fetch(DAY, validators=validators or {})


def test_a_day_is_asked_for_by_its_date(web, http):
    web.on("/api/daily_papers", web.reply(WHOLE))

    found = fetch(http, web)

    assert len(found.papers) == 2
    assert web.paths() == [PATH + "0"]


def test_a_day_without_papers_is_no_fault(web, http):
    web.on("/api/daily_papers", web.reply("[]"))

    assert fetch(http, web).papers == ()


@pytest.mark.parametrize("most", [100, 50], ids=["its pages of 100", "it gives 50 at most"])
def test_a_day_of_more_than_a_page_is_whole(web, http, most):
    entries = [entry(number) for number in range(1, 131)]
    for page in range(4):
        web.on(f"{PATH}{page}", web.reply(body(*entries[page * most : (page + 1) * most])))

    found = fetch(http, web)

    assert [paper.id for paper in found.papers] == [record["paper"]["id"] for record in entries]


def test_a_server_that_ignores_pages_is_not_asked_for_ever(web, http):
    web.on("/api/daily_papers", web.reply(body(*map(entry, range(1, 51)))))

    assert len(fetch(http, web).papers) == 50
    assert len(web.asked) == 2


def test_a_paper_that_moved_to_the_next_page_meanwhile_is_one_paper(web, http):
    web.on(PATH + "0", web.reply(body(*map(entry, range(1, 101)))))
    web.on(PATH + "1", web.reply(body(*map(entry, range(100, 110)))))

    assert len(fetch(http, web).papers) == 109


def test_a_broken_record_is_named_with_its_page(web, http):
    web.on(PATH + "0", web.reply(body(*map(entry, range(1, 100)), {})))
    web.on(PATH + "1", web.reply(body(None, entry(101))))

    found = fetch(http, web)

    assert found.skipped == (
        "entry 100: no title",
        "page 2, entry 1: it is nothing, not an object",
    )
    assert len(found.papers) == 100


def with_tags(web, pages: dict[str, bytes]):
    """Pages with an ETag each that answer 304 to it."""

    def decide(path, headers):
        tag = f'"{len(pages[path])}"'
        if headers.get("if-none-match") == tag:
            return web.reply(b"", status=304)
        return web.reply(pages[path], headers={"ETag": tag})

    web.decide = decide


def test_a_day_that_did_not_change_is_unchanged(web, http):
    pages = {
        PATH + "0": body(*map(entry, range(1, 101))),
        PATH + "1": body(*map(entry, range(101, 105))),
    }
    with_tags(web, pages)
    first = fetch(http, web)

    second = fetch(http, web, first.validators)

    assert second.is_unchanged
    assert second.papers == ()
    assert second.validators == first.validators
    assert len(web.asked) == 4


def test_a_change_on_any_page_brings_the_whole_day(web, http):
    pages = {
        PATH + "0": body(*map(entry, range(1, 101))),
        PATH + "1": body(*map(entry, range(101, 105))),
    }
    with_tags(web, pages)
    first = fetch(http, web)
    pages[PATH + "1"] = body(*map(entry, range(101, 120)))

    second = fetch(http, web, first.validators)

    assert not second.is_unchanged
    assert len(second.papers) == 119


def test_a_changed_day_of_one_page_is_asked_for_once(web, http):
    pages = {PATH + "0": body(entry(1))}
    with_tags(web, pages)
    first = fetch(http, web)
    pages[PATH + "0"] = body(entry(1), entry(2))

    assert len(fetch(http, web, first.validators).papers) == 2
    assert len(web.asked) == 2


def test_a_list_that_is_cut_off_is_asked_for_again(web, http):
    web.on("/api/daily_papers", web.reply(WHOLE[:-5]), web.reply(WHOLE))

    assert len(fetch(http, web).papers) == 2


def test_a_list_that_stays_cut_off_is_not_half_read(web, http):
    web.on("/api/daily_papers", web.reply(WHOLE[:-5]))

    with pytest.raises(SourceUnavailable, match="not whole"):
        fetch(http, web)


def test_a_refusal_is_told_in_the_servers_words(web, http):
    web.on("/api/daily_papers", web.reply('{"error": "Invalid date"}', status=400))

    with pytest.raises(SourceUnavailable, match="answered 400 Word: Invalid date"):
        fetch(http, web)
