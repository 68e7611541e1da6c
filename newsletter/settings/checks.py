"""Text of the environment → values; SettingsError says what is wrong and what it must be."""

import re
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path

from newsletter.core.gate import Network
from newsletter.errors import SettingsError
from newsletter.settings.addresses import LISTENERS, MAILBOXES, has_host, parted
from newsletter.settings.names import PREFIX

MOST_FORM_SECONDS = 60


def database_url(value: str, data_dir: Path) -> str:
    """An address with the driver this program ships with; SQLite in the data folder for ""."""
    if not value:
        return f"sqlite:///{data_dir / 'newsletter.db'}"
    scheme = value.partition(":")[0]
    if scheme in ("postgres", "postgresql"):
        return "postgresql+psycopg" + value.removeprefix(scheme)
    if scheme in ("sqlite", "postgresql+psycopg"):
        return value
    raise SettingsError(
        f"{PREFIX}DATABASE_URL begins with {scheme!r}: it must be sqlite:///PATH or "
        "postgresql://USER:PASSWORD@HOST/NAME."
    )


def redis_url(value: str) -> str:
    """The address of a Redis, or ""."""
    if not value or value.partition("://")[0] in ("redis", "rediss", "unix"):
        return value
    raise SettingsError(
        f"{PREFIX}REDIS_URL begins with {value.partition(':')[0]!r}: it must be "
        "redis://HOST:6379/0, rediss://… or unix:///PATH?db=0."
    )


def smtp_url(value: str) -> str:
    """The addresses of relays, or ""."""
    # The transport reads it in full; here only what would otherwise be found out by a worker.
    urls = parted(value)
    if all(url.startswith("smtp://") and has_host(url) for url in urls):
        return value
    raise SettingsError(
        f"{PREFIX}SMTP_URL is not a relay's address: it must look like "
        "smtp://USER:PASSWORD@HOST:587?tls=starttls; several are parted by commas."
    )


def reports_url(value: str) -> str:
    """The addresses that reports come to, or ""."""
    # Read in full where it is used; a worker must not find out that a scheme is misspelt.
    urls = parted(value)
    if all(url.partition("://")[0] in (*MAILBOXES, *LISTENERS) for url in urls):
        return value
    raise SettingsError(
        f"{PREFIX}REPORTS_URL is no mailbox's address: it must look like "
        "imaps://USER:PASSWORD@HOST/INBOX, maildir:///PATH, mbox:///PATH or lmtp://HOST:PORT; "
        "several are parted by commas."
    )


def web_address(name: str, value: str) -> str:
    """A web address without a slash at its end."""
    if value.startswith(("http://", "https://")) and has_host(value) and "?" not in value:
        return value.rstrip("/")
    raise SettingsError(
        f"{PREFIX}{name} is {value!r}: it must be a web address such as https://papers.example.org."
    )


def mailbox(value: str) -> str:
    """The sender, with a name or without."""
    address = parseaddr(value)[1]
    local, _, domain = address.rpartition("@")
    if local and domain and " " not in address and "\n" not in value and "\r" not in value:
        return value
    raise SettingsError(
        f"{PREFIX}FROM is {value!r}: it must be a mailbox such as "
        "Daily Papers <papers@example.org>."
    )


def folder(name: str, value: str) -> Path | None:
    """A folder that is there; None for ""."""
    if not value:
        return None
    path = Path(value).expanduser()
    if path.is_dir():
        return path
    raise SettingsError(f"{PREFIX}{name} is {value!r}: there is no such folder.")


def file(name: str, value: str) -> Path | None:
    """A file that is there; None for ""."""
    if not value:
        return None
    path = Path(value).expanduser()
    if path.is_file():
        return path
    raise SettingsError(f"{PREFIX}{name} is {value!r}: there is no such file.")


def networks(name: str, value: str) -> tuple[Network, ...]:
    """Addresses and networks, by comma."""
    try:
        return tuple(ip_network(one.strip()) for one in value.split(",") if one.strip())
    except ValueError:
        raise SettingsError(
            f"{PREFIX}{name} is {value!r}: it must be addresses or networks such as "
            "10.0.0.7,192.168.4.0/24,2001:db8::/32."
        ) from None


def seconds(name: str, value: str) -> float:
    """Seconds, from 0 to MOST_FORM_SECONDS."""
    if re.fullmatch(r"\d{1,3}(\.\d+)?", value) and float(value) <= MOST_FORM_SECONDS:
        return float(value)
    raise SettingsError(
        f"{PREFIX}{name} is {value!r}: it must be seconds from 0 to {MOST_FORM_SECONDS}, such as 1."
    )


def switch(name: str, value: str) -> bool:
    """Whether it is on."""
    if value in ("on", "off"):
        return value == "on"
    raise SettingsError(f"{PREFIX}{name} is {value!r}: it must be on or off.")
