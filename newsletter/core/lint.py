"""What is odd about a filter, by its text alone: terms that add nothing, terms that exclude others.

`implies` reasons by the form of two filters: what it says is so for every paper; what it does not
say may be so all the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

from newsletter.core.filters.tree import (
    And,
    Day,
    Everything,
    Leaf,
    Node,
    Not,
    Number,
    Or,
    Value,
    Words,
    canonical,
    negation,
)
from newsletter.core.filters.words import Compound, cased, folded, stems

MOST_HINTS = 5  # of one kind: a reader mends the first ones first
_LONGEST = 60  # characters of a filter that a hint repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Something about a filter that its reader may want to change.

    kind: "broad", "never", "spelling", "redundant", "contradiction" or "unknown".
    """

    kind: str
    text: str


def lint(tree: Node) -> tuple[Hint, ...]:
    """The hints that need no paper: contradictions first, then what adds nothing."""
    logic = _Logic()
    groups = list(_groups(tree))
    contradictions = [hint for group in groups for hint in logic.contradictions(group)]
    redundant = [hint for group in groups for hint in logic.redundancies(group)]
    return (*contradictions[:MOST_HINTS], *redundant[:MOST_HINTS])


def implies(narrow: Node, wide: Node) -> bool:
    """Whether every paper that passes the first passes the second, as far as can be told."""
    return _Logic().implies(narrow, wide)


def excludes(one: Node, other: Node) -> bool:
    """Whether no paper passes both, as far as can be told."""
    return _Logic().excludes(one, other)


@dataclass(slots=True)
class _Logic:
    """Remembers what it found: without that, brackets in brackets would take long."""

    _implied: dict[tuple[int, int], bool] = field(default_factory=dict)
    _excluded: dict[tuple[int, int], bool] = field(default_factory=dict)
    _kept: list[Node] = field(default_factory=list)  # so that an id stays that of its node

    def implies(self, narrow: Node, wide: Node) -> bool:
        key = id(narrow), id(wide)
        if key not in self._implied:
            self._kept += (narrow, wide)
            self._implied[key] = self._implies(narrow, wide)
        return self._implied[key]

    def _implies(self, narrow: Node, wide: Node) -> bool:
        if isinstance(wide, Everything):
            return True
        if isinstance(narrow, Or):
            return all(self.implies(child, wide) for child in narrow.children)
        if isinstance(wide, And):
            return all(self.implies(narrow, child) for child in wide.children)
        if isinstance(narrow, And) and any(self.implies(one, wide) for one in narrow.children):
            return True
        if isinstance(wide, Or):
            return any(self.implies(narrow, child) for child in wide.children)
        if isinstance(wide, Not):
            if isinstance(narrow, Not):
                return self.implies(wide.child, narrow.child)
            return self.excludes(narrow, wide.child)
        return isinstance(narrow, Leaf) and _covers(wide, narrow)

    def excludes(self, one: Node, other: Node) -> bool:
        key = id(one), id(other)
        if key not in self._excluded:
            self._kept += (one, other)
            self._excluded[key] = self._excludes(one, other) or self._excludes(other, one)
        return self._excluded[key]

    def _excludes(self, one: Node, other: Node) -> bool:
        if isinstance(one, And):
            return any(self.excludes(child, other) for child in one.children)
        if isinstance(one, Or):
            return all(self.excludes(child, other) for child in one.children)
        if isinstance(one, Not):
            return self.implies(other, one.child)
        return isinstance(other, Leaf) and _are_apart(one, other)

    def contradictions(self, group: And | Or) -> Iterator[Hint]:
        """Each pair that no paper passes together; where there is none, a part against the rest."""
        if isinstance(group, Or):
            return
        pairs = [pair for pair in combinations(group.children, 2) if self.excludes(*pair)]
        for one, other in pairs:
            text = f"{_shown(one)} and {_shown(other)} exclude each other: no paper passes both"
            yield Hint(kind="contradiction", text=text)
        if pairs or len(group.children) < 3:
            return
        for child in group.children:
            rest = And(tuple(one for one in group.children if one is not child))
            if self.excludes(child, rest):
                text = f"{_shown(child)} and the rest of its AND exclude each other"
                yield Hint(kind="contradiction", text=text)
                return

    def redundancies(self, group: And | Or) -> Iterator[Hint]:
        """Of each pair of which one makes the other needless, what could be left out."""
        told: set[int] = set()
        for one, other in combinations(group.children, 2):
            if id(one) in told or id(other) in told:
                continue
            if self.implies(one, other) and self.implies(other, one):
                told.add(id(other))
                yield Hint(kind="redundant", text=_same(group, one, other))
            elif self.implies(one, other) or self.implies(other, one):
                narrow, wide = (one, other) if self.implies(one, other) else (other, one)
                needless, rest = (narrow, wide) if isinstance(group, Or) else (wide, narrow)
                told.add(id(needless))
                text = f"{_shown(needless)} adds nothing beside {_shown(rest)}: leave it out"
                yield Hint(kind="redundant", text=text)
            elif isinstance(group, Or) and self.implies(negation(one), other):
                text = f"{_shown(one)} OR {_shown(other)} is every paper: write `*` for that"
                yield Hint(kind="redundant", text=text)


