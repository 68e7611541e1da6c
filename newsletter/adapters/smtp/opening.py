"""From nothing to a relay that takes letters: connect, greet, encrypt, log in."""

import base64
import hmac
import socket
import ssl
from collections.abc import Generator

from newsletter.adapters.smtp.relay import Relay, Tls
from newsletter.adapters.smtp.script import (
    For,
    Leaving,
    Question,
    Refused,
    Step,
    Wait,
    ask,
    demand,
    next_reply,
)
from newsletter.adapters.smtp.wire import Broken, Patience, Wire, reason
from newsletter.core.delivery.states import Stage


class Opening:
    """The steps of opening one connection to the relay.

    hello: our name in EHLO, "" for the address literal of the connection. context: how
    certificates are verified; needed unless the relay is reached without TLS.
    """

    def __init__(
        self,
        wire: Wire,
        relay: Relay,
        *,
        hello: str,
        context: ssl.SSLContext | None,
        patience: Patience,
    ) -> None:
        self._wire, self._relay = wire, relay
        self._hello, self._context, self._patience = hello, context, patience
        self._stage = Stage.CONNECT
        self._offers: dict[str, str] = {}

    def run(self) -> Generator[Wait, None, dict[str, str]]:
        """What the relay offers, as EHLO keyword → parameters. Raises Refused."""
        try:
            yield from self._open()
        except Broken as broken:
            text = f"the relay {self._relay.name} cannot be used: {broken}"
            raise Refused(self._stage, 0, text) from broken
        except Leaving as leaving:
            raise Refused(self._stage, *leaving.reply) from leaving
        return self._offers

    def _open(self) -> Step:
        yield from self._connect()
        if self._relay.tls is Tls.IMPLICIT:
            yield from self._encrypt()
        self._stage = Stage.GREETING
        greeting = yield from next_reply(self._wire, self._patience.greeting)
        if greeting.code != 220:
            raise Refused(Stage.GREETING, *greeting)
        yield from self._greet()
        if self._relay.tls is Tls.STARTTLS:
            yield from self._start_tls()
        if self._relay.user:
            yield from self._log_in()

    def _connect(self) -> Step:
        problem = "it has no address"
        try:
            places = socket.getaddrinfo(self._relay.host, self._relay.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Broken(f"its name is not known ({error.args[-1]})") from error
        for family, _, _, _, address in places:
            try:
                self._wire.connect(family, address)
                yield Wait(For.WRITABLE, self._patience.connect)
                self._wire.check_connected()
                return
            except Broken as broken:
                problem = str(broken)
        raise Broken(problem)

    def _greet(self) -> Step:
        hello = self._hello or self._own_address()
        reply = yield from self._ask(f"EHLO {hello}")
        if reply.code // 100 == 2:
            self._offers = _offers(reply.text)
            return
        self._offers = {}
        yield from demand(self._wire, f"HELO {hello}", self._patience.command)

    def _own_address(self) -> str:
        """An address literal (RFC 5321 section 4.1.3): true, where a host name often is not."""
        assert self._wire.sock is not None
        address = str(self._wire.sock.getsockname()[0]).partition("%")[0]
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    def _start_tls(self) -> Step:
        self._stage = Stage.TLS
        if "STARTTLS" not in self._offers:
            raise Broken(
                "it does not offer STARTTLS, and nothing is sent in clear unless"
                " NEWSLETTER_SMTP_URL says tls=none"
            )
        reply = yield from self._ask("STARTTLS")
        if reply.code != 220:
            raise Refused(Stage.TLS, *reply)
        yield from self._encrypt()
        yield from self._greet()  # what was offered in clear may have been forged

    def _encrypt(self) -> Step:
        self._stage = Stage.TLS
        assert self._context is not None
        wrapped = self._wire.wrap(self._context, self._relay.host)
        while True:
            try:
                wrapped.do_handshake()
                return
            except ssl.SSLWantReadError:
                yield Wait(For.READABLE, self._patience.command)
            except ssl.SSLWantWriteError:
                yield Wait(For.WRITABLE, self._patience.command)
            except ssl.SSLCertVerificationError as error:
                raise Broken(
                    f"its certificate is not trusted ({error.verify_message.rstrip('.')}); name"
                    " the host as in the certificate, or its authority's file in SSL_CERT_FILE"
                ) from error
            except OSError as error:
                raise Broken(reason(error)) from error

    def _log_in(self) -> Step:
        self._stage = Stage.LOGIN
        user, password = self._relay.user.encode(), self._relay.password.encode()
        ways = self._offers.get("AUTH", "").upper().split()
        if "PLAIN" in ways:  # RFC 4616
            reply = yield from self._ask(f"AUTH PLAIN {_base64(b'', user, password)}")
        elif "LOGIN" in ways:
            reply = yield from self._ask("AUTH LOGIN")
            for word in (user, password):
                if reply.code == 334:
                    reply = yield from self._ask(_base64(word))
        elif "CRAM-MD5" in ways:  # RFC 2195
            reply = yield from self._ask("AUTH CRAM-MD5")
            if reply.code == 334:
                digest = hmac.new(password, _challenge(reply.text), "md5").hexdigest()
                reply = yield from self._ask(_base64(user + b" " + digest.encode()))
        else:
            raise Broken(
                "it offers no login with PLAIN, LOGIN or CRAM-MD5; take the user out of"
                " NEWSLETTER_SMTP_URL, or ask for another port"
            )
        if reply.code != 235:
            words = f"{reply.text} (the relay refused user and password of NEWSLETTER_SMTP_URL)"
            raise Refused(Stage.LOGIN, reply.code, words)

    def _ask(self, command: str) -> Question:
        return ask(self._wire, command, self._patience.command)


def _challenge(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Broken("its challenge for the login is not base64") from error


def _base64(*words: bytes) -> str:
    return base64.b64encode(b"\0".join(words)).decode()


def _offers(text: str) -> dict[str, str]:
    """RFC 5321 section 4.1.1.1: the first line is the relay's name, then a keyword a line."""
    offers: dict[str, str] = {}
    for line in text.split("\n")[1:]:
        # Old servers write AUTH=LOGIN beside, or instead of, AUTH LOGIN.
        keyword, _, words = line.strip().upper().replace("AUTH=", "AUTH ", 1).partition(" ")
        offers[keyword] = f"{offers.get(keyword, '')} {words}".strip()
    return offers
