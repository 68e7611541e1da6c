"""What cannot be carried over is said, and where it can be, more papers come rather than fewer."""

import pytest

from newsletter.core.dialects import import_query
from newsletter.errors import ChoiceError, FilterError

WIDER = "so more papers come"
NARROWER = "so papers that only this would find do not come"


def losses(query, dialect):
    return [(one.text, one.because) for one in import_query(query, dialect).dropped]


@pytest.mark.parametrize(
    ("dialect", "query", "text", "says"),
    [
        ("arxiv", "jr:nature AND ti:a", "jr:nature", "journal"),
        ("arxiv", "rn:cern AND ti:a", "rn:cern", "report numbers"),
        ("arxiv", "co:accepted AND ti:a", "co:accepted", "comments"),
        ("arxiv", "lastUpdatedDate:[2023 TO 2024] AND ti:a", "lastUpdatedDate:[2023 TO 2024]",
         "last changed"),
        ("arxiv", "foo:bar AND ti:a", "foo:bar", "no such field"),
        ("pubmed", "a1[ti] AND review[pt]", "review[pt]", "kinds of publications"),
        ("pubmed", "a1[ti] AND english[la]", "english[la]", "language"),
        ("pubmed", "a1[ti] AND nature[ta]", "nature[ta]", "journals"),
        ("pubmed", "a1[ti] AND free full text[sb]", "free full text[sb]", "PubMed's own labels"),
        ("pubmed", "a1[ti] AND 12345[pmid]", "12345[pmid]", "PubMed's numbers"),
        ("pubmed", "a1[ti] AND 2020[edat]", "2020[edat]", "came to PubMed"),
        ("pubmed", "a1[ti] AND last 5 years[dp]", "last 5 years[dp]", "not a date"),
        ("pubmed", "a1[ti] AND x[foo]", "x[foo]", "no such field"),
        ("scholar", "intitle:a source:nature", "source:nature", "journals"),
        ("scholar", "intitle:a site:example.org", "site:example.org", "only the sites"),
        ("scholar", "intitle:a filetype:pdf", "filetype:pdf", "kinds of files"),
        ("ads", "title:a bibstem:ApJ", "bibstem:ApJ", "journals"),
        ("ads", "title:a property:refereed", "property:refereed", "ADS's own labels"),
        ("ads", "title:a citation_count:[10 TO 100]", "citation_count:[10 TO 100]", "counted"),
        ("ads", "title:a citations(title:b)", "citations(title:b)", "who cites"),
        ("ads", "title:a references((title:b OR c))", "references((title:b OR c))", "who cites"),
        ("ads", "title:a entdate:[2020 TO 2021]", "entdate:[2020 TO 2021]", "came to ADS"),
        ("ads", "title:a identifier:2010ApJ...713L.103B", "identifier:2010ApJ...713L.103B",
         "only arXiv ids and DOIs"),
        ("arxiv", "ti:a AND ti:ab*", "ti:ab*", "at least 3 letters"),
    ],
)  # fmt: skip
def test_a_part_without_counterpart_is_left_out_and_named(dialect, query, text, says):
    ((dropped, because),) = losses(query, dialect)

    assert dropped == text
    assert says in because
    assert because.endswith(WIDER)


@pytest.mark.parametrize(
    ("query", "filter", "effect"),
    [
        ("ti:a AND co:x", "title:a", WIDER),
        ("ti:a ANDNOT co:x", "title:a", WIDER),
        ("ti:a ANDNOT (ti:b OR co:x)", "title:a -title:b", WIDER),
        ("ti:a ANDNOT (ti:b AND co:x)", "title:a", WIDER),
        ("ti:a OR co:x", "title:a", NARROWER),
        ("ti:a AND (ti:b OR co:x)", "title:(a b)", NARROWER),
        ("ti:a OR (ti:b AND co:x)", "title:(a | b)", WIDER),
        ("ti:a OR (co:y AND co:x)", "title:a", NARROWER),
        ("ti:a AND (ti:b OR (ti:c ANDNOT (abs:d AND co:x)))", "title:a title:(b | c)", WIDER),
        ("ti:a ANDNOT (ti:b ANDNOT co:x)", "title:a", WIDER),
    ],
)
def test_a_loss_lets_more_papers_come_wherever_that_can_be_had(query, filter, effect):
    imported = import_query(query, "arxiv")

    assert imported.filter.text == filter
    assert all(one.because.endswith(effect) for one in imported.dropped)
    assert imported.dropped


