"""The scripted mail server as its tests hold it: started, scripted, killed, and read."""

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from builders import wait_until

from newsletter.adapters.embedded.redis import end_with_parent

PROGRAM = Path(__file__).with_name("scripted_relay.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What the relay does other than usual.

    at: greeting, ehlo, starttls, auth, mail, rcpt, data, content (in the middle of it) or dot.
    to: a pattern at the start of the recipient; "" for all and at places before there is one.
    say: without its line end. then: "" goes on, "close" cuts, "hang" answers and reads no more.
    takes: at the dot, whether it keeps the message. times: for each recipient; 0 for ever.
    """

    at: str
    to: str = ""
    say: str = ""
    then: str = ""
    takes: bool = False
    times: int = 1
    wait: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the journal. kind: taken, played, refused, opened, clear, ended or listens."""

    kind: str
    at: float
    recipient: str = ""
    words: tuple[str, ...] = ()


class Relay:
    """A mail server in `folder`; its journal and its port outlive its restarts.

    abilities: pace, the seconds from a message that is taken to its reply; rates, domain →
    messages a second; tls; certificate; login; pipelining.
    """

    def __init__(self, folder: Path, **abilities) -> None:
        self.folder = folder
        self._script: dict = {
            "rules": [], "rates": {}, "tls": "none", "certificate": [], "login": [],
            "pipelining": True, "pace": 0.0,
        } | abilities  # fmt: skip
        self._process: subprocess.Popen | None = None
        self._read, self._lines = 0, []
        folder.mkdir()

    def play(self, *rules: Rule) -> None:
        """From the next command on; no rules: take everything again."""
        self.change(rules=[asdict(rule) for rule in rules])

    def change(self, **abilities) -> None:
        """From the next command on."""
        self._script |= abilities
        part = self.folder / "script.part"
        part.write_text(json.dumps(self._script))
        part.replace(self.folder / "script.json")

    def start(self) -> None:
        if not (self.folder / "script.json").exists():
            self.play()
        starts = self.count("listens")
        self._process = subprocess.Popen(
            [sys.executable, PROGRAM, self.folder],
            preexec_fn=end_with_parent(signal.SIGKILL),  # noqa: PLW1509
        )
        wait_until(lambda: self.count("listens") > starts, seconds=20)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def port(self) -> int:
        return int((self.folder / "port").read_text())

    def journal(self, kind: str) -> list[Line]:
        self._read_on()
        return [line for line in self._lines if line.kind == kind]

    def count(self, kind: str) -> int:
        return len(self.journal(kind))

    @property
    def taken(self) -> Counter:
        """How many copies of each (Message-ID, recipient) it has."""
        return Counter((line.words[0], line.recipient) for line in self.journal("taken"))

    def tries(self, recipient: str) -> Sequence[Line]:
        """Every time that a rule was played to this reader, and each copy it took."""
        self._read_on()
        return [
            line
            for line in self._lines
            if line.recipient == recipient and line.kind in ("taken", "played")
        ]

    def _read_on(self) -> None:
        path = self.folder / "journal"
        if not path.exists():
            return
        with path.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]  # the relay may be writing a line now
        self._read += len(whole)
        for text in whole.decode().splitlines():
            kind, at, *words = text.split("\t")
            recipient = words[0] if words else ""
            self._lines.append(
                Line(kind=kind, at=float(at), recipient=recipient, words=tuple(words[1:]))
            )
