"""A mail server that keeps to a script, as a process of its own: `python scripted_relay.py FOLDER`.

It reads FOLDER/script.json again whenever that changes. What it takes stands in FOLDER/journal
before it answers: even where it is killed, everything that it answered for is there.
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import ssl
import sys
import time
from collections import Counter
from pathlib import Path

END = b"\r\n.\r\n"
MOST_BYTES = 1 << 26
MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class Hangup(Exception):
    """The conversation is over."""


class Server:
    """What all conversations share: the script, the journal, and how often a rule was used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.script: dict = {}
        self.used: Counter = Counter()
        self.buckets: dict[str, tuple[float, float]] = {}
        self.tls: ssl.SSLContext | None = None
        self._read_at = 0
        self._journal = os.open(
            folder / "journal", os.O_CREAT | os.O_WRONLY | os.O_APPEND, mode=0o644
        )
        self.look()

    def look(self) -> None:
        """Read the script again where it has changed."""
        changed_at = (self.folder / "script.json").stat().st_mtime_ns
        if changed_at == self._read_at:
            return
        self._read_at = changed_at
        self.script = json.loads((self.folder / "script.json").read_text())
        self.used.clear()
        self.buckets.clear()
        if self.script["certificate"]:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*self.script["certificate"])

    def note(self, kind: str, *words: str) -> None:
        line = "\t".join((kind, f"{time.time():.4f}", *words))
        os.write(self._journal, line.encode() + b"\n")

    def rule(self, at: str, recipient: str = "") -> dict | None:
        """The first rule for this place and reader that is not used up."""
        for number, rule in enumerate(self.script["rules"]):
            if rule["at"] != at or not re.match(rule["to"], recipient):
                continue
            key = (number, recipient if rule["to"] else "")
            self.used[key] += 1
            if not rule["times"] or self.used[key] <= rule["times"]:
                return rule
        return None

    def has_room(self, domain: str) -> bool:
        """Whether a domain with a rate takes one more now; its bucket holds a second's worth."""
        rate = self.script["rates"].get(domain)
        if rate is None:
            return True
        now = time.monotonic()
        level, at = self.buckets.get(domain, (float(rate), now))
        level = min(level + (now - at) * rate, float(rate))
        self.buckets[domain] = (max(level - 1, 0) if level >= 1 else level, now)
        return level >= 1


