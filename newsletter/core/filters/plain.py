"""The short ways to a tree and into a text, for filters written as `canonical` writes them.

Stored filters are, and nearly all of them are made of plain words, phrases, field tests and one
level of brackets: these are read at a tenth of the cost, and matched without any tree. What is in
any way unusual is left to the parser, errors included; what is read here is the same tree there.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import cast

from newsletter.core.filters.terms import OPERATORS, read_term
from newsletter.core.filters.tree import And, Leaf, Node, Not, Or, Words
from newsletter.core.filters.troubles import Trouble
from newsletter.core.filters.words import MIN_PREFIX, Compound

MAX_TERMS = 64  # in a filter
LONGEST = 512  # characters; what is remembered of hostile texts has a bound too

_CHUNK = re.compile(r'[^ ()"]++(?:"[^"]*")?|"[^"]*"|\([^()]*\)')
# One token of the parser's, whatever stands before and behind it, and nothing it would refuse.
_TOKEN = re.compile(
    r'(?:[a-z]+:)?(?:"[^"\u201c\u201d\u201e\x00-\x1f\x7f-\x9f\ud800-\udfff]*"'
    r"|[A-Za-z0-9<>][!#-'*-{}~]*)"
)
_WORDS = re.compile(
    r"(?:(?P<field>title|abstract|keyword|org):)?"
    r'(?:(?P<word>[A-Za-z0-9]+)(?P<star>\*?)|"(?P<phrase>[A-Za-z0-9]+(?: [A-Za-z0-9]+)+)")'
)
# No initials, no hyphens, no accents: nothing in it can be read in a second way.
_NAME = re.compile('author:"([A-Z][a-z]+(?: [A-Z][a-z]+)+)"')


class Unplain(Exception):
    """It takes the whole parser to tell what this text says."""


def parted(text: str) -> tuple[bool, list[str]]:
    """Whether one of the operands is enough, and the operands, those in brackets with them.

    Raises Unplain. What it gives for other texts than filters is no operand either.
    """
    if "(" not in text:
        if " OR " in text:
            return True, text.split(" OR ")
        if '"' not in text:
            return False, text.split(" ")
    chunks: list[str] = _CHUNK.findall(text)
    if " ".join(chunks) != text:
        raise Unplain
    if chunks[1:2] != ["OR"]:
        return False, chunks
    if len(chunks) % 2 == 0 or set(chunks[1::2]) != {"OR"}:
        raise Unplain
    return True, chunks[::2]


def read_plain(text: str) -> Node | None:
    """The tree whose canonical text this is; None where it takes the whole parser to tell."""
    if len(text) > LONGEST or ("(" in text and len(text.split(" ")) > MAX_TERMS):
        return None
    try:
        is_or, operands = parted(text)
    except Unplain:
        return None
    kind = Or if is_or else And
    if "(" not in text:
        return _joined(kind, _operands(operands))
    nodes = [_group(one, kind) if one[0] == "(" else _operands([one])[0] for one in operands]
    return _joined(kind, nodes) if len(nodes) > 1 else None


def _group(text: str, outer: type[And | Or]) -> Node | None:
    """What stands between brackets; around anything but the other kind they would be left out."""
    node = read_plain(text[1:-1])
    return node if type(node) is (Or if outer is And else And) else None


def _operands(tokens: list[str]) -> list[Node | None]:
    nodes: list[Node | None] = list(map(_known.get, tokens))
    if not all(nodes):
        nodes = [node or _operand(token) for node, token in zip(nodes, tokens, strict=True)]
    return nodes


def _joined(kind: type[And | Or], nodes: Sequence[Node | None]) -> Node | None:
    """These as one node, where all were read and this is how they are written."""
    if len(nodes) == 1:
        return nodes[0]
    if len(nodes) > MAX_TERMS or not all(nodes) or _share_a_field(nodes):
        return None
    return kind(cast(tuple[Node, ...], tuple(nodes)))


def _share_a_field(nodes: Sequence[Node | None]) -> bool:
    """Whether `title:(a b)` is how to write them."""
    first = nodes[0]
    return (
        isinstance(first, Leaf)
        and bool(first.field)
        and all(isinstance(node, Leaf) and node.field == first.field for node in nodes)
    )


# Readers share their words: 54,000 terms make 280,000 filters. A plain dictionary forgets all at
# once where an lru_cache would forget the oldest, but to be asked costs it half as much.
_known: dict[str, Node] = {}
_MOST_KNOWN = 131_072


def _operand(token: str) -> Node | None:
    """The token as a term, or as one that is kept out."""
    leaf = read_plain_term(token.removeprefix("-"))
    if leaf is None:
        return None
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    node = _known[token] = Not(leaf) if token[0] == "-" else leaf
    return node


def read_plain_term(token: str) -> Leaf | None:
    """The leaf whose text this is; None where it takes the whole parser to tell."""
    plain = plain_words(token)
    if plain is not None:
        return _words(token, *plain)
    if _TOKEN.fullmatch(token):
        try:
            leaf = read_term(token)
        except Trouble:
            return None
        return leaf if leaf.text == token else None
    return None


def plain_words(token: str) -> tuple[str, list[str], bool] | None:
    """Field, words, and whether the word goes on, of a term of ASCII letters and digits.

    None for other terms, and for what is no term.
    """
    match = _WORDS.fullmatch(token)
    if match is None:
        return None
    field, word, star, phrase = match.groups("")
    if phrase:
        return field, phrase.split(" "), False
    if word.lower() in OPERATORS or (star and len(word) < MIN_PREFIX):
        return None
    return field, [word], star == "*"


def plain_name(token: str) -> tuple[str, ...]:
    """The words of an author's usual name, such as Ada Lovelace; () for any other term."""
    match = _NAME.fullmatch(token)
    return tuple(match[1].split(" ")) if match else ()


def _words(token: str, field: str, words: list[str], is_prefix: bool) -> Words:
    """What `read_term` makes of these."""
    return Words(
        field=field,
        value=token[len(field) + 1 :] if field else token,
        text=token,
        units=tuple(_compound(word, is_prefix=is_prefix) for word in words),
    )


@lru_cache(maxsize=65_536)
def _compound(word: str, *, is_prefix: bool) -> Compound:
    return Compound((word,), "", is_prefix)
