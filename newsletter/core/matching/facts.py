"""What a paper is beside its words: categories, ids, sources, numbers, dates, what it has."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date

from newsletter.core.filters.tree import Day, Number, Value
from newsletter.core.papers import Paper

NUMBERS: dict[str, Callable[[Paper], int | None]] = {
    "upvotes": lambda paper: paper.upvotes,
    "comments": lambda paper: paper.comments,
    "stars": lambda paper: paper.code_stars,
    "authors": lambda paper: max(paper.author_count, len(paper.authors)) or None,
}
HAVING: dict[str, Callable[[Paper], bool]] = {
    "code": lambda paper: bool(paper.code_url),
    "project": lambda paper: bool(paper.project_url),
    "media": lambda paper: bool(paper.media_urls),
    "org": lambda paper: paper.organization is not None,
}
_PRIMARY = "=cat"


class Facts:
    """The papers by their facts, as bit sets."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], int] = defaultdict(int)
        self._numbers: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._days: list[tuple[date, int]] = []

    def add(self, k: int, paper: Paper) -> None:
        """Take in the paper at this position."""
        for key in {*_values_of(paper)}:
            self._values[key] |= 1 << k
        for field, number_of in NUMBERS.items():
            number = number_of(paper)
            if number is not None:
                self._numbers[field].append((number, 1 << k))
        if paper.published_at is not None:
            self._days.append((paper.published_at.date(), 1 << k))

    def with_value(self, wanted: Value) -> int:
        """The papers that have this category, id, source or thing."""
        field = _PRIMARY if wanted.is_exact else wanted.field
        if not wanted.is_prefix:
            return self._values.get((field, wanted.wanted), 0)
        return _union(
            bits
            for (name, value), bits in self._values.items()
            if name == field and value.startswith(wanted.wanted)
        )

    def with_number(self, wanted: Number) -> int:
        """The papers whose number is known and within the limits."""
        low = -1 if wanted.low is None else wanted.low
        return _union(
            bit
            for number, bit in self._numbers[wanted.field]
            if low <= number and (wanted.high is None or number <= wanted.high)
        )

    def with_day(self, wanted: Day) -> int:
        """The papers whose day of publication (UTC) is known and within the limits."""
        low, high = wanted.low or date.min, wanted.high or date.max
        return _union(bit for day, bit in self._days if low <= day <= high)


def _values_of(paper: Paper) -> list[tuple[str, str]]:
    found = [("id", paper.id.casefold())]
    if paper.doi:
        found += [("id", paper.doi.casefold()), ("id", f"doi:{paper.doi}".casefold())]
    found += [("source", name.casefold()) for name in paper.sources]
    found += [("has", name) for name, has in HAVING.items() if has(paper)]
    for i, category in enumerate(paper.categories):
        category = category.casefold()
        # `cat:cs` is the whole archive, as `cat:hep-th` is, which has no dot.
        names = (category, category.partition(".")[0])
        found += [("cat", name) for name in names]
        found += [(_PRIMARY, name) for name in names if i == 0]
    return found


def _union(bits: Iterable[int]) -> int:
    union = 0
    for some in bits:
        union |= some
    return union
