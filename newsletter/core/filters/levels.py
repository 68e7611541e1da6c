"""What stands between two brackets of a filter while it is read: operands and operators."""

from newsletter.core.filters.tree import Node, canonical, conjunction, disjunction, negation
from newsletter.core.filters.troubles import Trouble

# Small `and` and `or` are no words worth looking for: nearly every paper holds them.
WORD_OPERATORS = {"AND": "AND", "and": "AND", "OR": "OR", "or": "OR", "NOT": "NOT"}
WORD_OPERATORS |= {"&": "AND", "&&": "AND"}
_SIGNS = {"|": "OR", "||": "OR", "-": "NOT", "\u2212": "NOT", "\u2013": "NOT", "!": "NOT"}
_OPERATORS = WORD_OPERATORS | _SIGNS
_LONGEST_ADVICE = 240  # characters; longer ones do not help to see the difference


class Level:
    """Operands between two brackets: AND within a group, OR between the groups.

    opened: where the bracket stands, counted from 0. field: the one before the bracket, or "".
    """

    __slots__ = ("_groups", "_is_negated", "_ors", "_waiting", "field", "opened")

    def __init__(self, opened: int, field: str = "") -> None:
        self.opened, self.field = opened, field
        self._groups: list[list[Node]] = [[]]
        self._ors: list[int] = []  # where each OR stands
        self._is_negated = False
        self._waiting: tuple[str, int] | None = None  # an operator without its operand

    def add(self, node: Node) -> None:
        """Take the next operand."""
        self._groups[-1].append(negation(node) if self._is_negated else node)
        self._is_negated, self._waiting = False, None

    def operate(self, token: str, at: int) -> None:
        """Take an operator. Raises Trouble where it has nothing to work on."""
        operator = _OPERATORS[token]
        if operator == "NOT":
            self._is_negated = not self._is_negated
        elif self._waiting:
            raise Trouble(at, f"`{token}` stands right after `{self._waiting[0]}`: leave one out")
        elif not self._groups[-1]:
            raise Trouble(at, f"nothing stands before `{token}`: {_as_a_word(token)}")
        elif operator == "OR":
            self._groups.append([])
            self._ors.append(at)
        self._waiting = token, at

    def close(self) -> Node:
        """All of it as one node. Raises Trouble where something is missing or has two readings."""
        if self._waiting:
            token, at = self._waiting
            raise Trouble(at, f"nothing stands after `{token}`: {_as_a_word(token)}")
        if not self._groups[0]:
            if self.opened >= 0:
                raise Trouble(self.opened, "these brackets are empty: write a filter between them")
            raise Trouble(0, "the filter is empty: write a word, or * for every paper of the day")
        if len(self._groups) > 1 and any(len(group) > 1 for group in self._groups):
            raise Trouble(self._ors[0], self._two_readings())
        return disjunction([conjunction(group) for group in self._groups])

    def _two_readings(self) -> str:
        tight_and = canonical(disjunction([conjunction(group) for group in self._groups]))
        chains = [[node] for node in self._groups[0]]
        for group in self._groups[1:]:
            chains[-1].append(group[0])
            chains.extend([node] for node in group[1:])
        tight_or = canonical(conjunction([disjunction(chain) for chain in chains]))
        problem = "AND and OR are mixed, and a blank is an AND"
        if len(tight_and) + len(tight_or) > _LONGEST_ADVICE:
            return f"{problem}: put brackets around what belongs together, as in a (b OR c)"
        return f"{problem}: write `{tight_and}` or `{tight_or}`"


def _as_a_word(token: str) -> str:
    if token.isalpha():
        return f'leave it out, or write "{token}" in quotes to look for the word'
    return "leave it out, or add what is missing"
