"""Records of one work become one paper, whatever each source knows of it."""

from datetime import UTC, date, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.core.papers import Organization, Paper
from newsletter.core.works import arxiv_id, doi, merge, merge_two, work_id

TITLE = "Small Engines: Tables That Compute Themselves"


def a_paper(id: str = "2606.10001", **fields) -> Paper:
    return Paper(**{"id": id, "title": TITLE, "featured_on": date(2026, 6, 16)} | fields)


@pytest.mark.parametrize(
    "text",
    [
        "2606.19338",
        "2606.19338v2",
        " 2606.19338 ",
        "arXiv:2606.19338",
        "arxiv: 2606.19338v12",
        "arXiv:2606.19338v2 [cs.CL]",
        "http://arxiv.org/abs/2606.19338v1",
        "https://www.arxiv.org/abs/2606.19338/",
        "https://export.arxiv.org/abs/2606.19338?context=cs",
        "https://arxiv.org/pdf/2606.19338",
        "https://arxiv.org/pdf/2606.19338v3.pdf#page=2",
        "https://arxiv.org/html/2606.19338v1",
        "https://huggingface.co/papers/2606.19338",
        "oai:arXiv.org:2606.19338v1",
        "10.48550/arXiv.2606.19338",
        "https://doi.org/10.48550/ARXIV.2606.19338",
    ],
)
def test_an_arxiv_id_is_known_in_every_spelling(text):
    assert arxiv_id(text) == "2606.19338"


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("http://arxiv.org/abs/cs/0503050v1", "cs/0503050"),
        ("cond-mat/0412498", "cond-mat/0412498"),
        ("math.GT/0309136v2", "math/0309136"),
        ("HEP-TH/9901001", "hep-th/9901001"),
        ("0704.0001", "0704.0001"),
        ("1412.9999v1", "1412.9999"),
    ],
)
def test_older_ids_are_known(text, id):
    assert arxiv_id(text) == id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "0000.0000",
        "2613.00001",
        "2606.1933",
        "2606.193380",
        "1412.99999",
        "abs/0503050",
        "２６０６.19338",
        "10.1145/2606.19338",
        "https://evil.example/abs/2606.19338",
        "see 2606.19338",
        "\x00\ud800",
    ],
)
def test_what_is_no_arxiv_id_is_none(text):
    assert arxiv_id(text) == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.1145/ABC.1", "10.1145/abc.1"),
        ("doi: 10.1145/abc.1.", "10.1145/abc.1"),
        ("https://doi.org/10.1002/%28SICI%291097", "10.1002/(sici)1097"),
        ("http://dx.doi.org/10.1145/abc", "10.1145/abc"),
        ("10.1145/a 10.1145/b", "10.1145/a"),
        ("10.1/x", ""),
        ("paper", ""),
    ],
)
def test_a_doi_is_known_in_every_spelling(text, found):
    assert doi(text) == found


def test_an_arxiv_id_is_the_best_identity_then_a_doi_then_the_title():
    by_title = work_id("A Title", identifier="none", doi_text="none")

    assert work_id("A Title", identifier="x", doi_text="10.48550/arXiv.2606.19338") == "2606.19338"
    assert work_id("A Title", identifier="2606.19338v1", doi_text="10.1145/a") == "2606.19338"
    assert work_id("A Title", identifier="x", doi_text="10.1145/A") == "doi:10.1145/a"
    assert by_title.startswith("title:")
    assert len(by_title) == len("title:") + 16


def test_spellings_of_one_title_are_one_work():
    assert work_id("Über-Große  Modelle!") == work_id("uber grosse modelle")


def test_titles_of_signs_only_are_not_all_the_same_work():
    assert work_id("∀ ∃") != work_id("∃ ∀")


@given(st.text(st.characters(exclude_categories=())), st.text(), st.text())
def test_every_record_has_an_identity(title, identifier, doi_text):
    assert work_id(title, identifier=identifier, doi_text=doi_text)


def test_many_records_become_one_paper_in_order_of_first_appearance():
    papers = merge([a_paper("2606.2"), a_paper("2606.1"), a_paper("2606.2"), a_paper("2606.3")])

    assert [paper.id for paper in papers] == ["2606.2", "2606.1", "2606.3"]


