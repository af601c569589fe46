"""Reads records back out of any mode's spelling, independently of how the simulator writes them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from simulator.modes import Modes
from simulator.truth import TruthAppointment

_CODES = {1: "approved", 0: "pending", 2: "canceled", 3: "rejected", 4: "no-show"}


def moment(value: Any, zone: str, modes: Modes) -> datetime:
    if isinstance(value, int):
        return datetime.fromtimestamp(0, UTC) + timedelta(
            **{"milliseconds" if modes.times == "epoch_ms" else "seconds": value}
        )
    read = datetime.fromisoformat(value)
    return (read if read.tzinfo else read.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def status(value: str | int) -> str:
    return _CODES[value] if isinstance(value, int) else value.lower().replace("_", "-")


def appointment(record: Mapping[str, Any], zone: str, modes: Modes) -> dict[str, Any]:
    """The parts that every mode shows."""
    bookings = [booking for booking in record["bookings"] if booking["customer"] is not None]
    return {
        "id": str(record["id"]),
        "status": status(record["status"]),
        "starts_at": moment(record["start_date_time"], zone, modes),
        "ends_at": moment(record["end_date_time"], zone, modes),
        "created_at": moment(record["created_at"], zone, modes),
        "note": record["note"],
        "service_id": str(record["service"]["id"]),
        "bookings": [
            (str(b["id"]), status(b["status"]), b["additional_persons"], str(b["customer"]["id"])) for b in bookings
        ],
    }


def as_read(truth: TruthAppointment) -> dict[str, Any]:
    """A true appointment in the same shape."""
    return {
        "id": truth.id,
        "status": truth.status,
        "starts_at": truth.starts_at,
        "ends_at": truth.ends_at,
        "created_at": truth.created_at,
        "note": truth.note,
        "service_id": truth.service_id,
        "bookings": [(b.id, b.status, b.additional_persons, b.customer_id) for b in truth.bookings],
    }
