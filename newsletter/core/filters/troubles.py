"""What is wrong inside a filter, before the whole text is known."""


class Trouble(Exception):
    """Becomes a FilterError where the text is known.

    offset: characters from the start of what was being read. problem: for the reader.
    """

    def __init__(self, offset: int, problem: str) -> None:
        super().__init__(offset, problem)
        self.offset, self.problem = offset, problem
