"""How single values are written: times, money, ids, durations and status words, each as the account's modes say."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from simulator.columns import NO_SHOW, STATUSES, Ints
from simulator.modes import Modes
from simulator.places import Place
from simulator.zones import Zone

_CODES = (1, 0, 2, 3, 4)
_DISPLAY = ("Approved", "Pending", "Canceled", "Rejected", "No-show")


class Pen:
    """Writes single values in the style of one account."""

    def __init__(self, modes: Modes, place: Place, zone: Zone) -> None:
        self._modes = modes
        self._place = place
        self._zone = zone
        self._as_text = modes.ids == "string"

    def number(self, number: int) -> int | str:
        """Write an id."""
        return str(number) if self._as_text else number

    def times(self, instants: Ints) -> list[Any]:
        """All at once: a page has three hundred of them."""
        kind = self._modes.times
        if kind == "epoch":
            return list(instants.tolist())
        if kind == "epoch_ms":
            return list((instants * 1000).tolist())
        if kind == "iso_utc":
            return [f"{text}Z" for text in _iso(instants)]
        offsets = self._zone.offsets_at(instants)
        local = _iso(instants + offsets)
        if kind == "naive":
            return [text.replace("T", " ") for text in local]
        return [text + _offset(seconds) for text, seconds in zip(local, offsets.tolist(), strict=True)]

    def duration(self, minutes: int) -> int:
        """Write a duration in the account's unit: minutes or seconds."""
        return minutes * 60 if self._modes.durations == "seconds" else minutes

    def price(self, price: Decimal) -> int | float | str | None:
        """Write a price as a number, as text with or without a symbol, or as null."""
        kind = self._modes.prices
        if kind == "number":
            return int(price) if price == int(price) else float(price)
        if kind == "null":
            return None
        text = f"{price:.{self._place.exponent}f}"
        if kind == "string":
            return text
        if kind == "comma":
            return f"{text.replace('.', ',')} {self._place.symbol}"
        return f"{self._place.symbol}{text}" if len(self._place.symbol) == 1 else f"{self._place.symbol} {text}"

    def status(self, status: int, *, of_booking: bool = False) -> str | int:
        """Write a status as a word, a display word or a code; accounts differ over no-show."""
        if self._modes.statuses == "codes":
            return _CODES[status]
        if self._modes.statuses == "display":
            return _DISPLAY[status]
        if status == NO_SHOW:
            underscore = self._modes.no_show == "no_show" or (self._modes.no_show == "both" and of_booking)
            return "no_show" if underscore else "no-show"
        return STATUSES[status]

    def phone_country_code(self, phone: str | None) -> str | None:
        """Write the country of a phone number as ISO 3166 or as dialling code."""
        if not phone:
            return phone
        if self._modes.phone_country_code == "iso":
            return self._place.country
        return "+1" if self._place.dial.startswith("+1") else self._place.dial[: 4 if self._place.exponent == 3 else 3]


def _iso(instants: Ints) -> list[str]:
    return list(np.datetime_as_string(instants.astype("datetime64[s]")).tolist())


def _offset(seconds: int) -> str:
    sign, size = ("-", -seconds) if seconds < 0 else ("+", seconds)
    return f"{sign}{size // 3600:02d}:{size % 3600 // 60:02d}"


def as_datetime(instant: int) -> datetime:
    """Return epoch seconds as aware UTC."""
    return datetime.fromtimestamp(instant, UTC)
