"""An account whose records lie ready as JSON, in memory or in a file: lists them as Trafft does, without a network."""

from array import array
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol, Self

from bench.appointments import Shop
from ingestion.trafft.client import Page, decode_page

_BLOCK = 100
"""The index of a file has an entry for so many records: 80 kB for a million."""


class Records(Protocol):
    """JSON texts in the order of the list."""

    def __len__(self) -> int:
        """Return how many there are."""

    def between(self, start: int, stop: int) -> Sequence[bytes]:
        """Return those of these places."""


class InMemory:
    """Records held in memory, so that reading them costs nothing that is measured."""

    def __init__(self, records: Sequence[bytes]) -> None:
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    def between(self, start: int, stop: int) -> Sequence[bytes]:
        """Return those of these places."""
        return self._records[start:stop]


class InFile:
    """Records in a file, one a line, so that reading a million of them takes no memory that is measured."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("rb")
        self._starts = array("Q")
        self._size = place = 0
        for line in self._file:
            if self._size % _BLOCK == 0:
                self._starts.append(place)
            place += len(line)
            self._size += 1
        self._starts.append(place)

    def __len__(self) -> int:
        return self._size

    def between(self, start: int, stop: int) -> Sequence[bytes]:
        """Return those of these places."""
        stop = min(stop, self._size)
        if start >= stop:
            return []
        first, last = start // _BLOCK, -(-stop // _BLOCK)
        self._file.seek(self._starts[first])
        lines = self._file.read(self._starts[last] - self._starts[first]).splitlines()
        return lines[start - first * _BLOCK : stop - first * _BLOCK]

    def all(self) -> InMemory:
        """Return them in memory."""
        return InMemory(self.between(0, self._size))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()


class Account:
    """Lists records page by page; what the scan needs of a client."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def page(self, resource: str, number: int, *, limit: int, params: Mapping[str, str]) -> Page:
        """Return one page, put together as a server would and decoded by the client's code."""
        start, total = (number - 1) * limit, len(self._records)
        head = b'{"pagination":{"total":%d,"page":%d,"limit":%d,"pages":%d},"data":[' % (
            *(total, number, limit),
            -(-total // limit),
        )
        body = b"".join((head, b",".join(self._records.between(start, start + limit)), b"]}"))
        return decode_page(body, number, datetime.now(UTC))


def write_records(shop: Shop, path: Path) -> Path:
    """Write a shop's records into a file for `InFile`, unless that has been done."""
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        with unfinished.open("wb") as file:
            file.writelines(record + b"\n" for record in shop.records())
        unfinished.rename(path)
    return path
