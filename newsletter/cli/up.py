"""Everything on one machine: queue, inbox, worker, beat and pages, from one command."""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from newsletter.cli import running
from newsletter.cli.choices import START, PagesPort
from newsletter.cli.words import say
from newsletter.errors import QueueUnavailable
from newsletter.settings import MEANINGS, Settings, read_settings

if TYPE_CHECKING:
    from newsletter.adapters.embedded.processes import Children
    from newsletter.cli.local import Place
    from newsletter.cli.stopping import Stopping

LOOK_SECONDS = 0.5
DEFAULT_BASE_URL = MEANINGS["BASE_URL"][0]
PREFORK = ("--concurrency", "2")


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: newsletter up", rich_help_panel=START)(up)


def up(
    port: PagesPort = None,
) -> None:
    """Run it all on this machine until Ctrl-C: papers, mails, pages."""
    from newsletter.cli.stopping import Stopping

    given = read_settings()
    with Stopping() as stopping, running.only_one(given.data_dir), ExitStack() as stack:
        say("Starting …")
        machine = _start_servers(stack, given, port)
        children = _start_children(stack, machine)
        _show_where(machine)
        _look_after(children, stopping)
        say("Stopping: what is in hand is finished first …")
    say("Stopped.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Machine:
    """All that was started. inbox: the folder of the local one, None where a relay is set."""

    settings: Settings
    place: "Place"
    inbox: Path | None


def _start_servers(stack: ExitStack, given: Settings, port: int | None) -> _Machine:
    from newsletter.adapters.embedded.inbox import LocalInbox
    from newsletter.adapters.embedded.redis import EmbeddedRedis
    from newsletter.cli.local import open_place
    from newsletter.cli.opening import with_absolute_paths

    settings = with_absolute_paths(given)
    place = open_place(stack, port)
    told: dict[str, str] = {}
    inbox: Path | None = None
    if not settings.redis_url:
        told["redis_url"] = stack.enter_context(EmbeddedRedis(settings.data_dir / "redis")).url()
    if not settings.smtp_url:
        inbox = settings.data_dir / "inbox"
        told["smtp_url"] = stack.enter_context(LocalInbox(inbox)).url
    if settings.base_url == DEFAULT_BASE_URL:
        told["base_url"] = place.url
    settings = replace(settings, **cast("Any", told))
    _start_pages(stack, settings, place, inbox)
    running.tell(settings.data_dir, told)
    return _Machine(settings=settings, place=place, inbox=inbox)


def _start_pages(stack: ExitStack, settings: Settings, place: "Place", inbox: Path | None) -> None:
    from newsletter.cli.intake import open_doors
    from newsletter.cli.local import pages_with_inbox
    from newsletter.cli.opening import opened
    from newsletter.cli.site import PATIENCE_SECONDS, Site

    newsletter = stack.enter_context(opened(settings, patience_seconds=PATIENCE_SECONDS))
    newsletter.check_templates()
    stack.enter_context(Site(pages_with_inbox(newsletter, inbox), place.listening))
    for door in open_doors(stack, newsletter, settings.listen_urls):
        say(f"Listening for reports on {door}.")


def _start_children(stack: ExitStack, machine: _Machine) -> "Children":
    from newsletter.adapters.embedded.processes import Children
    from newsletter.adapters.queue import CeleryQueue, Task
    from newsletter.cli.local import beat_job, worker_job

    settings, folder = machine.settings, machine.settings.data_dir
    children = stack.enter_context(Children(say))
    logs = folder / "logs"
    children.start(worker_job(settings, folder=folder, log=logs / "worker.log", pool=PREFORK))
    children.start(beat_job(settings, folder=folder, log=logs / "beat.log"))
    queue = CeleryQueue(settings.redis_url)
    try:
        queue.ring(Task.TICK)  # the first papers come now, not after beat's first minute
    except QueueUnavailable as problem:
        say(str(problem))
    finally:
        queue.close()
    return children


def _show_where(machine: _Machine) -> None:
    from newsletter.cli.local import INBOX_PATH

    settings, url = machine.settings, machine.place.url
    mail = "the relay of NEWSLETTER_SMTP_URL"
    if machine.inbox is not None:
        mail = f"{url}{INBOX_PATH}  (mails stay here; NEWSLETTER_SMTP_URL sends them out)"
    say("The newsletter runs.")
    say(f"  Pages   {url}")
    if settings.base_url != url:
        say(f"  Links   {settings.base_url}")
    say(f"  Mails   {mail}")
    say(f"  Files   {settings.data_dir}")
    say(f"  Logs    {settings.data_dir / 'logs'}")
    say("Add a reader in another terminal:")
    say("  newsletter subscribers add you@example.org --topic 'Agents=title:agent*'")
    say("Stop with Ctrl-C.")


def _look_after(children: "Children", stopping: "Stopping") -> None:
    while not stopping.wait(LOOK_SECONDS):
        children.tend()
