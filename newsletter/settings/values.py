"""What the program runs with, once it was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path

from newsletter.core.gate import Network
from newsletter.settings.addresses import is_listened_to, parted


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
        return parted(self.smtp_url)

    @property
    def mailbox_urls(self) -> tuple[str, ...]:
        """Each mailbox that reports wait in."""
        return tuple(url for url in parted(self.reports_url) if not is_listened_to(url))

    @property
    def listen_urls(self) -> tuple[str, ...]:
        """Each address on which we take reports in ourselves."""
        return tuple(url for url in parted(self.reports_url) if is_listened_to(url))

    @property
    def sending_domain(self) -> str:
        return parseaddr(self.sender)[1].rpartition("@")[2].lower()

    def __repr__(self) -> str:
        return f"Settings(data_dir={self.data_dir!r}, …)"  # the rest may hold passwords
