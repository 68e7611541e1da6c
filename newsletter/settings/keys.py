"""The keys that sign links: given, or made once for this installation."""

import os
import secrets
from pathlib import Path

from newsletter.errors import SettingsError
from newsletter.settings.names import PREFIX

LEAST_KEY_LENGTH = 16


def secret_keys(value: str, database_url: str, data_dir: Path) -> tuple[str, ...]:
    """The keys in the text, newest first; this installation's own where none is given.

    Raises SettingsError for a short key, and for none where a cluster shares the database.
    """
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
