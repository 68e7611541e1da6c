"""NEWSLETTER_SMTP_URL: which relay, how it is reached, and the login."""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from newsletter.errors import SettingsError

HINT = "write smtp://USER:PASSWORD@HOST:587?tls=starttls, with %40 for an @ in user or password"


class Tls(StrEnum):
    """How the conversation is encrypted; the certificate is always verified."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """The mail server that takes our messages. An empty user means: no login."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """For messages: host and port, never the login."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_smtp_url(url: str) -> Relay:
    """The relay of `smtp://user:password@host:port?tls=starttls|implicit|none`.

    User and password are percent-decoded. Without `tls`, port 465 means implicit and a loopback
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
    tls = _tls(split.query) or _usual_tls(host, port)
    usual_port = 465 if tls is Tls.IMPLICIT else 587 if user else 25
    return Relay(host=host, port=port or usual_port, tls=tls, user=user, password=password)


def _login(split: SplitResult) -> tuple[str, str]:
    user, password = unquote(split.username or ""), unquote(split.password or "")
    if bool(user) != bool(password):
        raise _wrong("has a user without a password, or the reverse")
    if any(ord(character) < 32 for character in user + password):
        raise _wrong("has control characters in user or password")
    return user, password


def _tls(query: str) -> Tls | None:
    words = parse_qs(query, keep_blank_values=True)
    given = words.pop("tls", [])
    if words:
        raise _wrong(f"has the unknown option {next(iter(words))!r}; only tls is known")
    if not given:
        return None
    if len(given) > 1 or given[0] not in set(Tls):
        raise _wrong(f"says tls={given[-1]}; it must be starttls, implicit or none")
    return Tls(given[0])


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
