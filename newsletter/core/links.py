"""The addresses that stand in a mail, signed for its reader."""

from dataclasses import dataclass
from datetime import date, datetime

from newsletter.core.rendering import Brand, Links
from newsletter.core.tokens import Keys, Purpose, make_token


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What all our mail has in common. sender: the From mailbox. domain: of its address."""

    keys: Keys
    brand: Brand
    sender: str
    domain: str

    @property
    def list_id(self) -> str:
        return f"{self.brand.name} <daily.{self.domain}>"  # RFC 2919 section 2

    @property
    def hash_secret(self) -> bytes:
        """Keys the hashes of addresses: the oldest key, so that a new one changes no hash."""
        return self.keys.secrets[-1]


def links_of(
    letterhead: Letterhead,
    subscriber_id: int,
    *,
    confirm_at: datetime | None,
    edition: date | None = None,
) -> Links:
    """All links of one reader, absolute. confirm_at: with a confirmation link made then.

    edition: with a link to the reader's digest of that day on the web.
    """
    base, keys = letterhead.brand.base_url, letterhead.keys
    manage = make_token(Purpose.MANAGE, subscriber_id, keys=keys)
    unsubscribe = make_token(Purpose.UNSUBSCRIBE, subscriber_id, keys=keys)
    confirm = ""
    if confirm_at is not None:
        token = make_token(Purpose.CONFIRM, subscriber_id, keys=keys, issued_at=confirm_at)
        confirm = f"{base}/confirm/{token}"
    view = ""
    if edition is not None:
        token = make_token(Purpose.VIEW, subscriber_id, keys=keys, extra=edition.isoformat())
        view = f"{base}/view/{token}"
    return Links(
        preferences=f"{base}/preferences/{manage}",
        pause=f"{base}/preferences/{manage}#pause",
        unsubscribe=f"{base}/unsubscribe/{unsubscribe}",
        unsubscribe_mailto=f"mailto:unsubscribe+{unsubscribe}@{letterhead.domain}",
        view=view,
        archive=f"{base}/archive",
        help=f"{base}/recover",
        confirm=confirm,
    )
