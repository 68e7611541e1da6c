"""What the head of a digest says of it: how many papers, on what, and the inbox's preview."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from newsletter.core import wording
from newsletter.core.bodies import Filled
from newsletter.core.stock import MAX_PREHEADER, Name, PaperParts, Stock
from newsletter.core.wire import inset

MOST_PREVIEWED = 3
_BETWEEN = inset(" · ")
_AT_LINE_END = inset(" ·\n")

Sections = Sequence[tuple[str, Sequence[tuple[PaperParts, Filled]]]]


def masthead(sections: Sections, stock: Stock) -> Mapping[str, bytes]:
    """By gap, encoded: count, topics and preheader, in html and in text."""
    is_single = len(sections) == 1
    names = [stock.name(topic, None if is_single else len(papers)) for topic, papers in sections]
    number = _counted(sum(len(papers) for _, papers in sections))
    preheader = _preheader(sections)
    return {
        "html.digest.count": number,
        "text.digest.count": number,
        "html.digest.topics": _BETWEEN.join([name.html for name in names]),
        "text.digest.topics": names[0].text if is_single else _in_lines(names),
        "html.digest.preheader": preheader,
        "text.digest.preheader": preheader,
    }


@lru_cache(maxsize=1024)
def _counted(number: int) -> bytes:
    return inset(wording.counted(number, "paper"))


def _in_lines(names: Sequence[Name]) -> bytes:
    """The names in lines of the text's width, none of them parted from what it counts."""
    rows, used = [names[0].text], names[0].columns
    for name in names[1:]:
        # " · " before it, and room for " ·" behind it
        if used + 3 + name.columns + 2 > wording.TEXT_WIDTH:
            rows += (_AT_LINE_END, name.text)
            used = name.columns
        else:
            rows += (_BETWEEN, name.text)
            used += 3 + name.columns
    return b"".join(rows)


def _preheader(sections: Sections) -> bytes:
    """The titles after the subject's, as many whole ones as fit; the abstract of a single paper."""
    papers = [paper for _, found in sections for paper, _ in found[: MOST_PREVIEWED + 1]]
    if len(papers) == 1:
        return papers[0].abstract[0]
    rows, used = [papers[1].preview[0]], papers[1].preview[1]
    for paper in papers[2 : MOST_PREVIEWED + 1]:
        encoded, length = paper.preview
        used += 3 + length
        if used > MAX_PREHEADER:
            break
        rows.append(encoded)
    return _BETWEEN.join(rows)
