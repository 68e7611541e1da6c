"""An mbox: one file that mail systems append to under a lock, and all programs take turns with.

It is locked for moments only: to see how long it is, and to empty it when all up to there was
taken in and nothing more has come. A crash at any point leaves it as it was; messages that are
then read once more are known.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from newsletter.core.feedback.arriving import messages_in_mbox
from newsletter.core.feedback.intake import CameBy
from newsletter.core.ports import Mail
from newsletter.errors import MailboxUnavailable

LOCK_SECONDS = 10.0
STALE_SECONDS = 600.0  # no mail system holds a lock for so long: its owner has died
LINE_BYTES = 64 << 10


class MboxBox:
    """The mbox at this path, in any of its dialects."""

    came_by = CameBy.MBOX

    def __init__(self, path: Path) -> None:
        self.name = f"mbox://{path}"
        self._path = path
        self._left: set[str] = set()
        self._seen: tuple[int, int, int] | None = None  # what the file was when it was read

    def fetch(self) -> Iterator[Mail]:
        self._left, self._seen = set(), None
        try:
            with self._path.open("rb") as file:
                with self._locked(file.fileno()):
                    seen = _state(os.fstat(file.fileno()))
                for number, raw in enumerate(messages_in_mbox(_lines(file, seen[1]))):
                    self._left.add(str(number))
                    yield Mail(name=str(number), raw=raw)
                self._seen = seen  # only who has read all of it may empty it
        except FileNotFoundError:  # mail systems make it when the first message comes
            if not self._path.parent.is_dir():
                raise self._unavailable("there is no such folder") from None
        except OSError as problem:
            raise self._unavailable(problem.strerror or str(problem)) from None

    def remove(self, mail: Mail) -> None:
        """Noted; the file is emptied by `close`, when nothing in it is left."""
        self._left.discard(mail.name)

    def close(self) -> None:
        if self._seen is None or self._left:
            return
        try:
            with self._path.open("rb+") as file, self._locked(file.fileno()):
                if _state(os.fstat(file.fileno())) == self._seen:
                    file.truncate(0)
        except OSError as problem:
            raise self._unavailable(problem.strerror or str(problem)) from None
        self._seen = None

    @contextmanager
    def _locked(self, handle: int) -> Iterator[None]:
        """Both locks that mail systems use: a file beside it, and the kernel's."""
        beside = self._path.with_name(f"{self._path.name}.lock")
        give_up = time.monotonic() + LOCK_SECONDS
        is_made = self._make(beside, give_up)
        try:
            self._lock(handle, give_up)
            yield
        finally:
            fcntl.lockf(handle, fcntl.LOCK_UN)
            if is_made:
                beside.unlink(missing_ok=True)

    def _make(self, beside: Path, give_up: float) -> bool:
        """Make the file; False where this account may not, as in many spool folders."""
        while True:
            try:
                os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
                return True
            except FileExistsError:
                _remove_stale(beside)
                self._wait(give_up)
            except PermissionError:
                return False

    def _lock(self, handle: int, give_up: float) -> None:
        while True:
            try:
                # Shared for a file opened for reading: the kernel grants no more there.
                kind = fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE
                lock = fcntl.LOCK_SH if kind == os.O_RDONLY else fcntl.LOCK_EX
                fcntl.lockf(handle, lock | fcntl.LOCK_NB)
                return
            except (BlockingIOError, PermissionError):
                self._wait(give_up)

    def _wait(self, give_up: float) -> None:
        if time.monotonic() > give_up:
            raise self._unavailable("another program holds its lock")
        time.sleep(0.05)

    def _unavailable(self, reason: str) -> MailboxUnavailable:
        return MailboxUnavailable(
            f"the mbox {str(self._path)!r} cannot be used ({reason}): this account must be able "
            "to read, lock and empty it"
        )


def _state(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _lines(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Lines of the first `size` bytes; what comes behind them may be half a message."""
    while size > 0 and (line := file.readline(min(size, LINE_BYTES))):
        size -= len(line)
        yield line


def _remove_stale(beside: Path) -> None:
    try:
        if time.time() - beside.stat().st_mtime > STALE_SECONDS:
            beside.unlink()
    except OSError:  # whoever held it has let go
        return
