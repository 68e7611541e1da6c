"""Take reports in: each once, for the delivery that a signed path of ours names, or for nobody."""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from newsletter.adapters.store import claims, reports
from newsletter.adapters.store.ending import skip_waiting
from newsletter.adapters.store.reports import Reported
from newsletter.adapters.store.subscribers import MAX_REASON
from newsletter.core.addresses import read_return_path
from newsletter.core.feedback.arriving import (
    Arrival,
    Fate,
    TakenIn,
    deciding,
    fate_of,
    recipient_keys,
)
from newsletter.core.feedback.suppression import Event, decide, wants_history
from newsletter.core.text import clean

log = logging.getLogger(__name__)


def take_in(
    session: Session, arrival: Arrival, *, secrets: Sequence[bytes], now: datetime
) -> TakenIn:
    """Store a report and suppress its address where the rule says so.

    secrets: all that may have signed a return path. One that was seen before changes nothing; one
    that names no delivery of ours is kept, and acts on nobody.
    """
    of = _delivery_of(session, arrival, secrets=secrets)
    records = arrival.report.records
    record = deciding(records, of.address_key) if of else next(iter(records), None)
    fate = fate_of(arrival.report, is_ours=of is not None)
    history: list[Event] = []
    if of and record and fate is Fate.COUNTED and wants_history(record):
        history = reports.events_of(session, of, now=now)  # before this one is among them
    report_id = reports.add_report(session, arrival, fate=fate, record=record, of=of, now=now)
    if report_id is None:
        fate, record = Fate.REPEATED, None
    because = ""
    if of and record and fate is Fate.COUNTED:
        suppression = decide(record, history, now=now)
        because = suppression.reason[:MAX_REASON] if suppression else ""
    if of and because:
        _suppress(session, of, because, now=now)
    log.info(
        "report_taken report=%s came_by=%s fate=%s kind=%s delivery=%s",
        report_id, arrival.came_by, fate, record.kind if record else "", of.id if of else None,
    )  # fmt: skip
    return TakenIn(
        fate=fate,
        report_id=report_id,
        delivery_id=of.id if of else None,
        subscriber_id=of.subscriber_id if of else None,
        edition_id=of.edition_id if of else None,
        record=record,
        suppressed_because=because,
    )


def _delivery_of(
    session: Session, arrival: Arrival, *, secrets: Sequence[bytes]
) -> Reported | None:
    """The delivery that something of ours in the report names, never one that is guessed.

    A signed return path proves itself; a Message-ID is read by everybody the mail is passed on to,
    so it counts only for the reader whom it was sent to.
    """
    for path in arrival.return_paths:
        number = read_return_path(path, secrets=secrets)
        found = reports.reported(session, number) if number is not None else None
        if found is not None:
            return found
    return reports.reported_by_message_id(
        session,
        [f"<{clean(one).strip('<>')}>" for one in arrival.message_ids],
        address_keys=recipient_keys(arrival.report),
    )


def _suppress(session: Session, of: Reported, because: str, *, now: datetime) -> None:
    claims.add_suppression(session, of.address_hash, because, now=now)
    reason = f"the address is suppressed ({because})"
    if of.is_own:
        skip_waiting(session, of.subscriber_id, reason)
    log.info("suppressed subscriber=%s because=%s", of.subscriber_id, because)
