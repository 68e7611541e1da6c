"""A real Chromium, and a site with an inbox whose mails were really sent."""

import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from builders import MONDAY, Clock, MemorySource, a_newsletter, a_paper, settings_for

from newsletter.adapters.embedded.inbox import LocalInbox
from newsletter.adapters.queue import MemoryQueue
from newsletter.cli.local import pages_with_inbox
from newsletter.cli.site import Site


@pytest.fixture
def site(tmp_path) -> Iterator[SimpleNamespace]:
    """A service, its inbox's folder and its pages' address; papers on two days."""
    listening = socket.create_server(("127.0.0.1", 0))
    base, inbox = f"http://127.0.0.1:{listening.getsockname()[1]}", tmp_path / "inbox"
    days = {
        MONDAY.date(): [a_paper(number) for number in range(1, 13)],
        MONDAY.date().replace(day=16): [a_paper(number) for number in range(21, 26)],
    }
    clock = Clock()
    with LocalInbox(inbox) as mail:
        settings = settings_for(tmp_path, base_url=base, smtp_url=mail.url, form_seconds=0.3)
        with a_newsletter(
            tmp_path,
            settings=settings,
            clock=clock,
            queue=MemoryQueue(),
            transport=None,
            sources=(MemorySource(days),),
        ) as newsletter:
            newsletter.pull(MONDAY.date())
            with Site(pages_with_inbox(newsletter, inbox), listening):
                yield SimpleNamespace(
                    newsletter=newsletter, inbox=inbox, base=base, clock=clock, days=days
                )
