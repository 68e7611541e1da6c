"""The text of a filter as a tree.

    filter  = operand { [ "AND" ] operand }  |  operand { ( "OR" | "|" ) operand }
    operand = { "NOT" | "-" } ( term | [ field ":" ] "(" filter ")" )
    term    = [ field ":" ] [ "=" ] ( word | '"' words '"' [ "~" number ] )  |  "*"

One pass that never goes back: the time grows with the length of the text, which is limited.
"""

import re
from typing import Self

from newsletter.core.filters.fields import find_field, unknown_field
from newsletter.core.filters.levels import WORD_OPERATORS, Level
from newsletter.core.filters.plain import MAX_TERMS, read_plain
from newsletter.core.filters.terms import QUOTES, read_term
from newsletter.core.filters.tree import Leaf, Node, canonical
from newsletter.core.filters.troubles import Trouble
from newsletter.errors import FilterError

MAX_LENGTH = 4_096  # characters
MAX_DEPTH = 8  # brackets within brackets

_FIELD = r"[^\W\d]\w*:"
_TOKEN = re.compile(
    rf"""\s*+(?:
      (?P<quoted>(?:{_FIELD})?=?[{QUOTES}][^{QUOTES}]*[{QUOTES}](?:~\w*)?)
    | (?P<unclosed>(?:{_FIELD})?=?[{QUOTES}])
    | (?P<field>{_FIELD})(?=\()
    | (?P<open>\()
    | (?P<close>\))
    | (?P<operator>\|\|?|[-\u2212\u2013!](?=[^\s)|]))
    | (?P<word>[^\s()|{QUOTES}]+)
    )""",
    re.VERBOSE,
)
# Controls mean nothing in a filter and hide what is shown; a lone surrogate cannot be stored.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class Filter(str):
    """A condition on a paper: its canonical text, so filters of the same text are equal.

    `parse_filter` makes them. Of a text that was canonical when it was stored `Filter(text)` is the
    filter too, and costs nothing: its tree is made when something asks for it. Most are matched
    without.
    """

    __slots__ = ("_tree",)
    _tree: Node

    @classmethod
    def of(cls, tree: Node) -> Self:
        """The filter of this tree."""
        return cls._with(canonical(tree), tree)

    @classmethod
    def _with(cls, text: str, tree: Node) -> Self:
        filter = cls(text)
        filter._tree = tree
        return filter

    @property
    def text(self) -> str:
        """The canonical text."""
        return str(self)

    @property
    def tree(self) -> Node:
        """What the text says. Raises FilterError where it is no filter (any more)."""
        try:
            return self._tree
        except AttributeError:
            self._tree = parse_filter(str(self)).tree
            return self._tree


def parse_filter(text: str) -> Filter:
    """The filter that a reader wrote.

    Raises FilterError, with the column and what to do, for text that cannot be read, or that has
    more than 4,096 characters, 64 terms or 8 brackets within each other.
    """
    if len(text) > MAX_LENGTH:
        most = f"a filter has at most {MAX_LENGTH:,} characters"
        problem = f"{most}, and this one {len(text):,}: make two topics of it"
        raise FilterError(text[: MAX_LENGTH + 100], MAX_LENGTH + 1, problem)
    plain = read_plain(text)
    return Filter._with(text, plain) if plain else read_in_full(text)


def read_in_full(text: str) -> Filter:
    """The same for a text whose length was looked at, however it is written."""
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        name = f"the control character U+{ord(forbidden[0]):04X}"
        problem = f"{name} cannot be part of a filter: leave it out"
        raise FilterError(text, forbidden.start() + 1, problem)
    try:
        filter = Filter.of(_read(text))
    except Trouble as trouble:
        raise FilterError(text, trouble.offset + 1, trouble.problem) from None
    if len(filter) > MAX_LENGTH:  # `abs:(a b) c` is longer when each word names its field
        problem = f"written out, this filter has more than {MAX_LENGTH:,} characters: shorten it"
        raise FilterError(text, 1, problem)
    return filter


def _read(text: str) -> Node:
    levels = [Level(-1)]
    group_field = ""
    terms = 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        token, at, level = match[kind], match.start(kind), levels[-1]
        if kind == "operator" or (kind == "word" and token in WORD_OPERATORS):
            level.operate(token, at)
        elif kind in ("word", "quoted"):
            terms += 1
            if terms > MAX_TERMS:
                raise Trouble(at, f"a filter has at most {MAX_TERMS} terms: make two topics of it")
            level.add(_leaf(token, at, level.field))
        elif kind == "field":
            group_field = _group_field(token[:-1], at, level.field)
        elif kind == "open":
            if len(levels) > MAX_DEPTH:
                problem = f"brackets stand at most {MAX_DEPTH} deep: make two topics of the filter"
                raise Trouble(at, problem)
            levels.append(Level(at, group_field or level.field))
            group_field = ""
        elif kind == "close":
            if len(levels) == 1:
                raise Trouble(at, "no bracket was opened for this one: leave it out")
            node = levels.pop().close()
            levels[-1].add(node)
        else:
            raise Trouble(match.end() - 1, "this quote is never closed: write the second one too")
    if len(levels) > 1:
        raise Trouble(levels[-1].opened, "this bracket is never closed: write `)` where it ends")
    return levels[0].close()


def _leaf(text: str, at: int, field: str) -> Leaf:
    """A term as a leaf; in a group (`cat:(cs.CL | cs.IR)`) it takes the field of the group."""
    if text == "not":
        problem = 'write NOT in capitals to keep papers out, or "not" in quotes for the word'
        raise Trouble(at, problem)
    lead = f"{field}:" if field else ""
    try:
        return read_term(lead + text)
    except Trouble as trouble:
        raise Trouble(max(at, at + trouble.offset - len(lead)), trouble.problem) from None


def _group_field(name: str, at: int, outer: str) -> str:
    field = find_field(name)
    if field is None:
        raise Trouble(at, unknown_field(name))
    if outer:
        raise Trouble(at, f"`{name}:` stands inside `{outer}:`: part them by a blank")
    return field