def test_a_not_of_which_a_part_is_lost_is_left_out_whole_and_says_so():
    ((_, because),) = losses("ti:a ANDNOT (ti:b AND co:x)", "arxiv")

    assert "all that stands in this NOT is left out" in because


def test_a_filter_that_only_keeps_papers_out_since_the_rest_is_lost_says_so():
    (_, (text, because)) = losses("citations(title:a) -title:b", "ads")

    assert text == "what is left"
    assert "nearly every paper comes" in because


def test_a_query_that_only_keeps_papers_out_by_itself_is_nothing_to_tell():
    assert losses("-title:b", "ads") == []


@pytest.mark.parametrize(
    ("dialect", "query", "says"),
    [
        ("arxiv", "all:a", "authors and comments"),
        ("arxiv", "ti:a AND ti:b OR ti:c", "which of AND and OR binds first"),
        ("arxiv", "submittedDate:[202301010600 TO 2024]", "whole days count"),
        ("arxiv", "ti:colo?r", "a star ends a word here"),
        ("pubmed", "asthma", "MeSH headings and synonyms"),
        ("pubmed", "asthma[mh]", "their words are looked for"),
        ("pubmed", "asthma or cough", "OR is meant in capitals"),
        ("pubmed", "Smith J[1au]", "any place counts"),
        ("pubmed", "harvard[ad]", "organisation behind a paper"),
        ("scholar", "agents", "full text"),
        ("scholar", 'intitle:"deep * learning"', "in any order"),
        ("ads", "full:agents", "full text"),
        ("ads", "^huchra", "any place counts"),
        ("ads", '=author:"Murray, S"', "initials"),
        ("ads", "a1 NEAR5 title:b1", "both are asked for"),
    ],
)
def test_what_is_not_quite_the_same_is_said(dialect, query, says):
    assert any(says in because for _, because in losses(query, dialect))


def test_one_note_tells_all_that_it_is_true_of():
    ((text, _),) = losses("agents that plan", "scholar")

    assert text == "agents, that, plan"


def test_what_is_found_more_widely_keeps_more_out_in_a_not_and_says_so():
    ((_, because),) = losses('title:a -author:"^Huchra, J"', "ads")

    assert because.endswith("as it stands in a NOT, more papers are kept out")


@pytest.mark.parametrize(
    ("dialect", "query", "column", "says"),
    [
        ("arxiv", "", 1, "the query is empty"),
        ("arxiv", "ti:a AND (ti:b", 10, "never closed"),
        ("arxiv", "ti:a)", 5, "no bracket was opened"),
        ("arxiv", 'ti:"a', 4, "never closed"),
        ("arxiv", "ti:a AND", 6, "nothing stands after `AND`"),
        ("arxiv", "OR ti:a", 1, "nothing stands before `OR`"),
        ("arxiv", "ti:a AND OR ti:b", 10, "`OR` stands right after `AND`"),
        ("arxiv", "()", 1, "nothing to look for"),
        ("arxiv", "co:accepted", 1, "nothing of this query can be carried over"),
        ("arxiv", "ti:a\0", 5, "control character U+0000"),
        ("arxiv", "ti:" + "a" * 5_000, 4_097, "4,096 characters"),
        ("arxiv", "(" * 40 + "a" + ")" * 40, 33, "at most 32"),
        ("arxiv", "a " * 200, 257, "more than 128 terms"),
        ("arxiv", "a " * 100, 1, "at most 64 terms"),
        ("pubmed", 'cough "asthma[ti]', 7, "never closed"),
        ("pubmed", "asthma[ti", 7, "cannot be read"),
        ("pubmed", "(a1[ti] OR ) b1", 9, "nothing stands after `OR`"),
        ("scholar", "agents OR", 8, "nothing stands after `OR`"),
        ("ads", "citations(title:a", 10, "never closed"),
    ],
)
def test_a_query_that_cannot_be_read_is_an_error_that_points_to_the_place(
    dialect, query, column, says
):
    with pytest.raises(FilterError) as caught:
        import_query(query, dialect)

    assert says in caught.value.problem
    assert caught.value.column == column


def test_an_unknown_dialect_is_told_the_known_ones():
    with pytest.raises(ChoiceError, match="arxiv, pubmed, scholar, ads"):
        import_query("a", "bing")
