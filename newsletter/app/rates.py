"""How much of the mail comes back; and an edition is held where it is too much."""

import logging
import time
from collections.abc import Iterable
from datetime import date

from newsletter.adapters.store.editions import edition_views
from newsletter.adapters.store.rates import domain_rates, edition_rates
from newsletter.app.service import Service
from newsletter.core.delivery.states import Kind
from newsletter.core.feedback.arriving import TakenIn
from newsletter.core.feedback.intake import Fate
from newsletter.core.feedback.rates import Rate, Rates
from newsletter.core.reports import Kind as Said
from newsletter.core.results import EditionView
from newsletter.errors import NotFound, StoreUnavailable
from newsletter.services import control

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0  # between two looks for bounces: one counts all rows of an edition


class Watching(Service):
    """Bounce and complaint rates."""

    _looked_at = 0.0  # by the monotonic clock

    def rates(self, edition: date | None = None, *, limit: int = 7) -> Rates:
        """Of one edition, or of the last ones. Raises NotFound."""
        with self.store.read() as session:
            now = self._now(session)
            views = edition_views(session, limit=limit, kind=Kind.DIGEST, edition=edition, now=now)
            if edition is not None and not views:
                raise NotFound(f"There is no edition {edition}: see `newsletter editions list`.")
            return Rates(
                editions=edition_rates(session, views),
                domains=domain_rates(session, views, now=now),
            )

    def edition_rate(self, edition: EditionView) -> Rate:
        """Of this one alone, without its domains: as quick as its reports are few."""
        with self.store.read() as session:
            return edition_rates(session, [edition])[0]

    def hold_if_reported(self, taken: Iterable[TakenIn]) -> None:
        """Hold the editions that these reports speak of where that makes too many.

        Complaints are looked at each time, being few; bounces, which come by the thousand, at
        times.
        """
        counted = [
            (one.edition_id, one.record.kind)
            for one in taken
            if one.fate is Fate.COUNTED and one.record is not None and not one.record.is_delay
        ]
        is_complaint = any(kind is Said.COMPLAINT for _, kind in counted)
        now = time.monotonic()
        if not counted or (not is_complaint and now - self._looked_at < LOOK_SECONDS):
            return
        self._looked_at = now
        for edition_id in {number for number, _ in counted if number is not None}:
            try:
                with self.store.write() as session:
                    because = control.hold_if_refused(session, edition_id, now=self._now(session))
            except StoreUnavailable as problem:  # what was taken in is committed
                log.warning("hold_not_looked_at edition=%s because=%s", edition_id, problem)
                return
            if because:
                log.error("edition_held edition=%s because=%s", edition_id, because)
