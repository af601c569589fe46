"""Random numbers that are looked up, not drawn: the same name and index always give the same number.

A stream of draws would shift every later number when one more client is added or the story is told further. A
counter-based hash (SplitMix64) does not, so a longer story has the same beginning, in every process.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
AnyInts = npt.NDArray[Any] | int

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_SECOND = np.uint64(0xD1B54A32D192ED03)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


class Dice:
    """A named source; `uniform("cancel", rows)` is a pure function of (names, purpose, row)."""

    def __init__(self, *names: int | str) -> None:
        self._names = names

    def child(self, *names: int | str) -> "Dice":
        """Return dice of their own for a part: what it draws changes nothing elsewhere."""
        return Dice(*self._names, *names)

    def uniform(self, purpose: str, index: AnyInts, second: AnyInts = 0) -> Floats:
        """Numbers in [0, 1), one for each (index, second)."""
        return _mixed(self._key(purpose), index, second).astype(np.float64) * 2.0**-53

    def normal(self, purpose: str, index: AnyInts, second: AnyInts = 0) -> Floats:
        """Return one draw of the standard normal distribution for each index."""
        radius = np.sqrt(-2.0 * np.log1p(-self.uniform(f"{purpose}/radius", index, second)))
        return radius * np.cos(2.0 * np.pi * self.uniform(f"{purpose}/angle", index, second))

    def exponential(self, purpose: str, index: AnyInts, second: AnyInts = 0) -> Floats:
        """Mean 1."""
        return -np.log1p(-self.uniform(purpose, index, second))

    def gamma(self, purpose: str, shape: Floats, index: AnyInts, second: AnyInts = 0) -> Floats:
        """Mean 1, for shapes of 2 and more: Wilson and Hilferty's cube of a normal, one draw whatever the shape."""
        small = 1.0 / (9.0 * shape)
        return np.maximum(1.0 - small + self.normal(purpose, index, second) * np.sqrt(small), 0.05) ** 3

    def choice(self, purpose: str, weights: Sequence[float] | Floats, index: AnyInts, second: AnyInts = 0) -> Ints:
        """Positions into `weights`, drawn in proportion to them."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        return np.searchsorted(edges / edges[-1], self.uniform(purpose, index, second), side="right").astype(np.int64)

    def one(self, purpose: str, index: int = 0) -> float:
        """Return one draw from 0 up to, but without, 1."""
        return float(self.uniform(purpose, index)[0])

    def pick(self, purpose: str, count: int, index: int = 0) -> int:
        """One whole number in [0, count)."""
        return int(self.one(purpose, index) * count)

    def text(self, purpose: str, length: int) -> str:
        """Hexadecimal characters, for ids and secrets that look like ids and secrets."""
        return hashlib.shake_256(self._name(purpose)).hexdigest((length + 1) // 2)[:length]

    def _name(self, purpose: str) -> bytes:
        return "\x1f".join([*map(str, self._names), purpose]).encode()

    def _key(self, purpose: str) -> np.uint64:
        return np.uint64(int.from_bytes(hashlib.blake2b(self._name(purpose), digest_size=8).digest(), "big"))


def _mixed(key: np.uint64, index: AnyInts, second: AnyInts) -> npt.NDArray[np.uint64]:
    word = np.atleast_1d(np.asarray(index)).astype(np.uint64) * _GOLDEN
    word = word + (np.atleast_1d(np.asarray(second)).astype(np.uint64) * _SECOND + key)
    word ^= word >> np.uint64(30)
    word *= _MIX_1
    word ^= word >> np.uint64(27)
    word *= _MIX_2
    word ^= word >> np.uint64(31)
    return word >> np.uint64(11)
