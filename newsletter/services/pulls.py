"""Pull papers: who is to be asked for which day, and what came of it."""

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlmodel import Session

from newsletter.adapters.store.papers import (
    add_papers,
    claim_pull,
    pull_of,
    pulls_since,
    record_pull,
)
from newsletter.core.papers import Fetched
from newsletter.core.pulls import PULL_INTERVAL, PULL_LEASE, days_to_pull
from newsletter.core.results import Pulled
from newsletter.errors import SourceUnavailable

log = logging.getLogger(__name__)

RETRY_WAIT = timedelta(minutes=10)  # after a source failed without saying when to come back


def pulls_due(session: Session, sources: Sequence[str], *, now: datetime) -> list[tuple[str, date]]:
    """The (source, day) pairs to look at now; each is ours for PULL_LEASE, so that two do not."""
    pulls = pulls_since(session, now.date() - timedelta(days=7))
    known = {(row.source, row.day): (row.succeeded_at, row.next_at) for row in pulls}
    due = [(source, day) for source in sources for day in days_to_pull(source, known, now=now)]
    for source, day in due:
        claim_pull(session, source, day, now=now, until=now + PULL_LEASE)
    return due


def record_fetched(
    session: Session, source: str, day: date, fetched: Fetched, *, now: datetime
) -> Pulled:
    """Store what the source announced for the day, and that it answered."""
    added = add_papers(session, fetched.papers, now=now)
    record_pull(
        session,
        source,
        day,
        now=now,
        next_at=now + PULL_INTERVAL,
        papers=None if fetched.is_unchanged else len(fetched.papers),
        added=added,
        skipped=len(fetched.skipped),
        validators=fetched.validators or None,
    )
    for sentence in fetched.skipped:
        log.warning("record_skipped source=%s day=%s because=%s", source, day, sentence)
    return Pulled(
        source=source,
        day=day,
        papers=len(fetched.papers),
        added=added,
        skipped=fetched.skipped,
        is_unchanged=fetched.is_unchanged,
    )


def record_failed(
    session: Session, day: date, problem: SourceUnavailable, *, source: str, now: datetime
) -> Pulled:
    """Keep why nothing came, and when to ask again."""
    wait = max(problem.retry_after or RETRY_WAIT, timedelta(minutes=1))
    record_pull(session, source, day, now=now, next_at=now + wait, problem=problem.reason)
    log.warning("pull_failed source=%s day=%s because=%s", source, day, problem.reason)
    return Pulled(source=source, day=day, problem=problem.reason)


def pulled(session: Session, sources: Sequence[str], day: date) -> tuple[Pulled, ...]:
    """The last look at each source for this day, for those that were looked at."""
    rows = [row for name in sources if (row := pull_of(session, name, day)) is not None]
    return tuple(
        Pulled(source=row.source, day=day, papers=row.papers, added=row.added, problem=row.problem)
        for row in rows
        if row.succeeded_at is not None or row.problem  # else only claimed: somebody is at it
    )
