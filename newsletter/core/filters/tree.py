"""A filter as a tree, and the tree as text.

Leaves know their own text. `canonical` writes a whole tree so that parsing gives the same tree.
"""

from dataclasses import dataclass, field
from datetime import date

from newsletter.core.filters.words import Compound


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A single test. field: long name, "" for words anywhere. value: the text after `field:`.

    text: field and value as a filter writes them; it says everything, so it serves as a key.
    """

    field: str
    value: str
    text: str

    @property
    def label(self) -> str:
        """The test as a reader likes to see it; parsing it again is not promised."""
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Words(Leaf):
    """These words in this order next to each other in one field, or near each other.

    units: at least one. near: how many other words may stand between them, in any order; None
    for a phrase. is_exact: endings are kept. is_cased: capitals count.
    """

    units: tuple[Compound, ...] = field(compare=False)
    near: int | None = None
    is_exact: bool = False
    is_cased: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Leaf):
    """An author's name. family: what stood before a comma, else (). rest: the other words.

    Words are as written. A last word with `is_prefix` may go on.
    """

    family: tuple[str, ...] = field(compare=False)
    rest: tuple[str, ...] = field(compare=False)
    is_prefix: bool = False
    is_exact: bool = False
    is_cased: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Value(Leaf):
    """A category, an id, a source or a thing to have. wanted: folded, without its star.

    is_exact: for a category, the primary one only.
    """

    wanted: str
    is_prefix: bool = False
    is_exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Leaf):
    """A whole number from low to high, both included; None is no limit."""

    low: int | None = None
    high: int | None = None

    @property
    def label(self) -> str:
        return f"{self.field} {_limits(self.low, self.high)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Leaf):
    """A UTC date from low to high, both included; None is no limit."""

    low: date | None = None
    high: date | None = None

    @property
    def label(self) -> str:
        return f"{self.field} {_limits(self.low, self.high)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything(Leaf):
    """Every paper of the day."""

    field: str = ""
    value: str = "*"
    text: str = "*"


@dataclass(frozen=True, slots=True)
class Not:
    """Papers that do not pass. The child is never a Not."""

    child: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """Papers that pass all; at least two children, none of them an And."""

    children: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Papers that pass any; at least two children, none of them an Or."""

    children: tuple["Node", ...]


Node = Leaf | Not | And | Or


def conjunction(nodes: list[Node]) -> Node:
    """All of these, flat."""
    if len(nodes) == 1:
        return nodes[0]
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.children if type(node) is And else (node,))
    return And(tuple(flat))


def disjunction(nodes: list[Node]) -> Node:
    """Any of these, flat."""
    if len(nodes) == 1:
        return nodes[0]
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.children if type(node) is Or else (node,))
    return Or(tuple(flat))


def negation(node: Node) -> Node:
    """The opposite."""
    return node.child if type(node) is Not else Not(node)


def canonical(node: Node) -> str:
    """The text of a tree: `a b`, `a OR b`, `-a`, `(…)` only where needed, `field:(a | b)`."""
    if isinstance(node, Leaf):
        return node.text
    if isinstance(node, Not):
        return "-" + _bracketed(node.child)
    shared = _shared_field(node)
    if shared:
        between = " " if isinstance(node, And) else " | "
        values = between.join(child.value for child in node.children if isinstance(child, Leaf))
        return f"{shared}:({values})"
    return (" " if isinstance(node, And) else " OR ").join(map(_bracketed, node.children))


def _bracketed(node: Node) -> str:
    if isinstance(node, Leaf | Not) or _shared_field(node):
        return canonical(node)
    return f"({canonical(node)})"


def _shared_field(node: And | Or) -> str:
    """The field that all children test, "" when there is not one."""
    fields = {child.field if isinstance(child, Leaf) else "" for child in node.children}
    return fields.pop() if len(fields) == 1 else ""


def _limits(low: object, high: object) -> str:
    if low == high:
        return f"= {low}"
    if high is None:
        return f"≥ {low}"
    return f"≤ {high}" if low is None else f"{low} to {high}"
