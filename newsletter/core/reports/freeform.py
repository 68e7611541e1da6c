"""Reports without a standard form, read by the tables of `dialects`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.core.reports import dialects
from newsletter.core.reports.addresses import (
    addresses_in,
    clean_address,
    is_legible,
    is_person,
    unique,
)
from newsletter.core.reports.causes import FULL
from newsletter.core.reports.judging import cause_of
from newsletter.core.reports.mime import Headers, Part, readable, split_header
from newsletter.core.reports.replies import Said

MAX_LINES = 1_500
MAX_LINE = 600
MAX_NAMING = 300
MAX_RECIPIENTS = 50
MAX_NAMED = 10  # lines with an address
NEAR = 8  # lines between words of failure and the address that they are about
MAX_AROUND = 2_000  # characters that follow a recipient and may tell why

_REPLY = re.compile(r"(?<![\w.#-])[45]\d\d[ :-]+(?:#?[45]\.\d\.\d|[A-Za-z<:\[])")
_PARAGRAPH_END = re.compile(r"(?<=\S)[ \t]*\n(?:[ \t]*\n|[ \t]*[-=]{5})")
_REPORT = re.compile(r"report-type\s*=\s*\"?delivery-status", re.IGNORECASE)
_EMPTY_LINES = re.compile(r"\n\s*\n")
_OF_ORIGINAL = ("to", "x-original-to", "delivered-to", "envelope-to")


@dataclass(frozen=True, slots=True)
class Notice:
    """The readable part of a report, and the header of the message it returns."""

    text: str
    original: Headers


def notice_of(parts: list[Part]) -> Notice:
    """The report's own words up to where the returned message begins, wherever that is."""
    plain = [part for part in parts if not part.is_returned and part.kind.startswith("text/plain")]
    hyper = [part for part in parts if not part.is_returned and part.kind == "text/html"]
    says = any(_says(part.text) for part in plain) or not hyper
    readable_parts = plain if says else hyper
    other = [part for part in parts if not part.is_returned and part.kind not in _READ]
    text = "\n".join(part.text for part in readable_parts or other)
    text, returned = _cut(text)
    if readable_parts is hyper:  # there each field may be a paragraph
        returned = _EMPTY_LINES.sub("\n", returned)
    attached = next((part.text for part in parts if part.is_returned), "")
    return Notice(text, split_header(attached.lstrip("\n") or returned)[0])


def _says(text: str) -> bool:
    """Whether a plain part is more than "see the other part"."""
    return "@" in text or dialects.FAILURES.search(text[:MAX_AROUND]) is not None


_READ = ("text/plain", "text/html", "message/delivery-status", "message/feedback-report")


def lines_of(notice: Notice) -> list[str]:
    """The lines that are looked at: of those with an address no more than MAX_NAMING."""
    lines = [line[:MAX_LINE] for line in notice.text.split("\n")[:MAX_LINES]]
    naming = [number for number, line in enumerate(lines) if "@" in line]
    return lines[: naming[MAX_NAMING]] if len(naming) > MAX_NAMING else lines


def is_notice(headers: Headers, subject: str, notice: Notice) -> bool:
    """Whether a mail system wrote this, and it tells of a failure.

    Ordinary mail may quote a failure, and mail systems write of other things: both must be seen.
    """
    by_whom = "\n".join(
        readable(value)[:300].strip()
        for value in headers.all("from", "sender", "return-path", "x-mailer")
    )
    if any(headers.get(name) for name in dialects.FAILED_FIELDS):
        return True
    tells, fails = _tells(subject), _fails(notice)
    if dialects.SENDERS.search(by_whom):
        return tells or fails or _refuses(notice.text)
    is_machine = dialects.PERHAPS.search(by_whom) or _is_bare(headers)
    return tells and fails and bool(is_machine or _REPORT.search(headers.get("content-type")))


