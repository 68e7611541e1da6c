"""An edition once more, to exactly the readers whom an admin asks for."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

from sqlmodel import Session

from newsletter.adapters.queue import Task
from newsletter.adapters.store import planning
from newsletter.adapters.store.candidates import candidates_in
from newsletter.adapters.store.tables import EditionRow
from newsletter.app.daily import DailyRun
from newsletter.core.resends import Candidate, Verdict, Wanted
from newsletter.services import editions, resends


class Resending(DailyRun):
    """Resends, a page of readers at a time: one transaction each, however many they are."""

    def resend(
        self, wanted: Wanted, *, actor: str, is_dry_run: bool
    ) -> Iterator[Sequence[Verdict]]:
        """Plan these readers' digests again, and say page by page what became of each.

        Nothing happens but as the pages are taken; what is stopped between two of them goes on
        there when it is asked for again. Raises NotFound, Refused, AddressError.
        """
        pages = self._by_name if wanted.addresses else self._by_state
        for page in pages(wanted, actor, is_dry_run):
            if any(one.delivery_id for one in page):
                self.ring(Task.SEND)
            yield page
        if wanted.is_missing:
            yield from self._never_planned(wanted, actor, is_dry_run)

    def _by_name(self, wanted: Wanted, actor: str, is_dry_run: bool) -> Iterator[Sequence[Verdict]]:
        with self._session(is_dry_run) as session:
            edition = resends.edition_for(session, wanted.edition, is_locked=not is_dry_run)
            asked = resends.named(session, edition, wanted.addresses)
            page = self._resend(session, edition, asked, wanted, actor, is_dry_run)
        yield page

    def _by_state(
        self, wanted: Wanted, actor: str, is_dry_run: bool
    ) -> Iterator[Sequence[Verdict]]:
        for state in wanted.states:
            asked: Sequence[Candidate] = ()
            after = 0
            while True:
                with self._session(is_dry_run) as session:
                    edition = resends.edition_for(session, wanted.edition, is_locked=not is_dry_run)
                    asked = candidates_in(session, edition.id or 0, state, wanted, after=after)
                    page = self._resend(session, edition, asked, wanted, actor, is_dry_run)
                if not asked:
                    break
                after = asked[-1].subscriber_id
                yield page

    def _resend(
        self,
        session: Session,
        edition: EditionRow,
        asked: Sequence[Candidate],
        wanted: Wanted,
        actor: str,
        is_dry_run: bool,
    ) -> Sequence[Verdict]:
        return resends.resend(
            session,
            edition,
            asked,
            wanted,
            actor=actor,
            is_dry_run=is_dry_run,
            sender=self._sender,
            now=self._now(session),
        )

    def _never_planned(
        self, wanted: Wanted, actor: str, is_dry_run: bool
    ) -> Iterator[Sequence[Verdict]]:
        with self.store.read() as session:
            ranges = planning.due_ranges(session, now=None)
        for range_no in ranges:
            with self.store.read() as session:
                now = self._now(session)
                edition = resends.edition_for(session, wanted.edition)
                missed = resends.never_planned(session, edition, range_no, wanted, now=now)
                if not missed:
                    continue
                draft = editions.draft(
                    session,
                    range_no,
                    edition=wanted.edition,
                    everyone=True,
                    seen=self.parts.seen,
                    indexes=self._indexes,
                    now=now,
                    only=missed,
                )
            chosen = sorted(draft.digests.get(wanted.edition, ()))
            if chosen and not is_dry_run:
                self.plan_range(range_no, wanted.edition, everyone=True, only=chosen)
                with self.store.write() as session:
                    now = self._now(session)
                    resends.audit_planned(session, wanted, chosen, actor=actor, now=now)
            if chosen:
                yield [missed[reader] for reader in chosen]

    def _session(self, is_dry_run: bool) -> AbstractContextManager[Session]:
        return self.store.read() if is_dry_run else self.store.write()
