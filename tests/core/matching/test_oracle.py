"""The fast index against a slow evaluator that walks the tree over each paper's text.

The evaluator shares nothing with the index but the parsed tree, the reading of TeX (`clean`) and
the English stemmer. It is written to be obviously right, not to be quick.
"""

import json
import random
import unicodedata
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
import snowballstemmer
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.core.filters import parse_filter
from newsletter.core.filters.tree import And, Day, Everything, Name, Not, Number, Or, Value, Words
from newsletter.core.filters.words import clean
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Organization, Paper
from newsletter.errors import FilterError

RECORDED = Path(__file__).parents[4] / "shared" / "data" / "hf_daily_papers"
JOINERS = "-‐‑‒–_^"
stemmer = snowballstemmer.stemmer("english")


# words


def is_cjk(letter):
    return unicodedata.name(letter, "").startswith(("CJK", "HIRAGANA", "KATAKANA", "HANGUL"))


@cache
def tokens(text):
    """[(word, what stands between it and the next one)], letter by letter."""
    text = clean(text)
    found, word, between = [], "", ""
    for i, letter in enumerate(text + " "):
        before, after = text[i - 1 : i], text[i + 1 : i + 2]
        inside = letter in "'’" and before.isalnum() and after.isalnum()
        plus = word and not between and (text[i : i + 2] == "++" or text[i - 1 : i + 1] == "++")
        sharp = word and not between and letter == "#" and not (after.isalnum() or after == "_")
        if letter.isalnum() or inside or plus or sharp:
            if word and (between or is_cjk(letter) or is_cjk(word[-1])):
                found.append((word, between))
                word, between = "", ""
            word += letter
        elif word:
            between += letter
    if word:
        found.append((word, between))
    return found


@cache
def words_at(text):
    """{start: [(end, written)]}: words, and words that are hyphenated in the text, as one."""
    all_tokens = tokens(text)
    spans = [(i, i + 1, word) for i, (word, _) in enumerate(all_tokens)]
    start = 0
    for i, (word, between) in enumerate(all_tokens):
        tight = len(between) == 1 and between in JOINERS
        following = all_tokens[i + 1][0] if i + 1 < len(all_tokens) else ""
        if tight and following and not (word[-1].isdigit() and following[0].isdigit()):
            spans.append((i, i + 2, word + following))
        if not following or (between and not tight):
            if i - start >= 2 and is_joinable(all_tokens[start : i + 1]):
                whole = "".join(word for word, _ in all_tokens[start : i + 1])
                spans.append((start, i + 1, whole))
            start = i + 1
    by_start = {}
    for first, end, word in spans:
        by_start.setdefault(first, []).append((end, word))
    return by_start


def is_joinable(run):
    return all(
        len(run[i][1]) == 1 and not (run[i][0][-1].isdigit() and run[i + 1][0][0].isdigit())
        for i in range(len(run) - 1)
    )


OTHER_SPELLING = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "π": "pi", "α": "alpha"}
NO_ACCENT_TO_TAKE = {"ø": "o", "æ": "ae", "ł": "l", "Ł": "L", "Ø": "O"}


@cache
def spellings(word, keep_case=False):
    for mark in "'’":
        word = word.removesuffix(mark + "s").removesuffix(mark + "S").replace(mark, "")
    if not keep_case:
        word = word.casefold()
    spelled = "".join(
        OTHER_SPELLING[c.lower()].capitalize() if c != c.lower() else OTHER_SPELLING[c]
        for c in word
        if c.lower() in OTHER_SPELLING
    ) and "".join(other(c) for c in word)
    return {bare(word), bare(spelled or word)}


def other(letter):
    spelled = OTHER_SPELLING.get(letter.lower(), letter)
    return spelled.capitalize() if letter != letter.lower() and spelled != letter else spelled


def bare(word):
    word = "".join(NO_ACCENT_TO_TAKE.get(c, c) for c in word)
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


@cache
def alike(ours, theirs, how):
    if how == "prefix":
        return any(b.startswith(a) for a in spellings(ours) for b in spellings(theirs))
    if how in ("folded", "cased"):
        cased = how == "cased"
        return bool(spellings(ours, cased) & spellings(theirs, cased))
    return bool(stems(ours) & stems(theirs))


def forms(word, how):
    return stems(word) if how == "stem" else spellings(word, how == "cased")


@cache
def stems(word):
    return {stem(form) for form in spellings(word)}


def stem(word):
    if is_plural_acronym(word):
        word = word[:-1]
    return stemmer.stemWord(word) if word.isascii() else word


def is_plural_acronym(word):
    body = word[:-1]
    if not (word.isascii() and word.isalpha() and word.endswith("s")) or body.endswith("s"):
        return False
    consonants = body[:-1] if body[-1:] in set("aeiou") else body
    return len(consonants) >= 2 and not set(consonants) & set("aeiouy")


# terms


def has_words(leaf, text):
    inner, how, near = leaf.value, "stem", leaf.near
    if inner.startswith("="):
        inner = inner[1:]
        how = "cased" if any(c.isupper() for c in inner) else "folded"
    if near is not None:
        inner = inner[: inner.rindex("~")]
    inner = inner.strip('"')
    spans, wanted = words_at(text), query_units(inner)
    if near is None:
        return any(phrase_at(wanted, start, spans, how) for start in spans)
    length = near + sum(len(pieces) for pieces, _, _ in wanted)
    found = [
        (is_same, [(s, e) for s in spans for e in unit_ends(unit, s, spans, how)])
        for unit in wanted
        for is_same in [sum(is_same_unit(unit, other, how) for other in wanted)]
    ]
    return any(window_holds(found, first, first + length) for first in spans)


