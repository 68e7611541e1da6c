"""The text of the setting, and the sources that it names or why it names none."""

from datetime import date

import pytest

from newsletter.adapters.sources import ArxivSource, FolderSource, HuggingFaceSource, build_sources
from newsletter.errors import SettingsError

DAY = date(2026, 6, 16)


def test_sources_are_named_by_one_line_of_text(http):
    sources = build_sources(" huggingface, arxiv:cs.CL+cs.LG ,folder:/days,", http=http)

    assert [type(source) for source in sources] == [HuggingFaceSource, ArxivSource, FolderSource]
    assert [source.name for source in sources] == ["huggingface", "arxiv", "folder:/days"]


def test_a_folder_may_have_a_comma_in_its_path(http):
    sources = build_sources("folder:/days%2C old/50%25,folder:/100% new", http=http)

    assert [source.name for source in sources] == ["folder:/days, old/50%", "folder:/100% new"]


def test_base_addresses_can_be_those_of_another_server(web, http):
    web.on("/hf/api/daily_papers", web.reply("[]"))
    web.on("/ax/atom/cs.CL+hep-th", web.reply("gone", status=404))
    empty = '<feed xmlns="http://www.w3.org/2005/Atom"></feed>'
    web.on("/ax/api/query", web.reply(empty))

    sources = build_sources(
        "huggingface,arxiv:cs.cl+hep-th",
        http=http,
        huggingface_url=web.url + "/hf/",
        arxiv_url=web.url + "/ax",
    )

    assert [source.fetch(DAY, validators={}).papers for source in sources] == [(), ()]


@pytest.mark.parametrize(
    ("names", "advice"),
    [
        ("", "names no source: write one, such as huggingface"),
        (" , ", "names no source"),
        ("hugingface", "'hugingface': there is no such source; write one, such as huggingface"),
        ("huggingface:all", "write huggingface alone"),
        ("arxiv", "without a category: write some, as in arxiv:cs.CL"),
        ("arxiv:+", "without a category"),
        ("arxiv:cs.CL+cv", "'cv': there is no such archive or subject; write it as arXiv does"),
        ("folder", "without a path: write folder:PATH"),
        ("huggingface,huggingface", "names huggingface 2 times"),
        ("arxiv:cs.CL,arxiv:cs.LG", "joined by +, as in arxiv:cs.CL+cs.LG"),
    ],
)
def test_a_wrong_text_is_answered_with_what_to_write(http, names, advice):
    with pytest.raises(SettingsError) as caught:
        build_sources(names, http=http)

    assert advice in str(caught.value)
    assert "NEWSLETTER_SOURCES" in str(caught.value)


@pytest.mark.parametrize("url", ["huggingface.co", "ftp://x", "http://", "file:///x"])
def test_a_base_address_is_a_web_address(http, url):
    with pytest.raises(SettingsError, match=r"NEWSLETTER_ARXIV_URL is .*must be a web address"):
        build_sources("huggingface", http=http, arxiv_url=url)
