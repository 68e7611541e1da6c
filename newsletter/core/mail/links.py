"""The addresses that stand in a mail, signed for its reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from newsletter.core.mail.rendering import Brand, Links
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
    columns = signer.columns([subscriber_id], [confirm_at] if confirm_at is not None else [])
    tokens = {name: base32(raw) for name, (raw,) in zip(signer.names, columns, strict=True)}
    return links_with(letterhead, tokens)


class LinkSigner:
    """Signs the links of many readers.

    names: what the tokens are for, a column each. edition: with one for the digest of that day on
    the web. is_confirming: with one that confirms.
    """

    def __init__(self, keys: Keys, *, edition: date | None, is_confirming: bool) -> None:
        secret, plain = keys.secrets[0], (Purpose.MANAGE, Purpose.UNSUBSCRIBE)
        self.names = ["manage", "unsubscribe"]
        self._macs = [mac_for(purpose, secret) for purpose in plain]
        self._day = b"" if edition is None else edition.isoformat().encode()
        self._view = mac_for(Purpose.VIEW, secret)
        self._confirm = mac_for(Purpose.CONFIRM, secret)
        self.names += ["view"] if self._day else []
        self.names += ["confirm"] if is_confirming else []

    def columns(
        self, subscriber_ids: Sequence[int], confirm_at: Sequence[datetime] = ()
    ) -> list[list[bytes]]:
        """The tokens, not yet spelled in base32: for each name one of each reader.

        confirm_at: when each reader's confirmation was asked for.
        """
        plain = [claims(subscriber_id) for subscriber_id in subscriber_ids]
        columns = [signed(plain, mac) for mac in self._macs]
        if self._day:
            columns.append(signed([said + self._day for said in plain], self._view))
        if confirm_at:
            stamped = map(claims, subscriber_ids, confirm_at)
            columns.append(signed([*stamped], self._confirm))
        return columns


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
