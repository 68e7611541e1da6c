"""Messages as deliveries want them, and what is made of them by the way that all mails go."""

import email
import email.policy
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.message import EmailMessage

from newsletter.core.delivery.states import Kind
from newsletter.core.digests import Digest
from newsletter.core.mail.links import Letterhead
from newsletter.core.mail.mails import Brand
from newsletter.core.mail.press import letters_for
from newsletter.core.mail.rendering import Renderer
from newsletter.core.papers import Paper
from newsletter.core.tokens import Keys

DAY = date(2026, 6, 18)
PLANNED_AT = datetime(2026, 6, 18, 7, 0, 12, tzinfo=UTC)
LETTERHEAD = Letterhead(
    keys=Keys((b"a secret of some length",)),
    brand=Brand(base_url="https://papers.example.org", postal_address="1 Example Street"),
    sender="Daily Papers <papers@example.org>",
    domain="papers.example.org",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order; see `press.Order`."""

    id: int = 41
    subscriber_id: int = 7
    address: str = "ada@example.org"
    digest: Digest | None = None
    thumbnails: bool = False
    language: str = "en"
    kind: Kind = Kind.DIGEST
    message_id: str = "<0123456789abcdef0123456789abcdef@papers.example.org>"
    epoch: int = 3
    edition: date = DAY
    planned_at: datetime = PLANNED_AT


def a_message(
    one: Wanted,
    papers: Iterable[Paper] = (),
    *,
    renderer: Renderer,
    letterhead: Letterhead = LETTERHEAD,
) -> bytes:
    """The message of one order; what keeps it from being made is raised."""
    known = {paper.id: paper for paper in papers}
    letters, broken = letters_for([one], known, renderer=renderer, letterhead=letterhead)
    for problem in broken.values():
        raise problem
    return letters[0].content


def parsed(content: bytes) -> EmailMessage:
    """The message as Python reads it; anything wrong with its form is an error."""
    message = email.message_from_bytes(
        content, policy=email.policy.default.clone(raise_on_defect=True)
    )
    for part in message.walk():
        assert part.defects == []
    for value in message.values():
        assert value.defects == ()
    return message
