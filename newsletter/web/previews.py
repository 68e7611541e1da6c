"""What one topic of a form would have brought lately."""

from dataclasses import dataclass

from newsletter.app import Newsletter
from newsletter.core.marking import pieces
from newsletter.errors import FilterError
from newsletter.web.forms import Errors, WishesForm

DAYS = 30
SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPreview:
    """total: papers of the last DAYS days; a_day: on a day that has papers. titles: the newest of
    them, in pieces: (text, whether the filter's words stand there). warnings: sentences.
    """

    total: int
    days: int
    a_day: str
    titles: tuple[tuple[tuple[str, bool], ...], ...]
    warnings: tuple[str, ...]


def preview_of(
    newsletter: Newsletter, form: WishesForm, button: str
) -> tuple[Errors, dict[int, TopicPreview]]:
    """The preview of the row that the button names ("preview-2"), by row; or its error."""
    row = button.removeprefix("preview-")
    number = int(row) if row.isascii() and row.isdigit() and len(row) <= 3 else -1
    if not 0 <= number < len(form.topics):
        return {}, {}
    try:
        tested = newsletter.back_test(form.topics[number].filter, days=DAYS)
    except FilterError as error:
        return {f"topics-{number}-filter": error}, {}
    preview = TopicPreview(
        total=len(tested.matches),
        days=DAYS,
        a_day=f"{tested.per_day:.1f}",
        titles=tuple(tuple(pieces(m.paper.title, m.spans)) for m in tested.matches[:SHOWN]),
        warnings=tuple(hint.text for hint in tested.warnings),
    )
    return {}, {number: preview}
