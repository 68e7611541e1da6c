"""Readers' wishes as rows: their topics, their mutes, and what stands in their own row.

Those of many readers come in one query each, so that a page of a hundred costs two queries.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import Session, col

from newsletter.adapters.store.bulk import insert_many
from newsletter.adapters.store.tables import MuteRow, SubscriberRow, TopicRow
from newsletter.core.subscribers import TopicText, Wishes

# These stand in the subscriber's own row, under the same names as in Wishes.
_PLAIN = (
    "cadence",
    "weekday",
    "hour",
    "time_zone",
    "cap",
    "thumbnails",
    "language",
    "paused_until",
)


def plain_wishes(wishes: Wishes) -> dict[str, Any]:
    """What stands in the subscriber's own row."""
    return {name: getattr(wishes, name) for name in _PLAIN}


def plain_columns(wishes: Sequence[Wishes]) -> dict[str, list[Any]]:
    """The same of many readers, each wish a column."""
    return {name: [getattr(one, name) for one in wishes] for name in _PLAIN}


def wishes_of(session: Session, rows: Iterable[SubscriberRow]) -> dict[int, Wishes]:
    """The wishes of each of these rows, by subscriber id."""
    by_id = {row.id: row for row in rows if row.id is not None}
    topics, mutes = topics_of(session, by_id), mutes_of(session, by_id)
    return {
        subscriber_id: Wishes(
            topics=topics.get(subscriber_id, ()),
            mutes=mutes.get(subscriber_id, ()),
            **{name: getattr(row, name) for name in _PLAIN},
        )
        for subscriber_id, row in by_id.items()
    }


def topics_of(session: Session, ids: Collection[int]) -> dict[int, tuple[TopicText, ...]]:
    """The topics of many subscribers, in their order; who has none is left out."""
    found = defaultdict[int, list[TopicText]](list)
    wanted = (
        select(TopicRow)
        .where(col(TopicRow.subscriber_id).in_(ids))
        .order_by(col(TopicRow.subscriber_id), col(TopicRow.position))
    )
    for row in session.scalars(wanted):
        topic = TopicText(name=row.name, filter=row.filter, cap=row.cap, is_on=row.is_on)
        found[row.subscriber_id].append(topic)
    return {subscriber_id: tuple(topics) for subscriber_id, topics in found.items()}


def mutes_of(session: Session, ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The mutes of many subscribers, in their order; who has none is left out."""
    found = defaultdict[int, list[str]](list)
    wanted = select(MuteRow).where(col(MuteRow.subscriber_id).in_(ids)).order_by(col(MuteRow.id))
    for row in session.scalars(wanted):
        found[row.subscriber_id].append(row.filter)
    return {subscriber_id: tuple(mutes) for subscriber_id, mutes in found.items()}


def replace_texts(session: Session, subscriber_id: int, wishes: Wishes) -> None:
    """Topics and mutes as in these wishes, instead of those that are there."""
    session.execute(delete(TopicRow).where(col(TopicRow.subscriber_id) == subscriber_id))
    session.execute(delete(MuteRow).where(col(MuteRow.subscriber_id) == subscriber_id))
    add_texts(session, subscriber_id, wishes)


def add_texts(session: Session, subscriber_id: int, wishes: Wishes) -> None:
    """The topics and mutes of a new subscriber."""
    insert_texts(session, topic_rows(subscriber_id, wishes), mute_rows(subscriber_id, wishes))


def topic_rows(subscriber_id: int, wishes: Wishes) -> list[dict[str, Any]]:
    return [
        {
            "subscriber_id": subscriber_id,
            "position": position,
            "name": topic.name,
            "filter": topic.filter,
            "cap": topic.cap,
            "is_on": topic.is_on,
        }
        for position, topic in enumerate(wishes.topics)
    ]


def mute_rows(subscriber_id: int, wishes: Wishes) -> list[dict[str, Any]]:
    return [{"subscriber_id": subscriber_id, "filter": text} for text in wishes.mutes]


def insert_texts(
    session: Session, topics: Sequence[dict[str, Any]], mutes: Sequence[dict[str, Any]]
) -> None:
    """Rows of many readers, as `topic_rows` and `mute_rows` make them."""
    for table, rows in ((TopicRow, topics), (MuteRow, mutes)):
        if rows:
            columns = {name: [row[name] for row in rows] for name in rows[0]}
            insert_many(session, table, columns)
