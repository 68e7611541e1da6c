"""Show what a reader got or would get; nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlmodel import Session

from newsletter.adapters.store.ledger import deliveries
from newsletter.adapters.store.papers import papers_featured, papers_with_ids
from newsletter.core.delivery.states import COUNTS_AS_SEEN, Kind
from newsletter.core.digests import Digest, Pick, Section, Topic, compose
from newsletter.core.filters import parse_filter
from newsletter.core.languages import ENGLISH
from newsletter.core.mail.links import Letterhead, links_of
from newsletter.core.mail.press import letters_for
from newsletter.core.mail.rendering import Links, Renderer
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Paper
from newsletter.core.results import DeliveryView, Preview
from newsletter.core.subscribers import Subscriber, first_day
from newsletter.errors import NotFound, Refused

MOST_DIGESTS = 200  # looked at for what a reader has seen: more than the window can hold
NO_CAP = 100_000  # papers; no window holds so many
MOST_REHEARSED = 50  # papers: more than most days have; each takes some milliseconds
REST = "Also matched"  # the heading over what a digest's caps kept out


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What a delivery of this digest says, or would say; see core.mail.press.Order."""

    id: int
    subscriber_id: int
    address: str
    thumbnails: bool
    language: str
    edition: date
    message_id: str
    planned_at: datetime
    digest: Digest
    epoch: int = 0
    kind: Kind = Kind.DIGEST


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
    history = _history(session, subscriber.id)
    planned = next((one for one in history if one.edition == edition and one.digest), None)
    digest = planned.digest if planned else None
    if digest is None:
        digest = _composed(session, subscriber, edition, _shown(history))
    if digest is None:
        raise Refused(
            f"Nothing new matches the topics of {subscriber.address} in edition {edition}: "
            "there is no mail to show."
        )
    papers = papers_with_ids(session, digest.shown_ids)
    rendered = renderer.digest(
        digest,
        papers,
        edition=edition,
        links=links_of(letterhead, subscriber.id, confirm_at=None, edition=edition),
        brand=letterhead.brand,
        thumbnails=subscriber.wishes.thumbnails,
        language=subscriber.wishes.language,
    )
    wanted = _Wanted(
        id=planned.id if planned else 0,
        subscriber_id=subscriber.id,
        address=subscriber.address,
        thumbnails=subscriber.wishes.thumbnails,
        language=subscriber.wishes.language,
        edition=edition,
        message_id=planned.message_id if planned else f"<preview@{letterhead.domain}>",
        planned_at=planned.planned_at if planned else now,
        digest=digest,
    )
    letters, broken = letters_for([wanted], papers, renderer=renderer, letterhead=letterhead)
    for problem in broken.values():
        raise problem
    (letter,) = letters
    return Preview(rendered=rendered, message=letter.content)


def upcoming(
    session: Session, subscriber: Subscriber, edition: date
) -> tuple[Digest | None, dict[str, Paper]]:
    """The digest of this edition as it would be now, None when nothing matches; and its papers."""
    digest = _composed(session, subscriber, edition, _shown(_history(session, subscriber.id)))
    return digest, papers_with_ids(session, digest.paper_ids) if digest else {}


def digest_page(
    session: Session,
    subscriber: Subscriber,
    edition: date,
    *,
    renderer: Renderer,
    letterhead: Letterhead,
) -> str:
    """The reader's digest of this edition as a page: whole, whatever the mail had no room for.

    It may be passed on, so it holds no link that is the reader's own, and no picture from
    elsewhere. Raises NotFound when the digest or all of its papers are gone.
    """
    history = _history(session, subscriber.id)
    digest = next((one.digest for one in history if one.edition == edition and one.digest), None)
    if digest is None:
        raise NotFound(f"No digest of {edition} is kept for this reader.")
    before = [one for one in history if one.edition <= edition]
    whole = _whole(digest, _beyond(session, subscriber, edition, before, digest))
    papers = papers_with_ids(session, whole.paper_ids)
    language = subscriber.wishes.language
    return _as_page(whole, papers, edition, renderer, letterhead, language=language)


def rehearse_digest_page(
    papers: Sequence[Paper], day: date, *, renderer: Renderer, letterhead: Letterhead
) -> None:
    """Make a page of this day's papers: until then the first reader would wait for templates to be
    compiled, style to be parsed and each paper to be laid out, which takes a quarter of a second.
    """
    known = {paper.id: paper for paper in papers[:MOST_REHEARSED]}
    picks = tuple(Pick(paper_id=paper_id) for paper_id in known)
    if picks:
        digest = Digest(sections=(Section(topic=REST, picks=picks),))
        _as_page(digest, known, day, renderer, letterhead, language=ENGLISH)


def _as_page(
    digest: Digest,
    papers: Mapping[str, Paper],
    edition: date,
    renderer: Renderer,
    letterhead: Letterhead,
    *,
    language: str,
) -> str:
    rendered = renderer.digest(
        digest,
        papers,
        edition=edition,
        links=Links(
            preferences="",
            unsubscribe="",
            unsubscribe_mailto="",
            archive=f"{letterhead.brand.base_url}/archive",
        ),
        brand=letterhead.brand,
        language=language,
        max_html=None,
    )
    return rendered.html


def _whole(digest: Digest, beyond: tuple[Pick, ...]) -> Digest:
    """The digest with a section of its own for all that fell to a cap."""
    rest = digest.left_out + beyond
    if not rest:
        return digest
    return Digest(sections=(*digest.sections, Section(topic=REST, picks=rest)))


def _beyond(
    session: Session,
    subscriber: Subscriber,
    edition: date,
    before: Sequence[DeliveryView],
    digest: Digest,
) -> tuple[Pick, ...]:
    """What fell beyond the digest's short list. Its row only counts these papers, so they are
    looked for again, by the topics of today."""
    if not digest.more:
        return ()
    topics = tuple(replace(topic, cap=None) for topic in subscriber.wishes.topics)
    uncapped = replace(subscriber.wishes, topics=topics, cap=NO_CAP)
    asking = replace(subscriber, wishes=uncapped)
    found = _composed(session, asking, edition, _shown(before))
    return tuple(pick for section in found.sections for pick in section.picks) if found else ()


def _history(session: Session, subscriber_id: int) -> tuple[DeliveryView, ...]:
    """The reader's digests that count as seen, newest first."""
    return deliveries(
        session,
        kind=Kind.DIGEST,
        states=COUNTS_AS_SEEN,
        subscriber_id=subscriber_id,
        limit=MOST_DIGESTS,
    )


def _shown(history: Sequence[DeliveryView]) -> set[str]:
    return {found for one in history if one.digest for found in one.digest.shown_ids}


def _composed(
    session: Session, subscriber: Subscriber, edition: date, seen: set[str]
) -> Digest | None:
    wishes = subscriber.wishes
    index = PaperIndex(papers_featured(session, first_day(subscriber, edition), edition))
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
