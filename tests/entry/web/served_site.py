"""A site that is served for real, for the tests that drive a browser."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from builders import MONDAY, Clock, a_newsletter, a_paper, settings_for
from pages_walk import BUSY

from newsletter.adapters.queue import MemoryQueue
from newsletter.app import Newsletter
from newsletter.cli.site import Site
from newsletter.web import create_app


@contextmanager
def served_newsletter(folder: Path) -> Iterator[Newsletter]:
    """A service with twelve papers; its base_url is where its pages are."""
    listening = socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    papers = [a_paper(number) for number in range(1, 13)]
    settings = settings_for(folder, base_url=base)
    with a_newsletter(
        folder, papers=papers, settings=settings, clock=Clock(), queue=MemoryQueue()
    ) as made:
        made.pull(MONDAY.date())
        with Site(create_app(made, timing=BUSY), listening):
            yield made
