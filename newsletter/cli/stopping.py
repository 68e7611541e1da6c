"""Ends in order: Ctrl-C, SIGTERM and a closed terminal are wishes, looked at between two steps."""

import contextlib
import os
import select
import signal
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopping:
    """Whether an end was asked for, as a context manager of the main thread.

    The first signal is only noted, so that nothing stops half-way; the second raises
    KeyboardInterrupt where the program stands.
    """

    def __init__(self) -> None:
        self.signal = 0
        self._before: dict[int, Any] = {}
        self._read = self._write = -1

    def __enter__(self) -> "Stopping":
        # A pipe and not threading.Event: a handler that takes its lock could wait for itself.
        self._read, self._write = os.pipe()
        for number in SIGNALS:
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)

    @property
    def is_asked(self) -> bool:
        return self.signal != 0

    @property
    def exit_code(self) -> int:
        """What a shell expects of a program that a signal ended before it was done."""
        return 128 + self.signal

    def wait(self, seconds: float) -> bool:
        """Sleep; True as soon as an end was asked for."""
        if not self.is_asked:
            select.select([self._read], [], [], seconds)
        return self.is_asked

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.signal:
            raise KeyboardInterrupt
        self.signal = number
        with contextlib.suppress(OSError):
            os.write(self._write, b".")
