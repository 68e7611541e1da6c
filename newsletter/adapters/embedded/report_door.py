"""Takes reports from the mail system of their domain, by LMTP (RFC 2033) or SMTP.

A yes is said only after the commit; whatever goes wrong before it, the sender keeps the message.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from newsletter.adapters.embedded.inbox import SmtpThread
from newsletter.errors import SettingsError

log = logging.getLogger(__name__)

MAX_BYTES = 10_000_000  # a mail of ours has a hundredth of it
LINE_BYTES = 1 << 20  # a longer line is refused for good; reports have much longer ones than 998
AT_ONCE = 4  # reports that are written to the database at a time
TAKEN = "250 2.0.0 taken in"
NOT_NOW = "451 4.3.0 cannot be taken in now: try again later"
NOBODY = "550 5.1.1 no such address here"


class _Smtp(SMTP):
    line_length_limit = LINE_BYTES


class _Lmtp(LMTP):
    line_length_limit = LINE_BYTES


class ReportDoor:
    """Listens on `host` and `port` (0: any free one), as a context manager.

    take: takes in a message for one recipient; when it returns, it is committed. accepts: whether
    mail for an address is ours to take. Raises SettingsError when the port is taken.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        is_lmtp: bool,
        take: Callable[[bytes, str], object],
        accepts: Callable[[str], bool],
    ) -> None:
        self._take, self._accepts, self._is_lmtp = take, accepts, is_lmtp
        self._thread = SmtpThread(self._protocol, host=host, port=port)
        self._writers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="reports")

    def __enter__(self) -> "ReportDoor":
        try:
            self._thread.start()
        except OSError as error:
            raise SettingsError(
                f"Reports cannot be listened for on {self._thread.host}, port {self._thread.port} "
                f"({os.strerror(error.errno or 0).lower()}): name another address of this machine."
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.stop()
        self._writers.shutdown()

    @property
    def port(self) -> int:
        return self._thread.port

    # What aiosmtpd calls, on the thread

    def _protocol(self) -> SMTP:
        serve = _Lmtp if self._is_lmtp else _Smtp
        return serve(
            self, data_size_limit=MAX_BYTES, enable_SMTPUTF8=True, hostname="reports.localhost"
        )

    async def handle_RCPT(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if not self._accepts(address):
            return NOBODY
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        raw, loop = envelope.original_content or b"", asyncio.get_running_loop()
        done = await asyncio.gather(
            *(
                loop.run_in_executor(self._writers, self._take, raw, recipient)
                for recipient in envelope.rcpt_tos
            ),
            return_exceptions=True,
        )
        for problem in done:
            if isinstance(problem, BaseException):  # a 5xx would lose the report
                log.warning("report_put_off because=%s", problem)
        replies = [NOT_NOW if isinstance(one, BaseException) else TAKEN for one in done]
        # By LMTP each recipient has a reply of their own; by SMTP one stands for all of them.
        return "\r\n".join(replies) if self._is_lmtp else min(replies, key=lambda one: one == TAKEN)
