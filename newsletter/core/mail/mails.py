"""A mail before it is a message: the reader's links, who sends, and what came out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """One reader's own addresses, https but for the mailto; "" leaves a link out.

    view: this digest on the web. archive: past editions. help: who we are, how to reach us.
    change: moves the subscription to the address that this mail went to.
    """

    preferences: str
    unsubscribe: str
    unsubscribe_mailto: str
    view: str = ""
    archive: str = ""
    pause: str = ""
    confirm: str = ""
    change: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """Who sends: the name in the masthead, the site, the postal address that some laws ask for."""

    name: str = "Daily Papers"
    base_url: str
    postal_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A mail before it is a message. html: at most MAX_HTML bytes. text: lines of 72 columns."""

    subject: str
    html: str
    text: str
