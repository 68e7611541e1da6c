"""Addresses as they stand in the text of reports."""

import re
from collections.abc import Iterable, Iterator

MAX_ADDRESS = 254  # RFC 5321 section 4.5.3.1
MAX_LINE = 1_000

_QUOTED = re.compile(r'"[^"\r\n@]{1,64}"@[\w.-]{1,200}')
_SPLIT = re.compile(r"[\s<>(),;:\"\[\]{}|\\]+")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:@\"\\]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,10}")
_XTEXT = re.compile(r"\+(2B|3D)|\\x\{(10[0-9A-F]{4}|[0-9A-F]{2,5})\}")
_EDGES = "'`.=*#!?$&~,-/"
# Mail systems, not people: they are named in every report and are never its recipient.
_ROLES = frozenset(["mailer-daemon", "mail-daemon", "postmaster", "mailerdaemon", "daemon"])


def addresses_in(text: str) -> Iterator[str]:
    """The addresses in a text in order, as they are written; some may come twice."""
    for line in text.split("\n"):
        if "@" not in line:
            continue
        line = line[:MAX_LINE]
        if '"@' in line:
            yield from filter(is_legible, _QUOTED.findall(line))
        for token in _SPLIT.split(line):
            if "@" in token and (found := clean_address(token)):
                yield found


def clean_address(token: str) -> str:
    """The address that the token is, without what clings to it; "" when it is none."""
    token = token.removeprefix("mailto:").lstrip("'`.=*#!?~,").rstrip(_EDGES)
    if len(token) > MAX_ADDRESS or not is_legible(token) or _ADDRESS.fullmatch(token) is None:
        return ""
    return token


def is_legible(token: str) -> bool:
    """Whether nothing in it was lost in decoding, and nothing is there that is not seen."""
    return token.isprintable() and "\ufffd" not in token


def field_address(value: str) -> str:
    """The address of a field such as "rfc822; <ada@example.org>" or "ada@example.org", or "".

    A local part in quotes is kept as it is (RFC 5321 section 4.1.2). What was coded for the
    envelope is decoded: the two letters of xtext (RFC 3461 section 4), and those that RFC 6533
    adds.
    """
    kind, semicolon, rest = value.partition(";")
    if kind.strip().lower() == "x-unix":  # a program that takes the mail
        return ""
    plain = _XTEXT.sub(lambda found: chr(int(found[1] or found[2], 16)), rest)
    return next(addresses_in(plain if semicolon else value), "")


def is_person(address: str) -> bool:
    """Whether the address may be a recipient, not a mail system's own."""
    return address.partition("@")[0].lower() not in _ROLES


def unique(addresses: Iterable[str]) -> list[str]:
    """Each address once, however it is capitalised, in order."""
    kept: dict[str, str] = {}
    for address in addresses:
        kept.setdefault(address.lower(), address)
    return list(kept.values())
