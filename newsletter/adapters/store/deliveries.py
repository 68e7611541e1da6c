"""The ledger is written here: what is planned for whom, and a digest as its row keeps it."""

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from json.encoder import encode_basestring as _quoted  # text as JSON, in quotes
from typing import Any

from sqlalchemy import func, insert, select
from sqlmodel import Session, col

from newsletter.adapters.store.bulk import insert_many
from newsletter.adapters.store.engine import insert_once
from newsletter.adapters.store.planning import edition_id
from newsletter.adapters.store.tables import DeliveryRow, EditionRow, SubscriberRow
from newsletter.core.delivery.states import Kind, State
from newsletter.core.digests import Digest, Pick, Section
from newsletter.core.mail.messages import message_id

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What a Message-ID is made of, besides its delivery."""

    secret: bytes
    domain: str


def readable(read: Callable[[], Digest | None], delivery_id: int | None) -> Digest | None:
    """What `read` gives; None for a digest that is broken, which must not stop the others."""
    try:
        return read()
    except (ValueError, KeyError, TypeError) as problem:
        log.error("digest_unreadable delivery=%s because=%r", delivery_id, problem)
        return None


@lru_cache(maxsize=1024)  # most readers share a few hundred digests
def digest_in(text: str) -> Digest | None:
    """The digest in a row's JSON. Raises ValueError, KeyError or TypeError for a broken one."""
    return digest_of(json.loads(text))


def digest_of(record: Mapping[str, Any]) -> Digest | None:
    """The digest that was kept so; None for a message that has none."""
    if not record:
        return None
    return Digest(
        sections=tuple(
            Section(topic=topic, picks=_picks(picks)) for topic, picks in record["sections"]
        ),
        left_out=_picks(record.get("left_out", ())),
        more=record.get("more", 0),
    )


def _picks(picks: Iterable[Any]) -> tuple[Pick, ...]:
    return tuple([_pick(paper_id, tuple(words)) for paper_id, words in picks])


@lru_cache(maxsize=50_000)  # a paper and its words are the same for very many readers
def _pick(paper_id: str, words: tuple[str, ...]) -> Pick:
    return Pick(paper_id=paper_id, words=words)


def add_digests(
    session: Session,
    edition: tuple[int, date],
    digests: Mapping[int, Digest],
    *,
    sender: Sender,
    now: datetime,
) -> None:
    """Plan these digests, by subscriber id; one who has one of this edition keeps that one.

    edition: its row's id and its date. The caller holds the readers' range (`lock_range`), without
    which nobody is removed, and has found that they are there.
    """
    if not digests:
        return
    day = edition[1].isoformat()
    insert_many(
        session,
        DeliveryRow,
        {
            "subscriber_id": list(digests),
            "message_id": [
                message_id(
                    sender.secret,
                    kind=Kind.DIGEST,
                    edition=day,
                    subscriber_id=reader,
                    resend_no=0,
                    domain=sender.domain,
                )
                for reader in digests
            ],
            "digest": _texts(digests.values()),
        },
        shared={"edition_id": edition[0], "next_at": now, "planned_at": now, **_UNTRIED},
        is_once=True,
    )


def _texts(digests: Iterable[Digest]) -> list[str]:
    """Each as its row keeps it: ids and words as JSON, no texts of papers.

    {"sections": [[topic, [[paper id, [word, …]], …]], …]}, and what is there of "left_out", picks
    as well, and "more". Many readers share a digest, and very many digests a pick.
    """
    # By identity: to compare them would take longer than to write them.
    texts: dict[int, str] = {}
    picks: dict[int, str] = {}
    found = []
    for digest in digests:
        text = texts.get(id(digest))
        if text is None:
            text = texts[id(digest)] = _text(digest, picks)
        found.append(text)
    return found


def _text(digest: Digest, picks: dict[int, str]) -> str:
    sections = [
        f"[{_quoted(section.topic)},[{_list(section.picks, picks)}]]" for section in digest.sections
    ]
    left_out = f',"left_out":[{_list(digest.left_out, picks)}]' if digest.left_out else ""
    more = f',"more":{digest.more}' if digest.more else ""
    return f'{{"sections":[{",".join(sections)}]{left_out}{more}}}'


