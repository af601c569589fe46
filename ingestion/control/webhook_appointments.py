"""The typed rows of the webhook inbox: what each event told of an appointment, beside the event itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from ingestion.control.records import Integration
from ingestion.currencies import minor_digits
from ingestion.trafft.webhook_dates import DayOrder, order_shown
from ingestion.trafft.webhooks import Reading, WebhookAppointment
from ingestion.trafft.webhooks import read_appointment as read_fields

DAY_ORDER_SETTING = "webhookDates"
"""The key in `sync_settings` by which an owner says `dmy` or `mdy`."""

_TYPED = tuple(field.name for field in fields(WebhookAppointment))
_JSON = frozenset({"extras", "custom_fields", "unreadable"})
_KEEP = SQL("""
    insert into control.webhook_appointments (event_id, integration_id, barbershop_id, received_at, {columns})
    values (%(event_id)s, %(integration_id)s, %(barbershop_id)s, %(received_at)s, {values})
    on conflict (event_id) do update set (received_at, {columns}) = row(excluded.received_at, {again})
""").format(
    columns=SQL(", ").join(map(Identifier, _TYPED)),
    values=SQL(", ").join(SQL("%({})s").format(SQL(name)) for name in _TYPED),
    again=SQL(", ").join(SQL("excluded.{}").format(Identifier(name)) for name in _TYPED),
)


@dataclass(frozen=True)
class Told:
    """What one event told of an appointment; `received_at` is its last delivery."""

    event_id: str
    received_at: datetime
    appointment: WebhookAppointment


def read(connection: Connection, integration: Integration, cleaned: Mapping[str, Any]) -> WebhookAppointment | None:
    """Return what clean fields say of an appointment, None when they name none.

    Where the event's own dates do not show whether the day or the month comes first, the owner's setting decides, and
    then the latest event of the shop that does show it.
    """
    reading = Reading(ZoneInfo(integration.timezone), minor_digits(integration.currency), _set_order(integration))
    appointment = read_fields(cleaned, reading)
    if appointment is None or not appointment.unreadable.keys() & {"starts_at", "ends_at"}:
        return appointment
    order = reading.day_order or _order_seen(connection, integration.id)
    return read_fields(cleaned, Reading(reading.zone, reading.minor_digits, order))


def keep(
    connection: Connection,
    integration: Integration,
    event_id: str,
    appointment: WebhookAppointment,
    *,
    received_at: datetime,
) -> None:
    """Write an event's typed row, anew when it has one; `received_at` (aware) is the event's last delivery."""
    keys = {"event_id": event_id, "integration_id": integration.id, "barbershop_id": integration.barbershop_id}
    connection.execute(_KEEP, keys | {"received_at": received_at} | _columns(appointment))


def wanted(connection: Connection, integration_id: str) -> dict[str, datetime | None]:
    """Return the appointments that pending events speak of, each with its start as the latest of them said it."""
    rows = connection.execute(
        "select distinct on (event.appointment_id) event.appointment_id, told.starts_at"
        " from control.webhook_events as event"
        " inner join control.webhook_appointments as told on told.event_id = event.id"
        " where event.integration_id = %s and not event.processed"
        " order by event.appointment_id, event.last_received_at desc, event.number desc",
        (integration_id,),
    )
    return dict(rows.fetchall())


def told(connection: Connection, integration: Integration, appointment_ids: Sequence[str]) -> list[Told]:
    """Return all that events have said of these appointments, oldest delivery first."""
    columns = SQL(", ").join(SQL("told.{}").format(Identifier(name)) for name in _TYPED)
    query = SQL(
        "select event.id::text, event.last_received_at, {} from control.webhook_appointments as told"
        " inner join control.webhook_events as event on event.id = told.event_id"
        " where told.integration_id = %s and told.external_id = any(%s)"
        " order by event.last_received_at, event.number"
    ).format(columns)
    return [
        Told(event_id, received_at, WebhookAppointment(*values))
        for event_id, received_at, *values in connection.execute(query, (integration.id, list(appointment_ids)))
    ]


def read_again(connection: Connection, integration: Integration) -> int:
    """Read anew the pending events of which a field was unreadable, and return how many: later ones may explain it."""
    rows = connection.execute(
        "select event.id::text, event.last_received_at, event.payload from control.webhook_events as event"
        " inner join control.webhook_appointments as told on told.event_id = event.id"
        " where event.integration_id = %s and not event.processed and told.unreadable <> '{}'",
        (integration.id,),
    ).fetchall()
    for event_id, received_at, payload in rows:
        if appointment := read(connection, integration, payload):
            keep(connection, integration, event_id, appointment, received_at=received_at)
    return len(rows)


def _set_order(integration: Integration) -> DayOrder | None:
    """Return what the owner has set; settings that are wrong somewhere must not cost an event."""
    stored: object = integration.sync_settings
    order = stored.get(DAY_ORDER_SETTING) if isinstance(stored, Mapping) else None
    return order if order in ("dmy", "mdy") else None


def _order_seen(connection: Connection, integration_id: str) -> DayOrder | None:
    """Return the order of day and month that the shop's own events show, the latest of them first."""
    rows = connection.execute(
        "select payload ->> 'appointmentStartDateTime' from control.webhook_events"
        " where integration_id = %s and payload ->> 'appointmentStartDateTime'"
        r" ~ '^\s*(1[3-9]|2\d|3[01])[/-]\d|^\s*\d{1,2}[/-](1[3-9]|2\d|3[01])[/-]'"
        " order by number desc limit 1",
        (integration_id,),
    ).fetchall()
    return order_shown(words for (words,) in rows)


def _columns(appointment: WebhookAppointment) -> dict[str, Any]:
    values = {name: getattr(appointment, name) for name in _TYPED}
    return {name: Jsonb(value) if name in _JSON and value is not None else value for name, value in values.items()}
