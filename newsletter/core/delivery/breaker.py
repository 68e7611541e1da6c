"""When an edition is held by itself: too much of it is refused, so going on would do harm.

A provider that refuses one message in twenty for its policy takes the sender for a spammer, and
many dead addresses at once mean that the readers are not who they seem, such as an old file that
was taken in. It is the same whether the relay refuses a message at once or a report comes back
later; and complaints weigh most. A person then looks, and releases the edition or calls it off.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from newsletter.core.delivery.ledger import cause_of as without_particulars
from newsletter.core.delivery.states import OF_THE_LETTER, parse_status
from newsletter.core.feedback.rates import LEAST_COMPLAINTS, LEAST_SENT, MOST_COMPLAINTS, share
from newsletter.core.reports import Kind
from newsletter.core.reports.causes import CAUSES, LOOP, NETWORK, SYSTEM, TOO_LARGE
from newsletter.core.reports.judging import cause_of

LEAST_SETTLED = 200  # sent and failed together; below it a share says nothing
MOST_REFUSED = 0.05  # by policy, reputation or for no stated reason
MOST_DEAD = 0.10  # addresses that do not exist

_SHOWN = 120
_DEAD = frozenset(cause.word for cause in CAUSES if cause.is_hard)
# What speaks of one mailbox, one message or the way says nothing of what is thought of us.
_REFUSED = frozenset(
    cause.word
    for cause in CAUSES
    if not cause.is_about_reader and cause not in (TOO_LARGE, NETWORK, SYSTEM, LOOP)
)

# Words with an address, a queue's number or a host's: of one message only.
_OF_ONE = re.compile(r"[^\s\d@]*[\d@]\S*")

Failure = tuple[int, str, int]
Reported = tuple[Kind, str, str, int]


def why_hold(sent: int, failures: Iterable[Failure], reported: Sequence[Reported] = ()) -> str:
    """Why an edition should be held, in a sentence; "" when it may go on.

    sent: messages that the relay took. failures: (reply code, the relay's words, how often), of all
    its failed deliveries. reported: (kind, cause, words, how often), of what came back of the sent.
    """
    complaints = sum(count for kind, _, _, count in reported if kind is Kind.COMPLAINT)
    if sent >= LEAST_SENT and complaints >= max(LEAST_COMPLAINTS, MOST_COMPLAINTS * sent):
        return f"{complaints:,} of {sent:,} readers complained ({share(complaints / sent)})"
    failed = _judged(failures)
    total = sent + sum(count for *_, count in failed)
    failed += [
        (cause, words or cause, count)
        for kind, cause, words, count in reported
        if kind in (Kind.HARD, Kind.SOFT)
    ]
    if total < LEAST_SETTLED:
        return ""
    refused = [(words, count) for cause, words, count in failed if cause in _REFUSED]
    dead = sum(count for cause, _, count in failed if cause in _DEAD)
    if (number := sum(count for _, count in refused)) > MOST_REFUSED * total:
        return f"{_share(number, total)} were refused, most often with: {_commonest(refused)}"
    if dead > MOST_DEAD * total:
        return f"{_share(dead, total)} went to addresses that do not exist"
    return ""


def _judged(failures: Iterable[Failure]) -> list[tuple[str, str, int]]:
    """(cause, words, how often): replies that differ only in what is of one message count as one,
    since to judge one takes a while.
    """
    counted = Counter[tuple[int, str, str]]()
    words: dict[tuple[int, str, str], str] = {}
    for code, text, count in failures:
        key = (code, parse_status(code, text), _OF_ONE.sub("", text))
        counted[key] += count
        words.setdefault(key, f"{code} {text}")
    return [(_cause(*key), words[key], count) for key, count in counted.items()]


def _cause(code: int, status: str, text: str) -> str:
    if status in OF_THE_LETTER:
        return TOO_LARGE.word
    return cause_of(f"{code} {text}", status=status, code=code).word


def _commonest(refused: Iterable[tuple[str, int]]) -> str:
    counted = Counter[str]()
    for words, count in refused:
        counted[words] += count
    return without_particulars(counted.most_common(1)[0][0])[:_SHOWN]


def _share(some: int, total: int) -> str:
    return f"{some:,} of {total:,} messages ({some / total:.1%})"
