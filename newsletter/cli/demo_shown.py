"""Who got what and why, for people and for machines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from newsletter.cli.demo_stage import Stage
from newsletter.cli.words import add_row, amount, clean, out
from newsletter.core.delivery.states import State
from newsletter.core.digests import Digest
from newsletter.core.mail.cards import readable_title
from newsletter.core.papers import Paper
from newsletter.core.subscribers import Wishes

SHOWN_WORDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """What one reader got. digest: None when nothing matched, then message_id is None too."""

    address: str
    wishes: Wishes
    digest: Digest | None
    message_id: str | None
    is_sent: bool
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The whole result, in the order of the readers."""

    stage: Stage
    papers: dict[str, Paper]
    got: tuple[Got, ...]

    @property
    def sent(self) -> int:
        return sum(one.is_sent for one in self.got)

    @property
    def failed(self) -> tuple[Got, ...]:
        return tuple(one for one in self.got if one.digest and not one.is_sent)


def what_came(stage: Stage, readers: Sequence[tuple[str, Wishes]]) -> Shown:
    found = {one.address: one for one in stage.newsletter.deliveries(edition=stage.day)}
    got = []
    for address, wishes in readers:
        one = found.get(address)
        got.append(
            Got(
                address=address,
                wishes=wishes,
                digest=one.digest if one else None,
                message_id=one.message_id if one else None,
                is_sent=one is not None and one.state is State.SENT,
                reply=one.last_text if one else "",
            )
        )
    papers = {paper.id: paper for paper in stage.newsletter.papers(stage.day)}
    return Shown(stage=stage, papers=papers, got=tuple(got))


def for_machines(shown: Shown) -> dict[str, Any]:
    return {
        "edition": shown.stage.day.isoformat(),
        "papers": len(shown.papers),
        "sent": shown.sent,
        "subscribers": [
            {
                "address": one.address,
                "topics": [topic.name for topic in one.wishes.topics],
                "papers": list(one.digest.paper_ids) if one.digest else [],
                "message_id": one.message_id,
            }
            for one in shown.got
        ],
        "inbox": str(shown.stage.inbox),
    }


def for_people(shown: Shown) -> None:
    """A block a reader: topics, papers, and the words that brought each."""
    console = out()
    console.print("\nWho got which papers, and the words of their topic that brought each:\n")
    for one in shown.got:
        console.print(one.address, style="bold", end="  ")
        if one.digest:
            count = amount(len(one.digest.paper_ids), "paper")
            console.print(count, style="green")
            console.print(_papers(one.digest, shown.papers))
        else:
            console.print("no mail: nothing matched their topics", style="yellow")
            console.print(_topics(one.wishes))
        console.print()
    without = len(shown.got) - sum(one.digest is not None for one in shown.got)
    more = f", {without} without a match" if without else ""
    console.print(
        f"{shown.stage.day}: {amount(len(shown.papers), 'paper')}, "
        f"{amount(len(shown.got), 'reader')}, {amount(shown.sent, 'mail')} sent{more}.",
        style="bold",
    )


def _papers(digest: Digest, papers: Mapping[str, Paper]) -> Table:
    rows = _rows(3, 2)
    for section in digest.sections:
        add_row(rows, Text(f"  {clean(section.topic)}", style="cyan"), Text())
        for pick in section.picks:
            paper = papers.get(pick.paper_id)
            title = readable_title(paper) if paper is not None else pick.paper_id
            add_row(rows, f"    {title}", _words(pick.words))
    return rows


def _topics(wishes: Wishes) -> Table:
    rows = _rows(2, 3)
    for topic in wishes.topics:
        add_row(rows, Text(f"  {clean(topic.name)}", style="cyan"), topic.filter)
    return rows


def _rows(*shares: int) -> Table:
    """Columns in these proportions, a line a row: the mails have the titles whole."""
    rows = Table(box=None, show_header=False, padding=(0, 2, 0, 0), expand=True)
    for number, share in enumerate(shares):
        style = "dim" if number else ""
        rows.add_column(ratio=share, overflow="ellipsis", no_wrap=True, style=style)
    return rows


def _words(words: Sequence[str]) -> str:
    more = f" and {len(words) - SHOWN_WORDS} more" if len(words) > SHOWN_WORDS else ""
    return ", ".join(words[:SHOWN_WORDS]) + more