class Conversation:
    def __init__(self, server: Server, reader: asyncio.StreamReader, writer) -> None:
        self.server, self.reader, self.writer = server, reader, writer
        self.is_tls = self.may_send = False
        self.recipient = ""

    async def run(self) -> None:
        try:
            if self.server.script["tls"] == "implicit":
                await self.encrypt()
            await self.say("220 relay.test ESMTP", at="greeting")
            while line := await self.reader.readline():
                self.server.look()
                words = line.decode("utf-8", "replace").strip()
                await getattr(self, f"on_{words[:4].lower()}", self.on_unknown)(words)
        except (Hangup, OSError, asyncio.IncompleteReadError, ssl.SSLError) as problem:
            self.server.note("ended", type(problem).__name__)
        finally:
            self.writer.close()

    async def say(self, usual: str, *, at: str) -> bool:
        """Answer as the script wants; whether with the usual."""
        rule = self.server.rule(at, self.recipient)
        if rule is None:
            self.writer.write(usual.encode() + b"\r\n")
            return True
        await self.play(rule, at)
        return False

    async def play(self, rule: dict, at: str) -> None:
        self.server.note("played", self.recipient, at, rule["say"])
        await asyncio.sleep(rule["wait"])
        self.writer.write(rule["say"].encode().decode("unicode_escape").encode("latin-1"))
        if rule["say"]:
            self.writer.write(b"\r\n")
        if rule["then"] == "hang":
            self.writer.transport.pause_reading()
            await asyncio.sleep(3600)
        if rule["then"] == "close":
            self.writer.transport.abort()
            raise Hangup

    async def on_ehlo(self, words: str) -> None:
        script, offers = self.server.script, ["8BITMIME", "SMTPUTF8", "SIZE"]
        if script["pipelining"]:
            offers.append("PIPELINING")
        if script["tls"] == "starttls" and not self.is_tls:
            offers.append("STARTTLS")
        if script["login"] and (self.is_tls or script["tls"] == "none"):
            offers.append("AUTH PLAIN")
        lines = [f"250-{offer}" for offer in ["relay.test", *offers[:-1]]]
        await self.say("\r\n".join([*lines, f"250 {offers[-1]}"]), at="ehlo")

    async def on_star(self, words: str) -> None:
        if await self.say("220 2.0.0 go ahead", at="starttls"):
            await self.encrypt()

    async def encrypt(self) -> None:
        await self.writer.drain()
        await self.writer.start_tls(self.server.tls)
        self.is_tls = True

    async def on_auth(self, words: str) -> None:
        import base64

        given = base64.b64decode(words.split()[-1]).split(b"\0")[1:]
        self.note_if_clear("AUTH")
        self.may_send = [word.decode() for word in given] == self.server.script["login"]
        usual = "235 2.7.0 welcome" if self.may_send else "535 5.7.8 authentication failed"
        await self.say(usual, at="auth")

    async def on_mail(self, words: str) -> None:
        self.note_if_clear("MAIL")
        self.recipient = ""
        if self.server.script["login"] and not self.may_send:
            self.writer.write(b"530 5.7.0 log in first\r\n")
            return
        await self.say("250 2.1.0 ok", at="mail")

    async def on_rcpt(self, words: str) -> None:
        recipient = words.partition("<")[2].partition(">")[0]
        self.recipient = recipient
        domain = recipient.rpartition("@")[2]
        if not self.server.has_room(domain):
            self.server.note("refused", recipient, "rcpt", "450 4.7.1")
            self.writer.write(b"450 4.7.1 too many messages, slow down\r\n")
            self.recipient = ""
        elif not await self.say("250 2.1.5 ok", at="rcpt"):
            self.recipient = ""

    async def on_data(self, words: str) -> None:
        if not self.recipient:
            self.writer.write(b"503 5.5.1 no valid recipients\r\n")
            return
        if not await self.say("354 go on", at="data"):
            return
        if rule := self.server.rule("content", self.recipient):
            await self.reader.read(100)
            await self.play(rule, "content")
        content = await self.reader.readuntil(END)
        if rule := self.server.rule("dot", self.recipient):
            if rule["takes"]:
                self.take(content)
            await self.play(rule, "dot")
            return
        self.take(content)
        await asyncio.sleep(self.server.script["pace"])
        self.writer.write(b"250 2.0.0 taken\r\n")

    def take(self, content: bytes) -> None:
        found = MESSAGE_ID.search(content)
        name = found[1].decode() if found else ""
        self.server.note("taken", self.recipient, name, "tls" if self.is_tls else "clear")
        self.may_send = self.may_send or not self.server.script["login"]

    async def on_rset(self, words: str) -> None:
        self.writer.write(b"250 2.0.0 ok\r\n")

    on_noop = on_rset

    async def on_quit(self, words: str) -> None:
        self.writer.write(b"221 2.0.0 bye\r\n")
        raise Hangup

    async def on_unknown(self, words: str) -> None:
        self.writer.write(b"502 5.5.2 unknown\r\n")

    def note_if_clear(self, command: str) -> None:
        if not self.is_tls:
            self.server.note("clear", self.recipient, command)


async def serve(folder: Path) -> None:
    server = Server(folder)

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.look()
        server.note("opened")
        await Conversation(server, reader, writer).run()

    port = int((folder / "port").read_text()) if (folder / "port").exists() else 0
    listening = await asyncio.start_server(
        converse, "127.0.0.1", port, limit=MOST_BYTES, backlog=512, reuse_address=True
    )
    part = folder / "port.part"
    part.write_text(str(listening.sockets[0].getsockname()[1]))
    part.replace(folder / "port")
    server.note("listens")
    await listening.serve_forever()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(Path(sys.argv[1])))
