"""What the head of a digest says of it: how many papers, on what, and the inbox's preview."""

from collections.abc import Sequence
from functools import lru_cache

from newsletter.core.mail import wording
from newsletter.core.mail.stock import MAX_PREHEADER, Name, PaperParts, Stock
from newsletter.core.mail.wire import inset

MOST_PREVIEWED = 3
_DOT = " · "
_BETWEEN = inset(_DOT)
_AT_LINE_END = inset(" ·\n")


GAPS = tuple(
    f"{side}.digest.{name}"
    for name in ("count", "topics", "preheader")
    for side in ("html", "text")
)


def masthead(
    topics: Sequence[tuple[str, int]], papers: Sequence[PaperParts], stock: Stock
) -> tuple[bytes, ...]:
    """What belongs in GAPS, encoded. topics: each with how many papers it has."""
    number, preheader = _counted(len(papers)), _preheader(papers)
    if len(topics) == 1:
        name = stock.name(topics[0][0], None)
        names_html, names_text = name.html, name.text
    else:
        names = [stock.name(topic, count) for topic, count in topics]
        names_html = _BETWEEN.join([name.html for name in names])
        names_text = _in_lines(names)
    return number, number, names_html, names_text, preheader, preheader


@lru_cache(maxsize=1024)
def _counted(number: int) -> bytes:
    return inset(wording.counted(number, "paper"))


def _in_lines(names: Sequence[Name]) -> bytes:
    """The names in lines of the text's width, none of them parted from what it counts."""
    rows, used = [names[0].text], names[0].columns
    for name in names[1:]:
        if name.is_long or used + len(_DOT) + name.columns + len(" ·") > wording.TEXT_WIDTH:
            rows += (_AT_LINE_END, name.text)
            used = name.columns
        else:
            rows += (_BETWEEN, name.text)
            used += len(_DOT) + name.columns
    return b"".join(rows)


def _preheader(papers: Sequence[PaperParts]) -> bytes:
    """The titles after the subject's, as many whole ones as fit; the abstract of a single paper."""
    if len(papers) == 1:
        return papers[0].abstract[0]
    rows, used = [], -len(_DOT)
    for encoded, length in [paper.preview for paper in papers[1 : MOST_PREVIEWED + 1]]:
        used += len(_DOT) + length
        if used > MAX_PREHEADER:
            break
        rows.append(encoded)
    return _BETWEEN.join(rows)
