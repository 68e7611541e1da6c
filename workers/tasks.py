"""One task for each name in `Task`, each a call of one Newsletter method.

A task carries no work, only the news that there may be some: run twice it finds nothing left.
"""

import logging
from datetime import date

from newsletter.adapters.queue import Task
from newsletter.errors import NewsletterError
from workers.app import SEND_SECONDS, app, newsletter

log = logging.getLogger(__name__)


@app.task(name=str(Task.TICK), expires=55)
def tick() -> None:
    """Ring for what is due this minute."""
    newsletter().tick()


@app.task(name=str(Task.PULL), expires=300)
def pull_papers(day: str = "") -> None:
    """Look at the sources for this day, or for the days that are due."""
    try:
        newsletter().pull(date.fromisoformat(day) if day else None)
    except NewsletterError as problem:
        log.warning("pull_failed because=%s", problem)


@app.task(name=str(Task.PLAN))
def plan_digests(range_no: int, edition: str = "", everyone: int = 0) -> None:
    """Plan one range of subscribers. everyone: 1 for those who are not due, too."""
    newsletter().plan_range(
        range_no, date.fromisoformat(edition) if edition else None, everyone=bool(everyone)
    )


@app.task(name=str(Task.SEND))
def send_deliveries() -> None:
    """Hand over what waits; bounded in time, then rings for the next."""
    own = newsletter()
    if own.send_waiting(seconds=SEND_SECONDS):
        own.ring(Task.SEND)


@app.task(name=str(Task.SWEEP))
def sweep() -> None:
    """Settle what was abandoned."""
    newsletter().sweep()
