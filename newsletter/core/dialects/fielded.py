"""Queries in which a field stands before its value: `ti:"deep learning" AND au:smith_j`."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from newsletter.core.dialects.joining import Binding, Token, read_tokens
from newsletter.core.dialects.leaves import Reader, Value, near
from newsletter.core.dialects.parts import Part, Term
from newsletter.core.filters.terms import QUOTES
from newsletter.core.filters.troubles import Trouble

_NAME = r"[A-Za-z_][\w.]*"
_TOKEN = re.compile(
    rf"""\s*+(?:
      (?P<close>\))
    | (?P<sign>[-!\u2212](?=\S)|\|\|?|&&)
    | (?P<near>(?:NEAR(?P<near_1>\d{{0,3}})|AROUND\s*\(\s*(?P<near_2>\d{{1,3}})\s*\))(?=[\s(]))
    | (?P<function>{_NAME})(?=\()
    | (?P<mark>[=+~]*)(?:(?P<field>{_NAME}):\s*)?(?P<mark_2>[=^]*)(?:
          (?P<range>[\[{{][^\]}}"]*[\]}}])
        | \^?[{QUOTES}](?P<quoted>[^{QUOTES}]*)[{QUOTES}](?:~(?P<near_3>\d{{1,3}}))?
        | (?P<unclosed>[{QUOTES}])
        | (?P<open>\()
        | (?P<word>[^\s(){QUOTES}|]+)
      )
    )""",
    re.VERBOSE,
)
SIGNS = {"-": "NOT", "\u2212": "NOT", "!": "NOT", "|": "OR", "||": "OR", "&&": "AND"}
NEAR_WITHOUT_NUMBER = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fielded:
    """How a dialect is read. All names of fields are small.

    fields: readers by name. plain: reads a value without a field. unknown: reads one of a field
    that is not known; None where a word before a colon is just a word. operators: words → kinds of
    tokens. groups: fields that hold for all that follows ("allintitle"). functions: readers of what
    stands in the brackets of `citations(…)`. exact: reads a value marked with `+` or `=`.
    """

    fields: Mapping[str, Reader]
    plain: Reader
    unknown: Reader | None
    operators: Mapping[str, tuple[str, ...]]
    binding: Binding
    blank: str = "AND"
    unsure: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, Reader] = field(default_factory=dict)
    has_near: bool = False
    marked: Callable[[Reader, str], Reader] = lambda reader, _mark: reader


def read_fielded(text: str, dialect: Fielded) -> Part:
    """The query as a tree. Raises Trouble where it cannot be read."""
    tokens = list(_tokens(text, dialect))
    return read_tokens(
        _brought_near(tokens), binding=dialect.binding, blank=dialect.blank, unsure=dialect.unsure
    )


def _tokens(text: str, dialect: Fielded) -> Iterator[Token]:
    at, readers = 0, [dialect.plain]
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Trouble(at, f"`{text[at : at + 10]}` cannot be read here: leave it out")
        at, start, source = match.end(), match.start() + _blanks(match[0]), match[0].strip()
        name = (match["field"] or "").lower()
        if match["unclosed"]:
            raise Trouble(match.start("unclosed"), "this quote is never closed: write a second")
        if match["close"]:
            if len(readers) > 1:
                readers.pop()
            yield Token(at=start, text=")", kind=")")
        elif match["sign"]:
            yield Token(at=start, text=source, kind=SIGNS[match["sign"]])
        elif match["near"] and dialect.has_near:
            between = match["near_1"] or match["near_2"] or NEAR_WITHOUT_NUMBER
            yield Token(at=start, text=source, kind=f"NEAR {between}")
        elif match["function"] and match["function"].lower() in dialect.functions:
            at, inner = _brackets(text, at)
            source = text[start:at]
            reader = dialect.functions[match["function"].lower()]
            yield Token(at=start, text=source, part=reader(Value(text=inner, source=source)))
        elif source in dialect.operators:
            for kind in dialect.operators[source]:
                yield Token(at=start, text=source, kind=kind)
        elif name and name in dialect.groups:
            readers[-1] = dialect.fields[dialect.groups[name]]
            at = match.end("field") + 1
        elif name and name not in dialect.fields and dialect.unknown is None:
            at = match.end("field") + 1  # a word before a colon
            word = text[start:at].rstrip(":")
            yield Token(at=start, text=word, part=readers[-1](Value(text=word, source=word)))
        elif match["open"]:
            readers.append(_reader(dialect, name, readers[-1]))
            yield Token(at=start, text="(", kind="(")
        else:
            value = _value(match, source)
            reader = dialect.marked(_reader(dialect, name, readers[-1]), _marks(match))
            yield Token(at=start, text=source, part=reader(value))


def _reader(dialect: Fielded, name: str, around: Reader) -> Reader:
    if not name:
        return around
    return dialect.fields.get(name) or dialect.unknown or dialect.plain


def _marks(match: re.Match[str]) -> str:
    return (match["mark"] or "") + (match["mark_2"] or "")


def _value(match: re.Match[str], source: str) -> Value:
    kinds = ("range", "quoted", "word", "function", "near")
    found = next(match[kind] for kind in kinds if match[kind] is not None)
    between = int(match["near_3"]) if match["near_3"] else None
    return Value(text=found, source=source, is_quoted=match["quoted"] is not None, near=between)


def _blanks(text: str) -> int:
    return len(text) - len(text.lstrip())


def _brackets(text: str, at: int) -> tuple[int, str]:
    """Where the bracket that opens here is closed, and what stands between."""
    depth, is_quoted = 0, False
    for i in range(at, len(text)):
        if text[i] in QUOTES:
            is_quoted = not is_quoted
        elif not is_quoted and text[i] in "()":
            depth += 1 if text[i] == "(" else -1
            if not depth:
                return i + 1, text[at + 1 : i]
    raise Trouble(at, "this bracket is never closed: write `)` where it ends")


def _brought_near(tokens: list[Token]) -> list[Token]:
    """Each `a NEAR5 b` as one term; a NEAR between anything else is an AND."""
    done: list[Token] = []
    for token in tokens:
        if len(done) > 1 and done[-1].kind.startswith("NEAR"):
            first, operator = done[-2:]
            if isinstance(first.part, Term) and isinstance(token.part, Term):
                source = f"{first.text} {operator.text} {token.text}"
                between = int(operator.kind.split()[1])
                part = near(first.part, token.part, between=between, source=source)
                del done[-2:]
                token = replace(first, text=source, part=part)
        done.append(token)
    return [replace(one, kind="AND") if one.kind.startswith("NEAR") else one for one in done]
