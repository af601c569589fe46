"""What happened, as Trafft's webhooks and those who relay them call it. Trafft itself says it only by the address."""

import re
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

LONGEST_NAME = 100
_OTHERS = re.compile(r"[^a-z0-9._]")
_ALIASES = {
    "appointment.created": "appointment.booked",
    "appointment.updated": "appointment.status_changed",
    "appointment.cancelled": "appointment.canceled",
    "appointment.statuschanged": "appointment.status_changed",
    "customer.updated": CUSTOMER_CREATED,
}


def event_type(name: str) -> str:
    """Return the name of an event as we spell it.

    Of a name that we do not know, the letters, digits, points and underscores stay, in lower case: it came from a
    stranger's address line, and is kept to be looked at.
    """
    plain = _OTHERS.sub("", name.lower().replace("-", "_"))[:LONGEST_NAME] or "unknown"
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
