"""Where the words of a filter stand in a title."""

import json
from datetime import date
from pathlib import Path

import pytest

from newsletter.core.filters import parse_filter
from newsletter.core.filters.tree import Words
from newsletter.core.marking import mark, pieces, words_for
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Paper

RECORDED = Path(__file__).parents[3] / "shared" / "data" / "hf_daily_papers"


def term(text) -> Words:
    leaf = parse_filter(text).tree
    assert isinstance(leaf, Words)
    return leaf


def marked(title, *terms):
    """The title with its marks in brackets."""
    spans = mark(title, map(term, terms))
    return "".join(f"[{text}]" if is_marked else text for text, is_marked in pieces(title, spans))


@pytest.mark.parametrize(
    ("title", "terms", "shown"),
    [
        ("Agents that plan", ["agent"], "[Agents] that plan"),
        ("Agentic agents", ["agent*"], "[Agentic] [agents]"),
        ("A large language model", ['"language model"'], "A large [language model]"),
        ("Models of language", ['"language model"'], "Models of language"),
        ("Retrieve, then plan", ['"plan retrieve"~2'], "[Retrieve], then [plan]"),
        ("Fine-Tuning by finetuning", ["fine-tuning"], "[Fine-Tuning] by [finetuning]"),
        ("Fine-tuning at night", ["finetuning"], "[Fine-tuning] at night"),
        ("Multi-agent plans", ["agent"], "Multi-[agent] plans"),
        ("LLMs and an llm", ["=LLM", "llm"], "[LLMs] and an [llm]"),
        ("LLM and an llm", ["=LLM"], "[LLM] and an llm"),
        ("Müller's method", ["mueller"], "[Müller's] method"),
        (r"Sparse $\ell_1$-Norms, again", ["norm"], r"Sparse [$\ell_1$-Norms,] again"),
        ("强化学习 for all", ["学习"], "强化[学习] for all"),
        ("Two words, two marks", ['"words marks"'], "Two words, two marks"),
        ("Side by side", ["side", "by"], "[Side] [by] [side]"),
        ("The language model's way", ['"language model"', '"model way"~9'],
         "The [language model's] [way]"),
    ],
)  # fmt: skip
def test_the_words_of_a_title_are_marked(title, terms, shown):
    assert marked(title, *terms) == shown


def test_marks_never_overlap_and_the_pieces_are_the_whole_title():
    title = "Agent language models for language agents"

    spans = mark(title, map(term, ["agent*", '"language models"', "model", "language"]))

    assert spans == ((0, 5), (6, 21), (26, 34), (35, 41))
    assert "".join(text for text, _ in pieces(title, spans)) == title


def test_a_title_without_any_of_the_words_is_one_piece():
    assert list(pieces("Nothing here", mark("Nothing here", [term("agent")]))) == [
        ("Nothing here", False)
    ]


WORDS = ["agent*", "model", '"language model"', "fine-tuning", "multi*", "3D", "=LLM", '"in the"',
         "vision-language", '"large model"~3', "reasoning", "gpt-4", "self"]  # fmt: skip


def test_a_recorded_title_is_marked_exactly_where_the_index_finds_the_words():
    if not RECORDED.is_dir():
        pytest.skip("the recorded days are not beside the project")
    entries = json.loads((RECORDED / "2026-06-16.json").read_text(encoding="utf-8"))
    titles = [entry["title"] for entry in entries]
    papers = [
        Paper(id=f"{number:04}", title=title, featured_on=date(2026, 6, 16))
        for number, title in enumerate(titles)
    ]
    index = PaperIndex(papers)
    for text in WORDS:
        bits = index.match(parse_filter(f"title:{text}"))
        found = {index.papers[k].title for k in range(len(papers)) if bits >> k & 1}
        if '"~' in text:  # each word is marked, also where they stand too far apart
            assert found <= {title for title in titles if mark(title, [term(text)])}
        else:
            assert found == {title for title in titles if mark(title, [term(text)])}, text


@pytest.mark.parametrize(
    ("filter_text", "place", "words"),
    [
        ("agent* -survey", "title", ["agent*"]),
        ("title:robot abstract:arm", "title", ["title:robot"]),
        ("title:robot abstract:arm", "abstract", ["abstract:arm"]),
        ('("a b" OR c) has:code', "abstract", ['"a b"', "c"]),
        ("-(a b)", "title", []),
        ("*", "title", []),
    ],
)
def test_the_words_of_a_filter_are_those_it_wants_in_that_place(filter_text, place, words):
    found = words_for(parse_filter(filter_text).tree, place)

    assert [term.text for term in found] == words
