"""A Maildir: one file a message, written whole by whoever puts it there; nothing is locked."""

import logging
import stat
from collections.abc import Iterator
from pathlib import Path

from newsletter.core.feedback.intake import CameBy
from newsletter.core.ports import Mail
from newsletter.core.reports import MAX_REPORT_BYTES
from newsletter.errors import MailboxUnavailable

log = logging.getLogger(__name__)

FOLDERS = ("new", "cur")  # `tmp` holds what is still being written


class MaildirBox:
    """The Maildir at this path; sub-folders of its own are left alone."""

    came_by = CameBy.MAILDIR

    def __init__(self, path: Path) -> None:
        self.name = f"maildir://{path}"
        self._path = path

    def fetch(self) -> Iterator[Mail]:
        """What waits, by file name, which begins with the second it came."""
        for folder in FOLDERS:
            for name in self._names(self._path / folder):
                raw = _read(self._path / folder / name)
                if raw is not None:
                    yield Mail(name=f"{folder}/{name}", raw=raw)

    def remove(self, mail: Mail) -> None:
        try:
            (self._path / mail.name).unlink(missing_ok=True)
        except OSError as problem:
            raise self._unavailable(problem) from None

    def close(self) -> None:
        """Nothing is open."""

    def _names(self, folder: Path) -> list[str]:
        try:
            return sorted(one.name for one in folder.iterdir() if not one.name.startswith("."))
        except OSError as problem:
            raise self._unavailable(problem) from None

    def _unavailable(self, problem: OSError) -> MailboxUnavailable:
        return MailboxUnavailable(
            f"the Maildir {str(self._path)!r} cannot be used ({problem.strerror}): it must hold "
            "the folders new, cur and tmp, and this account must be able to remove files there"
        )


def _read(path: Path) -> bytes | None:
    """The beginning of the file, None for what cannot be read: it must not stop the others."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):  # a pipe would hang, a link may lead anywhere
            raise OSError(0, "it is no file")
        with path.open("rb") as file:
            return file.read(MAX_REPORT_BYTES)
    except FileNotFoundError:  # somebody else took it
        return None
    except OSError as problem:
        log.warning("report_unreadable file=%s because=%s", path.name, problem.strerror)
        return None
