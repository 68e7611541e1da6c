"""Papers and pulls: what the sources announced, and how the last look at each of them went."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from newsletter.adapters.store.engine import insert_once
from newsletter.adapters.store.tables import PaperRow, PullRow
from newsletter.core.papers import Organization, Paper, featured_again
from newsletter.core.ports import Validators
from newsletter.core.works import arxiv_id, doi, merge_two

AT_ONCE = 500  # parameters in one statement; SQLite allows more, older ones did not
TUPLES = ("authors", "keywords", "media_urls", "categories", "sources")


def add_papers(session: Session, papers: Sequence[Paper], *, now: datetime) -> int:
    """Store each paper, joined with what was known of the work; how many were new.

    papers: one per work.
    """
    known = {
        row.id: row
        for ids in in_chunks([paper.id for paper in papers])
        for row in session.scalars(select(PaperRow).where(col(PaperRow.id).in_(ids)))
    }
    for paper in papers:
        row = known.get(paper.id)
        if row is None:
            session.add(_new_row(paper, now))
        else:
            _renew(row, paper, now)
    return sum(paper.id not in known for paper in papers)


def _new_row(paper: Paper, now: datetime) -> PaperRow:
    return PaperRow(
        id=paper.id,
        title=paper.title,
        featured_on=paper.featured_on,
        first_featured_on=paper.featured_on,
        record=_record(paper),
        added_at=now,
        changed_at=now,
    )


def _renew(row: PaperRow, paper: Paper, now: datetime) -> None:
    first = min(row.first_featured_on, paper.featured_on)
    featured_on = featured_again(first, row.featured_on, paper.featured_on)
    merged = replace(merge_two(_paper(row), paper), featured_on=featured_on)
    record = _record(merged)
    if (row.record, row.featured_on, row.first_featured_on) == (record, featured_on, first):
        return
    row.title, row.record, row.changed_at = merged.title, record, now
    row.featured_on, row.first_featured_on = featured_on, first


def papers_featured(session: Session, first: date, last: date) -> tuple[Paper, ...]:
    """The papers of these days, both included, by day and id."""
    rows = session.scalars(
        select(PaperRow)
        .where(col(PaperRow.featured_on).between(first, last))
        .order_by(col(PaperRow.featured_on), col(PaperRow.id))
    )
    return tuple(_paper(row) for row in rows)


def papers_with_ids(session: Session, ids: Iterable[str]) -> dict[str, Paper]:
    """Those of the papers that are stored, by id."""
    return {
        row.id: _paper(row)
        for chunk in in_chunks(sorted(set(ids)))
        for row in session.scalars(select(PaperRow).where(col(PaperRow.id).in_(chunk)))
    }


def paper_ids_since(session: Session, first: date) -> list[str]:
    """The ids of all papers announced on that day or later."""
    return list(session.scalars(select(col(PaperRow.id)).where(col(PaperRow.featured_on) >= first)))


def papers_changed(session: Session, first: date, last: date) -> list[tuple[str, date, datetime]]:
    """(id, day, when it changed last) of the papers of these days, the newest day first."""
    rows = session.execute(
        select(col(PaperRow.id), col(PaperRow.featured_on), col(PaperRow.changed_at))
        .where(col(PaperRow.featured_on).between(first, last))
        .order_by(col(PaperRow.featured_on).desc(), col(PaperRow.id))
    )
    return [(paper_id, day, changed_at) for paper_id, day, changed_at in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPaper:
    """A paper with when it came: to the store, and to its readers for the first time."""

    paper: Paper
    added_at: datetime
    first_featured_on: date


def find_paper(session: Session, name: str) -> StoredPaper | None:
    """The paper that people call so, by arXiv id, address, DOI or our own id; None if unknown."""
    found_doi = doi(name)
    ids = [one for one in (arxiv_id(name), found_doi and f"doi:{found_doi}", name.strip()) if one]
    row = next((row for one in ids if (row := session.get(PaperRow, one)) is not None), None)
    if row is None and found_doi:
        of_record = func.lower(col(PaperRow.record)["doi"].as_string())
        row = session.scalars(select(PaperRow).where(of_record == found_doi).limit(1)).first()
    if row is None:
        return None
    return StoredPaper(
        paper=_paper(row), added_at=row.added_at, first_featured_on=row.first_featured_on
    )


def papers_known(session: Session, first: date, last: date, *, by: datetime) -> tuple[Paper, ...]:
    """The papers of these days that were stored by that instant, with the day they counted for.

    One that was announced again later counts for its first day, where that is one of these.
    """
    day, first_day = col(PaperRow.featured_on), col(PaperRow.first_featured_on)
    rows = session.scalars(
        select(PaperRow)
        .where(
            col(PaperRow.added_at) <= by,
            day.between(first, last) | (first_day.between(first, last) & (day > last)),
        )
        .order_by(day, col(PaperRow.id))
    )
    return tuple(
        replace(_paper(row), featured_on=row.first_featured_on)
        if row.featured_on > last
        else _paper(row)
        for row in rows
    )


def day_marks(session: Session, first: date, last: date) -> dict[date, tuple[int, datetime]]:
    """For each of these days that has papers a mark that changes whenever one of them does."""
    rows = session.execute(
        select(
            col(PaperRow.featured_on),
            func.count(col(PaperRow.id)),
            func.max(col(PaperRow.changed_at)),
        )
        .where(col(PaperRow.featured_on).between(first, last))
        .group_by(col(PaperRow.featured_on))
    )
    return {day: (count, changed_at) for day, count, changed_at in rows}


def papers_revision(session: Session) -> tuple[int, datetime | None]:
    """A mark that changes whenever a paper is added or changed."""
    count, last = session.execute(
        select(func.count(col(PaperRow.id)), func.max(col(PaperRow.changed_at)))
    ).one()
    return count, last


def paper_days(
    session: Session, *, limit: int, before: date | None = None
) -> tuple[tuple[date, int], ...]:
    """The last days that have papers, newest first, with how many; or the last before a day."""
    days = select(col(PaperRow.featured_on), func.count(col(PaperRow.id)))
    if before is not None:
        days = days.where(col(PaperRow.featured_on) < before)
    rows = session.execute(
        days.group_by(col(PaperRow.featured_on))
        .order_by(col(PaperRow.featured_on).desc())
        .limit(limit)
    )
    return tuple((day, count) for day, count in rows)


def days_beside(session: Session, day: date) -> tuple[date | None, date | None]:
    """The nearest days before and after this one that have papers; None where there is none."""
    on = col(PaperRow.featured_on)
    before, after = session.execute(
        select(
            select(func.max(on)).where(on < day).scalar_subquery(),
            select(func.min(on)).where(on > day).scalar_subquery(),
        )
    ).one()
    return before, after


def pull_of(session: Session, source: str, day: date) -> PullRow | None:
    """The last look at this source for this day; None when there was none."""
    return session.scalars(
        select(PullRow).where(col(PullRow.source) == source, col(PullRow.day) == day)
    ).first()


def pulls_since(session: Session, day: date) -> list[PullRow]:
    return list(session.scalars(select(PullRow).where(col(PullRow.day) >= day)))


def last_pulls(
    session: Session, source: str
) -> tuple[PullRow | None, PullRow | None, PullRow | None]:
    """The source's last try, its last success, and its last day that had papers."""
    pulls = select(PullRow).where(col(PullRow.source) == source).limit(1)
    answered = col(PullRow.succeeded_at).is_not(None)
    return (
        session.scalars(pulls.order_by(col(PullRow.tried_at).desc())).first(),
        session.scalars(pulls.where(answered).order_by(col(PullRow.succeeded_at).desc())).first(),
        session.scalars(
            pulls.where(col(PullRow.papers) > 0).order_by(col(PullRow.day).desc())
        ).first(),
    )


