"""What people see when something raised: one sentence, and an exit code that scripts can read."""

import os
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from newsletter.errors import (
    AddressError,
    ChoiceError,
    FilterError,
    NewsletterError,
    SettingsError,
)

COULD_NOT, ASKED_WRONGLY, A_BUG = 1, 2, 70  # 70 is EX_SOFTWARE of sysexits(3)


def explain(error: Exception) -> int:
    """Say it on stderr; the exit code that goes with it."""
    if isinstance(error, NewsletterError):
        print(_sentence(error), file=sys.stderr)
        wrong = isinstance(error, SettingsError | FilterError | AddressError | ChoiceError)
        return ASKED_WRONGLY if wrong else COULD_NOT
    if isinstance(error, OSError) and not isinstance(error, ConnectionError):
        where = f" {error.filename!r}" if error.filename else ""
        print(f"A file or folder{where} cannot be used: {error.strerror}.", file=sys.stderr)
        _keep(error)
        return COULD_NOT
    log = _keep(error)
    more = f" The details are in {log}." if log else ""
    print(f"Something went wrong inside the program: {_kind(error)}.{more}", file=sys.stderr)
    return A_BUG


def _sentence(error: NewsletterError) -> str:
    """Its words with a capital and a full stop; a file's name or an address stays as it is."""
    words = str(error).strip() or _kind(error)
    if isinstance(error, FilterError) or words.startswith(("the ", "this ", "a ", "an ")):
        words = words[:1].upper() + words[1:]
    return words if words[-1:] in ".?!^)`" or "\n" in words else words + "."


def cause_of(problem: Exception) -> str:
    """Why a file could not be read, without numbers: "No such file or directory"."""
    if isinstance(problem, UnicodeDecodeError):
        return f"byte {problem.start + 1} begins no character"
    return (problem.strerror if isinstance(problem, OSError) else None) or str(problem)


def _kind(error: Exception) -> str:
    first = str(error).strip().partition("\n")[0][:200]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _keep(error: Exception) -> Path | None:
    """The file that holds the traceback, readable by this account only."""
    name = f"newsletter-error-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}.log"
    path = Path(tempfile.gettempdir()) / name
    try:
        path.touch(mode=0o600, exist_ok=False)
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError:
        return None
    return path
