"""The addresses that stand in a mail, signed for its reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from newsletter.core.delivery.states import Kind
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
    change: tuple[datetime, int] | None = None,
) -> Links:
    """All links of one reader, absolute. confirm_at: with a confirmation link made then.

    edition: with a link to the reader's digest of that day on the web. change: with one to a new
    address, made then and mailed with this delivery.
    """
    stamped, stamps = None, []
    if confirm_at is not None:
        stamped, stamps = Purpose.CONFIRM, [(confirm_at, "")]
    if change is not None:
        stamped, stamps = Purpose.CHANGE, [(change[0], str(change[1]))]
    signer = LinkSigner(letterhead.keys, edition=edition, stamped=stamped)
    columns = signer.columns([subscriber_id], stamps)
    tokens = {name: base32(raw) for name, (raw,) in zip(signer.names, columns, strict=True)}
    return links_with(letterhead, tokens)


class LinkSigner:
    """Signs the links of many readers.

    names: what the tokens are for, a column each. edition: with one for the digest of that day on
    the web. stamped: with one of this purpose that says when it was made, and so gets too old.
    """

    def __init__(self, keys: Keys, *, edition: date | None, stamped: Purpose | None) -> None:
        secret, plain = keys.secrets[0], (Purpose.MANAGE, Purpose.UNSUBSCRIBE)
        self.names = ["manage", "unsubscribe"]
        self._macs = [mac_for(purpose, secret) for purpose in plain]
        self._day = b"" if edition is None else edition.isoformat().encode()
        self._view = mac_for(Purpose.VIEW, secret)
        self._stamped = mac_for(stamped, secret) if stamped is not None else None
        self.names += ["view"] if self._day else []
        self.names += [stamped.value] if stamped is not None else []

    def columns(
        self, subscriber_ids: Sequence[int], stamps: Sequence[tuple[datetime, str]] = ()
    ) -> list[list[bytes]]:
        """The tokens, not yet spelled in base32: for each name one of each reader.

        stamps: when each reader's stamped link was asked for, and what more it says.
        """
        plain = [claims(subscriber_id) for subscriber_id in subscriber_ids]
        columns = [signed(plain, mac) for mac in self._macs]
        if self._day:
            columns.append(signed([said + self._day for said in plain], self._view))
        if self._stamped is not None:
            pairs = zip(subscriber_ids, stamps, strict=True)
            columns.append(signed([claims(who, *stamp) for who, stamp in pairs], self._stamped))
        return columns


# The kinds of mail with a link that gets too old.
STAMPED = {Kind.CONFIRM: Purpose.CONFIRM, Kind.CHANGE: Purpose.CHANGE}


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
        change=f"{base}/address/{tokens['change']}" if "change" in tokens else "",
    )
