"""Settings out of the environment, and back into it for a child process."""

import os
from collections.abc import Mapping
from pathlib import Path

from newsletter.core.webhooks.secrets import hook_secrets_text, parse_hook_secrets
from newsletter.errors import SettingsError
from newsletter.settings import checks
from newsletter.settings.keys import secret_keys
from newsletter.settings.names import MEANINGS, PREFIX
from newsletter.settings.values import Settings


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
    database_url = checks.database_url(values["DATABASE_URL"], data_dir)
    return Settings(
        database_url=database_url,
        redis_url=checks.redis_url(values["REDIS_URL"]),
        smtp_url=checks.smtp_url(values["SMTP_URL"]),
        reports_url=checks.reports_url(values["REPORTS_URL"]),
        base_url=checks.web_address("BASE_URL", values["BASE_URL"] or "http://127.0.0.1:8000"),
        sender=checks.mailbox(values["FROM"] or MEANINGS["FROM"][0]),
        secret_keys=secret_keys(values["SECRET_KEYS"], database_url, data_dir),
        sources=values["SOURCES"] or "huggingface",
        huggingface_url=checks.web_address(
            "HUGGINGFACE_URL", values["HUGGINGFACE_URL"] or "https://huggingface.co"
        ),
        arxiv_url=values["ARXIV_URL"] and checks.web_address("ARXIV_URL", values["ARXIV_URL"]),
        templates_dir=checks.folder("TEMPLATES_DIR", values["TEMPLATES_DIR"]),
        data_dir=data_dir,
        postal_address=values["POSTAL_ADDRESS"],
        hook_secrets=parse_hook_secrets(values["HOOK_SECRETS"]),
        trusted_proxies=checks.networks("TRUSTED_PROXIES", values["TRUSTED_PROXIES"]),
        form_seconds=checks.seconds("FORM_SECONDS", values["FORM_SECONDS"] or "1"),
        proof_of_work=checks.switch("PROOF_OF_WORK", values["PROOF_OF_WORK"] or "off"),
        disposable_domains=checks.file("DISPOSABLE_DOMAINS", values["DISPOSABLE_DOMAINS"]),
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
