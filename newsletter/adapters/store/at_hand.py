"""Papers that were read before, kept by the process for as long as their rows stay as they are."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from newsletter.adapters.store.papers import in_chunks, papers_with_ids
from newsletter.adapters.store.tables import PaperRow
from newsletter.core.papers import Paper

KEPT = 2000  # of some KB each


class PapersAtHand:
    """The papers of one store. Unchanged ones are the same objects each time.

    Every batch of mails wants the papers of the day, and reading one takes 60 us; looking whether
    it changed takes two.
    """

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._kept: dict[str, tuple[datetime, Paper]] = {}

    def with_ids(self, session: Session, ids: Iterable[str]) -> dict[str, Paper]:
        """Those of the papers that are stored, by id."""
        changed_at = {
            paper_id: changed
            for chunk in in_chunks(sorted(set(ids)))
            for paper_id, changed in session.execute(
                select(col(PaperRow.id), col(PaperRow.changed_at)).where(
                    col(PaperRow.id).in_(chunk)
                )
            )
        }
        found = {
            paper_id: kept[1]
            for paper_id, changed in changed_at.items()
            if (kept := self._kept.get(paper_id)) is not None and kept[0] == changed
        }
        fresh = papers_with_ids(session, changed_at.keys() - found.keys())
        if len(self._kept) + len(fresh) > self._most:
            self._kept.clear()
        self._kept |= {paper_id: (changed_at[paper_id], paper) for paper_id, paper in fresh.items()}
        return found | fresh
