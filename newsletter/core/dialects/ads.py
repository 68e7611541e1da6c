"""NASA's Astrophysics Data System: `author:"^Huchra, J" abs:"dark energy" year:2010-2015`.

https://ui.adsabs.harvard.edu/help/search/search-syntax. A blank is an AND, which binds before OR.
"""

import re
from dataclasses import replace

from newsletter.core.dialects.fielded import Fielded, read_fielded
from newsletter.core.dialects.joining import AND_FIRST
from newsletter.core.dialects.leaves import (
    Reader,
    Value,
    category,
    days,
    lost,
    name,
    noted,
    number,
    paper_id,
    widened,
    words_in,
)
from newsletter.core.dialects.parts import Part, Term, with_note
from newsletter.core.filters.troubles import Trouble

_FULL_TEXT = "the full text is not searched here: title, abstract and keywords are"
_METADATA = "ADS searches authors and more too; here title, abstract and keywords are searched"
_PLACE = "the place among the authors is not known here: any place counts"
_AFFILIATION = "the organisation behind a paper is looked at, not each author's affiliation"
_JOURNAL = lost("journals, volumes and pages are not known here")
_CITATIONS = lost("citations and reads are not counted here")
_LABEL = lost("ADS's own labels are not known here")
_GRAPH = lost("who cites, reads or resembles whom is not known here")
_NUMBERED = lost("people and places are known by name only here")
_ENTERED = lost("when a record came to ADS is not known here")


def _author(value: Value) -> Part:
    first = value.text.strip().startswith("^")
    return widened(name, _PLACE)(value) if first else name(value)


def _identifier(value: Value) -> Part:
    """An arXiv id or a DOI; a bibcode is neither."""
    text = value.text.lower().removeprefix("arxiv:").removeprefix("doi:")
    if not re.fullmatch(r"\d{4}\.\d{4,5}(?:v\d+)?|[a-z.-]+/\d{7}(?:v\d+)?|10\..+", text):
        return Term(text=value.source, lost="only arXiv ids and DOIs are known here")
    return paper_id(Value(text=text, source=value.source))


def _inner(value: Value) -> Part:
    """The query within `pos(…, 1)`, without its place; no further one within it."""
    inner = re.sub(r"(?:,\s*-?\d+\s*)+$", "", value.text)
    try:
        return with_note(read_fielded(inner, replace(_DIALECT, functions=_GRAPHS)), _PLACE)
    except Trouble as trouble:
        return Term(text=value.source, lost=trouble.problem.partition(": ")[0])


def _marked(reader: Reader, mark: str) -> Reader:
    if "^" in mark:
        return widened(name, _PLACE)
    if "=" in mark and reader is _author:
        return widened(name, "initials stand for all names that begin so")
    return words_in("", is_exact=True) if "=" in mark and reader is _PLAIN else reader


_PLAIN = noted(words_in(""), _METADATA)
_FIELDS: dict[str, Reader] = {
    "title": words_in("title"),
    "abstract": words_in("abstract"),
    "abs": words_in(""),  # title, abstract and keywords there too
    "keyword": words_in("keyword"),
    "author": _author,
    "first_author": widened(name, _PLACE),
    "year": days,
    "pubdate": days,
    "arxiv_class": category,
    "arxiv": _identifier,
    "doi": _identifier,
    "identifier": _identifier,
    "eid": _identifier,
    "author_count": number("authors"),
    **dict.fromkeys(("full", "body", "ack", "all"), noted(words_in(""), _FULL_TEXT)),
    **dict.fromkeys(("aff", "inst", "affil"), noted(words_in("org"), _AFFILIATION)),
    **dict.fromkeys(("bibcode", "bibstem", "pub", "volume", "issue", "page"), _JOURNAL),
    **dict.fromkeys(("citation_count", "read_count", "citation_count_norm"), _CITATIONS),
    **dict.fromkeys(("property", "database", "doctype", "bibgroup", "data", "esources"), _LABEL),
    **dict.fromkeys(("object", "simbid", "nedid", "uat", "facility", "keyword_schema"), _LABEL),
    **dict.fromkeys(("citations", "references", "reference", "citation"), _GRAPH),
    **dict.fromkeys(("entdate", "entry_date", "date", "mtime"), _ENTERED),
    **dict.fromkeys(("orcid", "orcid_pub", "orcid_user", "orcid_other", "aff_id"), _NUMBERED),
    **dict.fromkeys(("lang", "copyright", "grant", "vizier", "has"), lost("it is not known here")),
}  # fmt: skip
_GRAPH_NAMES = "citations references trending useful reviews instructive similar topn join docs"
_GRAPHS = dict.fromkeys([*_GRAPH_NAMES.split(), "pos"], _GRAPH)

_DIALECT = Fielded(
    fields=_FIELDS,
    plain=_PLAIN,
    unknown=lost("ADS has no such field that is known here"),
    operators={"AND": ("AND",), "and": ("AND",), "OR": ("OR",), "or": ("OR",), "NOT": ("NOT",)},
    binding=AND_FIRST,
    functions={**_GRAPHS, "pos": _inner},
    has_near=True,
    marked=_marked,
)


def read_ads(text: str) -> Part:
    """The query as a tree. Raises Trouble."""
    return read_fielded(text, _DIALECT)
