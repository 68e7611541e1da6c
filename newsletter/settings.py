"""Every setting: read once, at the entrance, from the environment. Nothing needs a file.

Each name also works as NAME_FILE: the path of a file that holds the value, for secrets.
"""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from newsletter.core.gate import Network
from newsletter.core.webhooks.secrets import hook_secrets_text, parse_hook_secrets
from newsletter.errors import SettingsError

PREFIX = "NEWSLETTER_"
LEAST_KEY_LENGTH = 16
MAILBOXES = ("imaps", "imap", "maildir", "mbox")  # of REPORTS_URL: looked at every minute
LISTENERS = ("lmtp", "smtp")  # … or listened on
MOST_FORM_SECONDS = 60

# name → (default, what it is for); the README's table is held against this one by a test
MEANINGS: dict[str, tuple[str, str]] = {
    "DATABASE_URL": ("SQLite in the data folder", "where everything is stored"),
    "REDIS_URL": ("an embedded server while `newsletter up` runs", "broker and dedup cache"),
    "SMTP_URL": (
        "a local inbox while `newsletter up` runs",
        "the relay that takes the mail; several by comma",
    ),
    "REPORTS_URL": ("none", "mailboxes that bounces and complaints come to, several by comma"),
    "BASE_URL": ("http://127.0.0.1:8000", "where readers reach the pages; links begin with it"),
    "FROM": ("Daily Papers <papers@newsletter.localhost>", "the sender that readers see"),
    "SECRET_KEYS": ("made once, in the data folder", "sign links; several by comma, newest first"),
    "SOURCES": ("huggingface", "where papers come from, several by comma"),
    "HUGGINGFACE_URL": ("https://huggingface.co", "base address of the Daily Papers API"),
    "ARXIV_URL": ("arXiv's own hosts", "one base address for arXiv's API and feeds"),
    "TEMPLATES_DIR": ("the ones in the package", "a folder with your own templates"),
    "DATA_DIR": ("~/.local/share/newsletter", "where the embedded parts keep their files"),
    "POSTAL_ADDRESS": ("none", "printed at the foot of each mail; many countries ask for it"),
    "HOOK_SECRETS": (
        "none",
        "what proves the calls of mail providers: postmark=…,mailgun=…,sendgrid=…,ses=…",
    ),
    "TRUSTED_PROXIES": (
        "none",
        "addresses or networks of your proxies, by comma: only their X-Forwarded-For is believed",
    ),
    "FORM_SECONDS": ("1", "a form that is sent sooner has to be sent once more; 0 for never"),
    "PROOF_OF_WORK": ("off", "`on`: forms that send a mail cost the browser a second, as ALTCHA"),
    "DISPOSABLE_DOMAINS": ("none", "a file of mail domains, one a line, that nobody may type"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the program runs with. Empty text means: not set, the embedded default applies."""

    database_url: str
    redis_url: str = ""
    smtp_url: str = ""
    reports_url: str = ""
    base_url: str = "http://127.0.0.1:8000"
    sender: str = "Daily Papers <papers@newsletter.localhost>"
    secret_keys: tuple[str, ...] = ()
    sources: str = "huggingface"
    huggingface_url: str = "https://huggingface.co"
    arxiv_url: str = ""
    templates_dir: Path | None = None
    data_dir: Path
    postal_address: str = ""
    hook_secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    trusted_proxies: tuple[Network, ...] = ()
    form_seconds: float = 1.0
    proof_of_work: bool = False
    disposable_domains: Path | None = None

    @property
    def relay_urls(self) -> tuple[str, ...]:
        """Each relay's address; several are parted by commas."""
        return _urls(self.smtp_url)

    @property
    def mailbox_urls(self) -> tuple[str, ...]:
        """Each mailbox that reports wait in."""
        return tuple(url for url in _urls(self.reports_url) if not _is_listened_to(url))

    @property
    def listen_urls(self) -> tuple[str, ...]:
        """Each address on which we take reports in ourselves."""
        return tuple(url for url in _urls(self.reports_url) if _is_listened_to(url))

    @property
    def sending_domain(self) -> str:
        return parseaddr(self.sender)[1].rpartition("@")[2].lower()

    def __repr__(self) -> str:
        return f"Settings(data_dir={self.data_dir!r}, …)"  # the rest may hold passwords


def read_settings(
    environ: Mapping[str, str] | None = None, *, defaults: Mapping[str, str] | None = None
) -> Settings:
    """The settings of this environment; `defaults` stand in for names that are not set.

    Raises SettingsError with one sentence for the first problem found. Makes the data folder and
    a signing key in it when none is set and the database is the embedded one.
    """
    environ = os.environ if environ is None else environ
    values = {name: _value(environ, name) or (defaults or {}).get(name, "") for name in MEANINGS}
    data_dir = Path(values["DATA_DIR"] or _default_data_dir(environ)).expanduser()
    database_url = _database_url(values["DATABASE_URL"], data_dir)
    return Settings(
        database_url=database_url,
        redis_url=_redis_url(values["REDIS_URL"]),
        smtp_url=_smtp_url(values["SMTP_URL"]),
        reports_url=_reports_url(values["REPORTS_URL"]),
        base_url=_web_address("BASE_URL", values["BASE_URL"] or "http://127.0.0.1:8000"),
        sender=_mailbox(values["FROM"] or MEANINGS["FROM"][0]),
        secret_keys=_secret_keys(values["SECRET_KEYS"], database_url, data_dir),
        sources=values["SOURCES"] or "huggingface",
        huggingface_url=_web_address(
            "HUGGINGFACE_URL", values["HUGGINGFACE_URL"] or "https://huggingface.co"
        ),
        arxiv_url=_web_address("ARXIV_URL", values["ARXIV_URL"]) if values["ARXIV_URL"] else "",
        templates_dir=_folder("TEMPLATES_DIR", values["TEMPLATES_DIR"]),
        data_dir=data_dir,
        postal_address=values["POSTAL_ADDRESS"],
        hook_secrets=parse_hook_secrets(values["HOOK_SECRETS"]),
        trusted_proxies=_networks("TRUSTED_PROXIES", values["TRUSTED_PROXIES"]),
        form_seconds=_seconds("FORM_SECONDS", values["FORM_SECONDS"] or "1"),
        proof_of_work=_switch("PROOF_OF_WORK", values["PROOF_OF_WORK"] or "off"),
        disposable_domains=_file("DISPOSABLE_DOMAINS", values["DISPOSABLE_DOMAINS"]),
    )


def as_environment(settings: Settings) -> dict[str, str]:
    """The same settings as environment variables, for a child process."""
    values = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SMTP_URL": settings.smtp_url,
        "REPORTS_URL": settings.reports_url,
        "BASE_URL": settings.base_url,
        "FROM": settings.sender,
        "SECRET_KEYS": ",".join(settings.secret_keys),
        "SOURCES": settings.sources,
        "HUGGINGFACE_URL": settings.huggingface_url,
        "ARXIV_URL": settings.arxiv_url,
        "TEMPLATES_DIR": str(settings.templates_dir or ""),
        "DATA_DIR": str(settings.data_dir),
        "POSTAL_ADDRESS": settings.postal_address,
        "HOOK_SECRETS": hook_secrets_text(settings.hook_secrets),
        "TRUSTED_PROXIES": ",".join(str(network) for network in settings.trusted_proxies),
        "FORM_SECONDS": f"{settings.form_seconds:g}",
        "PROOF_OF_WORK": "on" if settings.proof_of_work else "off",
        "DISPOSABLE_DOMAINS": str(settings.disposable_domains or ""),
    }
    return {PREFIX + name: value for name, value in values.items() if value}


def _value(environ: Mapping[str, str], name: str) -> str:
    full = PREFIX + name
    value, path = environ.get(full, "").strip(), environ.get(full + "_FILE", "").strip()
    if value and path:
        raise SettingsError(f"{full} and {full}_FILE are both set: keep one of them.")
    if not path:
        return value
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as problem:
        raise SettingsError(
            f"{full}_FILE is {path!r}, which cannot be read ({_reason(problem)}): "
            "name a text file that this account may read."
        ) from None


def _reason(problem: OSError | UnicodeError) -> str:
    return (problem.strerror or "no such file") if isinstance(problem, OSError) else "not UTF-8"


def _default_data_dir(environ: Mapping[str, str]) -> str:
    base = environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return str(Path(base) / "newsletter")


def _database_url(value: str, data_dir: Path) -> str:
    if not value:
        return f"sqlite:///{data_dir / 'newsletter.db'}"
    scheme = value.partition(":")[0]
    if scheme in ("postgres", "postgresql"):  # the driver this program ships with
        return "postgresql+psycopg" + value.removeprefix(scheme)
    if scheme in ("sqlite", "postgresql+psycopg"):
        return value
    raise SettingsError(
        f"{PREFIX}DATABASE_URL begins with {scheme!r}: it must be sqlite:///PATH or "
        "postgresql://USER:PASSWORD@HOST/NAME."
    )


def _redis_url(value: str) -> str:
    if not value or value.partition("://")[0] in ("redis", "rediss", "unix"):
        return value
    raise SettingsError(
        f"{PREFIX}REDIS_URL begins with {value.partition(':')[0]!r}: it must be "
        "redis://HOST:6379/0, rediss://… or unix:///PATH?db=0."
    )


def _smtp_url(value: str) -> str:
    # The transport reads it in full; here only what would otherwise be found out by a worker.
    urls = _urls(value)
    if all(url.startswith("smtp://") and _has_host(url) for url in urls):
        return value
    raise SettingsError(
        f"{PREFIX}SMTP_URL is not a relay's address: it must look like "
        "smtp://USER:PASSWORD@HOST:587?tls=starttls; several are parted by commas."
    )


def _reports_url(value: str) -> str:
    # Read in full where it is used; a worker must not find out that a scheme is misspelt.
    urls = _urls(value)
    if all(url.partition("://")[0] in (*MAILBOXES, *LISTENERS) for url in urls):
        return value
    raise SettingsError(
        f"{PREFIX}REPORTS_URL is no mailbox's address: it must look like "
        "imaps://USER:PASSWORD@HOST/INBOX, maildir:///PATH, mbox:///PATH or lmtp://HOST:PORT; "
        "several are parted by commas."
    )


def _is_listened_to(url: str) -> bool:
    return url.partition("://")[0] in LISTENERS


def _urls(value: str) -> tuple[str, ...]:
    # A password may hold a comma.
    return tuple(url.strip() for url in re.split(r",\s*(?=\w+://)", value) if url.strip())


def _has_host(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _web_address(name: str, value: str) -> str:
    if value.startswith(("http://", "https://")) and _has_host(value) and "?" not in value:
        return value.rstrip("/")
    raise SettingsError(
        f"{PREFIX}{name} is {value!r}: it must be a web address such as https://papers.example.org."
    )


def _mailbox(value: str) -> str:
    address = parseaddr(value)[1]
    local, _, domain = address.rpartition("@")
    if local and domain and " " not in address and "\n" not in value and "\r" not in value:
        return value
    raise SettingsError(
        f"{PREFIX}FROM is {value!r}: it must be a mailbox such as "
        "Daily Papers <papers@example.org>."
    )


def _folder(name: str, value: str) -> Path | None:
    if not value:
        return None
    path = Path(value).expanduser()
    if path.is_dir():
        return path
    raise SettingsError(f"{PREFIX}{name} is {value!r}: there is no such folder.")


def _file(name: str, value: str) -> Path | None:
    if not value:
        return None
    path = Path(value).expanduser()
    if path.is_file():
        return path
    raise SettingsError(f"{PREFIX}{name} is {value!r}: there is no such file.")


def _networks(name: str, value: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(one.strip()) for one in value.split(",") if one.strip())
    except ValueError:
        raise SettingsError(
            f"{PREFIX}{name} is {value!r}: it must be addresses or networks such as "
            "10.0.0.7,192.168.4.0/24,2001:db8::/32."
        ) from None


def _seconds(name: str, value: str) -> float:
    if re.fullmatch(r"\d{1,3}(\.\d+)?", value) and float(value) <= MOST_FORM_SECONDS:
        return float(value)
    raise SettingsError(
        f"{PREFIX}{name} is {value!r}: it must be seconds from 0 to {MOST_FORM_SECONDS}, such as 1."
    )


def _switch(name: str, value: str) -> bool:
    if value in ("on", "off"):
        return value == "on"
    raise SettingsError(f"{PREFIX}{name} is {value!r}: it must be on or off.")


def _secret_keys(value: str, database_url: str, data_dir: Path) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in value.split(",") if key.strip())
    if any(len(key) < LEAST_KEY_LENGTH for key in keys):
        raise SettingsError(
            f"{PREFIX}SECRET_KEYS holds a key of fewer than {LEAST_KEY_LENGTH} characters: "
            "make one with `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`."
        )
    if keys:
        return keys
    if not database_url.startswith("sqlite"):
        raise SettingsError(
            f"{PREFIX}SECRET_KEYS is not set: every machine of a cluster needs the same key; make "
            "one with `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`."
        )
    return (_own_key(data_dir),)


def _own_key(data_dir: Path) -> str:
    """This installation's key, made at its first start; other accounts cannot read it."""
    path = data_dir / "secret-key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f"secret-key.{os.getpid()}")
        if not path.exists():
            made.touch(mode=0o600)
            made.write_text(secrets.token_urlsafe(32) + "\n", encoding="ascii")
            try:
                os.link(made, path)  # of two first starts at once, one wins and both agree
            except FileExistsError:
                pass
            finally:
                made.unlink()
        return path.read_text(encoding="ascii").strip()
    except OSError as problem:
        raise SettingsError(
            f"{PREFIX}DATA_DIR is {str(data_dir)!r}, which cannot be written "
            f"({problem.strerror}): name a folder of this account."
        ) from None


def is_loopback(url: str) -> bool:
    """Whether the address is one of this machine only."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
