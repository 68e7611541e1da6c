"""A crowd to measure with: readers' filters in the mix that a service meets.

All of it follows from a fixed seed, so two runs measure the same work.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import accumulate

from newsletter.core.papers import Paper

SEED = 20260618
DAY = date(2026, 6, 18)
SHARED_FILTERS = 300  # what the sign-up page suggests, and what friends pass on
SHARED_READERS = 0.7  # of the readers; the others have filters of their own
MOST_TERMS = 8

_WORD = re.compile(r"[a-z]{4,}")


def varied(papers: Sequence[Paper], count: int) -> list[Paper]:
    """So many papers out of real ones, taken again in turn where there are fewer.

    One that is taken again has the sentences of its abstract in another order, an id and a number
    of upvotes of its own.
    """
    chance = random.Random(SEED)
    taken = []
    for k in range(count):
        paper = papers[k % len(papers)]
        if k >= len(papers):
            sentences = paper.abstract.split(". ")
            chance.shuffle(sentences)
            upvotes = paper.upvotes and max(0, paper.upvotes + chance.randint(-9, 9))
            paper = replace(
                paper,
                id=f"{paper.id}.{k // len(papers)}",
                abstract=". ".join(sentences),
                upvotes=upvotes,
            )
        taken.append(replace(paper, featured_on=DAY))
    return taken


def filters_of(readers: int, papers: Sequence[Paper]) -> list[str]:
    """The filter text of each reader: equal texts are one object."""
    chance = random.Random(SEED)
    own = _filters(chance, _Vocabulary(chance, papers))
    shared = [next(own) for _ in range(SHARED_FILTERS)]
    weights = list(accumulate(1 / (rank + 10) for rank in range(SHARED_FILTERS)))
    texts = chance.choices(shared, cum_weights=weights, k=readers)
    for k in range(readers):
        if chance.random() >= SHARED_READERS:
            texts[k] = next(own)
    known: dict[str, str] = {}
    return [known.setdefault(text, text) for text in texts]


class _Vocabulary:
    """Terms as readers write them: each kind from the papers' own words, by how often they come.

    Words that stand in more than a quarter of the papers are left out: nobody follows "model".
    """

    def __init__(self, chance: random.Random, papers: Sequence[Paper]) -> None:
        self._chance = chance
        self._runs = [run for paper in papers for run in _runs(paper)]
        words = [word for run in self._runs for word in run]
        held = Counter(
            word for paper in papers for word in {w for run in _runs(paper) for w in run}
        )
        self._words = [word for word in words if held[word] <= len(papers) / 4] or words
        self._unknown = [f"{word}{word[:3]}q" for word in sorted(held)]
        self._authors = [name for paper in papers for name in paper.authors if '"' not in name]
        self._categories = [name for paper in papers for name in paper.categories] or ["cs.LG"]
        self._kinds: tuple[Callable[[], str], ...] = (
            self._word,
            self._phrase,
            self._prefix,
            lambda: chance.choice(self._unknown),
            lambda: f"title:{self._word()}",
            lambda: f'author:"{chance.choice(self._authors)}"',
            lambda: f"cat:{chance.choice(self._categories)}",
            lambda: f"upvotes:>={chance.choice((1, 3, 5, 10, 20, 50))}",
            lambda: "has:code",
        )

    def terms(self, count: int) -> list[str]:
        kinds = self._chance.choices(self._kinds, weights=_SHARES, k=count)
        return [kind() for kind in kinds]

    def _word(self) -> str:
        return self._chance.choice(self._words)

    def _phrase(self) -> str:
        run = self._chance.choice(self._runs)
        first = self._chance.randrange(len(run) - 1)
        return f'"{run[first]} {run[first + 1]}"'

    def _prefix(self) -> str:
        return f"{self._word()[:6]}*"


# Of a hundred terms: words, phrases, prefixes, words that no paper has, in the title, authors,
# categories, upvotes, code.
_SHARES = (46, 20, 8, 10, 4, 4, 3, 4, 1)


def _runs(paper: Paper) -> list[list[str]]:
    """The paper's longer words in their order, for each of its texts that has two or more."""
    texts = (paper.title, paper.abstract, *paper.keywords)
    runs = (_WORD.findall(text.lower()) for text in texts)
    return [run for run in runs if len(run) > 1]


def _filters(chance: random.Random, vocabulary: _Vocabulary) -> Iterator[str]:
    """Filters of one to eight terms in the shapes that readers use."""
    while True:
        terms = vocabulary.terms(chance.randint(1, MOST_TERMS))
        shape = chance.choices((_any_of, _all_of, _all_but, _any_with), weights=(9, 4, 3, 4))[0]
        yield shape(terms) if len(terms) > 1 else terms[0]


def _any_of(terms: list[str]) -> str:
    """`a OR b`"""
    return " OR ".join(terms)


def _all_of(terms: list[str]) -> str:
    """`a b`"""
    return " ".join(terms)


def _all_but(terms: list[str]) -> str:
    """`a b -c`"""
    return " ".join([*terms[:-1], f"-{terms[-1]}"])


def _any_with(terms: list[str]) -> str:
    """`(a OR b) c`"""
    return f"({_any_of(terms[:-1])}) {terms[-1]}" if len(terms) > 2 else _all_of(terms)
