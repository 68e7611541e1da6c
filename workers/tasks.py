"""One task for each name in `Task`, each a call of one Newsletter method.

A task carries no work, only the news that there may be some: run twice it finds nothing left, and
one that fails needs no second try, since workers look for work by themselves.
"""

import logging
from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from newsletter.adapters.queue import Task
from newsletter.errors import NewsletterError
from workers.app import SEND_SECONDS, app, is_stopping, newsletter

log = logging.getLogger(__name__)


def doorbell(name: Task, **options: Any) -> Callable[[Callable[..., None]], Any]:
    """A task of this name; what fails on purpose is one line in the log."""

    def decorate(work: Callable[..., None]) -> Any:
        @wraps(work)
        def answer(*arguments: Any, **named: Any) -> None:
            try:
                work(*arguments, **named)
            except NewsletterError as problem:
                log.warning("task_failed task=%s because=%s", name, problem)

        register: Callable[[Callable[..., None]], Any] = app.task(name=str(name), **options)
        return register(answer)

    return decorate


@doorbell(Task.TICK, expires=55)
def tick() -> None:
    """Ring for what is due this minute."""
    newsletter().tick()


@doorbell(Task.PULL, expires=300)
def pull_papers(day: str = "") -> None:
    """Look at the sources for this day, or for the days that are due."""
    newsletter().pull(date.fromisoformat(day) if day else None)


@doorbell(Task.PLAN)
def plan_digests(range_no: int, edition: str = "", everyone: int = 0) -> None:
    """Plan one range of subscribers. everyone: 1 for those who are not due, too."""
    newsletter().plan_range(
        range_no, date.fromisoformat(edition) if edition else None, everyone=bool(everyone)
    )


@doorbell(Task.SEND)
def send_deliveries() -> None:
    """Hand over what waits; bounded in time, then rings for the next."""
    own = newsletter()
    if own.send_waiting(seconds=SEND_SECONDS, is_stopping=is_stopping):
        own.ring(Task.SEND)


@doorbell(Task.POLL_REPORTS, expires=300)
def poll_reports() -> None:
    """Take in what waits in the report mailboxes."""
    newsletter().poll_reports(is_stopping=is_stopping)


@doorbell(Task.SWEEP)
def sweep() -> None:
    """Settle what was abandoned."""
    newsletter().sweep()