def said_in(headers: Headers, subject: str, notice: Notice) -> list[Said]:
    """What a notice says of each recipient; one without a name where it hides who failed."""
    lines = lines_of(notice)
    recipients = _recipients(headers, subject, lines, notice)
    is_delay = is_delayed(subject, notice.text)
    whole = f"{notice.text[:MAX_AROUND]}\n{subject}"
    said = []
    hidden = [None] if _tells(subject) and _fails(notice) else []
    names: list[str | None] = [*recipients] or [*hidden]
    for recipient in names:
        around = around_of(recipient, recipients, lines)
        words = quoted(around) or ("" if len(recipients) > 1 else quoted(whole)) or around
        rest = whole if words == around else f"{around}\n{whole}"
        said.append(Said(recipient=recipient, words=words, around=rest, is_delay=is_delay))
    return said


def quoted(around: str) -> str:
    """The remote server's own words in what is written about a recipient, "" without any.

    Of several quotes the last one with a reply code counts, as reports quote reports.
    """
    begins = [found.end() for found in dialects.QUOTES.finditer(around)]
    replies = [at.start() for at in _REPLY.finditer(around)]
    said = [reply for reply in replies if any(0 <= reply - at < 80 for at in begins)]
    at = next(iter(said[-1:] + replies[:1] + begins[:1]), None)
    return "" if at is None else _PARAGRAPH_END.split(around[at:], maxsplit=1)[0]


def is_delayed(subject: str, text: str) -> bool:
    """Whether the server still tries."""
    begins = f"{subject}\n{text[:4_000]}"
    return bool(dialects.DELAYS.search(begins)) and not dialects.GIVEN_UP.search(begins)


def around_of(recipient: str | None, recipients: list[str], lines: list[str]) -> str:
    """The lines that tell about a recipient: from the one that names it to the next recipient.

    Where a recipient is named more than once, the place with most to read is taken.
    """
    if recipient is None:
        return "\n".join(lines)[:MAX_AROUND]
    lower = recipient.lower()
    others = [other.lower() for other in recipients if other != recipient]
    places = [number for number, line in enumerate(lines) if lower in line.lower()][:5]
    texts = [_following(lines[place:], others) for place in places]
    return max(texts, key=_weight, default="\n".join(lines))[:MAX_AROUND]


def _weight(text: str) -> int:
    """How much of an explanation a text is: one with a reply code is better than a long one."""
    return min(len(text), 300) + (1_000 if _REPLY.search(text) else 0)


def _following(lines: list[str], others: list[str]) -> str:
    taken = [lines[0]]
    for line in lines[1:25]:
        lower = line.lower()
        if any(other in lower for other in others):
            break
        taken.append(line)
    return "\n".join(taken)


def _cut(text: str) -> tuple[str, str]:
    """The text before the returned message, and that message."""
    marks = [found for found in (dialects.ORIGINALS.search(text), dialects.FIELDS.search(text))
             if found and text[: found.start()].strip()]  # fmt: skip
    if not marks:
        return text, ""
    mark = min(marks, key=lambda found: found.start())
    end = text.find("\n", mark.start())
    begins = mark.start() if dialects.FIELDS.match(text, mark.start()) else end
    return text[: mark.start()], text[begins:].lstrip("\n -\t") if begins >= 0 else ""


def _recipients(headers: Headers, subject: str, lines: list[str], notice: Notice) -> list[str]:
    """The recipients by the surest kind of sign that the report has."""
    ours = _ours(headers, notice)
    lines = [dialects.ANOTHER.sub(" ", line) if "@" in line else line for line in lines]
    contacts = [line for line in lines if "@" in line and dialects.CONTACT.search(line)]
    asks = frozenset(contacts)
    told = [line for line in lines if line not in asks]

    def theirs(found: Iterator[str]) -> Iterator[str]:
        return (a for a in found if a.lower() not in ours)

    signs: tuple[Iterator[str], ...] = (
        (a for v in headers.all(*dialects.FAILED_FIELDS) for a in addresses_in(v)),
        theirs(_at_begin(lines)),
        theirs(_matches(dialects.NAMED, told)),
        theirs(_matches(dialects.REASON_FIRST, told)),
        theirs(_matches(dialects.NAMED, contacts)),
        theirs(_matches(dialects.REASON_FIRST, contacts)),
        _matches(dialects.REFUSED, lines),
        theirs(_of_both(lines, notice)),
        theirs(_near_failure(told)),
        _at_begin(lines),  # a gateway may have put the recipient's own address in the header
        theirs(_of_original(notice)),
        theirs(addresses_in(subject)),
        _alone(theirs(a for line in told for a in addresses_in(line))),
    )
    for sign in signs:
        found = unique(a for a in sign if is_person(a))[:MAX_RECIPIENTS]
        if found:
            return found
    return []


