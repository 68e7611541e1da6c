"""The tables. Rows stay below the services; values of `core` go up.

Instants are aware UTC on both databases (`base.Instant`). Long texts live with papers only; the
ledger's rows are small, since there is one for each message ever sent.
"""

from newsletter.adapters.store.tables.audit import AuditRow
from newsletter.adapters.store.tables.base import Row
from newsletter.adapters.store.tables.ledger import (
    PENDING,
    SENDING,
    UNSENT,
    AttemptRow,
    DeliveryRow,
    EditionRow,
    RecipientRow,
)
from newsletter.adapters.store.tables.papers import PaperRow, PullRow
from newsletter.adapters.store.tables.reports import MailboxRow, ReportRow, SuppressionRow
from newsletter.adapters.store.tables.subscribers import MuteRow, RangeRow, SubscriberRow, TopicRow

__all__ = [
    "PENDING",
    "SENDING",
    "UNSENT",
    "AttemptRow",
    "AuditRow",
    "DeliveryRow",
    "EditionRow",
    "MailboxRow",
    "MuteRow",
    "PaperRow",
    "PullRow",
    "RangeRow",
    "RecipientRow",
    "ReportRow",
    "Row",
    "SubscriberRow",
    "SuppressionRow",
    "TopicRow",
]
