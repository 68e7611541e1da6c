"""What a paper lacks for a filter: the nearest miss, in plain words."""

from dataclasses import dataclass
from datetime import UTC

from newsletter.core.filters import Filter
from newsletter.core.filters.tree import (
    And,
    Day,
    Leaf,
    Name,
    Node,
    Not,
    Number,
    Value,
    Words,
    canonical,
)
from newsletter.core.matching import PaperIndex
from newsletter.core.matching.facts import NUMBERS
from newsletter.core.papers import Paper

_MOST_CHOICES = 4  # of an OR; more do not help to see what was wanted
_MOST_NAMED = 6  # categories of a paper
_NOT_THERE = {
    "": "not in title, abstract or keywords",
    "title": "not in the title",
    "abstract": "not in the abstract",
    "keyword": "not among its keywords",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """A part of a filter that the paper does not pass, and why: "not in the title"."""

    part: str
    because: str

    def __str__(self) -> str:
        return f"{self.part}: {self.because}"


def lacks(index: PaperIndex, filter: Filter, k: int) -> tuple[Lack, ...]:
    """What would have to be otherwise for this paper to pass, all of it; () when it passes.

    Of an OR the choice that lacks least is told.
    """
    return _lacks(index, filter.tree, k)


def _lacks(index: PaperIndex, node: Node, k: int) -> tuple[Lack, ...]:
    if passes(index, node, k):
        return ()
    if isinstance(node, Leaf):
        return (Lack(part=f"`{node.text}`", because=_because(node, index.papers[k])),)
    if isinstance(node, Not):
        return (Lack(part=f"`{canonical(node)}`", because="the paper is one of those"),)
    below = [_lacks(index, child, k) for child in node.children]
    if isinstance(node, And):
        return tuple(lack for missing in below for lack in missing)
    return _nearest(below)


def passes(index: PaperIndex, node: Node, k: int) -> bool:
    return bool(index.match(Filter.of(node)) >> k & 1)


def _nearest(choices: list[tuple[Lack, ...]]) -> tuple[Lack, ...]:
    """The choice that lacks least; several that lack one thing for the same reason, as one."""
    nearest = min(choices, key=len)
    if len(nearest) != 1:
        return nearest
    because = nearest[0].because
    alike = [one[0].part for one in choices if len(one) == 1 and one[0].because == because]
    shown = " or ".join(alike[:_MOST_CHOICES])
    if len(alike) > _MOST_CHOICES:
        shown += f" or one of {len(alike) - _MOST_CHOICES} more"
    return (Lack(part=shown, because=because),)


def _because(leaf: Leaf, paper: Paper) -> str:
    match leaf:
        case Words():
            return _words_because(leaf, paper)
        case Name():
            return f"not among its {max(paper.author_count, len(paper.authors))} authors"
        case Number():
            number = NUMBERS[leaf.field](paper)
            known = number is not None
            return f"it has {number:,} {leaf.field}" if known else f"its {leaf.field} are not known"
        case Day():
            return _published(paper)
        case Value():
            return _value_because(leaf, paper)
        case _:
            return "not this paper"


def _published(paper: Paper) -> str:
    if paper.published_at is None:
        return "no date of publication is known"
    return f"published {paper.published_at.astimezone(UTC):%Y-%m-%d}"


def _words_because(leaf: Words, paper: Paper) -> str:
    if leaf.field == "org":
        named = paper.organization
        return f"its organisation is {named.full_name}" if named else "it names no organisation"
    if leaf.field == "keyword" and not paper.keywords:
        return "it has no keywords"
    return _NOT_THERE[leaf.field]


def _value_because(leaf: Value, paper: Paper) -> str:
    match leaf.field:
        case "cat" if not paper.categories:
            return "it names no category"
        case "cat":
            return "its categories are " + ", ".join(paper.categories[:_MOST_NAMED])
        case "source":
            return "it comes from " + (", ".join(paper.sources) or "a source that is not known")
        case "has":
            return f"it has no {leaf.wanted}"
        case _:
            return f"it is {paper.id}"
