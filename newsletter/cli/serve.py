"""The pages alone, for a machine of their own."""

from typing import Annotated

import typer

from newsletter.cli.choices import MANAGE
from newsletter.cli.opening import opened
from newsletter.cli.ports import open_port
from newsletter.cli.site import PATIENCE_SECONDS, pages_config
from newsletter.cli.stopping import Stopping
from newsletter.cli.words import say


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: newsletter serve --host 0.0.0.0", rich_help_panel=MANAGE)(serve)


def serve(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="PORT", help="The port to listen on.")
    ] = 8000,
) -> None:
    """Serve the pages: subscribe, confirm, preferences, unsubscribe, archive."""
    import uvicorn

    from newsletter.web import create_app

    with (
        Stopping(),
        opened(patience_seconds=PATIENCE_SECONDS) as newsletter,
        open_port(host, port, is_fixed=True) as listening,
    ):
        newsletter.check_templates()
        say(f"The pages are served on {host}, port {listening.getsockname()[1]}.")
        config = pages_config(create_app(newsletter))
        uvicorn.Server(config).run(sockets=[listening])
