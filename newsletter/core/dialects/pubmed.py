"""PubMed: `"heart attack"[ti] AND smith ja[au] NOT review[pt] AND 2020:2023[dp]`.

https://pubmed.ncbi.nlm.nih.gov/help/: a field stands behind its value in square brackets, AND, OR
and NOT (in capitals) are taken from left to right, and words side by side must all be there.
"""

import re
from collections.abc import Iterator

from newsletter.core.dialects.joining import LEFT_TO_RIGHT, Token, read_tokens
from newsletter.core.dialects.leaves import (
    Reader,
    Value,
    day_range,
    days,
    each_word_in,
    lost,
    name,
    noted,
    paper_id,
    widened,
)
from newsletter.core.dialects.parts import Part, Term
from newsletter.core.filters.terms import QUOTES
from newsletter.core.filters.troubles import Trouble

_WORD = rf"(?!(?:AND|OR|NOT)(?:[\s()]|$))[^\s()\[\]{QUOTES}]+"
_DATE = rf"[{QUOTES}]?(?:\d{{4}}(?:/\d\d?){{0,2}})[{QUOTES}]?"
_TAG = r"\[[^\]]*\]"
# No `*+` behind a group: Python 3.11 up to 3.11.4 has a bug there (python/cpython #101955).
_TOKEN = re.compile(
    rf"""\s*+(?:
      (?P<paren>[()])
    | (?P<operator>AND|OR|NOT)(?=[\s()]|$)
    | (?P<low>{_DATE})\s*(?:{_TAG})?\s*:\s*(?P<high>{_DATE})\s*(?P<range_tag>{_TAG})
    | [{QUOTES}](?P<quoted>[^{QUOTES}]*)[{QUOTES}]\s*(?P<quoted_tag>{_TAG})?
    | (?P<unclosed>[{QUOTES}])
    | (?P<words>{_WORD}(?:\s++{_WORD})*)\s*(?P<words_tag>{_TAG})?
    )""",
    re.VERBOSE,
)
_NEAR = re.compile(r"(.*?):~(\d{1,4})")
_SMALL = ("and", "or", "not")

_PLACE = "the place among the authors is not known here: any place counts"
_HEADING = "MeSH headings are not known here: their words are looked for"
_MAPPED = "PubMed adds MeSH headings and synonyms; here just these words are looked for"
_AFFILIATION = "the organisation behind a paper is looked at, not each author's affiliation"
_ADDED = lost("when a record came to PubMed or was changed is not known here")
_JOURNAL = lost("journals, volumes and pages are not known here")
_NUMBERED = lost("PubMed's numbers are not known here")
_INDEXED = lost("PubMed's own labels are not known here")


def _name(value: Value) -> Part:
    """`Smith JA` as `Smith, J A`; `Smith, John` and `John Smith` as they stand."""
    words = value.text.split()
    last = words[-1] if len(words) > 1 else ""
    if "," not in value.text and last.isascii() and last.isalpha() and len(last) <= 3 and (
        last.isupper() or value.text.islower()
    ):  # fmt: skip
        text = f"{' '.join(words[:-1])}, {' '.join(last.upper())}"
        return name(Value(text=text, source=value.source))
    return name(value)


def _doi(value: Value) -> Part:
    known = value.text.startswith("10.")
    return paper_id(value) if known else Term(text=value.source, lost="only DOIs are known here")


def _heading(value: Value) -> Part:
    """`Diabetes Mellitus, Type 2/therapy` as its words, without the subheading."""
    text = value.text.partition("/")[0].replace(",", " ")
    is_phrase = value.is_quoted and "," not in value.text
    words = Value(text=text, source=value.source, is_quoted=is_phrase)
    return noted(each_word_in(""), _HEADING)(words)


