"""What `up` and `demo` share: servers of this machine, a clean environment, the pages."""

import os
import socket
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.adapters.embedded.processes import Job
from newsletter.settings import PREFIX, Settings, as_environment

if TYPE_CHECKING:
    from fastapi import FastAPI

    from newsletter.app import Newsletter

FIRST_PORT = 8000
HOST = "127.0.0.1"
INBOX_PATH = "/inbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the pages will be: a socket that listens, and its address as readers see it."""

    listening: socket.socket
    url: str


def open_place(stack: ExitStack, port: int | None) -> Place:
    """Listen on `port`, or on the first free one from 8000. Raises Refused."""
    from newsletter.cli.ports import open_port

    listening = stack.enter_context(
        open_port(HOST, FIRST_PORT if port is None else port, is_fixed=port is not None)
    )
    return Place(listening=listening, url=f"http://{HOST}:{listening.getsockname()[1]}")


def child_environment(settings: Settings) -> dict[str, str]:
    """This process's environment with these settings, and with no others of ours or Celery's.

    A CELERY_BROKER_URL of another program would win over ours.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith((PREFIX, "CELERY_"))
    }
    return {**kept, **as_environment(settings), "PYTHONUNBUFFERED": "1"}


def worker_job(settings: Settings, *, folder: Path, log: Path, pool: tuple[str, ...]) -> Job:
    """The Celery worker, as an operator would start it."""
    return Job(
        name="worker",
        command=_celery("worker", "--loglevel", "INFO", "--without-mingle", "--without-gossip",
                        "--hostname", f"newsletter-{os.getpid()}@%h", *pool),
        environment=child_environment(settings),
        folder=folder,
        log=log,
    )  # fmt: skip


def beat_job(settings: Settings, *, folder: Path, log: Path) -> Job:
    """The Celery beat: one tick a minute."""
    return Job(
        name="beat",
        command=_celery("beat", "--loglevel", "INFO", "--pidfile", "",
                        "--schedule", str(folder / "beat-schedule")),
        environment=child_environment(settings),
        folder=folder,
        log=log,
        stop_seconds=5,
    )  # fmt: skip


def _celery(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "celery", "--quiet", "-A", "workers", *words)


def pages_with_inbox(newsletter: "Newsletter", inbox: Path | None) -> "FastAPI":
    """The pages, with the viewer of the local inbox where there is one."""
    from newsletter.web import create_app

    pages = create_app(newsletter)
    if inbox is not None:
        from newsletter.web.inbox import inbox_router

        pages.include_router(inbox_router(inbox, pages.state.templates))
    return pages
