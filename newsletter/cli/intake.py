"""Take bounces and complaints in: from files, from mailboxes, from the mail system."""

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO
from urllib.parse import urlsplit

import typer

from newsletter.cli import mistakes
from newsletter.cli.choices import Json
from newsletter.cli.opening import opened
from newsletter.cli.words import amount, print_json, result, say
from newsletter.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from newsletter.app import Newsletter
    from newsletter.core.feedback.arriving import TakenIn

STDIN = "-"
TRY_LATER = 75  # EX_TEMPFAIL of sysexits(3): a mail system keeps the message
LISTEN_SECONDS = 60.0
LINE_BYTES = 64 << 10


def ingest(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE...]", help="Mails or mboxes; standard input by default."),
    ] = None,
    return_path: Annotated[
        str,
        typer.Option(
            "--return-path",
            metavar="ADDRESS",
            help="Where the one mail was sent to, as the mail system knows.",
        ),
    ] = "",
    is_json: Json = False,
) -> None:
    """Take in reports from files or a pipe; leaves with 75 where they must be tried again."""
    names = files or [STDIN]
    if return_path and len(names) > 1:
        raise typer.BadParameter("it belongs to one mail: name one FILE at most.",
                                 param_hint="--return-path")  # fmt: skip
    is_unread = False
    taken: list[TakenIn] = []
    with _or_try_later(), opened() as newsletter:
        for name in names:
            try:
                taken += _take_in(newsletter, name, return_path)
            except OSError as problem:
                is_unread = True
                say(f"{name} cannot be read ({problem.strerror or problem}): name a file of mails.")
    _show(taken, is_json=is_json)
    if names == [STDIN] and not taken:
        say(
            "Nothing came by standard input: `newsletter reports ingest < bounce.eml` gives a mail."
        )
    if is_unread:
        raise typer.Exit(1)


@contextlib.contextmanager
def _or_try_later() -> Iterator[None]:
    """Whatever stops us, the mail system has to keep what it gave: any other code would lose it."""
    try:
        yield
    except typer.Exit:
        raise
    except Exception as error:  # noqa: BLE001 - even a bug must lose no report
        mistakes.explain(error)
        raise typer.Exit(TRY_LATER) from None


def _take_in(newsletter: "Newsletter", name: str, return_path: str) -> "list[TakenIn]":
    from newsletter.core.feedback.arriving import CameBy

    came_by = CameBy.STDIN if name == STDIN else CameBy.FILE
    with _opened(name) as file:
        return [
            newsletter.take_in_report(raw, came_by=came_by, envelope_to=return_path)
            for raw in _messages(file, is_one=bool(return_path))
        ]


@contextlib.contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == STDIN:
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as file:
        yield file


def _messages(file: BinaryIO, *, is_one: bool) -> Iterator[bytes]:
    """The one message of the file, or all of an mbox, which begins as such."""
    from newsletter.core.feedback.arriving import messages_in_mbox
    from newsletter.core.reports import MAX_REPORT_BYTES

    first = file.readline(LINE_BYTES)
    if not first:  # such as an mbox of which nothing is left
        return
    if first.startswith(b"From ") and not is_one:
        lines = iter(lambda: file.readline(LINE_BYTES), b"")
        yield from messages_in_mbox(chain([first], lines))
        return
    yield first + file.read(MAX_REPORT_BYTES)
    while file.read(LINE_BYTES):  # who writes into a pipe must not find it closed
        pass


def _show(taken: "list[TakenIn]", *, is_json: bool) -> None:
    if is_json:
        print_json({"taken_in": taken})
        return
    fates = Counter(one.fate.value for one in taken)
    told = ", ".join(f"{number} {fate}" for fate, number in sorted(fates.items()))
    suppressed = sum(bool(one.suppressed_because) for one in taken)
    result(
        f"Took in {amount(len(taken), 'message')}"
        + (f": {told}" if told else "")
        + (f"; {amount(suppressed, 'address', 'addresses')} suppressed." if suppressed else ".")
    )


def poll(is_json: Json = False) -> None:
    """Empty the mailboxes of NEWSLETTER_REPORTS_URL now; workers do it every minute."""
    with opened() as newsletter:
        if not newsletter.settings.mailbox_urls:
            raise SettingsError(
                "NEWSLETTER_REPORTS_URL names no mailbox: give one, such as "
                "imaps://USER:PASSWORD@HOST/INBOX, maildir:///PATH or mbox:///PATH."
            )
        taken = newsletter.poll_reports()
        boxes = newsletter.report_mailboxes()
    if is_json:
        print_json({"taken_in": taken, "mailboxes": boxes})
    else:
        result(f"Took in {amount(taken, 'message')}.")
        for box in boxes:
            if box.problem:
                say(f"{box.problem}.")
    if any(box.problem for box in boxes):
        raise typer.Exit(1)


Place = Annotated[
    list[str] | None,
    typer.Option(metavar="HOST:PORT", help="Where to listen; may be repeated."),
]


def listen(lmtp: Place = None, smtp: Place = None) -> None:
    """Take reports from the mail system of their domain, by LMTP or SMTP, until Ctrl-C."""
    from newsletter.cli.stopping import Stopping

    with Stopping() as stopping, opened() as newsletter, ExitStack() as stack:
        given = [f"lmtp://{place}" for place in lmtp or ()]
        given += [f"smtp://{place}" for place in smtp or ()]
        urls = given or newsletter.settings.listen_urls
        if not urls:
            raise SettingsError(
                "Nowhere to listen: give --lmtp 127.0.0.1:2424, or lmtp://HOST:PORT in "
                "NEWSLETTER_REPORTS_URL."
            )
        for url in open_doors(stack, newsletter, urls):
            say(f"Listening for reports on {url}.")
        while not stopping.wait(LISTEN_SECONDS):
            pass


def open_doors(stack: ExitStack, newsletter: "Newsletter", urls: "Sequence[str]") -> list[str]:
    """Listen on these addresses until the stack is left; their addresses, ports filled in."""
    from newsletter.adapters.embedded.report_door import ReportDoor
    from newsletter.core.feedback.arriving import CameBy

    opened_on = []
    for url in urls:
        scheme, host, port = _place(url)
        door = ReportDoor(
            host=host,
            port=port,
            is_lmtp=scheme == "lmtp",
            accepts=newsletter.takes_mail_for,
            take=lambda raw, recipient: newsletter.take_in_report(
                raw, came_by=CameBy.LMTP, envelope_to=recipient
            ),
        )
        stack.enter_context(door)
        opened_on.append(f"{scheme}://{host}:{door.port}")
    return opened_on


def _place(url: str) -> tuple[str, str, int]:
    """Scheme, host and port. Raises SettingsError."""
    try:
        split = urlsplit(url)
        if split.hostname and split.port is not None and not split.path.strip("/"):
            return split.scheme, split.hostname, split.port
    except ValueError:
        pass
    raise SettingsError(
        f"{url!r} is no address to listen on: write HOST:PORT, such as 127.0.0.1:2424."
    )
