"""Who got what and why, for people and for machines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from newsletter.cli.demo_stage import Stage
from newsletter.cli.words import add_row, amount, out, table
from newsletter.core.delivery import State
from newsletter.core.digests import Digest
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The whole result, in the order of the readers."""

    stage: Stage
    papers: dict[str, Paper]
    got: tuple[Got, ...]

    @property
    def sent(self) -> int:
        return sum(one.is_sent for one in self.got)


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
    console.print()
    for one in shown.got:
        count = len(one.digest.paper_ids) if one.digest else 0
        head = amount(count, "paper") if count else "no mail: nothing matched their topics"
        console.print(f"{one.address}  ", style="bold", end="")
        console.print(head, style="green" if count else "yellow")
        rows = table("Topic", "Paper", "Because of")
        for section in one.digest.sections if one.digest else ():
            for number, pick in enumerate(section.picks):
                paper = shown.papers.get(pick.paper_id)
                title = paper.title if paper else pick.paper_id
                add_row(rows, " " if number else section.topic, title, _words(pick.words))
        if not one.digest:
            for topic in one.wishes.topics:
                add_row(rows, topic.name, "–", topic.filter)
        console.print(rows)
    without = len(shown.got) - sum(one.digest is not None for one in shown.got)
    more = f", {without} without a match" if without else ""
    console.print(
        f"{shown.stage.day}: {amount(len(shown.papers), 'paper')}, "
        f"{amount(len(shown.got), 'reader')}, {amount(shown.sent, 'mail')} sent{more}.",
        style="bold",
    )


def _words(words: Sequence[str]) -> str:
    more = f" and {len(words) - SHOWN_WORDS} more" if len(words) > SHOWN_WORDS else ""
    return ", ".join(words[:SHOWN_WORDS]) + more
