"""An edition in an admin's hand: held, released, cancelled, held against the relay's log."""

from collections.abc import Iterator, Sequence
from datetime import date

from newsletter.adapters.queue import Task
from newsletter.adapters.store.reconciling import ledger_lines
from newsletter.app.service import Service
from newsletter.core.addresses import read_return_path
from newsletter.core.delivery.reconcile import Difference, Evidence, Finding, Reconciliation
from newsletter.core.delivery.relay_logs import Fate, RelayLog
from newsletter.services import control

LINES_AT_ONCE = 2000


class Control(Service):
    """Whole editions, by an admin."""

    def hold_edition(self, day: date, *, because: str, actor: str) -> None:
        """Send nothing more of it for now; see services.control."""
        with self.store.write() as session:
            control.hold(session, day, because=because, actor=actor, now=self._now(session))

    def release_edition(self, day: date, *, because: str, actor: str) -> None:
        """Let a held edition go on."""
        with self.store.write() as session:
            control.release(session, day, because=because, actor=actor, now=self._now(session))
        self.ring(Task.SEND)

    def cancel_edition(self, day: date, *, because: str, actor: str) -> int:
        """Send nothing more of it, for good; how many deliveries were skipped."""
        with self.store.write() as session:
            now = self._now(session)
            edition = control.cancel(session, day, because=because, actor=actor, now=now)
        skipped = 0
        while True:
            with self.store.write() as session:
                some = control.skip_waiting(session, edition, because=because)
            skipped += some
            if not some:
                return skipped

    def reconcile(
        self, day: date, log: RelayLog, found: Reconciliation, *, apply_as: str | None, because: str
    ) -> Iterator[Sequence[Finding]]:
        """Hold the edition's deliveries against the log, page by page, counting in `found`.

        apply_as: who has it set right: what the log shows as sent is recorded so; None to only
        look. Yields where they differ. Raises NotFound.
        """
        with self.store.read() as session:
            edition = control.edition_of_digests(session, day).id or 0
        evidence = Evidence(log.by_message_id, self._by_delivery(log))
        after = (0, 0)
        while True:
            with self.store.read() as session:
                lines = ledger_lines(session, edition, after=after, limit=LINES_AT_ONCE)
            if not lines:
                return
            after = lines[-1][0]
            page = [one for _, line in lines for one in found.take(line, evidence.of(line))]
            wrong = [one.line.id for one in page if one.difference is Difference.UNRECORDED]
            if wrong and apply_as is not None:
                with self.store.write() as session:
                    now = self._now(session)
                    found.applied += control.set_right(
                        session, day, wrong, because=because, actor=apply_as, now=now
                    )
            yield page

    def _by_delivery(self, log: RelayLog) -> dict[int, Fate]:
        secrets = self.letterhead.keys.secrets
        read = (
            (read_return_path(path, secrets=secrets), fate)
            for path, fate in log.by_return_path.items()
        )
        return {delivery: fate for delivery, fate in read if delivery is not None}
