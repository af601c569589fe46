"""A table from 60-bit keys to 60-bit marks that costs 16 bytes an entry, where a dict of integers costs a hundred."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

OVERLAY = 16_384
"""New and changed entries wait in a dict of up to this many (1.7 MB) before they are merged into the sorted arrays: at
a million entries that is 61 merges of 5 ms on average, 0.3 s in all."""


class Marks:
    """Look keys up a page at a time, set them one at a time. Keys and marks are integers from 0 to 2**60 - 1."""

    def __init__(self, overlay: int = OVERLAY) -> None:
        self._most_waiting = overlay
        self._keys: Integers = np.empty(0, np.int64)
        self._marks: Integers = np.empty(0, np.int64)
        self._overlay: dict[int, int] = {}

    def __contains__(self, key: int) -> bool:
        if key in self._overlay:
            return True
        place = self._keys.searchsorted(key)
        return bool(place < len(self._keys) and self._keys[place] == key)

    def __setitem__(self, key: int, mark: int) -> None:
        self._overlay[key] = mark

    def latest(self, key: int, merged: int) -> int:
        """Return the mark of a key: the one set since the last merge, or `merged`, which `of` gave for its page."""
        return self._overlay.get(key, merged)

    def of(self, keys: Sequence[int]) -> list[int]:
        """Return for each key the mark that it had at the last merge, -1 for none; merges first when it is time."""
        if len(self._overlay) >= self._most_waiting:
            self._merge()
        if not len(self._keys):
            return [-1] * len(keys)
        wanted = np.fromiter(keys, np.int64, len(keys))
        places = self._keys.searchsorted(wanted)
        np.minimum(places, len(self._keys) - 1, out=places)
        found = np.where(self._keys[places] == wanted, self._marks[places], -1)
        return list(map(int, found.tolist()))

    def _merge(self) -> None:
        keys = np.fromiter(self._overlay.keys(), np.int64, len(self._overlay))
        marks = np.fromiter(self._overlay.values(), np.int64, len(self._overlay))
        self._overlay.clear()
        order = keys.argsort()
        keys, marks = keys[order], marks[order]
        places = self._keys.searchsorted(keys)
        inside = places < len(self._keys)
        inside[inside] = self._keys[places[inside]] == keys[inside]
        self._marks[places[inside]] = marks[inside]
        # One array after the other: the copies of both at once would be the peak of the whole scan.
        self._keys = np.insert(self._keys, places[~inside], keys[~inside])
        self._marks = np.insert(self._marks, places[~inside], marks[~inside])
