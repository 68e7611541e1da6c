"""The addresses that stand in a mail, signed for its reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from newsletter.core.rendering import Brand, Links
from newsletter.core.signing import base32
from newsletter.core.tokens import Keys, Purpose, claims, signed


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
    raws = signed_tokens(letterhead.keys, subscriber_id, confirm_at=confirm_at, edition=edition)
    return links_with(letterhead, {name: base32(raw) for name, raw in raws.items()})


def signed_tokens(
    keys: Keys, subscriber_id: int, *, confirm_at: datetime | None, edition: date | None
) -> dict[str, bytes]:
    """What signs one reader's links, by what it is for; `signing.base32` spells it."""
    plain = claims(subscriber_id)
    raws = {
        "manage": signed(Purpose.MANAGE, plain, keys=keys),
        "unsubscribe": signed(Purpose.UNSUBSCRIBE, plain, keys=keys),
    }
    if edition is not None:
        day = edition.isoformat().encode()
        raws["view"] = signed(Purpose.VIEW, plain + day, keys=keys)
    if confirm_at is not None:
        raws["confirm"] = signed(Purpose.CONFIRM, claims(subscriber_id, confirm_at), keys=keys)
    return raws


def links_with(letterhead: Letterhead, tokens: Mapping[str, str]) -> Links:
    """The links around these tokens, by what each is for; without a token, no such link."""
    base, manage, unsubscribe = letterhead.brand.base_url, tokens["manage"], tokens["unsubscribe"]
    return Links(
        preferences=f"{base}/preferences/{manage}",
        pause=f"{base}/preferences/{manage}#pause",
        unsubscribe=f"{base}/unsubscribe/{unsubscribe}",
        unsubscribe_mailto=f"mailto:unsubscribe+{unsubscribe}@{letterhead.domain}",
        view=f"{base}/view/{tokens['view']}" if "view" in tokens else "",
        archive=f"{base}/archive",
        help=f"{base}/recover",
        confirm=f"{base}/confirm/{tokens['confirm']}" if "confirm" in tokens else "",
    )
