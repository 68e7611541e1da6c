"""The addresses that stand in a mail, signed for its reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from newsletter.core.rendering import Brand, Links
from newsletter.core.signing import base32
from newsletter.core.tokens import Keys, Purpose, claims, mac_for, signed


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
    signer = LinkSigner(letterhead.keys, edition=edition, is_confirming=confirm_at is not None)
    raws = signer.raws(subscriber_id, confirm_at=confirm_at)
    tokens = dict(zip(signer.names, map(base32, raws), strict=True))
    return links_with(letterhead, tokens)


class LinkSigner:
    """Signs the links of one reader after another.

    names: what each token is for, in the order of `raws`. edition: with one for the digest of that
    day on the web. is_confirming: with one that confirms.
    """

    def __init__(self, keys: Keys, *, edition: date | None, is_confirming: bool) -> None:
        secret = keys.secrets[0]
        self.names = ["manage", "unsubscribe"]
        self._plain = [mac_for(Purpose.MANAGE, secret), mac_for(Purpose.UNSUBSCRIBE, secret)]
        self._day = b""
        if edition is not None:
            self.names.append("view")
            self._day, self._view = edition.isoformat().encode(), mac_for(Purpose.VIEW, secret)
        if is_confirming:
            self.names.append("confirm")
            self._confirm = mac_for(Purpose.CONFIRM, secret)

    def raws(self, subscriber_id: int, *, confirm_at: datetime | None = None) -> list[bytes]:
        """The tokens, not yet spelled in base32. confirm_at: when confirmation was asked for."""
        plain = claims(subscriber_id)
        raws = [signed(plain, mac) for mac in self._plain]
        if self._day:
            raws.append(signed(plain + self._day, self._view))
        if confirm_at is not None:
            raws.append(signed(claims(subscriber_id, confirm_at), self._confirm))
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
