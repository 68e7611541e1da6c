"""NEWSLETTER_SMTP_URL: which relays, how each is reached, its login, and what it allows us."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from newsletter.core.delivery.flow import Limits
from newsletter.errors import SettingsError

MOST = {"weight": 1000, "connections": 1000, "per_second": 100_000, "per_day": 1_000_000_000}
HINT = "write smtp://USER:PASSWORD@HOST:587?tls=starttls, with %40 for an @ in user or password"


class Tls(StrEnum):
    """How the conversation is encrypted; the certificate is always verified."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """A mail server that takes our messages. An empty user means: no login.

    weight: its share of the letters, beside other relays. connections: at most, over all workers;
    None: as many as make it faster.
    """

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = field(default="", repr=False)
    weight: int = 1
    connections: int | None = None
    limits: Limits = field(default_factory=Limits)

    @property
    def name(self) -> str:
        """For messages: host and port, never the login."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        return _is_loopback(self.host)


def parse_smtp_url(url: str) -> Relay:
    """The relay of `smtp://user:password@host:port?tls=starttls|implicit|none&…`.

    More words are weight, connections, per_second and per_day, each with a whole number. User and
    password are percent-decoded. Without `tls`, port 465 means implicit and a loopback
    host none; everywhere else STARTTLS is required. Without a port: 465 for implicit, 587 with a
    login, 25 otherwise. Raises SettingsError, which never shows the password.
    """
    try:
        split = urlsplit(url)
        host, port = split.hostname or "", split.port
    except ValueError:
        raise _wrong("has a wrong host or port (1 to 65535)") from None
    if split.scheme != "smtp" or not host:
        raise _wrong("is not a relay's address")
    if split.path.strip("/") or split.fragment:
        raise _wrong("goes on after host and port; a / or # in the password is %2F or %23")
    if port == 0:
        raise _wrong("has the port 0")
    user, password = _login(split)
    words = _words(split.query)
    tls = _tls(words) or _usual_tls(host, port)
    numbers = {name: _number(name, words[name]) for name in MOST if name in words}
    usual_port = 465 if tls is Tls.IMPLICIT else 587 if user else 25
    return Relay(
        host=host,
        port=port or usual_port,
        tls=tls,
        user=user,
        password=password,
        weight=numbers.get("weight", 1),
        connections=numbers.get("connections"),
        limits=Limits(per_second=numbers.get("per_second"), per_day=numbers.get("per_day")),
    )


def _login(split: SplitResult) -> tuple[str, str]:
    user, password = unquote(split.username or ""), unquote(split.password or "")
    if bool(user) != bool(password):
        raise _wrong("has a user without a password, or the reverse")
    if any(ord(character) < 32 for character in user + password):
        raise _wrong("has control characters in user or password")
    return user, password


def _words(query: str) -> dict[str, str]:
    words = parse_qs(query, keep_blank_values=True)
    for name, values in words.items():
        if name not in ("tls", *MOST):
            known = ", ".join(("tls", *MOST))
            raise _wrong(f"has the unknown option {name!r}; those known are {known}")
        if len(values) > 1:
            raise _wrong(f"says {name} twice")
    return {name: values[0] for name, values in words.items()}


def _number(name: str, value: str) -> int:
    if value.isascii() and value.isdecimal() and 1 <= int(value) <= MOST[name]:
        return int(value)
    raise _wrong(f"says {name}={value}; it must be a whole number from 1 to {MOST[name]}")


def _tls(words: Mapping[str, str]) -> Tls | None:
    given = words.get("tls")
    if given is None:
        return None
    if given not in set(Tls):
        raise _wrong(f"says tls={given}; it must be starttls, implicit or none")
    return Tls(given)


def _usual_tls(host: str, port: int | None) -> Tls:
    if port == 465:  # RFC 8314 section 3.3
        return Tls.IMPLICIT
    return Tls.NONE if _is_loopback(host) else Tls.STARTTLS


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _wrong(problem: str) -> SettingsError:
    return SettingsError(f"NEWSLETTER_SMTP_URL {problem}: {HINT}.")
