"""A value that must never be printed: credentials, tokens, keys, connection strings."""

import hmac
from typing import NoReturn


class Secret:
    """Text whose `repr`, `str` and `format` hide it; `reveal()` is the only way out.

    Equality takes constant time, and pickling is refused, so a secret cannot slip into a log, a run's metadata or a
    worker's arguments by accident.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the plain text. Call it at the last moment and keep no copy."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled: pass the place it comes from instead of its value")
