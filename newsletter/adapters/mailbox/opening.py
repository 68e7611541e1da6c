"""NEWSLETTER_REPORTS_URL: where reports wait, and how each place is reached."""

from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from newsletter.adapters.mailbox.imap import Account, ImapBox
from newsletter.adapters.mailbox.maildir import MaildirBox
from newsletter.adapters.mailbox.mbox import MboxBox
from newsletter.core.ports import ReportBox
from newsletter.errors import SettingsError

HINT = (
    "write imaps://USER:PASSWORD@HOST/INBOX (with %40 for an @ in user or password), "
    "maildir:///PATH or mbox:///PATH"
)
PORTS = {"imap": 143, "imaps": 993}
TLS = ("starttls", "none")  # of imap://; imaps:// is encrypted from its start


def open_box(url: str) -> ReportBox:
    """The mailbox of this address; it is reached only when something is asked of it.

    `imaps://user:password@host:port/folder`, `imap://…?tls=starttls|none`, `maildir:///path`,
    `mbox:///path`. Without `tls`, imap:// wants STARTTLS, but none of a loopback host. Raises
    SettingsError, which never shows the password.
    """
    try:
        split = urlsplit(url)
        make = _MAKERS.get(split.scheme)
        port = split.port
    except ValueError:
        raise _refused("an address that cannot be read") from None
    if make is None:
        raise _refused(f"an address that begins with {split.scheme!r}")
    return make(split, port)


def _imap(split: SplitResult, port: int | None) -> ReportBox:
    if not split.hostname or not split.username or split.password is None:
        raise _refused("an IMAP address without host, user or password")
    return ImapBox(
        Account(
            host=split.hostname,
            port=port or PORTS[split.scheme],
            tls=_tls(split),
            user=unquote(split.username),
            password=unquote(split.password),
            folder=unquote(split.path.strip("/")) or "INBOX",
        )
    )


def _tls(split: SplitResult) -> str:
    words = parse_qs(split.query, keep_blank_values=True)
    if unknown := sorted(set(words) - {"tls"}):
        raise _refused(f"an IMAP address with {unknown[0]!r}")
    if split.scheme == "imaps":
        return "implicit"
    tls = words.get("tls", ["none" if _is_loopback(split.hostname or "") else "starttls"])[-1]
    if tls not in TLS:
        raise _refused(f"an IMAP address with tls={tls!r}, which is neither starttls nor none,")
    return tls


def _maildir(split: SplitResult, _: int | None) -> ReportBox:
    return MaildirBox(_path(split))


def _mbox(split: SplitResult, _: int | None) -> ReportBox:
    return MboxBox(_path(split))


def _path(split: SplitResult) -> Path:
    path = Path(unquote(split.path))
    if split.netloc or not path.is_absolute() or path == Path("/"):
        raise _refused(f"a {split.scheme} without a whole path: {split.scheme}:///PATH has three /")
    return path


_MAKERS: dict[str, Callable[[SplitResult, int | None], ReportBox]] = {
    "imap": _imap,
    "imaps": _imap,
    "maildir": _maildir,
    "mbox": _mbox,
}


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refused(what: str) -> SettingsError:
    return SettingsError(f"NEWSLETTER_REPORTS_URL holds {what}: {HINT}.")
