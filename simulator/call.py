"""One authorised request, as the parts that answer it see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from simulator.modes import Modes
from simulator.rendering import Renderer
from simulator.shop import Shop
from simulator.state import State


@dataclass(frozen=True)
class Call:
    """One authenticated request for a resource of one shop, with the shop's state at that moment."""

    shop: Shop
    state: State
    method: str
    resource: str
    record_id: int | None
    query: Mapping[str, str]
    body: bytes
    serial: int  # how many requests came before

    @property
    def modes(self) -> Modes:
        """Return how this account writes its answers."""
        return self.shop.modes

    @property
    def renderer(self) -> Renderer:
        """Return what writes the records of this state."""
        return self.shop.renderer(self.state.book)

    def json(self) -> dict[str, Any]:
        """The body as an object; empty when it is none, so that every field counts as missing."""
        try:
            value = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return value if isinstance(value, dict) else {}


def whole_number(text: Any) -> int | None:
    """An id or a page number as clients send them: digits, as number or text."""
    if isinstance(text, bool) or not isinstance(text, int | str):
        return None
    return int(text) if str(text).isascii() and str(text).isdigit() else None