def _list(wanted: Sequence[Pick], picks: dict[int, str]) -> str:
    return ",".join([picks.get(id(pick)) or _pick_text(pick, picks) for pick in wanted])


def _pick_text(pick: Pick, picks: dict[int, str]) -> str:
    words = ",".join([_quoted(word) for word in pick.words])
    text = picks[id(pick)] = f"[{_quoted(pick.paper_id)},[{words}]]"
    return text


def add_single(
    session: Session,
    kind: Kind,
    subscriber_id: int,
    *,
    sender: Sender,
    now: datetime,
    most: int,
) -> int | None:
    """Plan a message that is not a digest; its delivery's id.

    None when `most` of its kind were planned for this subscriber that day, or they were removed.
    """
    stays = select(col(SubscriberRow.id)).where(col(SubscriberRow.id) == subscriber_id)
    if session.scalars(stays.with_for_update(read=True, key_share=True)).first() is None:
        return None
    day = now.date()
    number = singles_planned(session, kind, subscriber_id, day=day)
    if number >= most:
        return None
    edition = edition_id(session, kind, day, now=now)
    row = _new((edition, day), kind, subscriber_id, number, sender=sender, now=now, digest={})
    insert = insert_once(session, DeliveryRow).values(row).returning(col(DeliveryRow.id))
    return session.scalars(insert).first()


def singles_planned(session: Session, kind: Kind, subscriber_id: int, *, day: date) -> int:
    """How many messages of this kind were planned for this subscriber that day."""
    return session.scalars(
        select(func.count())
        .select_from(DeliveryRow)
        .join(EditionRow, col(EditionRow.id) == col(DeliveryRow.edition_id))
        .where(
            col(EditionRow.kind) == kind,
            col(EditionRow.edition_on) == day,
            col(DeliveryRow.subscriber_id) == subscriber_id,
        )
    ).one()


# What a delivery is that nobody has claimed yet.
_UNTRIED: dict[str, Any] = {
    "resend_no": 0,
    "state": State.PENDING.value,
    "epoch": 0,
    "attempts": 0,
    "recovered": 0,
    "uncertain": 0,
    "last_code": 0,
    "last_status": "",
    "last_text": "",
    "because": "",
}


def _new(
    edition: tuple[int, date],
    kind: Kind,
    subscriber_id: int,
    resend_no: int,
    *,
    sender: Sender,
    now: datetime,
    digest: Mapping[str, Any],
    because: str = "",
) -> dict[str, Any]:
    return {
        **_UNTRIED,
        "edition_id": edition[0],
        "subscriber_id": subscriber_id,
        "resend_no": resend_no,
        "message_id": message_id(
            sender.secret,
            kind=kind,
            edition=edition[1].isoformat(),
            subscriber_id=subscriber_id,
            resend_no=resend_no,
            domain=sender.domain,
        ),
        "next_at": now,
        "planned_at": now,
        "digest": digest,
        "because": because,
    }


def deliveries_with_ids(session: Session, ids: Collection[int]) -> list[DeliveryRow]:
    """These rows, by reader; the readers stay until the commit."""
    wanted = (
        select(DeliveryRow)
        .join(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
        .where(col(DeliveryRow.id).in_(ids))
        .order_by(col(DeliveryRow.subscriber_id))
        .with_for_update(read=True, key_share=True, of=SubscriberRow)
    )
    return list(session.scalars(wanted))


def add_resends(
    session: Session,
    originals: Sequence[DeliveryRow],
    edition: date,
    *,
    sender: Sender,
    now: datetime,
    because: str,
) -> list[int]:
    """Plan each of these digests once more, under the next resend number; the new rows' ids.

    originals: as `deliveries_with_ids` gave them in this transaction.
    """
    rows = [
        _new(
            (original.edition_id, edition),
            Kind.DIGEST,
            original.subscriber_id,
            original.resend_no + 1,
            sender=sender,
            now=now,
            digest=original.digest,
            because=because,
        )
        for original in originals
    ]
    number = col(DeliveryRow.id)
    made = insert(DeliveryRow).returning(number, sort_by_parameter_order=True)
    return [found for found in session.scalars(made, rows) if found is not None]
