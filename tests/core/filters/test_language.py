"""The filter language by example: what each element finds and what it does not."""

from datetime import date

import pytest
from language_cases import CASES
from language_papers import AGENTS, BARE, PAPERS
from oracle import passes

from newsletter.core.filters import parse_filter
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Paper

ROWS = [(element, *row) for element, rows in CASES.items() for row in rows]


def finds(text, paper=AGENTS):
    return PaperIndex([paper]).match(parse_filter(text)) == 1


@pytest.mark.parametrize(
    ("text", "paper", "found"),
    [row[2:] for row in ROWS],
    ids=[f"{element}: {rule} {text}" for element, rule, text, _, _ in ROWS],
)
def test_a_filter_finds_what_it_says(text, paper, found):
    assert finds(text, PAPERS[paper]) is found


@pytest.mark.parametrize(
    ("text", "paper", "found"),
    [row[2:] for row in ROWS],
    ids=[f"{element}: {rule} {text}" for element, rule, text, _, _ in ROWS],
)
def test_the_oracle_reads_the_language_in_the_same_way(text, paper, found):
    assert passes(parse_filter(text).tree, PAPERS[paper]) is found


def test_every_element_of_the_language_is_shown_by_what_it_takes_and_what_it_leaves():
    assert len(ROWS) >= 200
    assert all({found for *_, found in rows} == {True, False} for rows in CASES.values())


@pytest.mark.parametrize(
    "test", ["upvotes:>=0", "comments:>=0", "stars:>=0", "authors:>=0", "published:>=1900"]
)
def test_a_paper_without_the_value_fails_the_test_and_passes_its_negation(test):
    assert not finds(test, BARE)
    assert finds(f"-{test}", BARE)


def test_a_word_is_found_as_a_word_and_not_inside_one():
    paper = Paper(id="1", title="Storage of Fragments", featured_on=date(2026, 6, 18))

    assert not finds("rag", paper)


@pytest.mark.parametrize("one", ["LLM", "PDE", "GPU", "VLA", "API", "GAN", "SSM"])
def test_a_plural_s_behind_an_acronym_does_not_matter(one):
    singular = Paper(id="1", title=f"The {one} We Need", featured_on=date(2026, 6, 18))
    plural = Paper(id="2", title=f"All {one}s We Need", featured_on=date(2026, 6, 18))

    assert finds(one, plural)
    assert finds(f"{one}s", singular)
    assert finds(f"{one.lower()}s", singular)
    assert not finds(f"={one}", plural)


def test_the_functions_of_mathematics_are_words():
    paper = Paper(id="1", title="An $O(n \\log n)$ Bound", featured_on=date(2026, 6, 18))

    assert finds("log", paper)
    assert finds('"O(n log n)"', paper)


@pytest.mark.parametrize(
    "spelling", ["Möller", "Moller", "Moeller", "MÖLLER"], ids=["ö", "o", "oe", "capitals"]
)
@pytest.mark.parametrize("written", ["Eva Möller", "Eva Moller", "Eva Moeller", "Möller, Eva"])
def test_an_umlaut_in_a_family_name_may_be_written_in_three_ways(spelling, written):
    paper = Paper(id="1", title="T", featured_on=date(2026, 6, 18), authors=(written,))

    assert finds(f'author:"{spelling}, E"', paper)
    assert finds(f"author:{spelling}", paper)


@pytest.mark.parametrize(
    ("asked", "written"),
    [("Xu", "Wei Xue"), ("Xuefeng", "Xufeng Li"), ("Michal", "Michael Ray"), ("Uda", "Ken Ueda")],
)
def test_names_that_only_look_like_german_spellings_stay_apart(asked, written):
    paper = Paper(id="1", title="T", featured_on=date(2026, 6, 18), authors=(written,))

    assert not finds(f"author:{asked}", paper)


def test_one_filter_may_use_it_all():
    text = (
        '"retrieval augmented" (agent* OR planner) cat:(cs.CL | cs.IR) '
        "-title:survey upvotes:>=5 has:code"
    )

    assert finds(text)
    assert parse_filter(text).text == text
