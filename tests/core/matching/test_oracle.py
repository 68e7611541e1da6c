"""The fast index is held against the oracle, on made papers and on recorded ones."""

import json
import random
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import passes

from newsletter.core.filters import parse_filter
from newsletter.core.filters.tree import Name
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Organization, Paper
from newsletter.errors import FilterError

RECORDED = Path(__file__).parents[4] / "shared" / "data" / "hf_daily_papers"


# made papers and filters

VOCABULARY = (
    "agent", "agents", "Agentic", "model", "models", "model's", "retrieval-augmented",
    "retrieval", "augmented", "fine-tuning", "finetuning", "fine", "tuning", "pre-trained-model",
    "trained-model", "pretrainedmodel",
    "GPT-4", "GPT4", "gpt", "LLM", "LLMs", "llm", "state-of-the-art", "Müller", "Mueller",
    "naïve", "π_0", "pi0", "$\\ell_1$", "l1", "扩散模型", "扩散", "模", "C++", "C", "1-2", "12",
    "Qwen3-8B", "PDEs", "PDE", "CSS", "diffusion", "of", "the", "TCP/IP", "3.5",
)  # fmt: skip
AUTHORS = (
    "Kaiming He", "K. He", "Karl Ming He", "Jürgen Müller", "Anna Mueller", "Bo Muller",
    "Xuefeng Li", "Xufeng Li", "Wei Xue", "Wei Xu", "Müller Jan",
    "JC Smith", "Smith-Jones, Jean-Luc", "Xiao-Ming Wang", "Dan O'Brien Jr.", "何恺明",
)  # fmt: skip
QUERY_NAMES = (
    '"He, K"', '"He, Kaiming"', '"Kaiming He"', '"K He"', "he", "Müller", "Muller", "Mueller",
    '"Muller, A"', "Xuefeng", "Xufeng", "Xu", "Xue", '"Li, X"', '"He, K M"',
    '"Smith J"', '"Smith JC"', '"Smith, J C"', '"J. Smith"', '"JL Smith-Jones"', "Xiaoming",
    '="JC Smith"', '="jc smith"', "OBrien", "Smith*", '"Smith-Jones, J*"', "恺明", '"He K M"',
)  # fmt: skip
sentences = st.lists(st.sampled_from(VOCABULARY), max_size=12).map(" ".join)
papers = st.builds(
    Paper,
    id=st.just("2606.00001"),
    title=sentences.map(lambda text: text or "Untitled"),
    abstract=sentences,
    keywords=st.lists(sentences, max_size=3).map(tuple),
    featured_on=st.just(date(2026, 6, 18)),
    authors=st.lists(st.sampled_from(AUTHORS), max_size=3).map(tuple),
    upvotes=st.none() | st.integers(0, 6),
    code_stars=st.none() | st.integers(0, 6),
    published_at=st.none()
    | st.datetimes(datetime(2025, 1, 1), datetime(2025, 1, 9), timezones=st.just(UTC)),
    categories=st.lists(st.sampled_from(["cs.CL", "cs.IR", "hep-th", "math.ST"]), max_size=2).map(
        tuple
    ),
    organization=st.none() | st.just(Organization(name="made-lab", full_name="The Made Lab")),
    code_url=st.sampled_from(["", "https://example.org/code"]),
)
words = st.sampled_from(VOCABULARY)
phrases = st.lists(words, min_size=2, max_size=4).map(" ".join)
terms = st.one_of(
    words,
    phrases.map('"{}"'.format),
    st.builds('"{}"~{}'.format, phrases, st.integers(0, 4)),
    words.filter(lambda word: sum(map(str.isalnum, word)) >= 3 and word[0] != "$").map(
        "{}*".format
    ),
    words.map('="{}"'.format),
    phrases.map('="{}"'.format),
    st.builds('{}:"{}"'.format, st.sampled_from(["title", "abstract", "keyword"]), phrases | words),
    st.sampled_from(["org:lab", 'org:"made lab"', "org:other"]),
    st.sampled_from(QUERY_NAMES).map("author:{}".format),
    st.sampled_from(["cat:cs.CL", "cat:cs.*", "cat:=cs.IR", "cat:cs", "cat:hep-th", "cat:=math.*"]),
    st.builds(
        "{}:{}{}".format,
        st.sampled_from(["upvotes", "stars", "authors"]),
        st.sampled_from([">=", "<=", "=", ">"]),
        st.integers(0, 6),
    ),
    st.sampled_from(
        ["published:>2025-01-04", "published:2025-01-02..2025-01-05", "published:2024"]
    ),
    st.sampled_from(["has:code", "has:org", "has:media", "*", "id:2606.00001", "source:arxiv"]),
)
filters = st.recursive(
    terms,
    lambda inner: st.one_of(
        inner.map("-({})".format),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' OR '.join(parts)})"),
    ),
    max_leaves=5,
)


def on_one(filter, paper):
    """What the index says about one paper alone."""
    return bool(PaperIndex([paper]).match(filter))


@settings(max_examples=600, deadline=None)
@given(filters, st.lists(papers, min_size=1, max_size=6))
def test_the_index_and_the_slow_evaluator_agree(text, some_papers):
    filter = parse_filter(text)
    numbered = [Paper(**{**as_dict(paper), "id": str(k)}) for k, paper in enumerate(some_papers)]
    index = PaperIndex(numbered)

    found = {paper.id for paper in numbered if index.match(filter) >> index.position(paper.id) & 1}

    assert found == {paper.id for paper in numbered if passes(filter.tree, paper)}


