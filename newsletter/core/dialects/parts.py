"""A foreign query as a tree, of which some parts have no counterpart here.

`carry` makes our tree of it. What is lost is left out so that more papers come rather than fewer,
as far as that can be had; each loss says which of the two it means.
"""

from dataclasses import dataclass, replace

from newsletter.core.filters.tree import And, Node, Not, conjunction, disjunction, negation

_WIDER = "so more papers come"
_NARROWER = "so papers that only this would find do not come"
_IN_A_NOT = "; as it stands in a NOT, more papers are kept out"
_ONLY_EXCLUSIONS = (
    "it only keeps papers out, since what it looked for is lost: nearly every paper comes"
)
_LONGEST = 80  # characters of the query that a note shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """What could not be carried over as it was. text: as it stands in the query. because: why, and
    what was done instead.
    """

    text: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One test. node: ours, None where there is none, and then `lost` says why.

    notes: what is not quite the same in ours, said once for all terms of a query. widened: the
    same, where ours finds more papers, so that a NOT keeps more out. words: field and text, where
    it is words that may stand near others.
    """

    text: str
    node: Node | None = None
    lost: str = ""
    notes: tuple[str, ...] = ()
    widened: tuple[str, ...] = ()
    words: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Parts between one operator, AND or OR."""

    operator: str
    parts: tuple["Part", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Negated:
    """The opposite."""

    part: "Part"


Part = Term | Joined | Negated


def join(operator: str, parts: list[Part]) -> Part:
    """These parts between one operator; flat, so that a long chain is no deep tree."""
    flat: list[Part] = []
    for part in parts:
        same = isinstance(part, Joined) and part.operator == operator
        flat.extend(part.parts if same and isinstance(part, Joined) else (part,))
    return flat[0] if len(flat) == 1 else Joined(operator=operator, parts=tuple(flat))


def carry(part: Part) -> tuple[Node | None, tuple[Dropped, ...]]:
    """Our tree, None where nothing is left of it, and what could not be carried over."""
    dropped: list[Dropped] = []
    node = _carry(part, dropped, is_negated=False, effect=_WIDER)
    losses = _said_once(dropped)
    if node is not None and _is_only_exclusions(node) and not _is_only_negated(part):
        losses += (Dropped(text="what is left", because=_ONLY_EXCLUSIONS),)
    return node, losses


def _carry(part: Part, dropped: list[Dropped], *, is_negated: bool, effect: str) -> Node | None:
    """The part in our language. effect: what it does when nothing is left of it."""
    if _is_lost(part, is_negated=is_negated):
        dropped += _losses(part, effect)
        return None
    if isinstance(part, Term):
        after = _IN_A_NOT if is_negated else ""
        notes = (*part.notes, *(note + after for note in part.widened))
        dropped += [Dropped(text=cut(part.text), because=note) for note in notes]
        return part.node
    if isinstance(part, Negated):
        inner = _carry(part.part, dropped, is_negated=not is_negated, effect=effect)
        return None if inner is None else negation(inner)
    # A test less lets more papers through an AND, and fewer through an OR; under a NOT the opposite
    # holds, where an AND was lost as a whole before it came here.
    effect = _WIDER if (part.operator == "AND") != is_negated else _NARROWER
    nodes = [_carry(one, dropped, is_negated=is_negated, effect=effect) for one in part.parts]
    kept = [node for node in nodes if node is not None]
    return conjunction(kept) if part.operator == "AND" else disjunction(kept)


def _is_lost(part: Part, *, is_negated: bool) -> bool:
    """Whether nothing can be kept of it without keeping papers out that should come."""
    if isinstance(part, Term):
        return part.node is None
    if isinstance(part, Negated):
        return _is_lost(part.part, is_negated=not is_negated)
    losses = [_is_lost(one, is_negated=is_negated) for one in part.parts]
    return any(losses) if is_negated and part.operator == "AND" else all(losses)


def _losses(part: Part, effect: str) -> list[Dropped]:
    terms = _terms(part)
    lost = [term for term in terms if term.node is None]
    what = "it is left out" if lost == terms else "all that stands in this NOT is left out"
    return [Dropped(text=cut(term.text), because=f"{term.lost}: {what}, {effect}") for term in lost]


def _terms(part: Part) -> list[Term]:
    if isinstance(part, Term):
        return [part]
    if isinstance(part, Negated):
        return _terms(part.part)
    return [term for one in part.parts for term in _terms(one)]


def with_note(part: Part, note: str) -> Part:
    """The part with this note at each term that is carried over."""
    if isinstance(part, Joined):
        return replace(part, parts=tuple(with_note(one, note) for one in part.parts))
    if isinstance(part, Negated):
        return replace(part, part=with_note(part.part, note))
    return part if part.node is None else replace(part, notes=(*part.notes, note))


def _said_once(dropped: list[Dropped]) -> tuple[Dropped, ...]:
    """One note for all that it is true of, in the order of the query."""
    texts: dict[str, dict[str, None]] = {}
    for one in dropped:
        texts.setdefault(one.because, {})[one.text] = None
    return tuple(Dropped(text=cut(", ".join(shown)), because=why) for why, shown in texts.items())


def _is_only_exclusions(node: Node) -> bool:
    if isinstance(node, And):
        return all(map(_is_only_exclusions, node.children))
    return isinstance(node, Not)


def _is_only_negated(part: Part) -> bool:
    if isinstance(part, Joined) and part.operator == "AND":
        return all(map(_is_only_negated, part.parts))
    return isinstance(part, Negated)


def cut(text: str) -> str:
    """The text on one line, short enough to be read."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
