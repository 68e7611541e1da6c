"""A day whose digests went three ways, as the commands of the ledger show it."""

from datetime import UTC, datetime

from sqlmodel import select

from newsletter.adapters.store.tables import AuditRow
from newsletter.core.delivery.states import Outcome, Result

NOW = datetime.now(UTC)  # the commands go by the database's own clock
DAY = NOW.date().isoformat()
LATER = "451 4.7.1 <bob@example.org>: try again later"
OUTCOMES = {
    "bob@example.org": Outcome(result=Result.DEFERRED, code=451, status="4.7.1", text=LATER[4:]),
    "eve@example.org": Outcome(
        result=Result.FAILED, code=554, status="5.7.1", text="5.7.1 eve@example.org: not wanted"
    ),
}
SENT = Outcome(result=Result.SENT, code=250, status="2.0.0", text="2.0.0 OK")


def delivery_of(service, name: str):
    return service.deliveries(address=f"{name}@example.org", limit=1)[0]


def audits(service) -> list[tuple[str, str, str]]:
    with service.store.read() as session:
        return [(row.action, row.subject, row.because) for row in session.scalars(select(AuditRow))]
