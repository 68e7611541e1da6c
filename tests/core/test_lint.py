"""What is odd about a filter, by its text alone."""

import random
from datetime import date

import pytest

from newsletter.core.filters import parse_filter
from newsletter.core.lint import MOST_HINTS, excludes, implies, lint
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Paper


def hints(text):
    return [(hint.kind, hint.text) for hint in lint(parse_filter(text).tree)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("agent OR agents", "`agent OR agents` are the same word: one of them will do"),
        ("agent agent", "`agent agent` are the same word: one of them will do"),
        ("agent* OR agents", "`agents` adds nothing beside `agent*`: leave it out"),
        ("agent* agents", "`agent*` adds nothing beside `agents`: leave it out"),
        ('"big model" OR model', '`"big model"` adds nothing beside `model`: leave it out'),
        ("agent OR title:agent", "`title:agent` adds nothing beside `agent`: leave it out"),
        ("stars:>=5 stars:>=10", "`stars:>=5` adds nothing beside `stars:>=10`: leave it out"),
        ("cat:(cs.* | cs.CL)", "`cat:cs.CL` adds nothing beside `cat:cs.*`: leave it out"),
        ("a OR (a b)", "`a b` adds nothing beside `a`: leave it out"),
        ("=LLM OR LLM*", "`=LLM` adds nothing beside `LLM*`: leave it out"),
        ("robot *", "`*` adds nothing beside `robot`: leave it out"),
        ("a OR -a", "`a` OR `-a` is every paper: write `*` for that"),
        ("(x (a OR a)) OR y", "`a OR a` are the same word: one of them will do"),
    ],
)  # fmt: skip
def test_what_adds_nothing_is_told(text, says):
    assert ("redundant", says) in hints(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a -a", "`a` and `-a` exclude each other: no paper passes both"),
        ("upvotes:>10 upvotes:<5", "`upvotes:>=11` and `upvotes:<=4` exclude each other"),
        ("published:2024 published:>=2025-01-01", "exclude each other"),
        ("agents -agent*", "`agents` and `-agent*` exclude each other"),
        ("cat:=cs.CL cat:=cs.CV", "exclude each other"),
        ("x OR (title:a -a)", "`title:a` and `-a` exclude each other"),
        ("(a OR b) -a -b", "`a OR b` and the rest of its AND exclude each other"),
    ],
)
def test_what_no_paper_can_pass_is_told(text, says):
    assert any(kind == "contradiction" and says in found for kind, found in hints(text))


@pytest.mark.parametrize(
    "text",
    [
        "agent OR planner",
        "happy OR happi*",
        "org:agents OR agents",
        "upvotes:>=5 upvotes:<=10",
        "cat:cs.CL cat:cs.CV",
        'author:"He, K" OR author:He',
        "title:a abstract:a",
        "*",
    ],
)
def test_a_sound_filter_is_not_blamed(text):
    assert hints(text) == []


def test_a_filter_full_of_oddities_is_told_the_first_few_of_each_kind():
    found = hints(" OR ".join(f"word{n} OR word{n}*" for n in range(30)) + " OR (a -a)")

    assert [kind for kind, _ in found].count("redundant") == MOST_HINTS
    assert [kind for kind, _ in found].count("contradiction") == 1


TITLES = ["Agents", "An agent model", "Language models", "Robots and language agents", "Happy day",
          "A survey", "Models of happiness"]  # fmt: skip
INDEX = PaperIndex(
    [
        Paper(
            id=str(number),
            title=title,
            abstract=TITLES[number - 3],
            featured_on=date(2026, 6, 18),
            upvotes=None if number == 5 else number,
            categories=("cs.CL", "cs.CV") if number % 2 else ("cs.CV",),
        )
        for number, title in enumerate(TITLES)
    ]
)
TERMS = ["agent", "agents", "agent*", "title:agent", "language", '"language models"', "model", "*",
         "happ*", "happi*", "happy", "=Agents", "=agents", "upvotes:>=3", "upvotes:<3", "cat:cs.CL",
         "cat:=cs.CV", "cat:=cs.CL", "cat:cs", "survey", "has:code",
         '"agents language"~2']  # fmt: skip


def a_filter(draw, depth=2):
    if not depth or draw.random() < 0.3:
        return draw.choice(["", "", "-"]) + draw.choice(TERMS)
    parts = [a_filter(draw, depth - 1) for _ in range(draw.randint(2, 3))]
    return f"({draw.choice([' ', ' OR ']).join(parts)})"


def test_what_is_said_to_follow_follows_for_every_paper():
    draw = random.Random(20260618)
    followed = excluded = 0
    for _ in range(4_000):
        one, other = parse_filter(a_filter(draw)), parse_filter(a_filter(draw))
        if implies(one.tree, other.tree):
            followed += 1
            assert not INDEX.match(one) & ~INDEX.match(other), (one.text, other.text)
        if excludes(one.tree, other.tree):
            excluded += 1
            assert not INDEX.match(one) & INDEX.match(other), (one.text, other.text)
    assert followed > 200
    assert excluded > 50
