"""arXiv's API: `ti:"quantum dots" AND au:del_maestro ANDNOT cat:cs.*`.

https://info.arxiv.org/help/api/user-manual.html, section 5.1. Which operator binds first and what
a blank means are not written there: the service reads a blank as OR, and AND first is the usual.
"""

import re
from urllib.parse import unquote_plus

from newsletter.core.dialects.fielded import Fielded, read_fielded
from newsletter.core.dialects.joining import AND_FIRST
from newsletter.core.dialects.leaves import (
    category,
    days,
    lost,
    name,
    noted,
    paper_id,
    words_in,
)
from newsletter.core.dialects.parts import Part

_ALL = "arXiv searches authors and comments too; here title, abstract and keywords are searched"

_DIALECT = Fielded(
    fields={
        "ti": words_in("title"),
        "abs": words_in("abstract"),
        "au": name,
        "cat": category,
        "id": paper_id,
        "all": noted(words_in(""), _ALL),
        "submitteddate": days,
        "lastupdateddate": lost("when a paper was last changed is not known here"),
        "co": lost("the authors' comments are not searched here"),
        "jr": lost("the journal is not known here"),
        "rn": lost("report numbers are not known here"),
        "doi": paper_id,
    },
    plain=noted(words_in(""), _ALL),
    unknown=lost("arXiv has no such field"),
    operators={"AND": ("AND",), "OR": ("OR",), "ANDNOT": ("AND", "NOT"), "NOT": ("NOT",)},
    binding=AND_FIRST,
    blank="OR",
    unsure="which of AND and OR binds first is nowhere written: AND was taken first",
)
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}|\S\+(?:AND|OR|ANDNOT)\+")
_PLUS = re.compile(r"(?<=\w)\+(?=\w)")


def decode_arxiv(text: str) -> str:
    """The query without the encoding of addresses, in which most are handed on."""
    if _ENCODED.search(text):
        return unquote_plus(text)
    return text if re.search(r"\s", text.strip()) else _PLUS.sub(" ", text)


def read_arxiv(text: str) -> Part:
    """The query as a tree. Raises Trouble."""
    return read_fielded(text, _DIALECT)