def _groups(node: Node) -> Iterator[And | Or]:
    """Every AND and OR of the tree, the outer ones first."""
    if isinstance(node, Not):
        yield from _groups(node.child)
    elif not isinstance(node, Leaf):
        yield node
        for child in node.children:
            yield from _groups(child)


def _same(group: And | Or, one: Node, other: Node) -> str:
    between = " OR " if isinstance(group, Or) else " "
    both = f"{canonical(one)}{between}{canonical(other)}"
    what = "the same word" if isinstance(one, Words) and isinstance(other, Words) else "the same"
    return f"`{_cut(both)}` are {what}: one of them will do"


def _shown(node: Node) -> str:
    return f"`{_cut(canonical(node))}`"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


# --- Single terms ---


def _covers(wide: Leaf, narrow: Leaf) -> bool:
    """Whether a paper that passes the narrow term passes the wide one."""
    if wide.text == narrow.text:
        return True
    match wide, narrow:
        case Words(), Words():
            return _covers_words(wide, narrow)
        case (Number(), Number()) | (Day(), Day()):
            return wide.field == narrow.field and _is_within(narrow, wide)
        case Value(), Value():
            return wide.field == narrow.field and _covers_value(wide, narrow)
        case _:
            return False


def _covers_words(wide: Words, narrow: Words) -> bool:
    is_there_too = wide.field == narrow.field or (wide.field == "" and narrow.field != "org")
    if not is_there_too or wide.near is not None:
        return False
    if (wide.is_exact and not narrow.is_exact) or (wide.is_cased and not narrow.is_cased):
        return False
    if narrow.near is not None:  # in any order: only single words are sure to be there
        return len(wide.units) == 1 and any(_covers_unit(wide, one) for one in narrow.units)
    length = len(wide.units)
    if length == 1:
        return any(_covers_unit(wide, one) for one in narrow.units)
    stretches = (narrow.units[at : at + length] for at in range(len(narrow.units) - length + 1))
    return any(_key(wide, wide.units) == _key(wide, stretch) for stretch in stretches)


def _covers_unit(wide: Words, narrow: Compound) -> bool:
    """Whether the one word of the wide term is there wherever this one is."""
    (unit,) = wide.units
    if _key(wide, (unit,)) == _key(wide, (narrow,)):
        return True
    if not unit.is_prefix or len(unit.pieces) > 1 or len(narrow.pieces) > 1:
        return False
    starts = folded(unit.pieces[0])
    forms = folded(narrow.pieces[0]) if narrow.is_prefix else stems(narrow.pieces[0])
    # A stem's last i stands for a y as well: `happi*` does not find happy.
    return all(form.removesuffix("i").startswith(starts) for form in forms)


def _key(term: Words, units: tuple[Compound, ...]) -> tuple[object, ...]:
    """What two spellings of the same words share, as this term compares them."""
    spelling = (cased if term.is_cased else folded) if term.is_exact else stems
    return tuple(
        (unit.is_prefix, *((folded if unit.is_prefix else spelling)(p) for p in unit.pieces))
        for unit in units
    )


def _covers_value(wide: Value, narrow: Value) -> bool:
    if wide.is_exact and not narrow.is_exact:
        return False
    if wide.is_prefix:
        return narrow.wanted.startswith(wide.wanted)
    archive = narrow.wanted.partition(".")[0] if wide.field == "cat" else narrow.wanted
    return not narrow.is_prefix and wide.wanted in (narrow.wanted, archive)


def _is_within(narrow: Leaf, wide: Leaf) -> bool:
    low, high = _limits(narrow)
    lowest, highest = _limits(wide)
    return (lowest is None or (low is not None and low >= lowest)) and (
        highest is None or (high is not None and high <= highest)
    )


def _are_apart(one: Leaf, other: Leaf) -> bool:
    """Whether no paper has both: figures, dates and primary categories, of which it has one."""
    if one.field != other.field:
        return False
    match one, other:
        case (Number(), Number()) | (Day(), Day()):
            low, high = _limits(one)
            lowest, highest = _limits(other)
            return _is_above(low, highest) or _is_above(lowest, high)
        case Value(is_exact=True, is_prefix=False), Value(is_exact=True, is_prefix=False):
            return not (_covers_value(one, other) or _covers_value(other, one))
        case _:
            return False


def _limits(term: Leaf) -> tuple[int | None, int | None]:
    """The limits as numbers; a date counts its days."""
    if isinstance(term, Number):
        return term.low, term.high
    assert isinstance(term, Day)
    return (
        None if term.low is None else term.low.toordinal(),
        None if term.high is None else term.high.toordinal(),
    )


def _is_above(low: int | None, high: int | None) -> bool:
    return low is not None and high is not None and low > high