def claim_pull(session: Session, source: str, day: date, *, now: datetime, until: datetime) -> None:
    """Nobody else looks at this source for this day before then."""
    session.execute(
        insert_once(session, PullRow).values(
            source=source,
            day=day,
            tried_at=now,
            next_at=until,
            papers=0,
            added=0,
            skipped=0,
            problem="",
            validators={},
        )
    )
    session.execute(
        update(PullRow)
        .where(col(PullRow.source) == source, col(PullRow.day) == day)
        .values(next_at=until)
        .execution_options(synchronize_session=False)
    )


def record_pull(
    session: Session,
    source: str,
    day: date,
    *,
    now: datetime,
    next_at: datetime,
    papers: int | None = None,
    added: int = 0,
    skipped: int = 0,
    problem: str = "",
    validators: Validators | None = None,
) -> None:
    """Keep how this look went. papers: None when nothing new was learned of how many there are."""
    row = pull_of(session, source, day) or PullRow(source=source, day=day, tried_at=now)
    row.tried_at, row.next_at, row.problem = now, next_at, problem
    if not problem:
        row.succeeded_at = now
    if papers is not None:
        row.papers, row.skipped = papers, skipped
        row.added += added
    if validators is not None:
        row.validators = {address: dict(marks) for address, marks in validators.items()}
    session.add(row)


def _record(paper: Paper) -> dict[str, Any]:
    """The paper as JSON: without what its row has, and without what is absent."""
    record = {name: value for name, value in asdict(paper).items() if value not in ("", (), None)}
    del record["id"], record["title"], record["featured_on"]
    if paper.published_at is not None:
        record["published_at"] = paper.published_at.astimezone(UTC).isoformat()
    for name in TUPLES:
        if name in record:
            record[name] = list(record[name])
    return record


def _paper(row: PaperRow) -> Paper:
    values: dict[str, Any] = dict(row.record)
    for name in TUPLES:
        if name in values:
            values[name] = tuple(values[name])
    if "organization" in values:
        values["organization"] = Organization(**values["organization"])
    if "published_at" in values:
        values["published_at"] = datetime.fromisoformat(values["published_at"])
    return Paper(id=row.id, title=row.title, featured_on=row.featured_on, **values)


def in_chunks(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    """As many at once as a statement takes."""
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def validators_of(row: PullRow | None) -> Mapping[str, Mapping[str, str]]:
    return row.validators if row is not None else {}