_TAGS: dict[str, Reader] = {
    "": noted(each_word_in(""), _MAPPED),
    **dict.fromkeys(("ti", "title", "tt", "transliterated title"), each_word_in("title")),
    **dict.fromkeys(("tiab", "title/abstract", "tw", "text word", "text words"), each_word_in("")),
    **dict.fromkeys(("ab", "abstract"), each_word_in("abstract")),
    **dict.fromkeys(("all", "all fields"), noted(each_word_in(""), _MAPPED)),
    **dict.fromkeys(("ot", "other term"), each_word_in("keyword")),
    **dict.fromkeys(("au", "author", "auth", "fau", "full author name", "author - full"), _name),
    **dict.fromkeys(
        ("1au", "first author", "first author name", "author - first"), widened(_name, _PLACE)
    ),
    **dict.fromkeys(
        ("lastau", "last author", "last author name", "author - last"), widened(_name, _PLACE)
    ),
    **dict.fromkeys(("ad", "affiliation"), noted(each_word_in("org"), _AFFILIATION)),
    **dict.fromkeys(
        ("dp", "pdat", "ppdat", "epdat", "date - publication", "publication date"), days
    ),
    **dict.fromkeys(
        ("mh", "mesh", "mesh terms", "mesh term", "majr", "mesh major topic", "mh:noexp",
         "mesh:noexp", "mesh terms:noexp", "majr:noexp", "nm", "supplementary concept"), _heading
    ),
    **dict.fromkeys(("aid", "lid", "doi", "article identifier", "location id"), _doi),
    **dict.fromkeys(
        ("edat", "entry date", "date - entry", "crdt", "create date", "date - create", "mhda",
         "mesh date", "date - mesh", "lr", "modification date", "date - modification", "dcom",
         "date - completion"), _ADDED
    ),
    **dict.fromkeys(
        ("ta", "journal", "jour", "vi", "volume", "ip", "issue", "pg", "pagination", "is", "issn",
         "pl", "place of publication", "pubn", "publisher"), _JOURNAL
    ),
    **dict.fromkeys(("la", "lang", "language"), lost("the language of a paper is not known here")),
    **dict.fromkeys(("pt", "publication type"), lost("kinds of publications are not known here")),
    **dict.fromkeys(
        ("sb", "subset", "filter", "sh", "mesh subheading", "pa", "pharmacological action", "rn",
         "ec/rn number", "si", "secondary source id", "ps", "personal name as subject", "cois",
         "conflict of interest statements", "gr", "grants and funding", "grant number"), _INDEXED
    ),
    **dict.fromkeys(("uid", "pmid", "pmcid", "pmc", "mid"), _NUMBERED),
    **dict.fromkeys(
        ("cn", "corporate author", "author - corporate", "ir", "investigator", "fir", "ed",
         "editor", "auid", "author - identifier"),
        lost("only the authors of a paper are known here"),
    ),
}  # fmt: skip


def read_pubmed(text: str) -> Part:
    """The query as a tree. Raises Trouble."""
    return read_tokens(_tokens(text), binding=LEFT_TO_RIGHT, blank="AND")


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Trouble(at, f"`{text[at : at + 10].strip()}` cannot be read here: leave it out")
        if match["unclosed"]:
            raise Trouble(match.end() - 1, "this quote is never closed: write the second one too")
        at, source = match.end(), match[0].strip()
        start = at - len(match[0].lstrip())
        kind = match["paren"] or match["operator"] or ""
        part = None if kind else _term(match, source)
        yield Token(at=start, text=source, kind=kind, part=part)


def _term(match: re.Match[str], source: str) -> Part:
    if match["low"]:
        value = Value(text=match["low"], source=source)
        reader = _tagged(match["range_tag"])
        return day_range(match["low"], match["high"], value) if reader is days else reader(value)
    is_quoted = match["quoted"] is not None
    text = match["quoted"] if is_quoted else match["words"]
    tag = match["quoted_tag"] if is_quoted else match["words_tag"]
    near = _NEAR.fullmatch((tag or "").strip("[]"))
    value = Value(
        text=text, source=source, is_quoted=is_quoted, near=int(near[2]) if near else None
    )
    reader = _tagged(near[1] if near else tag)
    return reader(value) if tag or is_quoted else _untagged(value)


def _tagged(tag: str | None) -> Reader:
    name = " ".join((tag or "").strip("[] ").lower().split())
    return _TAGS.get(name) or lost("PubMed has no such field that is known here")


def _untagged(value: Value) -> Part:
    """Words without a field. Small `and`, `or` and `not` are no operators, and are passed over."""
    words = value.text.split()
    kept = [word for word in words if word not in _SMALL]
    if len(kept) == len(words) or not kept:
        return _TAGS[""](value)
    small = next(word for word in words if word in _SMALL)
    note = f"a small `{small}` says nothing to PubMed: {small.upper()} is meant in capitals"
    part = _TAGS[""](Value(text=" ".join(kept), source=value.source))
    return noted(lambda _: part, note)(value)
