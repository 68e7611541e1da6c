"""The pages alone, for a machine of their own."""

import os
import socket
from functools import partial
from typing import Annotated

import typer

from newsletter.cli.choices import MANAGE
from newsletter.cli.crew import serve_by
from newsletter.cli.opening import current_settings, opened
from newsletter.cli.ports import open_port
from newsletter.cli.site import PATIENCE_SECONDS, Server
from newsletter.cli.stopping import Stopping
from newsletter.cli.words import say
from newsletter.settings import Settings

MOST_PROCESSES = 4


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: newsletter serve --host 0.0.0.0", rich_help_panel=MANAGE)(serve)


def serve(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="PORT", help="The port to listen on.")
    ] = 8000,
    processes: Annotated[
        int | None,
        typer.Option(
            min=1, max=64, metavar="P",
            help="So many serve at once; default one a core up to four, where Redis is set.",
        ),
    ] = None,
) -> None:  # fmt: skip
    """Serve the pages: subscribe, confirm, preferences, unsubscribe, archive."""
    settings = current_settings()
    # Without Redis each would count by itself how often strangers are mailed.
    count = processes or (min(os.cpu_count() or 1, MOST_PROCESSES) if settings.redis_url else 1)
    with Stopping() as stopping, open_port(host, port, is_fixed=True) as listening:
        with opened(settings) as newsletter:
            newsletter.check_templates()
        say(f"The pages are served on {host}, port {listening.getsockname()[1]}.")
        if count == 1:
            _serve(settings, listening)
        else:
            serve_by(count, partial(_serve, settings, listening), stopping=stopping)


def _serve(settings: Settings, listening: socket.socket) -> None:
    """Until this process is asked to end."""
    from newsletter.web import create_app

    with Stopping() as stopping, opened(settings, patience_seconds=PATIENCE_SECONDS) as newsletter:
        newsletter.parts.work_apart()
        Server(create_app(newsletter), stopping).run(sockets=[listening])