def test_they_agree_on_every_kind_of_term_for_many_made_papers():
    chance = random.Random(7)

    def some(most):
        return " ".join(chance.choices(VOCABULARY, k=chance.randrange(1, most)))

    made = [
        Paper(
            id=str(k),
            title=some(4),
            abstract=some(9),
            keywords=tuple(some(3) for _ in range(chance.randrange(3))),
            featured_on=date(2026, 6, 18),
            authors=tuple(chance.sample(AUTHORS, 2)),
        )
        for k in range(60)
    ]
    index = PaperIndex(made)

    checked = 0
    for text in every_kind_of_term(chance):
        filter = parse_filter(text)
        found = index.match(filter)
        for k, paper in enumerate(index.papers):
            assert passes(filter.tree, paper) == bool(found >> k & 1), (text, paper)
            checked += 1
    assert checked > 60_000


def every_kind_of_term(chance):
    yield from (f"author:{name}" for name in QUERY_NAMES)
    yield from (f'author:"{name}"' for name in AUTHORS)
    for word in VOCABULARY:
        yield from (word, f'="{word}"', f'="{word.upper()}"', f"title:{word}", f"keyword:{word}")
        if sum(map(str.isalnum, word)) >= 3 and word[0] != "$":
            yield from (f"{word}*", f"{word[:4]}*" if word[:4].isalpha() else word)
    for _ in range(400):
        words = " ".join(chance.choices(VOCABULARY, k=chance.randrange(2, 4)))
        yield f'"{words}"'
        yield f'"{words}"~{chance.randrange(5)}'


def as_dict(paper):
    return {name: getattr(paper, name) for name in Paper.__slots__}


@settings(max_examples=300, deadline=None)
@given(filters)
def test_canonical_text_gives_the_same_tree(text):
    filter = parse_filter(text)

    again = parse_filter(filter.text)

    assert again.tree == filter.tree
    assert again.text == filter.text


@settings(max_examples=200, deadline=None)
@given(filters, filters, papers)
def test_and_never_adds_or_never_removes_not_turns_round(one, other, paper):
    alone = on_one(parse_filter(one), paper)

    assert on_one(parse_filter(f"({one}) ({other})"), paper) <= alone
    assert on_one(parse_filter(f"({one}) OR ({other})"), paper) >= alone
    assert on_one(parse_filter(f"-({one})"), paper) is not alone


@settings(max_examples=200, deadline=None)
@given(filters, papers)
def test_a_reason_is_a_term_that_the_paper_passes_by_itself(text, paper):
    filter = parse_filter(text)
    index = PaperIndex([paper])

    reasons = index.reasons(filter, 0)

    assert len(reasons) <= 4
    assert bool(reasons) <= bool(index.match(filter))
    for reason in reasons:
        if not any(sign in reason for sign in ("≥", "≤", " = ", " to ")):
            assert on_one(parse_filter(reason), paper)


# recorded papers


@pytest.fixture(scope="module")
def recorded():
    if not RECORDED.is_dir():
        pytest.skip(f"the recorded days are not at {RECORDED}")
    days = sorted(RECORDED.glob("2026-*.json"))[-6:]
    return PaperIndex([converted(entry, day.stem) for day in days for entry in load(day)])


def load(day):
    return json.loads(day.read_text(encoding="utf-8"))


def converted(entry, day):
    paper = entry["paper"]
    org = paper.get("organization")
    return Paper(
        id=paper["id"],
        title=paper["title"],
        abstract=paper["summary"],
        featured_on=date.fromisoformat(day),
        authors=tuple(author["name"] for author in paper["authors"]),
        organization=org and Organization(name=org["name"], full_name=org["fullname"]),
        upvotes=paper["upvotes"],
        published_at=datetime.fromisoformat(paper["publishedAt"]),
        keywords=tuple(paper.get("ai_keywords", ())),
        code_url=paper.get("githubRepo", ""),
        sources=("huggingface",),
    )


def filters_from(index, count):
    """Terms cut out of the papers themselves, so that they match something."""
    chance = random.Random(20260618)
    texts = [paper.abstract.replace('"', "") for paper in index.papers]
    names = [name for paper in index.papers for name in paper.authors if '"' not in name]

    def cut(length):
        found = chance.choice(texts).split()
        first = chance.randrange(max(1, len(found) - length))
        return " ".join(found[first : first + length])

    made = []
    while len(made) < count:
        kind = chance.randrange(6)
        made.append(
            [
                lambda: f'"{cut(1)}"',
                lambda: f'"{cut(2)}"',
                lambda: f'"{cut(3)}"',
                lambda: f'"{cut(2)}"~{chance.randrange(6)}',
                lambda: f'="{cut(1)}"',
                lambda: f'author:"{chance.choice(names)}"',
            ][kind]()
        )
    return made


def test_they_agree_on_recorded_papers(recorded):
    checked = 0
    for text in filters_from(recorded, 300):
        try:
            filter = parse_filter(text)
        except FilterError:  # a cut may hold too few letters
            continue
        if isinstance(filter.tree, Name):
            assert recorded.match(filter)  # whole names find their own paper
            continue
        found = recorded.match(filter)
        some = random.Random(text).sample(range(len(recorded.papers)), 15)
        some += [k for k in range(len(recorded.papers)) if found >> k & 1][:10]
        for k in some:
            assert passes(filter.tree, recorded.papers[k]) == bool(found >> k & 1), (text, k)
            checked += 1
        assert found  # what was cut out of a paper is found again
    assert checked > 3_000
