"""What is wrong with the service, in plain sentences: silence must never be taken for health."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from newsletter.core.feedback.rates import WARN_COMPLAINTS, Rate, Standing, share
from newsletter.core.results import MailboxView, SourceStatus

SOURCE_PATIENCE = timedelta(hours=3)  # nine pulls in a row without an answer
WAITING_PATIENCE = timedelta(hours=1)
PLANNING_PATIENCE = timedelta(minutes=30)
MAILBOX_PATIENCE = timedelta(minutes=30)
PAPERS_BY_HOUR = 18  # UTC; a working day's first papers were there by 13:40 on all days recorded


def stale(
    *,
    now: datetime,
    sources: Sequence[SourceStatus],
    papers_on: Mapping[date, int],
    readers: int,
    overdue: int,
    oldest_waiting_at: datetime | None,
    reviews: int,
    rates: Sequence[Rate] = (),
    mailboxes: Sequence[MailboxView] = (),
) -> tuple[str, ...]:
    """One sentence for each thing that is wrong; none when all is well.

    papers_on: how many papers each of the last days has. readers: active subscribers. overdue:
    those whose hour came more than PLANNING_PATIENCE ago. reviews: deliveries a person must see.
    rates: of the last editions. mailboxes: those that reports come to.
    """
    return (
        *_silent_sources(sources, now),
        *_empty_days(papers_on, now),
        *_deliveries(readers, overdue, oldest_waiting_at, reviews, now),
        *_complaints(rates),
        *_mailboxes(mailboxes, now),
    )


def _silent_sources(sources: Sequence[SourceStatus], now: datetime) -> Iterable[str]:
    for source in sources:
        because = f" ({source.problem})" if source.problem else ""
        if source.last_success_at is None:
            yield f"{source.source} has never answered{because}: run `newsletter pull`."
        elif now - source.last_success_at > SOURCE_PATIENCE:
            yield (
                f"{source.source} last answered {_ago(now - source.last_success_at)} ago{because}: "
                "see that a worker and beat run, or run `newsletter pull`."
            )


def _empty_days(papers_on: Mapping[date, int], now: datetime) -> Iterable[str]:
    day = now.date() if now.hour >= PAPERS_BY_HOUR else now.date() - timedelta(days=1)
    while day.weekday() >= 5:  # the sources rest on Saturday and Sunday
        day -= timedelta(days=1)
    if not papers_on.get(day):
        yield (
            f"{day:%A} {day.isoformat()} has no papers, though it was a weekday: "
            f"run `newsletter pull --date {day.isoformat()}`."
        )


def _deliveries(
    readers: int, overdue: int, oldest_waiting_at: datetime | None, reviews: int, now: datetime
) -> Iterable[str]:
    if overdue:
        yield (
            f"{overdue} of {readers} readers were due more than "
            f"{_ago(PLANNING_PATIENCE)} ago and have no digest: see that a worker and beat run."
        )
    if oldest_waiting_at is not None and now - oldest_waiting_at > WAITING_PATIENCE:
        yield (
            f"The oldest waiting delivery waits for {_ago(now - oldest_waiting_at)}: see "
            "`newsletter deliveries list --state pending` for the relay's words."
        )
    if reviews:
        yield (
            f"{reviews} deliveries need a look: see `newsletter deliveries list --state review`."
        )


def _complaints(rates: Sequence[Rate]) -> Iterable[str]:
    for one in rates:
        if one.standing in (Standing.WARN, Standing.HOLD):
            yield (
                f"{one.complaints:,} of {one.sent:,} readers complained of edition {one.name} "
                f"({share(one.complaint_rate)}; from {share(WARN_COMPLAINTS)} on providers turn "
                f"against the sender): see `newsletter reports rates --edition {one.name}`."
            )


def _mailboxes(mailboxes: Sequence[MailboxView], now: datetime) -> Iterable[str]:
    for one in mailboxes:
        if one.problem:
            yield f"Bounces and complaints are not taken in: {one.problem}."
        elif one.looked_at is None or now - one.looked_at > MAILBOX_PATIENCE:
            yield (
                f"Nobody looks into {one.name} for bounces and complaints: "
                "see that a worker and beat run, or run `newsletter reports poll`."
            )


def _ago(span: timedelta) -> str:
    """A span as people say it: "35 minutes", "5 hours", "3 days"."""
    minutes = int(span.total_seconds() // 60)
    for size, word in ((1440, "day"), (60, "hour")):
        if minutes >= 2 * size:
            return f"{minutes // size} {word}s"
    return f"{minutes} minutes"
