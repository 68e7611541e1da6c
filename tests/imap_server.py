"""An IMAP server on loopback with one folder, as much of RFC 3501 as a report box needs."""

import re
import socketserver
import ssl
import threading
from base64 import b64decode
from dataclasses import dataclass, field


@dataclass
class Message:
    """raw: None for one that the server cannot read."""

    uid: int
    raw: bytes | None
    flags: set[str] = field(default_factory=set)


class ImapServer:
    """Serves `messages` from start() to stop(). uidplus: whether it can remove just one.

    tls: the context that STARTTLS is served with, None not to offer it. cut_at: the word of the
    command at which the next connection is cut.
    """

    def __init__(
        self,
        raws=(),
        *,
        folder="INBOX",
        user="reports",
        password="p@ss w/rd",
        uidplus=True,
        plain=True,
        tls: ssl.SSLContext | None = None,
    ):
        self.messages = [Message(uid, raw) for uid, raw in enumerate(raws, start=101)]
        self.folder, self.login = folder, (user, password)
        self.uidplus, self.plain, self.tls = uidplus, plain, tls
        self.cut_at = ""
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Conversation)
        self._server.daemon_threads = True
        self._server.world = self
        self._server.handle_error = lambda *_: None  # a client that hangs up is no news

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def capabilities(self) -> str:
        words = ["IMAP4rev1"]
        words += ["UIDPLUS"] if self.uidplus else []
        words += ["AUTH=PLAIN"] if self.plain else []
        return " ".join(words + (["STARTTLS"] if self.tls else []))

    def start(self) -> "ImapServer":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Conversation(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True  # pieces of an answer would wait 40 ms each

    def handle(self) -> None:
        self.world: ImapServer = self.server.world
        self.say("* OK ready")
        while line := self.rfile.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            words = rest.split(" ", 2)
            name = " ".join(words[:2]).upper() if words[0].upper() == "UID" else words[0].upper()
            if self.world.cut_at and name == self.world.cut_at:
                self.world.cut_at = ""
                return
            answer = getattr(self, "on_" + name.replace(" ", "_").lower())
            self.say(f"{tag} {answer(rest) or 'OK done'}")
            if name == "STARTTLS":
                self.request = self.world.tls.wrap_socket(self.request, server_side=True)
                self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb")

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")
        self.wfile.flush()

    def on_capability(self, rest):
        self.say(f"* CAPABILITY {self.world.capabilities}")

    def on_starttls(self, rest):
        """The reply goes out in clear, what follows does not."""

    def on_login(self, rest):
        found = re.fullmatch(r'LOGIN "(.*)" "(.*)"', rest)
        given = tuple(re.sub(r"\\(.)", r"\1", one) for one in found.groups())
        return None if given == self.world.login else "NO [AUTHENTICATIONFAILED] wrong login"

    def on_authenticate(self, rest):
        self.say("+ ")
        given = b64decode(self.rfile.readline()).decode().split("\0")
        is_right = tuple(given[1:]) == self.world.login
        return None if is_right else "NO [AUTHENTICATIONFAILED] wrong login"

    def on_select(self, rest):
        if rest.partition(" ")[2] != f'"{self.world.folder}"':
            return "NO no such folder"
        self.say(f"* {len(self.world.messages)} EXISTS")
        return None

    def on_uid_search(self, rest):
        wants_deleted = "UNDELETED" not in rest
        first, last = 1, len(self.world.messages)
        if span := re.search(r"(\d+):(\d+)", rest):
            first, last = int(span[1]), int(span[2])
        uids = [
            str(one.uid)
            for one in self.world.messages[first - 1 : last]
            if ("\\Deleted" in one.flags) is wants_deleted
        ]
        self.say(" ".join(["* SEARCH", *uids]))

    def on_uid_fetch(self, rest):
        found = re.fullmatch(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", rest)
        for number, one in enumerate(self.world.messages, start=1):
            if one.uid == int(found[1]):
                if one.raw is None:
                    return "NO cannot read it"
                raw = one.raw[: int(found[2])]
                self.say(f"* {number} FETCH (UID {one.uid} BODY[]<0> {{{len(raw)}}}")
                self.wfile.write(raw)
                self.say(")")
        return None

    def on_uid_store(self, rest):
        uid = int(rest.split(" ")[2])
        for one in self.world.messages:
            if one.uid == uid:
                one.flags.add("\\Deleted")

    def on_uid_expunge(self, rest):
        uids = [int(uid) for uid in rest.split(" ")[2].split(",")]
        self._remove(lambda one: one.uid in uids)

    def on_expunge(self, rest):
        self._remove(lambda one: True)

    def _remove(self, is_meant):
        self.world.messages = [
            one for one in self.world.messages if not ("\\Deleted" in one.flags and is_meant(one))
        ]

    def on_logout(self, rest):
        self.say("* BYE")
