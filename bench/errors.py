"""What can go wrong with a benchmark; each message says what to do."""


class BenchmarkFailed(Exception):
    """A benchmark gave no figure."""


class ContentsDiffer(BenchmarkFailed):
    """Two contenders did not do the same work, so their times must not be compared."""

    def __init__(self, what: str, first: object, second: object) -> None:
        super().__init__(
            f"{what} differ: {first} against {second}. The times of different work say nothing; find out which of the "
            "two loads is wrong before measuring again."
        )


class ContenderFailed(BenchmarkFailed):
    """A measured process ended with an error."""

    def __init__(self, name: str, status: int, said: str) -> None:
        super().__init__(f"{name} ended with status {status}. It said:\n{said.strip()[-3000:]}")
