"""Made-up papers in the sizes of real ones, so that a measurement needs no recorded days.

The words are made of syllables and fall off in frequency as those of a language do (Zipf); lengths
are those of 935 recorded Daily Papers entries: abstracts of 1,420 characters, titles of 75, 12
authors, 10 keywords in the mean. The same seed gives the same papers.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from itertools import accumulate

from newsletter.core.papers import Organization, Paper

VOCABULARY = 6_000  # what 500 recorded abstracts hold
TITLE_WORDS, SENTENCE_WORDS = 9, 22
SENTENCES = 8
AUTHORS, KEYWORDS = 12, 10

_ONSETS = (*"bcdfglmnprstv", "br", "cr", "dr", "gr", "pl", "pr", "st", "tr")
_NUCLEI = (*"aeiou", "ai", "ea", "io", "ou")
_CODAS = ("", "", "", "", *"nrstl")


@dataclass(slots=True)
class Language:
    """A vocabulary with frequencies. `words(n)` draws n of them."""

    seed: int = 7
    vocabulary: tuple[str, ...] = field(init=False)
    _random: random.Random = field(init=False)
    _weights: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        made: dict[str, None] = {}
        while len(made) < VOCABULARY:
            made[self._word()] = None
        self.vocabulary = tuple(made)
        self._weights = list(accumulate(1 / rank for rank in range(3, VOCABULARY + 3)))

    def _word(self) -> str:
        return "".join(
            self._random.choice(_ONSETS)
            + self._random.choice(_NUCLEI)
            + self._random.choice(_CODAS)
            for _ in range(self._random.choice((1, 2, 2, 2, 3, 3)))
        )

    def words(self, count: int) -> list[str]:
        return self._random.choices(self.vocabulary, cum_weights=self._weights, k=count)

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def upvotes(self) -> int:
        """Few papers have many: the median of a recorded day is 14, its best has 150 and more."""
        return int(self._random.expovariate(1 / 22))


def made_papers(count: int, day: date, *, seed: int = 7) -> tuple[Paper, ...]:
    """`count` papers featured on this day."""
    language = Language(seed)
    return tuple(_paper(number, day, language) for number in range(count))


def _paper(number: int, day: date, language: Language) -> Paper:
    title = " ".join(language.words(TITLE_WORDS)).capitalize()
    group = language.words(1)[0]
    has_code = language.chance(0.5)
    return Paper(
        id=f"{day:%y%m}.{10_000 + number:05}",
        title=title,
        featured_on=day,
        abstract=" ".join(_sentence(language) for _ in range(SENTENCES)),
        authors=tuple(_name(language) for _ in range(language.number(3, 2 * AUTHORS - 3))),
        organization=Organization(name=group, full_name=f"{group.capitalize()} Institute")
        if language.chance(0.6)
        else None,
        upvotes=language.upvotes(),
        comments=language.number(0, 9),
        published_at=datetime.combine(day, time(number % 24), UTC),
        keywords=tuple(" ".join(language.words(2)) for _ in range(KEYWORDS)),
        code_url=f"https://code.example/{group}/{number}" if has_code else "",
        code_stars=language.number(0, 900) if has_code else None,
        project_url=f"https://{group}.example/{number}" if language.chance(0.4) else "",
        categories=("cs.CL", "cs.LG") if number % 2 else ("cs.CV",),
        sources=("huggingface",),
    )


def _sentence(language: Language) -> str:
    words = language.words(language.number(SENTENCE_WORDS - 10, SENTENCE_WORDS + 10))
    return " ".join(words).capitalize() + "."


def _name(language: Language) -> str:
    return " ".join(word.capitalize() for word in language.words(2))
