"""A query of another search service as a filter of ours: `import_query`."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from newsletter.core.dialects.addresses import query_of
from newsletter.core.dialects.ads import read_ads
from newsletter.core.dialects.arxiv import decode_arxiv, read_arxiv
from newsletter.core.dialects.parts import Dropped, Part, carry
from newsletter.core.dialects.pubmed import read_pubmed
from newsletter.core.dialects.scholar import read_scholar
from newsletter.core.filters import Filter, parse_filter
from newsletter.core.filters.parser import MAX_LENGTH
from newsletter.core.filters.tree import canonical
from newsletter.core.filters.troubles import Trouble
from newsletter.errors import ChoiceError, FilterError

_READERS: dict[str, Callable[[str], Part]] = {
    "arxiv": read_arxiv,
    "pubmed": read_pubmed,
    "scholar": read_scholar,
    "ads": read_ads,
}
DIALECTS = tuple(_READERS)
_ENCODED = {"arxiv": decode_arxiv}


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A query in our language, and what could not be carried over, in the order of the query."""

    filter: Filter
    dropped: tuple[Dropped, ...]


def import_query(text: str, dialect: str) -> Imported:
    """The filter that finds what the query finds there, as far as our papers know it.

    text: a query of the dialect, or the address of its results. dialect: one of DIALECTS.
    Raises FilterError, with the column, for what cannot be read, for a query of which nothing is
    left, and for one that makes a filter beyond our limits.
    """
    if dialect not in _READERS:
        raise ChoiceError(f"{dialect!r} is no dialect: it is one of {', '.join(DIALECTS)}.")
    query = _checked(_ENCODED.get(dialect, str)(query_of(_checked(text), dialect)))
    try:
        part = _READERS[dialect](query)
    except Trouble as trouble:
        raise FilterError(query, trouble.offset + 1, trouble.problem) from None
    node, dropped = carry(part)
    if node is None:
        why = dropped[0].because.partition(": ")[0]
        raise FilterError(query, 1, f"nothing of this query can be carried over ({why})")
    try:
        made = parse_filter(canonical(node))
    except FilterError as error:
        problem = f"it makes a filter that is too large: {error.problem}"
        raise FilterError(query, 1, problem) from None
    return Imported(filter=made, dropped=dropped)


def _checked(text: str) -> str:
    if len(text) > MAX_LENGTH:
        problem = f"a query has at most {MAX_LENGTH:,} characters, and this one {len(text):,}"
        raise FilterError(text[: MAX_LENGTH + 100], MAX_LENGTH + 1, problem)
    for at, letter in enumerate(text):
        if unicodedata.category(letter) in ("Cc", "Cs") and not letter.isspace():
            problem = f"the control character U+{ord(letter):04X} cannot be part of a query"
            raise FilterError(text, at + 1, problem)
    if not text.strip():
        raise FilterError(text[:100], 1, "the query is empty: write what you look for")
    return text
