"""What a word that no paper holds was probably meant to be."""

from datetime import date

import pytest

from newsletter.core.filters import parse_filter
from newsletter.core.papers import Organization, Paper
from newsletter.core.spelling import (
    MIN_PAPERS,
    Known,
    misspelt,
    nearest,
    nearest_beginning,
    together,
    vocabulary_of,
)

DAY = date(2026, 6, 18)


def papers(count=MIN_PAPERS, **values):
    given = {
        "title": "A transformer with diffusion",
        "authors": ("Kaiming He", "Yu Zhang"),
        "organization": Organization(name="eth", full_name="ETH Zurich"),
        "categories": ("cs.CL",),
    }
    return [Paper(id=str(n), featured_on=DAY, **(given | values)) for n in range(count)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("transfomer", [("transfomer", "transformer")]),
        ("transformre", [("transformre", "transformer")]),
        ("Difusion", [("difusion", "diffusion")]),
        ('"diffusionn transformer"', [("diffusionn", "diffusion")]),
        ("author:Zhng", [("zhng", "zhang")]),
        ('author:"Kaimin He"', [("kaimin", "kaiming")]),
        ("org:Zurch", [("zurch", "zurich")]),
        ("cat:cs.CLL", [("cs.cll", "cs.cl")]),
        ("transformer", []),
        ("transfomer*", [("transfomer*", "transformer*")]),
        ("transfrom*", [("transfrom*", "transform*")]),
        ("abstract:difusoin*", []),
        ("title:difusi*", [("difusi*", "diffusi*")]),
        ('"transfomer with difus*"', [("transfomer", "transformer"), ("difus*", "diffus*")]),
        ("pre-trnas*", [("trnas*", "trans*")]),
        ("author:Zhag*", [("zhag*", "zhang*")]),
        ("org:Zurh*", [("zurh*", "zuri*")]),
        ("cat:sc.*", [("sc.*", "cs.*")]),
        ("transfor*", []),
        ("trz*", []),
        ("=transfomer", []),
        ("author:=Zhng", []),
        ('author:"Hee, K"', []),
        ("cat:cs.*", []),
        ("wth", []),
        ("zebra", []),
    ],
)
def test_a_word_one_edit_from_a_frequent_one_is_asked_about(text, found):
    assert list(misspelt(parse_filter(text).tree, vocabulary_of(papers()))) == found


@pytest.mark.parametrize(
    ("start", "meant"),
    [
        ("plannr", "planner"),
        ("planers", "planners"),
        ("planz", "plan"),
        ("badgge", "badge"),
        ("palnne", "planne"),
        ("lpan", "plan"),
        ("plnning", "planning"),
        ("bdge", "badge"),
        ("zebr", ""),
    ],
)
def test_a_beginning_is_not_cut_short_where_words_begin_with_all_its_letters(start, meant):
    known = Known(planner=3, planners=4, planning=9, planned=2, plan=5, badge=8, badges=7, zebu=2)

    assert nearest_beginning(start, known) == meant


def test_a_rare_word_is_never_suggested():
    assert list(misspelt(parse_filter("transfomer").tree, vocabulary_of(papers(2)))) == []


def test_the_most_frequent_word_is_suggested():
    known = {"model": 9, "modals": 5, "meddle": 30, "moral": 8, "nodal": 2}

    assert nearest("modal", known) == "model"


def test_vocabularies_are_counted_together():
    both = together([vocabulary_of(papers()), vocabulary_of(papers(title="A transformer"))])

    assert both.papers == 2 * MIN_PAPERS
    assert both.words["transformer"] == 2 * MIN_PAPERS
    assert both.words["diffusion"] == both.names["zhang"] - MIN_PAPERS == MIN_PAPERS


def test_a_word_counts_once_in_a_paper():
    assert vocabulary_of(papers(1, title="Robot robot ROBOT")).words["robot"] == 1
