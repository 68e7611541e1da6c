"""The Celery application; one Newsletter per worker process, built after the fork."""

import logging
import mmap
import os
import signal
import threading
from typing import Any

from billiard import active_children
from celery import Celery
from celery.signals import (
    setup_logging,
    worker_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)

from newsletter.adapters.queue import KEY_PREFIX, SHARED_SETTINGS, Task
from newsletter.adapters.redis_urls import broker_url
from newsletter.app import Newsletter
from newsletter.core.memory import prepare_for_many_mails
from newsletter.errors import NewsletterError, SettingsError
from newsletter.settings import read_settings
from workers.broker import outlive_broker

log = logging.getLogger(__name__)

SWEEP_SECONDS = 30.0
VISIBILITY_SECONDS = 600  # longer than any task: a doorbell that rings twice is only a no-op
TASK_SECONDS = 540  # a hand-over that began last, with a relay that takes its six minutes
SEND_SECONDS = 120.0  # a hand-over task then rings for the next one


def _broker_url() -> str:
    settings = read_settings()
    if settings.redis_url:
        return broker_url(settings.redis_url)
    raise SettingsError(
        "NEWSLETTER_REDIS_URL is not set, and workers need a queue: give it, such as "
        "redis://HOST:6379/0, or start `newsletter up`, which brings its own."
    )


def make_app() -> Celery:
    """The application with the settings that were measured to lose nothing."""
    for name in ("BROKER_URL", "BROKER_READ_URL", "BROKER_WRITE_URL"):
        os.environ.pop(f"CELERY_{name}", None)  # another program's broker would win over ours
    outlive_broker()
    celery = Celery("newsletter", broker=_broker_url())
    celery.conf.update(
        **SHARED_SETTINGS,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_time_limit=TASK_SECONDS,
        broker_connection_retry_on_startup=True,
        worker_soft_shutdown_timeout=30.0,
        worker_enable_soft_shutdown_on_idle=True,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        broker_transport_options={
            "global_keyprefix": KEY_PREFIX,
            "visibility_timeout": VISIBILITY_SECONDS,
            # kombu looks for abandoned messages every tenth tick by default: 100 s too late
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
            "health_check_interval": 15,
        },
    )
    return celery


try:
    app = make_app()
except NewsletterError as _problem:
    raise SystemExit(f"newsletter: {_problem}") from None

_newsletters: dict[int, Newsletter] = {}
_stop = mmap.mmap(-1, 1)  # one byte that this process shares with the children it forks
_woken = threading.Event()
_sweeper: list[threading.Thread] = []


def is_stopping() -> bool:
    """Whether this worker was asked to stop: then no process of it begins another batch."""
    return _stop[0] != 0


def newsletter() -> Newsletter:
    """This process's service: connections are never shared over a fork."""
    own = _newsletters.get(os.getpid())
    if own is None:
        prepare_for_many_mails()
        own = _newsletters[os.getpid()] = Newsletter.from_settings(read_settings())
    return own


@setup_logging.connect
def log_plainly(loglevel: int = logging.INFO, **_: Any) -> None:
    """One line an event, on stderr; Celery's own news only from warnings on."""
    logging.basicConfig(
        level=loglevel, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True
    )
    for chatty in ("httpx2", "httpcore2", "celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


@worker_init.connect
def check_templates(**_: Any) -> None:
    """A worker whose mails would be broken does not start: its operator sees it, no reader."""
    with Newsletter.from_settings(read_settings()) as own:
        try:
            own.check_templates()
        except NewsletterError as problem:
            raise SystemExit(f"newsletter: {problem}") from None


@worker_init.connect
def start_sweeper(**_: Any) -> None:
    """Look for work twice a minute in every worker: the queue may lose any message it holds, and
    may be away when the worker starts.
    """
    _sweeper.append(threading.Thread(target=_sweep_for_ever, name="sweeper", daemon=True))
    _sweeper[-1].start()


def _sweep_for_ever() -> None:
    own = None  # made after the first wait: the children should be forked from a quiet process
    while not _woken.wait(SWEEP_SECONDS):
        try:
            own = own or Newsletter.from_settings(read_settings())
            own.look_around(is_stopping=is_stopping)
            own.poll_reports(only_late=True, is_stopping=is_stopping)
        except NewsletterError as problem:
            log.warning("sweep_failed because=%s", problem)
        except Exception:  # the sweeper must outlive whatever one round meets
            log.exception("sweep_failed")


@worker_ready.connect
def ring_for_a_start(**_: Any) -> None:
    """Beat's first tick comes after a minute; a fresh start wants its papers now."""
    newsletter().ring(Task.TICK)


@worker_shutting_down.connect
def stop(**_: Any) -> None:
    """Asked once, every process ends the batch in its hands. Asked again, all give up at once:
    then the leases give back what was in hand.

    Celery itself would wait for whole tasks, and ignore the second wish.
    """
    if is_stopping():
        for child in active_children():
            if child.pid is not None:
                os.kill(child.pid, signal.SIGKILL)
        os._exit(1)
    _stop[0] = 1
    _woken.set()


@worker_shutdown.connect
def wait_for_sweeper(**_: Any) -> None:
    for thread in _sweeper:
        thread.join(TASK_SECONDS)


@worker_process_shutdown.connect
def say_goodbye(**_: Any) -> None:
    own = _newsletters.pop(os.getpid(), None)
    if own is not None:
        own.close()
