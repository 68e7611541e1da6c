"""Operators of a foreign query: who binds first, and what a blank between two terms means."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from newsletter.core.dialects.parts import Negated, Part, join, with_note
from newsletter.core.filters.troubles import Trouble

MAX_OPERANDS = 128  # twice the terms of a filter of ours, since some of them get lost
MAX_BRACKETS = 32  # within each other

Binding = tuple[frozenset[str], ...]  # operators that bind alike, the tightest first
AND_FIRST: Binding = (frozenset({"AND"}), frozenset({"OR"}))
OR_FIRST: Binding = (frozenset({"OR"}), frozenset({"AND"}))
LEFT_TO_RIGHT: Binding = (frozenset({"AND", "OR"}),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """kind: "(", ")", "AND", "OR", "NOT" or "" for a term. at: where it stands, from 0."""

    at: int
    text: str
    kind: str = ""
    part: Part | None = None


@dataclass(slots=True)
class _Level:
    """What stands between two brackets: operands, and one operator fewer."""

    opened: Token | None
    operands: list[Part] = field(default_factory=list)
    operators: list[str] = field(default_factory=list)
    is_negated: bool = False
    waiting: Token | None = None

    def add(self, part: Part, blank: str) -> None:
        if len(self.operators) < len(self.operands):
            self.operators.append("AND" if self.is_negated else blank)
        self.operands.append(Negated(part=part) if self.is_negated else part)
        self.is_negated, self.waiting = False, None

    def operate(self, token: Token) -> None:
        if token.kind == "NOT":
            self.is_negated = not self.is_negated
        elif self.waiting:
            problem = f"`{token.text}` stands right after `{self.waiting.text}`: leave one out"
            raise Trouble(token.at, problem)
        elif not self.operands:
            raise Trouble(token.at, f"nothing stands before `{token.text}`: leave it out")
        else:
            self.operators.append(token.kind)
        self.waiting = token

    def close(self, binding: Binding, unsure: str) -> Part:
        if self.waiting:
            problem = f"nothing stands after `{self.waiting.text}`: leave it out"
            raise Trouble(self.waiting.at, problem)
        if not self.operands:
            at = self.opened.at if self.opened else 0
            raise Trouble(at, "there is nothing to look for here: write a word")
        operands, operators = self.operands, self.operators
        for tight in binding:
            operands, operators = _bind(operands, operators, tight)
        is_mixed = bool(unsure) and len(set(self.operators)) > 1
        return with_note(operands[0], unsure) if is_mixed else operands[0]


def read_tokens(tokens: Iterable[Token], *, binding: Binding, blank: str, unsure: str = "") -> Part:
    """The tokens as a tree.

    blank: the operator between two terms that have none, AND or OR; a NOT there is AND NOT.
    unsure: a note for AND and OR that no bracket parts. Raises Trouble for operators without
    operands, for brackets that do not close, and beyond MAX_OPERANDS or MAX_BRACKETS.
    """
    levels = [_Level(None)]
    terms = 0
    for token in tokens:
        if token.part is not None:
            terms += 1
            if terms > MAX_OPERANDS:
                raise Trouble(token.at, f"more than {MAX_OPERANDS} terms are too many: part them")
            levels[-1].add(token.part, blank)
        elif token.kind == "(":
            if len(levels) > MAX_BRACKETS:
                raise Trouble(token.at, f"brackets stand at most {MAX_BRACKETS} within each other")
            levels.append(_Level(token))
        elif token.kind == ")":
            if len(levels) == 1:
                raise Trouble(token.at, "no bracket was opened for this one: leave it out")
            part = levels.pop().close(binding, unsure)
            levels[-1].add(part, blank)
        else:
            levels[-1].operate(token)
    opened = levels[-1].opened
    if opened:
        raise Trouble(opened.at, "this bracket is never closed: write `)` where it ends")
    return levels[0].close(binding, unsure)


def _bind(
    operands: list[Part], operators: list[str], tight: frozenset[str]
) -> tuple[list[Part], list[str]]:
    """Join what these operators stand between, from left to right; the others stay."""
    bound, left = operands[:1], []
    for operator, operand in zip(operators, operands[1:], strict=True):
        if operator in tight:
            bound[-1] = join(operator, [bound[-1], operand])
        else:
            left.append(operator)
            bound.append(operand)
    return bound, left
