"""What an owner or operator may set for one shop; kept in `control.integrations.sync_settings`.

As JSON: `autoSync` (false pauses), `resumedAt`, `businessHours` {opensAt, closesAt}, `fullAt`, `syncInterval` ("1h",
"2h", … or "off"), `customersAt` [9, 17], `pageSize`, `requestsPerMinute`, `webhookDates` ("dmy" or "mdy"). Whatever is
absent has its default.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

LARGEST_PAGE = 500
"""Trafft documents no ceiling; a larger page would save next to nothing, as most of its cost is its rows."""
FASTEST = 6_000
"""Requests a minute. A hundred a second from one account is more than any shop needs, and no way to treat a host."""
_INTERVAL = re.compile(r"([1-9]|1[0-2])h")


class InvalidSettings(ValueError):
    """A setting of a shop cannot be meant; the message says which, and what is expected."""

    advice = "Correct it with `sixfb shop set`."


@dataclass(frozen=True)
class ShopSettings:
    """How one shop is synced. Hours are whole hours of the shop's local day, 0 to 23."""

    paused: bool = False
    resumed_at: datetime | None = None
    """When the last pause ended (aware UTC): what was due before that is not made up for."""
    opens_at: int = 8
    closes_at: int = 20
    """The last hour in which an incremental sync begins."""
    full_at: int = 2
    incremental_hours: int | None = 1
    """Hours between two incremental syncs, counted from `opens_at`; None when there are none."""
    customers_at: Sequence[int] = (9, 17)
    page_size: int = 100
    requests_per_minute: float = 600
    webhook_dates: str | None = None
    """`dmy` or `mdy`: what comes first in the dates of the shop's webhooks; None leaves it to the dates themselves."""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "ShopSettings":
        """Return the settings as they are stored; what is missing there has its default. Raises `InvalidSettings`."""
        if not isinstance(stored, Mapping):
            raise InvalidSettings(f"The settings are {stored!r}; an object is expected.")
        hours = stored.get("businessHours", {})
        if not isinstance(hours, Mapping):
            raise InvalidSettings(f"businessHours is {hours!r}; an object with opensAt and closesAt is expected.")
        opens_at = _hour(hours.get("opensAt", cls.opens_at), "businessHours.opensAt")
        closes_at = _hour(hours.get("closesAt", cls.closes_at), "businessHours.closesAt")
        if closes_at < opens_at:
            raise InvalidSettings(
                f"The business hours end at {closes_at}, before they begin at {opens_at}; "
                "both are hours of one day. For a shop that closes after midnight, set 0-23."
            )
        return cls(
            paused=not _switch(stored.get("autoSync", True), "autoSync"),
            resumed_at=_moment(stored.get("resumedAt"), "resumedAt"),
            opens_at=opens_at,
            closes_at=closes_at,
            full_at=_hour(stored.get("fullAt", cls.full_at), "fullAt"),
            incremental_hours=_interval(stored.get("syncInterval", "1h")),
            customers_at=_hours(stored.get("customersAt", cls.customers_at), "customersAt"),
            page_size=_whole(stored.get("pageSize", cls.page_size), "pageSize", 1, LARGEST_PAGE),
            requests_per_minute=_number(
                stored.get("requestsPerMinute", cls.requests_per_minute), "requestsPerMinute", 1, FASTEST
            ),
            webhook_dates=_day_order(stored.get("webhookDates")),
        )

    @property
    def document(self) -> dict[str, Any]:
        """Return all settings in the form in which they are stored, defaults included."""
        return {
            "autoSync": not self.paused,
            "businessHours": {"opensAt": self.opens_at, "closesAt": self.closes_at},
            "fullAt": self.full_at,
            "syncInterval": "off" if self.incremental_hours is None else f"{self.incremental_hours}h",
            "customersAt": list(self.customers_at),
            "pageSize": self.page_size,
            "requestsPerMinute": self.requests_per_minute,
            **({"webhookDates": self.webhook_dates} if self.webhook_dates else {}),
        }


def change(connection: Connection, integration_id: str, changes: Mapping[str, Any]) -> ShopSettings:
    """Store changed settings, in the form in which they are stored, and return all of them as they are now.

    Raises `InvalidSettings` unless all of them can be meant; then nothing is changed. What is wrong already can be
    mended so. Raises `LookupError` for an integration that does not exist.
    """
    with connection.transaction():
        row = connection.execute(
            "select sync_settings from control.integrations where id = %s for update", (integration_id,)
        ).fetchone()
        if row is None:
            raise LookupError(f"no integration has the id {integration_id!r}")
        stored = {**(row[0] if isinstance(row[0], Mapping) else {}), **changes}
        settings = ShopSettings.of(stored)
        connection.execute(
            "update control.integrations set sync_settings = %s, updated_at = now() where id = %s",
            (Jsonb(stored), integration_id),
        )
    return settings


def pause(connection: Connection, integration_id: str) -> ShopSettings:
    """Let no cadence sync the shop until `resume`; a sync by hand still does. Raises as `change` does."""
    return change(connection, integration_id, {"autoSync": False})


def resume(connection: Connection, integration_id: str) -> ShopSettings:
    """End a pause: the cadences go on with the next slot, and make up for none of the pause. Raises as `change`."""
    return change(connection, integration_id, {"autoSync": True, "resumedAt": datetime.now(UTC).isoformat()})


def _whole(value: Any, name: str, least: int, most: int) -> int:
    # JSON's true is a number to Python.
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InvalidSettings(f"{name} is {value!r}; a whole number from {least} to {most} is expected.")
    return value


def _day_order(value: Any) -> str | None:
    if value is None or value in ("dmy", "mdy"):
        return None if value is None else str(value)
    raise InvalidSettings(f"webhookDates is {value!r}; dmy (23/06/2025) or mdy (06/23/2025) is expected.")


def _hour(value: Any, name: str) -> int:
    return _whole(value, name, 0, 23)


def _hours(value: Any, name: str) -> Sequence[int]:
    if not isinstance(value, list | tuple):
        raise InvalidSettings(f"{name} is {value!r}; a list of hours such as [9, 17] is expected, or [] for none.")
    return tuple(sorted({_hour(hour, name) for hour in value}))


def _number(value: Any, name: str, least: float, most: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        raise InvalidSettings(f"{name} is {value!r}; a number from {least:g} to {most:g} is expected.")
    return float(value)


def _switch(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidSettings(f"{name} is {value!r}; true or false is expected.")
    return value


def _interval(value: Any) -> int | None:
    if value == "off":
        return None
    match = _INTERVAL.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise InvalidSettings(f"syncInterval is {value!r}; 1h to 12h is expected, or off.")
    return int(match[1])


def _moment(value: Any, name: str) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise InvalidSettings(f"{name} is {value!r}; a moment such as 2026-03-02T12:00:00+00:00 is expected.") from None
    if moment.tzinfo is None:
        raise InvalidSettings(f"{name} is {value!r}, without an offset from UTC.")
    return moment
