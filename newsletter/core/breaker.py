"""When an edition is held by itself: too much of it is refused, so going on would do harm.

A provider that refuses one message in twenty for its policy takes the sender for a spammer, and
many dead addresses at once mean that the readers are not who they seem, such as an old file that
was taken in. A person then looks, and releases the edition or calls it off.
"""

from collections.abc import Iterable

from newsletter.core.delivery import OF_THE_LETTER, SUPPRESSING, parse_status

LEAST_SETTLED = 200  # sent and failed together; below it a share says nothing
MOST_REFUSED = 0.05  # by policy, reputation or for no stated reason
MOST_DEAD = 0.10  # addresses that do not exist

_FULL = ("5.2.2", *OF_THE_LETTER)  # speak of one mailbox or one message
_SHOWN = 120


def why_hold(sent: int, failures: Iterable[tuple[int, str, int]]) -> str:
    """Why an edition should be held, in a sentence; "" when it may go on.

    failures: (reply code, the relay's words, how often), of all its failed deliveries.
    """
    dead, refused, most, words = 0, 0, 0, ""
    total = sent
    for code, text, count in failures:
        total += count
        status = parse_status(code, text)
        if status in SUPPRESSING:
            dead += count
        elif status not in _FULL:
            refused += count
            if count > most:
                most, words = count, f"{code} {text}"[:_SHOWN]
    if total < LEAST_SETTLED:
        return ""
    if refused > MOST_REFUSED * total:
        return f"{_share(refused, total)} were refused, most often with: {words}"
    if dead > MOST_DEAD * total:
        return f"{_share(dead, total)} went to addresses that do not exist"
    return ""


def _share(some: int, total: int) -> str:
    return f"{some:,} of {total:,} messages ({some / total:.1%})"