def _at_begin(lines: list[str]) -> Iterator[str]:
    return _of(found for line in lines if "@" in line and (found := dialects.AT_BEGIN.match(line)))


def _matches(pattern: re.Pattern[str], lines: list[str]) -> Iterator[str]:
    return _of(found for line in lines if "@" in line for found in pattern.finditer(line))


def _of(matches: Iterator[re.Match[str]]) -> Iterator[str]:
    found: re.Match[str] | None
    for found in matches:
        while found:
            address = found["address"]
            is_quoted = address.startswith('"') and is_legible(address)
            if address := address if is_quoted else clean_address(address):
                yield address
            found = dialects.ONE_MORE.match(found.string, found.end("address"))


def _near_failure(lines: list[str]) -> Iterator[str]:
    """The addresses of the line that has one and is nearest to words of failure."""
    named = [n for n, line in enumerate(lines) if "@" in line and any(addresses_in(line))]
    around = {at for n in named[:MAX_NAMED] for at in range(max(n - NEAR, 0), n + NEAR)}
    failed = [n for n in sorted(around) if n < len(lines) and _tells_of_failure(lines[n])]
    near = [(abs(n - at), n) for n in named[:MAX_NAMED] for at in failed]
    if near and min(near)[0] < NEAR:
        yield from addresses_in(lines[min(near)[1]])


def _alone(addresses: Iterator[str]) -> Iterator[str]:
    """The address that a report names when it names no other."""
    found = unique(a for a in addresses if is_person(a))
    if len(found) == 1:
        yield from found


def _tells_of_failure(line: str) -> bool:
    return bool(dialects.FAILURES.search(line) or _REPLY.search(line))


def _of_both(lines: list[str], notice: Notice) -> Iterator[str]:
    """Addresses that the report names and that the returned message went to."""
    sent_to = {address.lower() for address in _of_original(notice)}
    return (a for line in lines for a in addresses_in(line) if a.lower() in sent_to)


def sent_to(notice: Notice) -> str | None:
    """The one person that the returned message was addressed to, None of none or of several."""
    return next(_alone(_of_original(notice)), None)


def _of_original(notice: Notice) -> Iterator[str]:
    for value in notice.original.all(*_OF_ORIGINAL):
        yield from addresses_in(value)


def _ours(headers: Headers, notice: Notice) -> frozenset[str]:
    """Addresses on our side: who the report came to, and who sent the message."""
    values = headers.all("to")  # X-Original-To may be the failed one: DragonFly says so
    values += notice.original.all("from", "return-path", "sender", "reply-to")
    return frozenset(a.lower() for value in values for a in addresses_in(value))


def _tells(subject: str) -> bool:
    return dialects.SUBJECTS.search(subject[:300]) is not None


def _fails(notice: Notice) -> bool:
    return dialects.FAILURES.search(notice.text[:6_000]) is not None


def _refuses(text: str) -> bool:
    """Whether a server's reply, or words for a dead or full mailbox, stand in the text."""
    cause = cause_of(text)
    return _REPLY.search(text[:6_000]) is not None or cause.is_hard or cause is FULL


def _is_bare(headers: Headers) -> bool:
    """Whether the message came with an empty return path or is marked as a machine's."""
    return headers.get("return-path").strip() == "<>" or headers.get(
        "auto-submitted"
    ).lower().startswith("auto-")
