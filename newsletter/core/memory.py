"""How a process that makes many mails should treat its memory."""

import gc
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

_LARGEST = 32 * 1024 * 1024 - 8192  # bytes; glibc learns from blocks up to 32 MB
_THRESHOLDS = (100_000, 50, 100)


def prepare_for_many_mails() -> None:
    """Keep freed memory for the next batch, and look for cyclic garbage far less often.

    glibc gives a batch's memory back to the system each time, and getting it again page by page
    takes as long as making the mails. It keeps twice the largest block that was ever freed, which
    is why one is; other allocators take no notice. The garbage collector goes through everything
    that is kept, hundreds of thousands of filters among it, where neither planning nor a batch
    leaves cycles: a quarter of the time.
    """
    block = bytes(_LARGEST)
    del block
    gc.set_threshold(*_THRESHOLDS)


class Recent(dict[K, V]):
    """Answers that were asked for twice lately, at most `most`.

    So what many ask for stays. What only one asks for, as most do, is not kept: to keep it costs
    more than to make it, and the memory that it used is at hand for the next.
    """

    __slots__ = ("_asked", "_most")

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._asked: set[int] = set()  # hashes: of two keys with one hash the second is kept early

    def is_new(self, key: K) -> bool:
        """Whether nobody asked for it lately: then its answer need not be kept."""
        asked, wanted = self._asked, hash(key)
        if wanted in asked:
            return False
        if len(asked) >= self._most + len(self):
            asked.clear()
            asked.update(map(hash, self))
        asked.add(wanted)
        return True

    def add(self, key: K, answer: V) -> None:
        """Keep the answer if the key is not new."""
        if not self.is_new(key):
            self.keep(key, answer)

    def keep(self, key: K, answer: V) -> V:
        """Keep this answer, and give it back."""
        if len(self) >= self._most:
            self.clear()
        self[key] = answer
        return answer
