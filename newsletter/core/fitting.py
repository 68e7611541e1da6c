"""How a digest that is too large gets shorter: a fixed order of steps, the first that fits."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from newsletter.core.cards import Form

MAX_HTML = 80_000  # bytes; Gmail hides what comes after 102 KB


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The first `whole` papers are cards in this form, those up to `kept` lines, the rest a count.

    also: how many papers past the cap are listed.
    """

    form: Form
    whole: int
    kept: int
    also: int


def choose(
    *, cards: int, also: int, size: Callable[[Layout], int], room: int, reserve: int
) -> Layout:
    """The richest layout whose size is at most `room`; the poorest when none is.

    reserve: bytes for saying how many more there are, kept free from the first shortening on,
    so that each step is smaller than the one before.
    """
    richest = Layout(form=Form.FULL, whole=cards, kept=cards, also=also)
    if size(richest) <= room:
        return richest
    steps = list(_steps(cards, also))
    position = bisect_left(steps, reserve - room, key=lambda step: -size(step))
    return steps[min(position, len(steps) - 1)]


def _steps(cards: int, also: int) -> Iterator[Layout]:
    """Abstracts shorten, cards turn into lines from the end, then lines go from the end."""
    for form in (Form.SHORT, Form.BRIEF):
        yield Layout(form=form, whole=cards, kept=cards, also=also)
    for whole in range(cards - 1, -1, -1):
        yield Layout(form=Form.BRIEF, whole=whole, kept=cards, also=also)
    for listed in range(also - 1, -1, -1):
        yield Layout(form=Form.BRIEF, whole=0, kept=cards, also=listed)
    for kept in range(cards - 1, 0, -1):
        yield Layout(form=Form.BRIEF, whole=0, kept=kept, also=0)
