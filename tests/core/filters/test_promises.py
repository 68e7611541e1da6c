"""What holds for every filter, whatever a reader writes."""

import re
from datetime import date

from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.core.digests import Topic, choose
from newsletter.core.filters import parse_filter
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Paper
from newsletter.errors import FilterError

WORDS = ("alpha", "beta", "gamma", "delta")
TERMS = (*WORDS, '"alpha beta"', "title:gamma", "-delta", "upvotes:>=2", "alph*", "cat:cs")
INDEX = PaperIndex(
    [
        Paper(
            id=str(k),
            title=" ".join(word for i, word in enumerate(WORDS) if k >> i & 1) or "none",
            featured_on=date(2026, 6, 18),
            upvotes=k % 4 or None,
            categories=("cs.CL",) if k % 3 else (),
        )
        for k in range(16)
    ]
)
terms = st.sampled_from(TERMS)
filters = st.recursive(
    terms,
    lambda inner: st.one_of(
        inner.map("-({})".format),
        st.builds("({}) ({})".format, inner, inner),
        st.builds("({}) OR ({})".format, inner, inner),
    ),
    max_leaves=6,
)


def found(text):
    return INDEX.match(parse_filter(text))


def problem(text):
    """What is wrong with it, None when nothing is."""
    try:
        parse_filter(text)
    except FilterError as error:
        return error
    return None


@settings(max_examples=150, deadline=None)
@given(filters, filters)
def test_another_and_never_adds_a_paper_and_another_or_never_takes_one(one, other):
    both, either = found(f"({one}) ({other})"), found(f"({one}) OR ({other})")

    assert both == found(one) & found(other)
    assert either == found(one) | found(other)
    assert found(f"-({one})") == INDEX.everything ^ found(one)


@settings(max_examples=150, deadline=None)
@given(st.lists(filters, min_size=1, max_size=3), st.lists(filters, max_size=2), filters)
def test_another_mute_never_adds_a_paper(topics, mutes, mute):
    before = papers_of(topics, mutes)

    after = papers_of(topics, [*mutes, mute])

    assert after == before & ~found(mute)


def papers_of(topics, mutes):
    """All papers that a reader with these topics and mutes may get, as a bit set."""
    choice = choose(
        INDEX,
        [Topic(name=str(i), filter=parse_filter(text)) for i, text in enumerate(topics)],
        mutes=[parse_filter(text) for text in mutes],
        window=INDEX.everything,
        cap=100,
    )
    if choice is None:
        return 0
    return sum(1 << k for _, best, _ in choice.sections for k in best)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(terms, min_size=3, max_size=7),
    st.lists(st.sampled_from([" ", " AND ", " OR ", " | "]), min_size=6, max_size=6),
)
def test_and_mixed_with_or_is_refused_with_both_readings_which_can_both_be_read(words, between):
    between = between[: len(words) - 1]
    text = words[0] + "".join(sign + word for sign, word in zip(between, words[1:], strict=True))
    is_or = [sign in (" OR ", " | ") for sign in between]

    error = problem(text)

    if all(is_or) or not any(is_or):
        assert error is None
        return
    tight_and, tight_or = re.search(r"write `(.+)` or `(.+)`$", error.problem).groups()
    assert found(tight_and) == found(by_hand(words, is_or, "OR", " "))
    assert found(tight_or) == found(by_hand(words, is_or, " ", "OR"))


def by_hand(words, is_or, loose, tight):
    """The same with brackets around what the tight operator joins."""
    groups = [[words[0]]]
    for parts, word in zip(is_or, words[1:], strict=True):
        if parts == (loose == "OR"):
            groups.append([word])
        else:
            groups[-1].append(word)
    return f" {loose} ".join(f"({f' {tight} '.join(group)})" for group in groups)


SIGNS = [
    *"ab() |-\"=~*:.,'$\\{}<>≥“”0123ü模",
    *("title:", "cat:", "upvotes:", "published:", "author:", "id:", "autor:", "has:", "stars:>"),
    *("AND ", "OR ", "NOT ", "or ", "..", "~3", '" ', "\u200b", "´", "!", "\0", "\ud800", "2025-"),
]
SAYS_WHAT_TO_DO = re.compile(
    r"\b(write|leave|part|put|add|make|shorten|did you mean|as in|takes|goes|in quotes"
    r"|the fields are)\b"
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(SIGNS), max_size=14).map("".join))
@example("(" * 9)
@example("x " * 65)
@example("a" * 5_000)
@example('cat:"cs.CL"~3')
@example('author:"He"~3')
@example('has:"code"~3')
@example('upvotes:"5"~3')
def test_every_error_says_what_is_wrong_where_and_what_to_do(text):
    error = problem(text)
    if error is None:
        return

    first, shown, pointer = str(error).split("\n")
    at = " At" if error.problem.endswith("?") else ", at"
    assert first == f"{error.problem}{at} column {error.column}:"
    assert SAYS_WHAT_TO_DO.search(error.problem), error.problem
    # The pointer stands below the character of the column, or behind the last one.
    at = pointer.index("^") - 2
    expected = text[error.column - 1 : error.column].replace("\n", " ").replace("\t", " ")
    assert shown[2:][at : at + 1] == expected or error.column > len(error.text)
