"""Show what a reader got or would get, and what a filter would have brought; nothing is written."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlmodel import Session

from newsletter.adapters.store.ledger import deliveries
from newsletter.adapters.store.papers import papers_featured, papers_with_ids
from newsletter.core.delivery import COUNTS_AS_SEEN, Kind
from newsletter.core.digests import Digest, Topic, compose
from newsletter.core.filters import parse_filter
from newsletter.core.links import Letterhead, links_of
from newsletter.core.matching import PaperIndex
from newsletter.core.messages import build
from newsletter.core.papers import Paper
from newsletter.core.rendering import Renderer
from newsletter.core.results import Preview
from newsletter.core.schedule import Cadence, window_days
from newsletter.core.subscribers import Subscriber
from newsletter.errors import Refused

MOST_DIGESTS = 200  # looked at for what a reader has seen: more than the window can hold


def preview(
    session: Session,
    subscriber: Subscriber,
    edition: date,
    *,
    renderer: Renderer,
    letterhead: Letterhead,
    now: datetime,
) -> Preview:
    """The reader's message of this edition: as it was planned, else as it would be now.

    Raises Refused when nothing matches.
    """
    history = deliveries(
        session,
        kind=Kind.DIGEST,
        states=COUNTS_AS_SEEN,
        subscriber_id=subscriber.id,
        limit=MOST_DIGESTS,
    )
    planned = next((one for one in history if one.edition == edition and one.digest), None)
    digest = planned.digest if planned else None
    if digest is None:
        seen = {found for one in history if one.digest for found in one.digest.shown_ids}
        digest = _composed(session, subscriber, edition, seen)
    if digest is None:
        raise Refused(
            f"Nothing new matches the topics of {subscriber.address} in edition {edition}: "
            "there is no mail to show."
        )
    links = links_of(letterhead, subscriber.id, confirm_at=None)
    rendered = renderer.digest(
        digest,
        papers_with_ids(session, digest.shown_ids),
        edition=edition,
        links=links,
        brand=letterhead.brand,
        thumbnails=subscriber.wishes.thumbnails,
    )
    message = build(
        rendered,
        sender=letterhead.sender,
        recipient=subscriber.address,
        message_id=planned.message_id if planned else f"<preview@{letterhead.domain}>",
        date=planned.planned_at if planned else now,
        links=links,
        list_id=letterhead.list_id,
        kind=Kind.DIGEST,
        feedback=f"{edition.isoformat()}:{Kind.DIGEST}:{letterhead.domain}",
    )
    return Preview(rendered=rendered, message=message)


def _composed(
    session: Session, subscriber: Subscriber, edition: date, seen: set[str]
) -> Digest | None:
    wishes = subscriber.wishes
    first = edition - timedelta(days=window_days(Cadence(wishes.cadence)) - 1)
    index = PaperIndex(papers_featured(session, first, edition))
    return compose(
        index,
        [
            Topic(name=topic.name, filter=parse_filter(topic.filter), cap=topic.cap)
            for topic in wishes.topics
            if topic.is_on
        ],
        mutes=[parse_filter(text) for text in wishes.mutes],
        window=index.everything,
        seen=index.bits(seen),
        cap=wishes.cap,
    )


def matches(text: str, papers: Sequence[Paper]) -> tuple[Paper, ...]:
    """Those of the papers that the filter selects, newest day first, most upvoted first.

    Raises FilterError.
    """
    index = PaperIndex(papers)
    bits = index.match(parse_filter(text))
    found = [paper for k, paper in enumerate(index.papers) if bits >> k & 1]
    found.sort(key=lambda paper: (-paper.featured_on.toordinal(), -(paper.upvotes or 0), paper.id))
    return tuple(found)
