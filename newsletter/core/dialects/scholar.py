"""Google Scholar: `intitle:agents author:"G Hinton" planning OR search -survey`.

OR binds tighter than the blank, which is an AND: `a b OR c` is a (b OR c).
"""

from newsletter.core.dialects.fielded import Fielded, read_fielded
from newsletter.core.dialects.joining import OR_FIRST
from newsletter.core.dialects.leaves import (
    Reader,
    Value,
    before,
    lost,
    name,
    noted,
    since,
    words_in,
)
from newsletter.core.dialects.parts import Part, Term
from newsletter.core.filters.terms import read_term

_FULL_TEXT = "the full text is not searched here: title, abstract and keywords are"
_JOURNAL = lost("journals are not known here")
# A site or a journal that is a source of ours.
_SOURCES = {"arxiv.org": "arxiv", "arxiv": "arxiv", "huggingface.co": "huggingface"}


def _site(value: Value) -> Part:
    source = _SOURCES.get(value.text.lower().removeprefix("www."))
    if source is None:
        why = "only the sites arxiv.org and huggingface.co are known here"
        return Term(text=value.source, lost=why)
    return Term(text=value.source, node=read_term(f"source:{source}"))


def _journal(value: Value) -> Part:
    known = value.text.lower() in _SOURCES
    return _site(value) if known else _JOURNAL(value)


def _marked(reader: Reader, mark: str) -> Reader:
    return words_in("", is_exact=True) if "+" in mark and reader is _PLAIN else reader


_PLAIN = noted(words_in(""), _FULL_TEXT)
_DIALECT = Fielded(
    fields={
        "intitle": words_in("title"),
        "inauthor": name,
        "author": name,
        "intext": _PLAIN,
        "inabstract": words_in("abstract"),
        "source": _journal,
        "site": _site,
        "after": since,  # after:2020 with 2020 itself, since it is not written whether it counts
        "before": before,
        "filetype": lost("kinds of files are not known here"),
        "ext": lost("kinds of files are not known here"),
        "related": lost("which papers are alike is not known here"),
        "cites": lost("who cites whom is not known here"),
        "cluster": lost("Google's numbers are not known here"),
        "lang": lost("the language of a paper is not known here"),
    },
    plain=_PLAIN,
    unknown=None,
    operators={"AND": ("AND",), "OR": ("OR",), "NOT": ("NOT",)},
    binding=OR_FIRST,
    groups={"allintitle": "intitle", "allintext": "intext", "allinauthor": "author"},
    has_near=True,
    marked=_marked,
)


def read_scholar(text: str) -> Part:
    """The query as a tree. Raises Trouble."""
    return read_fielded(text, _DIALECT)
