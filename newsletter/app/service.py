"""What every use of the service stands on: settings, store, parts, and the doorbell."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from types import TracebackType
from typing import Self

from sqlmodel import Session

from newsletter.adapters.queue import Task
from newsletter.adapters.store import Store
from newsletter.adapters.store.deliveries import Sender
from newsletter.core.mail.links import Letterhead
from newsletter.core.mail.rendering import Brand, Renderer
from newsletter.core.ports import Gate, PaperSource, Seen, Sns, Spacing, TaskQueue, Transport
from newsletter.core.tokens import Keys
from newsletter.errors import QueueUnavailable
from newsletter.parts import Parts
from newsletter.settings import Settings

log = logging.getLogger(__name__)


class Service(ABC):
    """One set of settings with all its parts. Build one per process, after any fork.

    Parts that are not given are made from the settings, when they are first needed. clock: stands
    in for the database's, in tests.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store | None = None,
        seen: Seen | None = None,
        spacing: Spacing | None = None,
        queue: TaskQueue | None = None,
        transport: Transport | None = None,
        sources: Sequence[PaperSource] | None = None,
        renderer: Renderer | None = None,
        gate: Gate | None = None,
        sns: Sns | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.settings = settings
        self.store = store or Store(settings.database_url, clock=clock)
        self._clock = clock
        self.parts = Parts(
            settings,
            inline=self._do_now,
            given={
                "seen": seen,
                "spacing": spacing,
                "queue": queue,
                "transport": transport,
                "sources": sources,
                "renderer": renderer,
                "gate": gate,
                "sns": sns,
            },
        )

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        *,
        queue: TaskQueue | None = None,
        patience_seconds: float | None = None,
    ) -> Self:
        """patience_seconds: see Store; pages have little of it."""
        store = Store(settings.database_url, patience_seconds=patience_seconds)
        return cls(settings, store=store, queue=queue)

    def close(self) -> None:
        """Say goodbye to the relay and the database."""
        self.parts.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def queue(self) -> TaskQueue:
        return self.parts.queue

    @cached_property
    def letterhead(self) -> Letterhead:
        """What all our mail has in common."""
        settings = self.settings
        return Letterhead(
            keys=Keys(tuple(key.encode() for key in settings.secret_keys)),
            brand=Brand(base_url=settings.base_url, postal_address=settings.postal_address),
            sender=settings.sender,
            domain=settings.sending_domain,
        )

    @property
    def _sender(self) -> Sender:
        return Sender(secret=self.letterhead.keys.secrets[0], domain=self.letterhead.domain)

    def _now(self, session: Session) -> datetime:
        return self.store.now(session)

    def now(self) -> datetime:
        """This moment in UTC, by this machine's clock: for what people are shown."""
        return self._clock() if self._clock else datetime.now(UTC)

    def today(self) -> date:
        """Today's date in UTC."""
        return self.now().date()

    def ring(self, task: Task, **arguments: int | str) -> None:
        """Ring a doorbell. A lost one costs a minute: workers also look by themselves."""
        try:
            self.parts.queue.ring(task, **arguments)
        except QueueUnavailable as problem:
            log.warning("doorbell_lost task=%s because=%s", task, problem)

    @abstractmethod
    def _do_now(self, task: str, **arguments: int | str) -> None:
        """Do a task's work at once: for an installation without a queue."""
