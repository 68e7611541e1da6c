"""All that is stored about one reader, for that reader: plain values that JSON can hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from newsletter.core.delivery.states import Kind, State
from newsletter.core.digests import Digest
from newsletter.core.subscribers import Subscriber

VERSION = 1  # of the form below: a program that reads it can tell when it changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One message that was planned for a reader. address: "" for the one of today."""

    id: int
    kind: Kind
    edition: date
    message_id: str
    state: State
    planned_at: datetime
    sent_at: datetime | None
    attempts: int
    last_reply: str
    address: str
    digest: Digest | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One report on this reader's mail. kind: hard, soft, complaint or "" when it says none."""

    arrived_at: datetime
    delivery_id: int | None
    kind: str
    status: str
    cause: str
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Something that an admin, or the reader, had done to this reader's row."""

    at: datetime
    actor: str
    action: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Everything about one reader. titles: of papers, by id, as far as they are still stored.

    suppressed: since when and why the address must not be mailed, None when it may.
    """

    exported_at: datetime
    subscriber: Subscriber
    sent: tuple[Sent, ...]
    reports: tuple[Reported, ...]
    notes: tuple[Noted, ...]
    titles: Mapping[str, str]
    suppressed: tuple[datetime, str] | None = None

    def plain(self) -> dict[str, Any]:
        """The same in a fixed order: numbers, texts, lists and ISO 8601 instants in UTC."""
        return {
            "version": VERSION,
            "exported_at": _text(self.exported_at),
            "profile": _profile(self.subscriber),
            "topics": [
                {"name": topic.name, "filter": topic.filter, "cap": topic.cap, "on": topic.is_on}
                for topic in self.subscriber.wishes.topics
            ],
            "mutes": list(self.subscriber.wishes.mutes),
            "messages": [self._sent(one) for one in self.sent],
            "reports": [
                {
                    "arrived_at": _text(one.arrived_at),
                    "message": one.delivery_id,
                    "kind": one.kind,
                    "status": one.status,
                    "cause": one.cause,
                    "reply": one.reply,
                }
                for one in self.reports
            ],
            "suppression": self._suppression(),
            "notes": [
                {
                    "at": _text(one.at),
                    "by": one.actor,
                    "action": one.action,
                    "because": one.because,
                }
                for one in self.notes
            ],
        }

    def _sent(self, one: Sent) -> dict[str, Any]:
        return {
            "id": one.id,
            "kind": one.kind.value,
            "edition": one.edition.isoformat(),
            "address": one.address or self.subscriber.address,
            "message_id": one.message_id,
            "state": one.state.value,
            "planned_at": _text(one.planned_at),
            "sent_at": _text(one.sent_at),
            "attempts": one.attempts,
            "last_reply": one.last_reply,
            "papers": self._papers(one.digest) if one.digest else [],
        }

    def _papers(self, digest: Digest) -> list[dict[str, Any]]:
        picks = [(section.topic, pick) for section in digest.sections for pick in section.picks]
        picks += [("", pick) for pick in digest.left_out]
        return [
            {
                "id": pick.paper_id,
                "title": self.titles.get(pick.paper_id, ""),
                "topic": topic,
                "words": list(pick.words),
            }
            for topic, pick in picks
        ]

    def _suppression(self) -> dict[str, Any] | None:
        if self.suppressed is None:
            return None
        since_at, reason = self.suppressed
        return {"since": _text(since_at), "reason": reason}


def _profile(subscriber: Subscriber) -> dict[str, Any]:
    wishes = subscriber.wishes
    return {
        "id": subscriber.id,
        "address": subscriber.address,
        "status": subscriber.status.value,
        "created_at": _text(subscriber.created_at),
        "confirmed_at": _text(subscriber.confirmed_at),
        "ended_at": _text(subscriber.ended_at),
        "ended_because": subscriber.ended_because,
        "cadence": wishes.cadence,
        "weekday": wishes.weekday,
        "hour": wishes.hour,
        "time_zone": wishes.time_zone,
        "cap": wishes.cap,
        "thumbnails": wishes.thumbnails,
        "language": wishes.language,
        "paused_at": _text(subscriber.paused_at),
        "paused_until": _text(wishes.paused_until),
        "next_due_at": _text(subscriber.next_due_at),
    }


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
