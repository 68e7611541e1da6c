"""The cause behind a server's words and codes."""

import re
from functools import lru_cache

from newsletter.core.reports.causes import (
    BY_CODE,
    BY_STATUS,
    CONTENT,
    FILTERED,
    NETWORK,
    NO_MAILBOX,
    SYSTEM,
    UNKNOWN,
    Cause,
)
from newsletter.core.reports.wordings import NOT_THE_READER, ONLY_NOW, WORDINGS

MAX_WORDS = 700  # characters that are looked at; the cause stands at the beginning

# Words that so many replies have in passing, and codes that are meant when they are given.
VAGUE = (CONTENT, NETWORK, SYSTEM)
INSISTS = ("5.1.1", "5.1.6", "5.1.10", "5.2.2", "5.3.4")

# The rows are in small letters and begin where a word does: both make the search several times
# faster than one that does not care.
_ROWS = tuple((cause, re.compile(rf"(?<![a-z])(?:{'|'.join(rows)})")) for cause, rows in WORDINGS)
_NOT_THE_READER = re.compile("|".join(NOT_THE_READER))
_ONLY_NOW = re.compile("|".join(ONLY_NOW))
_NAMES = re.compile(r"\S*[\w-][.@/=][\w-]\S*")  # hosts, addresses, paths: they say anything
_CODES = re.compile(
    r"\b[2-5]\d\d[- ]?(?:#?[245]\.\d{1,3}\.\d{1,3}\b)?[ :]*"
    r"|#?\b[245]\.\d\.\d{1,3}\b"
)
_LINK = re.compile(r"\bhttps?://[^\s>]{1,500}")  # where to read on, by any name
_BLANKS = re.compile(r"\s+")


def cause_of(
    words: str,
    *,
    status: str = "",
    code: int = 0,
    is_after_data: bool = False,
    most: int = MAX_WORDS,
) -> Cause:
    """The cause that a server's words and codes name; UNKNOWN when they say nothing.

    words: a reply, of which the first `most` characters count. status: "5.1.1" or "". code: the
    SMTP reply code or 0. is_after_data: the server had accepted the address and spoke after it saw
    the message: then "no such mailbox" is a filter's word, unless its code insists.
    """
    told = _BLANKS.sub(" ", _LINK.sub(" ", words[:most])).strip().lower()
    cause = _named(told)
    if cause.is_hard and (doubt := _doubt(told, is_temporary=400 <= code < 500)):
        cause = doubt
    is_vague = cause in VAGUE and not _ONLY_NOW.search(told)
    if cause is UNKNOWN or (is_vague and status in INSISTS):
        cause = _of_codes(status, code)
    if cause is NO_MAILBOX and is_after_data and not status.startswith(("5.1.", "4.1.")):
        return FILTERED
    return cause


@lru_cache(maxsize=512)
def _named(words: str) -> Cause:
    """The first row that matches the words, as they came or without the codes in between."""
    bare = _CODES.sub("", words)
    both = words if bare == words else f"{words}\n{bare}"
    return next((cause for cause, pattern in _ROWS if pattern.search(both)), UNKNOWN)


def _doubt(told: str, *, is_temporary: bool) -> Cause | None:
    """The cause that stands beside the word that the address is dead, and takes its force away."""
    bare = _CODES.sub(" ", _NAMES.sub(" ", told))
    if _NOT_THE_READER.search(bare) or (is_temporary and _ONLY_NOW.search(bare)):
        soft = (cause for cause, row in _ROWS if not cause.is_hard and row.search(bare))
        return next(soft, NETWORK)
    return None


def _of_codes(status: str, code: int) -> Cause:
    subject = status[: status.rfind(".") + 1]
    return BY_STATUS.get(status) or BY_STATUS.get(subject) or BY_CODE.get(code) or UNKNOWN
