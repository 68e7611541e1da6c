"""The parts that a service is made of, built from its settings when they are first needed."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis

from newsletter.adapters.flow import MemoryFlow, RedisFlow
from newsletter.adapters.gate import MemoryGate, RedisGate
from newsletter.adapters.http import Http
from newsletter.adapters.mailbox import open_box
from newsletter.adapters.queue import CeleryQueue
from newsletter.adapters.redis_urls import open_cache
from newsletter.adapters.seen import MemorySeen, RedisSeen
from newsletter.adapters.smtp import SmtpTransport, parse_smtp_url
from newsletter.adapters.sources import FolderSource, build_sources
from newsletter.adapters.spacing import MemorySpacing, RedisSpacing
from newsletter.adapters.store import Store
from newsletter.adapters.store.at_hand import PapersAtHand
from newsletter.adapters.templates import template_loader, unreadable_pages
from newsletter.core.mail.rendering import Renderer
from newsletter.core.memory import prepare_for_many_mails
from newsletter.core.ports import (
    Flow,
    Gate,
    PaperSource,
    ReportBox,
    Seen,
    Sns,
    Spacing,
    TaskQueue,
    Transport,
)
from newsletter.core.results import Finding
from newsletter.errors import NewsletterError, SettingsError, TemplateProblem
from newsletter.settings import Settings, is_loopback

if TYPE_CHECKING:
    from newsletter.adapters.hooks import CallReader

log = logging.getLogger(__name__)

GATE_SECONDS = 0.5  # a visitor waits for it


class InlineQueue:
    """Does the work at once, in the caller's own thread: for an installation without Redis.

    A ring from within the work it started is remembered and done after it, not within it.
    is_apart: the work is done on a thread of its own, and nobody waits for it.
    """

    def __init__(self, work: Callable[..., None], *, is_apart: bool = False) -> None:
        self._work, self._is_apart = work, is_apart
        self._local = threading.local()

    def ring(self, task: str, **arguments: int | str) -> None:
        if self._is_apart and getattr(self._local, "waiting", None) is None:
            threading.Thread(
                target=self._ring, args=(task,), kwargs=arguments, name=task, daemon=True
            ).start()
        else:
            self._ring(task, **arguments)

    def _ring(self, task: str, /, **arguments: int | str) -> None:
        waiting: list[tuple[str, dict[str, int | str]]] | None
        waiting = getattr(self._local, "waiting", None)
        if waiting is not None:
            if (task, arguments) not in waiting:
                waiting.append((task, arguments))
            return
        self._local.waiting = [(task, arguments)]
        try:
            while self._local.waiting:
                name, values = self._local.waiting.pop(0)
                try:
                    self._work(name, **values)
                except NewsletterError as problem:  # as a worker would: the rows still wait
                    log.warning("task_failed task=%s because=%s", name, problem)
        finally:
            del self._local.waiting


class Parts:
    """Everything outside the database that the service uses.

    inline: does a task's work at once. given: parts by name that are used as they are; one that
    is None is made when it is first asked for.
    """

    def __init__(
        self, settings: Settings, *, inline: Callable[..., None], given: Mapping[str, object]
    ) -> None:
        self._settings, self._inline = settings, inline
        self._is_apart = False
        # A cached property that is there already is never computed.
        self.__dict__.update({name: part for name, part in given.items() if part is not None})

    def work_apart(self) -> None:
        """Let nobody wait for work that there is no queue for, as a visitor of a page would.

        To be called before anything rings.
        """
        self._is_apart = True

    @cached_property
    def _cache(self) -> redis.Redis | None:
        return open_cache(self._settings.redis_url) if self._settings.redis_url else None

    @cached_property
    def seen(self) -> Seen:
        return RedisSeen(self._cache) if self._cache is not None else MemorySeen()

    @cached_property
    def spacing(self) -> Spacing:
        return RedisSpacing(self._cache) if self._cache is not None else MemorySpacing()

    @cached_property
    def queue(self) -> TaskQueue:
        if self._settings.redis_url:
            return CeleryQueue(self._settings.redis_url)
        return InlineQueue(self._inline, is_apart=self._is_apart)

    @cached_property
    def transport(self) -> Transport:
        if not self._settings.smtp_url:
            raise SettingsError(
                "NEWSLETTER_SMTP_URL is not set, so nothing can be sent: give your relay's "
                "address, such as smtp://USER:PASSWORD@HOST:587?tls=starttls, or start "
                "`newsletter up`, which brings a local inbox."
            )
        relays = [parse_smtp_url(url) for url in self._settings.relay_urls]
        return SmtpTransport(relays, flow=self.flow, hello=self._settings.sending_domain)

    @cached_property
    def report_boxes(self) -> Sequence[ReportBox]:
        """The mailboxes that reports come to. Raises SettingsError."""
        return [open_box(url) for url in self._settings.mailbox_urls]

    @cached_property
    def flow(self) -> Flow:
        return RedisFlow(self._cache) if self._cache is not None else MemoryFlow()

    @cached_property
    def _quick_cache(self) -> redis.Redis | None:
        url = self._settings.redis_url
        return open_cache(url, answer_seconds=GATE_SECONDS) if url else None

    @cached_property
    def gate(self) -> Gate:
        return MemoryGate() if self._quick_cache is None else RedisGate(self._quick_cache)

    @cached_property
    def disposable_domains(self) -> frozenset[str]:
        """Raises SettingsError."""
        path = self._settings.disposable_domains
        return frozenset() if path is None else _domains_in(path)

    @cached_property
    def _http(self) -> Http:
        return Http(contact=self._settings.base_url, spacing=self.spacing)

    @cached_property
    def sns(self) -> Sns:
        from newsletter.adapters.hooks import HttpSns

        return HttpSns(self._http)

    @cached_property
    def calls(self) -> "CallReader":
        # Few processes are ever called, and its library takes long to load.
        from newsletter.adapters.hooks import CallReader

        return CallReader(self._settings.hook_secrets, sns=self.sns)

    @cached_property
    def sources(self) -> Sequence[PaperSource]:
        return build_sources(
            self._settings.sources,
            http=self._http,
            huggingface_url=self._settings.huggingface_url,
            arxiv_url=self._settings.arxiv_url,
        )

    @cached_property
    def papers_at_hand(self) -> PapersAtHand:
        return PapersAtHand()

    @cached_property
    def renderer(self) -> Renderer:
        prepare_for_many_mails()
        return Renderer(template_loader(self._settings.templates_dir))

    def close(self) -> None:
        """Close what was opened."""
        made = self.__dict__
        for name in ("transport", "_http", "_cache", "_quick_cache"):
            if made.get(name) is not None:
                made[name].close()

    def check(self, store: Store) -> tuple[Finding, ...]:
        """Ask every part whether it is right."""
        looks: tuple[tuple[str, Callable[[], str]], ...] = (
            ("database", lambda: _look_at_store(store)),
            ("redis", self._look_at_redis),
            ("relay", self._look_at_relay),
            ("reports", self._look_at_reports),
            ("sources", self._look_at_sources),
            ("templates", self._look_at_templates),
            ("sender", self._look_at_sender),
        )
        return tuple(_finding(name, look) for name, look in looks)

    def _look_at_redis(self) -> str:
        if self._cache is None:
            return "none set: `newsletter up` starts its own; without it work is done at once"
        self.seen.version(0)
        return "answers"

    def _look_at_relay(self) -> str:
        transport = self.transport
        if isinstance(transport, SmtpTransport):
            problem = transport.look()
            if problem:
                raise SettingsError(problem)
        return "answers, and takes our login" if "@" in self._settings.smtp_url else "answers"

    def _look_at_reports(self) -> str:
        for box in self.report_boxes:
            try:
                next(iter(box.fetch()), None)
            finally:
                box.close()
        count = len(self.report_boxes)
        return f"{count} of {count} mailboxes answer" if count else "no mailbox is set"

    def _look_at_sources(self) -> str:
        for source in self.sources:
            if isinstance(source, FolderSource):
                source.days()
        return ", ".join(source.name for source in self.sources)

    def _look_at_templates(self) -> str:
        self.check_templates()
        return "every mail can be rendered"

    def check_templates(self) -> None:
        """Raises TemplateProblem, a line for each, where mails or pages cannot be made."""
        problems = self.renderer.check() + unreadable_pages(self._settings.templates_dir)
        if problems:
            raise TemplateProblem("\n".join(problems))

    def _look_at_sender(self) -> str:
        settings = self._settings
        is_local = all(is_loopback(url) for url in settings.relay_urls)
        if is_local:
            return f"{settings.sender}, links to {settings.base_url}"
        if settings.sending_domain.endswith(".localhost"):
            raise SettingsError(
                f"NEWSLETTER_FROM is {settings.sender}, an address of this machine only: "
                "set it to a mailbox of your own domain."
            )
        if is_loopback(settings.base_url):
            raise SettingsError(
                f"NEWSLETTER_BASE_URL is {settings.base_url}, which readers cannot reach: "
                "set it to the site's public address."
            )
        return f"{settings.sender}, links to {settings.base_url}"


def _domains_in(path: Path) -> frozenset[str]:
    """The lines of the file without remarks, in lower case."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as problem:
        raise SettingsError(
            f"NEWSLETTER_DISPOSABLE_DOMAINS is {str(path)!r}, which cannot be read ({problem}): "
            "name a text file with one domain a line."
        ) from None
    return frozenset(line.partition("#")[0].strip().lower() for line in lines) - {""}


def _look_at_store(store: Store) -> str:
    store.check_tables()
    return "SQLite, tables up to date" if store.is_sqlite else "PostgreSQL, tables up to date"


def _finding(name: str, look: Callable[[], Any]) -> Finding:
    try:
        return Finding(name=name, is_ok=True, words=str(look()))
    except NewsletterError as problem:
        return Finding(name=name, is_ok=False, words=str(problem))