def test_the_richer_value_is_kept():
    community = a_paper(
        abstract="Short.",
        upvotes=5,
        keywords=("engines",),
        organization=Organization(name="a", full_name="A"),
        published_at=datetime(2026, 6, 15, tzinfo=UTC),
        sources=("huggingface",),
        code_url="https://github.com/example/engines",
    )
    archive = a_paper(
        title="Small Engines",
        abstract="A much longer abstract.",
        authors=("Ada", "Emmy"),
        author_count=2,
        published_at=datetime(2026, 6, 14, 9, tzinfo=UTC),
        featured_on=date(2026, 6, 17),
        categories=("cs.AR",),
        sources=("arxiv",),
        doi="10.1145/a",
    )

    (paper,) = merge([community, archive])

    assert (paper.title, paper.abstract) == ("Small Engines", "A much longer abstract.")
    assert (paper.authors, paper.author_count) == (("Ada", "Emmy"), 2)
    assert (paper.upvotes, paper.keywords) == (5, ("engines",))
    assert paper.organization is not None
    assert paper.code_url
    assert paper.published_at == datetime(2026, 6, 14, 9, tzinfo=UTC)
    assert paper.featured_on == date(2026, 6, 17)
    assert paper.categories == ("cs.AR",)
    assert paper.sources == ("huggingface", "arxiv")
    assert paper.doi == "10.1145/a"


def test_the_largest_figures_are_kept():
    (paper,) = merge([a_paper(upvotes=9, comments=0), a_paper(upvotes=5, code_stars=3)])

    assert (paper.upvotes, paper.comments, paper.code_stars) == (9, 0, 3)


def test_a_record_known_by_its_title_joins_the_work_of_that_title():
    records = [a_paper(work_id(TITLE), comments=2), a_paper("2606.10001", title=TITLE.upper())]

    for order in permutations(records):
        (paper,) = merge(order)
        assert (paper.id, paper.comments) == ("2606.10001", 2)


def test_a_record_known_by_its_doi_joins_the_work_of_that_doi():
    records = [a_paper("doi:10.1145/a", title="B"), a_paper("2606.10001", doi="10.1145/a")]

    for order in permutations(records):
        assert [paper.id for paper in merge(order)] == ["2606.10001"]


def test_two_works_of_one_title_stay_apart():
    works = [a_paper("2606.1"), a_paper("2606.2"), a_paper(work_id(TITLE))]

    assert len(merge(works)) == 3


def test_a_title_that_many_works_have_joins_nothing():
    erratum = "Erratum"

    assert (
        len(merge([a_paper("2606.1", title=erratum), a_paper(work_id(erratum), title=erratum)]))
        == 2
    )


def test_merging_again_changes_nothing():
    once = merge([a_paper(upvotes=1), a_paper(upvotes=2, sources=("arxiv",)), a_paper("2606.3")])

    assert merge(once) == once


def test_new_figures_win_when_a_work_is_seen_again():
    old = a_paper(upvotes=29, comments=3, code_stars=5)
    new = a_paper(upvotes=82, comments=1)

    paper = merge_two(old, new)

    assert (paper.upvotes, paper.comments, paper.code_stars) == (82, 1, 5)


def test_a_work_seen_again_loses_nothing():
    old = a_paper(
        abstract="What it is about.",
        short_summary="In short.",
        sources=("huggingface",),
        keywords=("engines",),
        featured_on=date(2026, 6, 10),
    )
    new = a_paper(sources=("arxiv",))

    paper = merge_two(old, new)

    assert (paper.abstract, paper.short_summary) == ("What it is about.", "In short.")
    assert paper.keywords == ("engines",)
    assert paper.sources == ("huggingface", "arxiv")
    assert paper.featured_on == date(2026, 6, 16)


def test_a_corrected_title_from_the_same_source_is_taken():
    old, new = a_paper(title="Smal Engines", sources=("a",)), a_paper(sources=("a",))

    assert merge_two(old, new).title == TITLE


def test_two_sources_do_not_overwrite_each_other_at_every_pull():
    stored = merge_two(a_paper(sources=("a",)), a_paper(title="small engines", sources=("b",)))

    assert merge_two(stored, a_paper(title="small engines", sources=("b",))) == stored
    assert merge_two(stored, a_paper(sources=("a",))) == stored
