"""How a digest that is too large gets shorter: a fixed order of steps, the first that fits."""

from collections.abc import Callable, Iterator

from newsletter.core.mail.cards import Form

MAX_HTML = 80_000  # bytes as a reader's program has them; Gmail hides what comes after 102 KB

Size = Callable[[int, Form], int]


def all_of(cards: int, also: int) -> list[Form]:
    """The forms when there is room for everything."""
    return [Form.FULL] * cards + [Form.LINE] * also


def choose(*, cards: int, also: int, size: Size, room: int, reserve: int) -> list[Form | None]:
    """The form of each paper, the cards first, then those past the cap; None for one left out.

    size: the bytes of the paper at this position in this form. room: for all papers together.
    reserve: for saying how many were left out, should it come to that.

    From the end, abstracts shorten, then cards turn into lines, then lines into short ones. That
    is enough for every digest that can be composed: a paper that counts as seen is named. Only
    beyond that, or with templates far larger than ours, papers go; the first always stays.
    """
    forms: list[Form | None] = [*all_of(cards, also)]
    sizes = [size(position, form) for position, form in enumerate(all_of(cards, also))]
    used = sum(sizes)
    for position, form in _steps(cards, also, size, room=room):
        if used <= room:
            return forms
        if form is None:
            room, reserve = room - reserve, 0
        smaller = 0 if form is None else size(position, form)
        used += smaller - sizes[position]
        sizes[position], forms[position] = smaller, form
    return forms


def _steps(cards: int, also: int, size: Size, *, room: int) -> Iterator[tuple[int, Form | None]]:
    """Which paper changes next, and into what. Forms cost time to make: no more than needed."""
    lines = sum(size(position, Form.LINE) for position in range(cards + also))
    for form in (Form.SHORT, Form.BRIEF, Form.LINE) if lines <= room else (Form.LINE,):
        yield from ((position, form) for position in reversed(range(cards)))
    yield from ((position, Form.TIGHT) for position in reversed(range(cards + also)))
    yield from ((position, None) for position in reversed(range(1, cards + also)))
