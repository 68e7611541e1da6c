"""A real SMTP server on loopback, on a thread of the test, with replies as the test wants."""

import asyncio
import ssl
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, AuthResult

from newsletter.adapters.embedded.inbox import SmtpThread


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One message that the sink took, with its envelope and the number of its connection."""

    return_path: str
    recipient: str
    content: bytes
    connection: int
    mail_options: tuple[str, ...] = ()


class SmtpSink:
    """A real SMTP server on loopback that takes everything, unless a recipient is scripted.

    Each try for a scripted recipient uses up one step; when they are used up it is accepted.
    refuse: recipient → the reply to RCPT, "" to accept.
    """

    def __init__(
        self,
        *,
        pipelining: bool = True,
        smtputf8: bool = True,
        users: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        size_limit: int = 30_000_000,
        port: int = 0,
        refuse: Callable[[str], str] = lambda _: "",
    ) -> None:
        self.accepted: list[Accepted] = []
        self.connections = 0
        self.pipelining, self.users, self.refuse = pipelining, users, refuse
        self._options = {
            "enable_SMTPUTF8": smtputf8,
            "data_size_limit": size_limit,
            "tls_context": tls,
            "require_starttls": tls is not None,
            "auth_required": users is not None,
            "auth_require_tls": tls is not None or users is None,
            "authenticator": self._authenticate if users is not None else None,
            "hostname": "sink.test",
        }
        self._steps: dict[str, deque[tuple[str, str]]] = defaultdict(deque)
        self._changed = threading.Condition()
        self._thread = SmtpThread(self._protocol, host="127.0.0.1", port=port)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._thread.stop()

    @property
    def port(self) -> int:
        return self._thread.port

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def answer(self, recipient: str, *replies: str, at: str = "rcpt") -> None:
        """Answer the next tries so, at "rcpt" or at the final "dot"."""
        self._steps[recipient].extend((at, reply) for reply in replies)

    def greylist(self, recipient: str) -> None:
        self.answer(recipient, "450 4.2.0 Greylisted, come back in five minutes")

    def drop(self, recipient: str, *, when: str, times: int = 1) -> None:
        """Cut the connection "before dot", or "after dot": then it is taken but not answered."""
        self._steps[recipient].extend([(when, "")] * times)

    def recipients(self) -> list[str]:
        return [one.recipient for one in self.accepted]

    def wait_for(self, count: int, *, seconds: float = 10) -> list[Accepted]:
        """The accepted messages, as soon as there are `count` of them."""
        with self._changed:
            enough = self._changed.wait_for(lambda: len(self.accepted) >= count, seconds)
        assert enough, f"only {len(self.accepted)} of {count} messages arrived"
        return self.accepted

    def step(self, recipient: str, *places: str) -> tuple[str, str] | None:
        """Take the recipient's next step if it belongs to one of these places."""
        steps = self._steps.get(recipient)
        return steps.popleft() if steps and steps[0][0] in places else None

    def take(self, one: Accepted) -> None:
        with self._changed:
            self.accepted.append(one)
            self._changed.notify_all()

    def _protocol(self) -> SMTP:
        self.connections += 1
        return _SinkProtocol(_SinkHandler(self, self.connections), **self._options)

    def _authenticate(self, server, session, envelope, mechanism, auth_data) -> AuthResult:
        name, password = auth_data.login.decode(), auth_data.password.decode()
        return AuthResult(success=self.users.get(name) == password, handled=False)


class _SinkHandler:
    def __init__(self, sink: SmtpSink, connection: int) -> None:
        self.sink, self.connection = sink, connection

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        more = ["250-PIPELINING"] if self.sink.pipelining else []
        return [responses[0], *more, *responses[1:]]

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        step = self.sink.step(address, "rcpt")
        refusal = step[1] if step else self.sink.refuse(address)
        if not refusal:
            envelope.rcpt_tos.append(address)
        return refusal or "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        recipient = envelope.rcpt_tos[0]
        step = self.sink.step(recipient, "dot", "after dot")
        if step is None or step[0] == "after dot":
            self.sink.take(
                Accepted(
                    return_path=envelope.mail_from,
                    recipient=recipient,
                    content=envelope.original_content,
                    connection=self.connection,
                    mail_options=tuple(envelope.mail_options),
                )
            )
        if step is not None and step[0] == "after dot":
            server.transport.abort()
            raise asyncio.CancelledError
        return step[1] if step else f"250 2.0.0 queued as {len(self.sink.accepted)}"


class _SinkProtocol(SMTP):
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        recipients = self.envelope.rcpt_tos
        if recipients and self.event_handler.sink.step(recipients[0], "before dot"):
            await self.push("354 go on")
            await self._reader.readuntil(b"\r\n")
            self.transport.abort()
            raise asyncio.CancelledError
        await super().smtp_DATA(arg)
