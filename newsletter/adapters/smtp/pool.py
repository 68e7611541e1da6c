"""The connections to one relay that are kept from one batch to the next."""

import threading
from collections.abc import Callable

from newsletter.adapters.smtp.conversation import Conversation
from newsletter.adapters.smtp.relay import Relay
from newsletter.adapters.smtp.width import Width


class Pool:
    """make: a conversation that is still to be opened. Threads may share a pool."""

    def __init__(self, relay: Relay, *, make: Callable[[], Conversation], width: Width) -> None:
        self.relay, self.width = relay, width
        self._make = make
        self._idle: list[Conversation] = []
        self._lock = threading.Lock()

    @property
    def idle(self) -> int:
        """How many are open and unused."""
        return len(self._idle)

    def borrow(self) -> Conversation:
        """A connection that is open and fresh, or one to be opened."""
        while True:
            with self._lock:
                if not self._idle:
                    return self._make()
                conversation = self._idle.pop()
            if conversation.is_fresh():
                return conversation
            conversation.close()

    def give_back(self, conversation: Conversation) -> None:
        """Keep it for the next batch, and let go of those that nobody has needed for long."""
        with self._lock:
            self._idle.append(conversation)
            old = [one for one in self._idle if one.is_stale]
            self._idle = [one for one in self._idle if not one.is_stale] if old else self._idle
        for one in old:
            one.close()

    def close(self) -> None:
        """Say goodbye on every idle connection."""
        with self._lock:
            idle, self._idle = self._idle, []
        for conversation in idle:
            conversation.close()

    def forget(self) -> None:
        """After a fork: a connection shared by two processes would mix their letters."""
        self._lock = threading.Lock()
        for conversation in self._idle:
            conversation.wire.close()  # no QUIT: the parent still talks on it
        self._idle = []
