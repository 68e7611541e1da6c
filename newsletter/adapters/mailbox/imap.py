"""A mailbox on an IMAP server (RFC 3501): one conversation a look, and only what was taken in
leaves it.
"""

import imaplib
import logging
import re
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from newsletter.core.feedback.intake import CameBy
from newsletter.core.ports import Mail
from newsletter.core.reports import MAX_REPORT_BYTES
from newsletter.core.text import clean
from newsletter.errors import MailboxUnavailable

log = logging.getLogger(__name__)

ANSWER_SECONDS = 30.0
# Searched at once: the library refuses an answer of more than a megabyte in one line.
AT_ONCE = 5_000
EXPUNGED_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How the server is reached. tls: implicit, starttls or none; always verified."""

    host: str
    port: int
    tls: str
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"


class ImapBox:
    """One folder of an account."""

    came_by = CameBy.MAILBOX

    def __init__(self, account: Account) -> None:
        self.name = f"imap://{account.host}:{account.port}/{account.folder}"
        self._account = account
        self._server: imaplib.IMAP4 | None = None
        self._flagged: set[str] = set()

    def fetch(self) -> Iterator[Mail]:
        self.close()
        with self._speaking():
            self._server = server = _connected(self._account)
            waiting = _waiting(server, self._account.folder)
        for uid in waiting:
            with self._speaking():
                raw = _message(server, uid)
            if raw is None:
                log.warning("report_unreadable box=%s uid=%s", self.name, uid)
            else:
                yield Mail(name=uid, raw=raw)

    def remove(self, mail: Mail) -> None:
        with self._speaking():
            if self._server is None:
                raise OSError("it was closed before its message was removed")
            _ok(self._server.uid("STORE", mail.name, "+FLAGS.SILENT", r"(\Deleted)"))
            self._flagged.add(mail.name)
            if len(self._flagged) >= EXPUNGED_AT_ONCE and _knows_uidplus(self._server):
                self._expunge(self._server)

    def close(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        try:
            self._expunge(server)
            server.logout()
        except (imaplib.IMAP4.error, OSError) as problem:  # what was flagged is not fetched again
            log.warning("mailbox_left box=%s because=%s", self.name, _words(problem))

    def _expunge(self, server: imaplib.IMAP4) -> None:
        """Remove what was flagged here and nothing else (RFC 4315); a server that can only remove
        whatever anybody flagged does so when all of it is ours.
        """
        flagged, self._flagged = self._flagged, set()
        if flagged and _knows_uidplus(server):
            _ok(server.uid("EXPUNGE", ",".join(sorted(flagged, key=int))))
        elif flagged and set(_uids(server, "DELETED")) <= flagged:
            _ok(server.expunge())

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Raises MailboxUnavailable for whatever goes wrong, in a sentence without the login."""
        try:
            yield
        except (imaplib.IMAP4.error, OSError, UnicodeError) as problem:
            raise MailboxUnavailable(
                f"the mailbox {self.name} cannot be used: {_words(problem)}. See that "
                "NEWSLETTER_REPORTS_URL has its host, login and folder right"
            ) from None


def _connected(account: Account) -> imaplib.IMAP4:
    """A conversation that is encrypted as wanted, and logged in."""
    host, port = account.host, account.port
    context = None if account.tls == "none" else ssl.create_default_context()
    server: imaplib.IMAP4
    if account.tls == "implicit":
        server = imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=ANSWER_SECONDS)
    else:
        server = imaplib.IMAP4(host, port, timeout=ANSWER_SECONDS)
    try:
        if account.tls == "starttls":
            server.starttls(context)
        if "AUTH=PLAIN" in server.capabilities:  # any letters may stand in a password there
            login = f"\0{account.user}\0{account.password}".encode()
            server.authenticate("PLAIN", lambda _: login)
        else:
            server.login(_quoted(account.user), account.password)
    except BaseException:
        with suppress(OSError):
            server.shutdown()
        raise
    return server


def _waiting(server: imaplib.IMAP4, folder: str) -> list[str]:
    """The UIDs of all messages of the folder, but for those that were flagged as removed."""
    exists = int(_ok(server.select(_quoted(_utf7(folder))))[0] or 0)
    found: list[str] = []
    for first in range(1, exists + 1, AT_ONCE):
        found += _uids(server, f"{first}:{min(first + AT_ONCE - 1, exists)}", "UNDELETED")
    return found


def _uids(server: imaplib.IMAP4, *wanted: str) -> list[str]:
    lines = _ok(server.uid("SEARCH", *wanted))
    return [uid.decode("ascii") for line in lines if line for uid in line.split()]


def _message(server: imaplib.IMAP4, uid: str) -> bytes | None:
    """The beginning of the message, not marked as read; None where it cannot be had."""
    kind, pieces = server.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MAX_REPORT_BYTES}>)")
    if kind != "OK":
        return None
    return next((bytes(piece[1]) for piece in pieces if isinstance(piece, tuple)), None)


def _ok(answer: tuple[str, list[Any]]) -> list[Any]:
    kind, lines = answer
    if kind != "OK":
        said = lines[0] if lines else b""
        raise imaplib.IMAP4.error(said.decode("utf-8", "replace") if said else kind)
    return lines


def _knows_uidplus(server: imaplib.IMAP4) -> bool:
    """Whether one message can be removed and no other (RFC 4315)."""
    return "UIDPLUS" in server.capabilities


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _utf7(folder: str) -> str:
    """A folder's name as the wire has it (RFC 3501 section 5.1.3)."""
    pieces = re.findall(r"[\x20-\x7e]+|[^\x20-\x7e]+", folder)
    return "".join(
        piece.replace("&", "&-")
        if piece.isascii() and piece.isprintable()
        else "&" + b64encode(piece.encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"
        for piece in pieces
    )


def _words(problem: Exception) -> str:
    """What went wrong, in the server's or the system's words."""
    said = problem.args[0] if problem.args else problem
    if isinstance(problem, OSError) and problem.strerror:
        said = problem.strerror
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return clean(text)[:200].rstrip(".") or type(problem).__name__
