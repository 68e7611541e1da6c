"""What one topic of a form would have brought lately."""

from dataclasses import dataclass

from newsletter.app import Newsletter
from newsletter.core.text import clean
from newsletter.errors import FilterError
from newsletter.web.forms import Errors, WishesForm

DAYS = 30
SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPreview:
    """total: papers of the last DAYS days. titles: the newest of them."""

    total: int
    days: int
    a_day: str
    titles: tuple[str, ...]


def preview_of(
    newsletter: Newsletter, form: WishesForm, button: str
) -> tuple[Errors, dict[int, TopicPreview]]:
    """The preview of the row that the button names ("preview-2"), by row; or its error."""
    row = button.removeprefix("preview-")
    number = int(row) if row.isascii() and row.isdigit() and len(row) <= 3 else -1
    if not 0 <= number < len(form.topics):
        return {}, {}
    try:
        papers = newsletter.preview_filter(form.topics[number].filter, days=DAYS)
    except FilterError as error:
        return {f"topics-{number}-filter": error}, {}
    preview = TopicPreview(
        total=len(papers),
        days=DAYS,
        a_day=f"{len(papers) / DAYS:.1f}",
        titles=tuple(clean(paper.title) for paper in papers[:SHOWN]),
    )
    return {}, {number: preview}
