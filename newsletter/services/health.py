"""How the service stands, read from the store."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from newsletter.adapters.store import planning
from newsletter.adapters.store.editions import edition_views, oldest_waiting_at
from newsletter.adapters.store.mailboxes import mailbox_views
from newsletter.adapters.store.papers import last_pulls, paper_days
from newsletter.adapters.store.rates import edition_rates
from newsletter.adapters.store.subscribers import subscribers_by_status
from newsletter.core.delivery.states import Kind, State
from newsletter.core.health import PLANNING_PATIENCE, stale
from newsletter.core.results import ServiceStatus, SourceStatus
from newsletter.core.subscribers import Status

EDITIONS = 7
DAYS = 14


def status(
    session: Session, sources: Sequence[str], *, mailboxes: Sequence[str] = (), now: datetime
) -> ServiceStatus:
    """The last pulls, editions and waiting deliveries, and what is wrong with them.

    mailboxes: the names of those that reports come to.
    """
    of_sources = tuple(_source(session, name) for name in sources)
    editions = edition_views(session, limit=EDITIONS, kind=Kind.DIGEST, now=now)
    subscribers = subscribers_by_status(session)
    oldest = oldest_waiting_at(session, now=now)
    return ServiceStatus(
        now=now,
        sources=of_sources,
        editions=editions,
        subscribers={str(name): count for name, count in subscribers.items()},
        oldest_waiting_at=oldest,
        stale=stale(
            now=now,
            sources=of_sources,
            papers_on=dict(paper_days(session, limit=DAYS)),
            readers=subscribers.get(Status.ACTIVE, 0),
            overdue=planning.overdue_readers(session, before=now - PLANNING_PATIENCE),
            oldest_waiting_at=oldest,
            reviews=sum(edition.counts.get(State.REVIEW, 0) for edition in editions),
            rates=edition_rates(session, editions),
            mailboxes=mailbox_views(session, mailboxes),
        ),
    )


def _source(session: Session, name: str) -> SourceStatus:
    tried, succeeded, full = last_pulls(session, name)
    return SourceStatus(
        source=name,
        last_success_at=succeeded.succeeded_at if succeeded else None,
        last_day=full.day if full else None,
        papers=full.papers if full else 0,
        problem=tried.problem if tried else "",
    )
