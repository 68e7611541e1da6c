"""How many connections to one relay are worth having."""

FIRST = 8
MOST = 200  # a process; more than that, and relays begin to mind
LEAST_GAIN = 0.2  # of the letters a second that more connections would bring to a relay far away
LEAST_SECONDS, LEAST_ROUNDS = 0.2, 5  # of a measurement; a round is a letter a connection
ROUNDS_APART = 50  # measurements between two tries of more


class Width:
    """Twice as many for a try, kept if that is faster by a fifth: so a relay that is far away
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
        """The relay wants no more than this for now."""
        self.value = self._proven = max(min(self.value, most), 1)
        self._rounds = ROUNDS_APART

    def measure(self, letters: int, seconds: float) -> None:
        """So many were handed over in this time, while all connections had work."""
        self._letters += letters
        self._seconds += seconds
        if self._seconds < LEAST_SECONDS or self._letters < LEAST_ROUNDS * self.value:
            return
        rate = self._letters / self._seconds
        self._letters, self._seconds = 0, 0.0
        hoped_for = self.value / self._proven - 1
        if hoped_for and rate < (1 + LEAST_GAIN * hoped_for) * self._rate:
            self.value = self._proven
            self._rounds = ROUNDS_APART
            return
        self._proven, self._rate = self.value, rate
        self._rounds -= 1
        if self._rounds <= 0:
            self.value = min(self.value * 2, self._most)