def query_units(inner):
    """[(pieces, the same as one word or None, whether a star follows)]"""
    found = []
    for chunk in inner.split():
        starred = chunk.endswith("*") and sum(c.isalnum() for c in chunk) >= 3
        run = tokens(chunk)
        while run:
            n = 1
            while n < len(run) and (
                run[n - 1][1] == "" or (len(run[n - 1][1]) == 1 and run[n - 1][1] in JOINERS)
            ):
                n += 1
            part, run = run[:n], run[n:]
            whole = "".join(word for word, _ in part) if n > 1 and is_joinable(part) else None
            found.append(([word for word, _ in part], whole, starred and not run))
    return found


def phrase_at(wanted, start, spans, how):
    ends = {start}
    for unit in wanted:
        ends = {after for end in ends for after in unit_ends(unit, end, spans, how)}
    return bool(ends)


def unit_ends(unit, start, spans, how):
    pieces, whole, starred = unit
    ends = {start}
    for i, piece in enumerate(pieces):
        kind = "prefix" if starred and i == len(pieces) - 1 else how
        ends = {e for s in ends for e, word in spans.get(s, ()) if alike(piece, word, kind)}
    if whole:
        kind = "prefix" if starred else how
        ends |= {e for e, word in spans.get(start, ()) if alike(whole, word, kind)}
    return ends


def window_holds(found, first, last):
    """found: for each word how often it is asked for, and its (start, end)."""
    return all(
        len({s for s, e in where if s >= first and e <= last}) >= count for count, where in found
    )


def is_same_unit(one, two, how):
    return (
        one[2] == two[2]
        and len(one[0]) == len(two[0])
        and all(forms(a, how) == forms(b, how) for a, b in zip(one[0], two[0], strict=True))
    )


def has_author(leaf, author):
    inner = leaf.value.strip('"')
    family, comma, given = inner.partition(",")
    if not comma:
        family, given = "", inner
    theirs = [word for word, _ in tokens(author)]
    family, given = ([word for word, _ in tokens(part)] for part in (family, given))
    split = len(theirs) - len(family)
    if comma:
        return (
            split >= len(given)
            and all(
                same_name(a, b, last=split + i == len(theirs) - 1)
                for i, (a, b) in enumerate(zip(family, theirs[split:], strict=True))
            )
            and all(starts_name(a, b) for a, b in zip(given, theirs, strict=False))
        )
    rest = list(enumerate(theirs))
    for word in given:
        while rest:
            i, their = rest.pop(0)
            short = len(word) == 1 and len(given) > 1
            if (short and starts_name(word, their)) or same_name(
                word, their, last=i == len(theirs) - 1
            ):
                break
        else:
            return False
    return True


def starts_name(ours, theirs):
    if len(ours) > 1:
        return alike(ours, theirs, "folded")
    return alike(ours, theirs, "prefix")


def same_name(ours, theirs, *, last):
    german = {"mueller": "muller", "müller": "muller"}
    if last and german.get(ours.lower(), ours.lower()) == german.get(
        theirs.lower(), theirs.lower()
    ):
        return True
    return alike(ours, theirs, "folded")


# the tree


def passes(node, paper):
    match node:
        case And():
            return all(passes(child, paper) for child in node.children)
        case Or():
            return any(passes(child, paper) for child in node.children)
        case Not():
            return not passes(node.child, paper)
        case Everything():
            return True
        case Words():
            return any(has_words(node, text) for text in texts(node.field, paper))
        case Name():
            return any(has_author(node, author) for author in paper.authors)
        case Number():
            return within(node, number(node.field, paper))
        case Day():
            return within(node, paper.published_at and paper.published_at.date())
        case Value():
            return has_value(node, paper)


def texts(field, paper):
    found = []
    if field in ("", "title"):
        found.append(paper.title)
    if field in ("", "abstract"):
        found.append(paper.abstract)
    if field in ("", "keyword"):
        found += paper.keywords
    if field == "org" and paper.organization:
        found += [paper.organization.name, paper.organization.full_name]
    return found


def number(field, paper):
    if field == "authors":
        return max(paper.author_count, len(paper.authors)) or None
    return {"upvotes": paper.upvotes, "comments": paper.comments, "stars": paper.code_stars}[field]


def within(leaf, value):
    if value is None:
        return False
    return (leaf.low is None or value >= leaf.low) and (leaf.high is None or value <= leaf.high)


def has_value(leaf, paper):
    wanted = leaf.value.strip('"').lower()
    if leaf.field == "has":
        return {
            "code": bool(paper.code_url),
            "project": bool(paper.project_url),
            "media": bool(paper.media_urls),
            "org": paper.organization is not None,
        }[wanted]
    if leaf.field == "id":
        return paper.id.lower() == wanted
    if leaf.field == "source":
        return wanted in paper.sources
    categories = paper.categories
    if wanted.startswith("="):
        wanted, categories = wanted[1:], categories[:1]
    if wanted.endswith("*"):
        return any(c.lower().startswith(wanted[:-1]) for c in categories)
    return any(wanted in (c.lower(), c.lower().split(".")[0]) for c in categories)


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
)  # fmt: skip
QUERY_NAMES = (
    '"He, K"', '"He, Kaiming"', '"Kaiming He"', '"K He"', "he", "Müller", "Muller", "Mueller",
    '"Muller, A"', "Xuefeng", "Xufeng", "Xu", "Xue", '"Li, X"', '"He, K M"',
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
