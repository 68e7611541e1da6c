"""Who must not be mailed, in an admin's hand."""

from collections.abc import Iterable, Iterator, Sequence

from newsletter.adapters.store import suppressions as store
from newsletter.app.service import Service
from newsletter.core.feedback.suppressed import Suppressing, SuppressionAccount, SuppressionView
from newsletter.services import suppressions

PAGE = 1000


class Suppressions(Service):
    """See, add and lift suppressions."""

    def suppressions(self) -> Iterator[SuppressionView]:
        """All of them in no order that means anything, read page by page."""
        after = ""
        while True:
            with self.store.read() as session:
                page = store.suppressions_page(session, after=after, limit=PAGE)
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].address_hash

    def newest_suppressions(self, *, limit: int) -> tuple[SuppressionView, ...]:
        with self.store.read() as session:
            return store.newest_suppressions(session, limit=limit)

    def suppression_count(self) -> int:
        with self.store.read() as session:
            return store.suppression_count(session)

    def look_at_suppressing(self, addresses: Iterable[str]) -> Suppressing:
        """What suppressing these would come to."""
        with self.store.read() as session:
            return suppressions.look(session, addresses, hash_secret=self.letterhead.hash_secret)

    def suppress(self, addresses: Sequence[str], *, because: str, actor: str) -> int:
        """Mail none of these any more; how many were not suppressed before.

        Committed by the hundred: what was done before an interruption stays. Raises AddressError,
        Refused without a reason.
        """
        done = 0
        for start in range(0, len(addresses), suppressions.AT_ONCE):
            with self.store.write() as session:
                done += suppressions.add(
                    session,
                    addresses[start : start + suppressions.AT_ONCE],
                    because=because,
                    actor=actor,
                    hash_secret=self.letterhead.hash_secret,
                    now=self._now(session),
                )
        return done

    def lift_suppression(self, address: str, *, because: str, actor: str) -> None:
        """Let this address be mailed again. Raises AddressError, Refused, NotFound."""
        with self.store.write() as session:
            suppressions.lift(
                session,
                address,
                because=because,
                actor=actor,
                hash_secret=self.letterhead.hash_secret,
                now=self._now(session),
            )

    def why_suppressed(self, address: str) -> SuppressionAccount:
        """Why this address is not mailed, or that nothing is against it. Raises AddressError."""
        with self.store.read() as session:
            return suppressions.why(
                session,
                address,
                hash_secret=self.letterhead.hash_secret,
                now=self._now(session),
            )
