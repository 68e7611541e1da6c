"""The mailboxes that reports come to: who empties each now, and how the last look at it went."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlmodel import Session, col

from newsletter.adapters.store.engine import insert_once
from newsletter.adapters.store.tables import MailboxRow
from newsletter.core.results import MailboxView

LEASE = timedelta(minutes=3)  # longer than a look takes


def claim_mailbox(
    session: Session, name: str, *, now: datetime, rest: timedelta = timedelta()
) -> bool:
    """Whether it is ours to empty until the lease runs out. The caller commits before it looks.

    rest: how long it is left alone after the last look.
    """
    session.execute(insert_once(session, MailboxRow).values(name=name, taken=0, problem=""))
    claimed = session.scalar(
        update(MailboxRow)
        .where(
            col(MailboxRow.name) == name,
            or_(col(MailboxRow.lease_until).is_(None), col(MailboxRow.lease_until) <= now),
            or_(col(MailboxRow.looked_at).is_(None), col(MailboxRow.looked_at) <= now - rest),
        )
        .values(lease_until=now + LEASE)
        .returning(col(MailboxRow.name))
    )
    return claimed is not None


def record_look(session: Session, name: str, *, taken: int, problem: str, now: datetime) -> None:
    """Somebody else may look now; taken: by this look. problem: "" when it went well."""
    session.execute(
        update(MailboxRow)
        .where(col(MailboxRow.name) == name)
        .values(
            lease_until=None,
            looked_at=now,
            taken=col(MailboxRow.taken) + taken,
            problem=problem,
        )
    )


def mailbox_views(session: Session, names: Sequence[str]) -> tuple[MailboxView, ...]:
    """How each of these mailboxes stands, also one that nobody has looked into yet."""
    wanted = select(MailboxRow).where(col(MailboxRow.name).in_(names))
    rows = {row.name: row for row in session.scalars(wanted)}
    return tuple(
        MailboxView(
            name=name,
            looked_at=row.looked_at if row else None,
            taken=row.taken if row else 0,
            problem=row.problem if row else "",
        )
        for name, row in ((name, rows.get(name)) for name in names)
    )
