"""Tied papers in order, counted for all of them at once: the same as one by one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.core.matching.ranking import Hits, by_match, first, reasons, score

some_papers = st.integers(0, (1 << 40) - 1)


@st.composite
def terms(draw):
    """A term in random places of forty papers, each at its best place only."""
    title, keyword, abstract = draw(some_papers), draw(some_papers), draw(some_papers)
    keyword &= ~title
    abstract &= ~(title | keyword)
    return Hits(title | keyword | abstract, title, keyword, abstract, "agents")


@settings(max_examples=300, deadline=None)
@given(some_papers, st.lists(terms(), max_size=9), st.integers(1, 50))
def test_counting_in_bit_sets_gives_the_order_of_the_scores(papers, brought, most):
    positions = first(papers, 40)

    found = by_match(papers, brought, most)

    assert found == sorted(positions, key=lambda k: (-score(brought, k), k))[:most]


@given(st.lists(terms(), max_size=9))
def test_a_term_is_named_for_just_the_papers_that_it_brought(brought):
    told = reasons(brought, range(40))

    for k, names in enumerate(told):
        assert bool(names) == any(hits.papers >> k & 1 for hits in brought)


@given(some_papers, st.integers(0, 50))
def test_the_first_positions_are_the_lowest_bits(papers, most):
    assert first(papers, most) == [k for k in range(40) if papers >> k & 1][:most]
