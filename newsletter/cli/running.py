"""Whether `newsletter up` runs on a data folder, and where its servers are: `up.json`.

The lock tells whether it runs: the system releases it however the process ended. The file tells
other commands where to find the queue and the inbox meanwhile.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from newsletter.errors import Refused, SettingsError

# what other commands take over, each under the name of its setting
SERVERS = {"redis_url": "REDIS_URL", "smtp_url": "SMTP_URL", "base_url": "BASE_URL"}


def servers(data_dir: Path) -> dict[str, str]:
    """The servers of a running `up` as defaults for read_settings; empty where none runs."""
    try:
        lock = (data_dir / "up.lock").open("rb")
    except OSError:
        return {}
    with lock:
        if _take(lock, fcntl.LOCK_SH):
            return {}
        told = _read(data_dir / "up.json")
    return {name: str(told[key]) for key, name in SERVERS.items() if told.get(key)}


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold the data folder for the one `up` that may run on it. Raises Refused, SettingsError."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "up.lock").open("ab")
    except OSError as problem:
        raise SettingsError(
            f"NEWSLETTER_DATA_DIR is {str(data_dir)!r}, which cannot be written "
            f"({problem.strerror}): name a folder of this account."
        ) from None
    with lock:
        if not _take_patiently(lock):
            told = _read(data_dir / "up.json")
            where = f" at {told['base_url']}" if told.get("base_url") else ""
            who = f" (process {told['pid']})" if told.get("pid") else ""
            raise Refused(
                f"`newsletter up` runs on {data_dir} already{where}{who}: stop it first, or set "
                "NEWSLETTER_DATA_DIR to another folder."
            )
        try:
            yield
        finally:
            (data_dir / "up.json").unlink(missing_ok=True)


def tell(data_dir: Path, told: Mapping[str, str]) -> None:
    """Write `up.json` whole or not at all; only this account can read it."""
    new = data_dir / "up.json.new"
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(json.dumps({"pid": os.getpid(), **told}, indent=2) + "\n", encoding="utf-8")
    new.replace(data_dir / "up.json")


def _read(path: Path) -> dict[str, object]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _take_patiently(lock: IO[bytes]) -> bool:
    """Other commands hold the lock for a moment while they look whether `up` runs."""
    for _ in range(10):
        if _take(lock, fcntl.LOCK_EX):
            return True
        time.sleep(0.03)
    return False


def _take(lock: IO[bytes], how: int) -> bool:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
