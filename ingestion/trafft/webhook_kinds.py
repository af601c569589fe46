"""What happened, as Trafft's webhooks and those who relay them call it. Trafft itself says it only by the address."""

from collections.abc import Mapping
from typing import Any

APPOINTMENT_EVENTS = (
    "appointment.booked",
    "appointment.canceled",
    "appointment.rescheduled",
    "appointment.status_changed",
    "appointment.reminder",
)
CUSTOMER_CREATED = "customer.created"
EVENTS = (*APPOINTMENT_EVENTS, CUSTOMER_CREATED)

_ALIASES = {
    "appointment.created": "appointment.booked",
    "appointment.updated": "appointment.status_changed",
    "appointment.cancelled": "appointment.canceled",
    "appointment.statuschanged": "appointment.status_changed",
    "customer.updated": CUSTOMER_CREATED,
}


def event_type(name: str) -> str:
    """Return the name of an event as we spell it; a name that we do not know stays as it is, in lower case."""
    plain = name.strip().lower().replace("-", "_")
    dotted = plain if "." in plain else plain.replace("_", ".", 1)
    spelled = _ALIASES.get(dotted, dotted)
    return spelled if spelled in EVENTS else plain


def inferred_type(fields: Mapping[str, Any]) -> str | None:
    """Return what a body without any name of an event can only mean, or None.

    A new start and a new status cannot be told from a booking by the body alone; it does not matter, for every event
    of an appointment is read the same way.
    """
    if "appointmentId" in fields:
        is_canceled = str(fields.get("appointmentStatus", "")).strip().lower() in ("canceled", "cancelled")
        return "appointment.canceled" if is_canceled else "appointment.booked"
    return CUSTOMER_CREATED if any(key.startswith("customer") for key in fields) else None
