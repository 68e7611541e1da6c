"""An edition once more, to exactly the readers whom an admin asks for."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlmodel import Session

from newsletter.adapters.queue import Task
from newsletter.adapters.store import planning
from newsletter.adapters.store.candidates import candidates_of, readers_in_state
from newsletter.adapters.store.tables import EditionRow
from newsletter.app.daily import DailyRun
from newsletter.core.delivery.resends import Candidate, Verdict, Wanted
from newsletter.services import editions, resends


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One pass over the readers who are asked for. only: none but these, by id; None for all."""

    wanted: Wanted
    actor: str
    is_dry: bool
    only: Collection[int] | None

    def chosen(self, readers: Iterable[int]) -> list[int]:
        """Those of them that this run is about."""
        return [reader for reader in readers if self.only is None or reader in self.only]


class Resending(DailyRun):
    """Resends, a page of readers at a time: one transaction each, however many they are."""

    def resend(
        self,
        wanted: Wanted,
        *,
        actor: str,
        is_dry_run: bool,
        only: Collection[int] | None = None,
    ) -> Iterator[Sequence[Verdict]]:
        """Plan these readers' digests again, and say page by page what became of each.

        only: the readers that a dry run showed, by id: what fails meanwhile does not join them.
        Nothing happens but as the pages are taken; what is stopped between two of them goes on
        there when it is asked for again. Raises NotFound, Refused, AddressError.
        """
        run = _Run(wanted=wanted, actor=actor, is_dry=is_dry_run, only=only)
        yield from self._by_name(run) if wanted.addresses else self._by_state(run)
        if wanted.is_missing:
            yield from self._never_planned(run)
        if not is_dry_run:
            self.ring(Task.SEND)

    def _by_name(self, run: _Run) -> Iterator[Sequence[Verdict]]:
        with self._session(run) as session:
            edition = self._edition(session, run)
            asked = resends.named(session, edition, run.wanted.addresses)
            page = self._resend(session, edition, asked, run)
        yield page

    def _by_state(self, run: _Run) -> Iterator[Sequence[Verdict]]:
        for state in run.wanted.states:
            after: int | None = 0
            while after is not None:
                with self._session(run) as session:
                    edition = self._edition(session, run)
                    readers = readers_in_state(
                        session, edition.id or 0, state, run.wanted, after=after
                    )
                    found = candidates_of(session, edition.id or 0, run.chosen(readers))
                    asked = [
                        found[reader]
                        for reader in readers
                        if reader in found and found[reader].state is state
                    ]
                    page = self._resend(session, edition, asked, run)
                after = readers[-1] if readers else None
                if page:
                    yield page

    def _edition(self, session: Session, run: _Run) -> EditionRow:
        return resends.edition_for(session, run.wanted.edition, is_locked=not run.is_dry)

    def _resend(
        self, session: Session, edition: EditionRow, asked: Sequence[Candidate], run: _Run
    ) -> Sequence[Verdict]:
        return resends.resend(
            session,
            edition,
            asked,
            run.wanted,
            actor=run.actor,
            is_dry_run=run.is_dry,
            sender=self._sender,
            now=self._now(session),
        )

    def _never_planned(self, run: _Run) -> Iterator[Sequence[Verdict]]:
        with self.store.read() as session:
            ranges = planning.due_ranges(session, now=None)
        for range_no in ranges:
            with self.store.read() as session:
                missed = self._missed(session, range_no, run)
            if missed and not run.is_dry:
                self.plan_range(range_no, run.wanted.edition, everyone=True, only=missed)
                with self.store.write() as session:
                    now = self._now(session)
                    resends.audit_planned(session, run.wanted, missed, actor=run.actor, now=now)
            if missed:
                yield list(missed.values())

    def _missed(self, session: Session, range_no: int, run: _Run) -> dict[int, Verdict]:
        """Who of the range should have a digest and has none, as far as anything matches."""
        wanted, now = run.wanted, self._now(session)
        edition = resends.edition_for(session, wanted.edition)
        due = resends.never_planned(session, edition, range_no, wanted, now=now)
        asked = {reader: due[reader] for reader in run.chosen(due)}
        if not asked:
            return {}
        draft = editions.draft(
            session,
            range_no,
            edition=wanted.edition,
            everyone=True,
            seen=self.parts.seen,
            indexes=self._indexes,
            now=now,
            only=asked,
        )
        return {reader: asked[reader] for reader in sorted(draft.digests.get(wanted.edition, ()))}

    def _session(self, run: _Run) -> AbstractContextManager[Session]:
        return self.store.read() if run.is_dry else self.store.write()
