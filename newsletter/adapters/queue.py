"""Doorbells: short messages that say where there may be work. The rows decide what the work is."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from celery import Celery
from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import RedisError

from newsletter.adapters.redis_urls import broker_url
from newsletter.errors import QueueUnavailable

QUEUE = "newsletter"
ANSWER_SECONDS = 0.55  # kombu reads up to three times: below two seconds in all


class Task(StrEnum):
    """The names of all tasks. Messages carry these, never a path to a function."""

    TICK = "newsletter.tick"
    PULL = "newsletter.pull"
    PLAN = "newsletter.plan"
    SEND = "newsletter.send"
    SWEEP = "newsletter.sweep"
    POLL_REPORTS = "newsletter.poll_reports"


# What whoever rings and whoever works must agree on.
SHARED_SETTINGS: dict[str, Any] = {
    "task_default_queue": QUEUE,
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_ignore_result": True,
    "result_backend": None,
}
KEY_PREFIX = "newsletter:"  # the worker's broker_transport_options need the same


class CeleryQueue:
    """Rings by name through the broker, without importing the workers.

    redis_url: as in the settings. Raises SettingsError where it cannot be read.
    """

    def __init__(self, redis_url: str) -> None:
        self._celery = Celery("newsletter", broker=broker_url(redis_url), set_as_current=False)
        self._celery.conf.update(
            **SHARED_SETTINGS,
            broker_connection_timeout=ANSWER_SECONDS,
            broker_transport_options={
                "global_keyprefix": KEY_PREFIX,
                "socket_timeout": ANSWER_SECONDS,
                "socket_connect_timeout": ANSWER_SECONDS,
                # Without these kombu tries to connect for ever, and a page hangs with it.
                "max_retries": 1,
                "interval_start": 0.1,
                "interval_step": 0,
                "interval_max": 0.1,
                "connect_retries_timeout": ANSWER_SECONDS,
            },
        )

    def ring(self, task: str, **arguments: int | str) -> None:
        try:
            self._celery.send_task(
                str(task),
                kwargs=arguments,
                retry=True,
                retry_policy={
                    "max_retries": 1,
                    "interval_start": 0.1,
                    "interval_step": 0,
                    "interval_max": 0.1,
                },
            )
        except (OperationalError, KombuError, RedisError, OSError) as error:
            raise QueueUnavailable(
                f"the queue did not take {task}: {str(error).rstrip('. ')}. Workers look for work"
                " by themselves within a minute; see that the server of NEWSLETTER_REDIS_URL runs."
            ) from error

    def close(self) -> None:
        self._celery.close()


class MemoryQueue:
    """Remembers the rings, and calls `answer` at each where one is given."""

    def __init__(self, answer: Callable[[str, dict[str, int | str]], None] | None = None) -> None:
        self.rings: list[tuple[str, dict[str, int | str]]] = []
        self._answer = answer

    def ring(self, task: str, **arguments: int | str) -> None:
        self.rings.append((str(task), arguments))
        if self._answer is not None:
            self._answer(str(task), arguments)

    def close(self) -> None:
        """Nothing is open."""
