"""How many connections to one relay are worth having."""

FIRST = 8
MOST = 100  # a process; more than that, and relays begin to mind
LEAST_GAIN = 1.25  # in letters a second, by twice the connections
LEAST_SECONDS = 0.2
ROUNDS_APART = 50  # measurements between two tries of more


class Width:
    """Twice as many for a try, kept if that is faster by a quarter: so a relay that is far away
    gets many, one that is near or busy few.

    fixed: so many, and no tries.
    """

    def __init__(self, fixed: int | None = None) -> None:
        self.value = fixed or FIRST
        self._most = fixed or MOST
        self._proven = self.value
        self._rate = 0.0  # letters a second at the proven width
        self._letters, self._seconds = 0, 0.0
        self._rounds = 0  # until the next try

    def limit(self, most: int) -> None:
        """Never more than this: the relay said so, or its setting."""
        self._most = max(most, 1)
        self.value = min(self.value, self._most)
        self._proven = min(self._proven, self.value)

    def measure(self, letters: int, seconds: float) -> None:
        """So many were handed over in this time, while all connections had work."""
        self._letters += letters
        self._seconds += seconds
        if self._seconds < LEAST_SECONDS or self._letters < 2 * self.value:
            return
        rate = self._letters / self._seconds
        self._letters, self._seconds = 0, 0.0
        if self.value > self._proven and rate < LEAST_GAIN * self._rate:
            self.value = self._proven
            self._rounds = ROUNDS_APART
            return
        self._proven, self._rate = self.value, rate
        self._rounds -= 1
        if self._rounds <= 0:
            self.value = min(self.value * 2, self._most)
