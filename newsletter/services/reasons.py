"""Tell why a paper came to a reader, or why not; nothing is written."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from sqlmodel import Session

from newsletter.adapters.store.editions import edition_row
from newsletter.adapters.store.ledger import deliveries
from newsletter.adapters.store.papers import find_paper, papers_known, papers_with_ids
from newsletter.adapters.store.subscribers import address_hashes_of, suppressed
from newsletter.core.accounts import Account, Circumstances, account
from newsletter.core.delivery.states import COUNTS_AS_SEEN, Kind, State
from newsletter.core.digests import Topic
from newsletter.core.filters import Filter, parse_filter
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Paper
from newsletter.core.results import DeliveryView
from newsletter.core.schedule import Cadence, check_time_zone, edition_of, next_due
from newsletter.core.subscribers import Status, Subscriber, TopicText, Wishes, first_day
from newsletter.core.tracing import Situation, is_changed_since, settled, why
from newsletter.errors import FilterError, NotFound

MOST_DIGESTS = 400  # of one reader that are looked at: more than a year of weekdays
CHANGED = "Topics or mutes were changed after this digest was made; the steps show those of today."
_INSTANT = timedelta(microseconds=1)


def reason(
    session: Session, subscriber: Subscriber, paper: str, *, edition: date | None, now: datetime
) -> Account:
    """Why this paper is in the reader's digest of the edition, or why it is not.

    paper: an id as people have it. edition: None for the digest that brought the paper, else the
    newest that covers its day, else the next. A digest in the ledger is the truth; what it does not
    hold (topics, mutes, upvotes, texts) is as of today. Raises NotFound for an unknown paper.
    """
    stored = find_paper(session, paper)
    if stored is None:
        raise NotFound(
            f"No paper {paper!r} is stored: write its arXiv id (2606.01234), its address or its "
            "DOI, or fetch its day, as in `newsletter pull --date 2026-06-16`."
        )
    history = deliveries(session, kind=Kind.DIGEST, subscriber_id=subscriber.id, limit=MOST_DIGESTS)
    edition = edition or _edition_of(stored.paper, subscriber, history, now=now)
    delivery = next((one for one in history if one.edition == edition and one.digest), None)
    made_at = _made_at(session, subscriber, edition, delivery, now=now)
    first = _first_day(session, subscriber, edition, delivery)
    known = papers_known(session, first, edition, by=made_at)
    asked = next((one for one in known if one.id == stored.paper.id), stored.paper)
    is_late = first <= asked.featured_on <= edition and asked not in known
    shown = _shown(history, before=made_at)
    around = Circumstances(
        address=subscriber.address,
        edition=edition,
        first_on=first,
        paper=asked,
        situation=_situation(subscriber.wishes, known, asked, seen=shown),
        seen_in=shown.get(asked.id),
        late_at=stored.added_at if is_late else None,
        made_at=made_at,
        delivery=delivery,
        absence="" if delivery else _absence(session, subscriber, edition, made_at, now=now),
    )
    return _account(session, around)


def _account(session: Session, around: Circumstances) -> Account:
    trace, one = why(around.situation, around.paper.id), around.delivery
    if one is None or one.digest is None:
        return account(trace, around)
    notes = []
    if is_changed_since(around.situation, one.digest):
        notes.append(CHANGED)
    row = edition_row(session, Kind.DIGEST, around.edition)
    if row is not None and row.state == "held" and one.state is State.PENDING:
        notes.append(f"The edition is held ({row.held_because}): nothing of it is sent meanwhile.")
    return account(settled(trace, one.digest), around, notes=tuple(notes))


def _edition_of(
    paper: Paper, subscriber: Subscriber, history: Sequence[DeliveryView], *, now: datetime
) -> date:
    """The edition that is meant where none is named."""
    brought = [one.edition for one in history if paper.id in one.papers]
    if brought:
        return brought[0]
    today = edition_of(now, subscriber.wishes.time_zone)
    for day in (*(one.edition for one in history), today):
        if first_day(subscriber, day) <= paper.featured_on <= day:
            return day
    return paper.featured_on


def _first_day(
    session: Session, subscriber: Subscriber, edition: date, delivery: DeliveryView | None
) -> date:
    """The first date that the digest covers, or covered: the first after a pause looked further
    back than the others, and then shows it by its oldest paper.
    """
    if delivery is None or delivery.digest is None:
        return first_day(subscriber, edition)
    papers = papers_with_ids(session, delivery.digest.shown_ids).values()
    usual = first_day(replace(subscriber, paused_at=None), edition)
    return min([usual, *(paper.featured_on for paper in papers)])


def _due_at(wishes: Wishes, edition: date) -> datetime | None:
    """When the digest of this edition is due; None on a day that their cadence leaves out."""
    midnight = datetime.combine(edition, time(), check_time_zone(wishes.time_zone))
    due_at = next_due(
        Cadence(wishes.cadence),
        hour=wishes.hour,
        weekday=wishes.weekday,
        time_zone=wishes.time_zone,
        after=midnight.astimezone(UTC) - _INSTANT,
    )
    return due_at if edition_of(due_at, wishes.time_zone) == edition else None


def _made_at(
    session: Session,
    subscriber: Subscriber,
    edition: date,
    delivery: DeliveryView | None,
    *,
    now: datetime,
) -> datetime:
    """When it was decided what this reader gets; now, where that is still to come."""
    if delivery is not None:
        return delivery.planned_at
    row = edition_row(session, Kind.DIGEST, edition)
    if row is None or _is_overdue(subscriber, now):
        return now
    due_at = _due_at(subscriber.wishes, edition) or row.created_at
    return min(max(due_at, row.created_at), now)  # later than due: an old edition, made by hand


def _is_overdue(subscriber: Subscriber, now: datetime) -> bool:
    return subscriber.next_due_at is not None and subscriber.next_due_at <= now


def _shown(history: Sequence[DeliveryView], *, before: datetime) -> dict[str, date]:
    """The papers that digests made earlier showed, with the edition of the first of them."""
    return {
        paper_id: one.edition
        for one in history
        if one.digest and one.state in COUNTS_AS_SEEN and one.planned_at < before
        for paper_id in one.digest.shown_ids
    }


def _situation(
    wishes: Wishes, known: Sequence[Paper], asked: Paper, *, seen: dict[str, date]
) -> Situation:
    index = PaperIndex([*known, asked])
    return Situation(
        index=index,
        topics=[topic for one in wishes.topics if one.is_on for topic in _topic(one)],
        off=[topic for one in wishes.topics if not one.is_on for topic in _topic(one)],
        mutes=[mute for text in wishes.mutes for mute in _readable(text)],
        window=index.bits(paper.id for paper in known),
        seen=index.bits(seen),
        cap=wishes.cap,
    )


def _topic(one: TopicText) -> list[Topic]:
    return [Topic(one.name, found, one.cap) for found in _readable(one.filter)]


def _readable(text: str) -> list[Filter]:
    """The filter; none where a change of the language made it unreadable: planning skips it too."""
    try:
        return [parse_filter(text)]
    except FilterError:
        return []


def _absence(
    session: Session, subscriber: Subscriber, edition: date, made_at: datetime, *, now: datetime
) -> str:
    """Why no digest of this edition is in the ledger for this reader, as a sentence."""
    return _not_mailed(session, subscriber, now=now) or _not_made(
        session, subscriber, edition, made_at, now=now
    )


def _not_mailed(session: Session, subscriber: Subscriber, *, now: datetime) -> str:
    """Why nothing is mailed to this reader at all; "" when they are mailed."""
    who, paused_until = subscriber.address, subscriber.wishes.paused_until
    if subscriber.status is Status.PENDING:
        return f"{who} has not confirmed the subscription yet, so nothing is mailed."
    if subscriber.status is Status.ENDED:
        ended = f"{subscriber.ended_at:%Y-%m-%d}" if subscriber.ended_at else "a while ago"
        return f"{who} left on {ended} ({subscriber.ended_because}), so nothing is mailed."
    hashes = address_hashes_of(session, [subscriber.id]).values()
    for because in suppressed(session, list(hashes)).values():
        return f"{who} is suppressed ({because}), so nothing is mailed."
    if paused_until is not None and paused_until > now:
        return f"{who} has paused the mail until {_instant(paused_until)}."
    return ""


def _not_made(
    session: Session, subscriber: Subscriber, edition: date, made_at: datetime, *, now: datetime
) -> str:
    """Why a reader who is mailed has no digest of this edition."""
    who, wishes = subscriber.address, subscriber.wishes
    due_at, since = _due_at(wishes, edition), subscriber.confirmed_at
    if due_at is None:
        rhythm = _RHYTHMS[Cadence(wishes.cadence)]
        return f"{who} gets mail {rhythm}: none is due on {edition:%A}, {edition}."
    if due_at > now:
        return f"The digest of {edition} is to come, at {_instant(due_at)}."
    if since is not None and since > made_at:
        return f"{who} became a reader {_instant(since)}, after the digest of {edition} was made."
    if _is_overdue(subscriber, now):
        return f"{who} waits for the digest of {edition} to be planned: see `newsletter status`."
    if edition_row(session, Kind.DIGEST, edition) is None:
        return f"The edition of {edition} was never planned."
    return f"No digest of {edition} was made for {who}: nothing new matched by then."


_RHYTHMS = {
    Cadence.DAILY: "every day",
    Cadence.WEEKDAYS: "from Monday to Friday",
    Cadence.WEEKLY: "once a week",
    Cadence.MONTHLY: "on the first of a month",
}


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
