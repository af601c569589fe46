"""The inbox of webhooks: every event is stored before anything is made of it, once, however often it is delivered.

An event is a hint that something changed, never the change itself: it waits ("pending") until the booking system's API
has been asked again after the event came. A repeated delivery is the same row and one more hint: it waits anew.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from ingestion.control import webhook_appointments
from ingestion.control.records import Integration, SyncOperation
from ingestion.trafft import webhooks
from ingestion.trafft.webhook_fields import clean_fields, event_key
from ingestion.trafft.webhook_kinds import APPOINTMENT_EVENTS, CUSTOMER_CREATED, EVENTS
from ingestion.trafft.webhooks import WebhookAppointment

EventOutcome = Literal["applied", "unmatched", "unreadable", "ignored"]

MOST_ATTEMPTS = 3
"""Targeted readings an event gets; what they do not show is left to the hourly sync."""

KEPT_HEADERS = frozenset({"content-type", "user-agent", "x-request-id", "x-trafft-event"})
"""The headers that are stored. All others stay out, Authorization, signatures and cookies among them."""

_EVENT = """
    insert into control.webhook_events as event (
        integration_id, barbershop_id, event_type, event_id, payload, headers, appointment_id, customer_id,
        outcome, processing_error, processed, processed_at, received_at, last_received_at
    )
    select
        %(integration_id)s, %(barbershop_id)s, %(event_type)s, %(event_id)s, %(payload)s, %(headers)s,
        %(appointment_id)s, %(customer_id)s, %(outcome)s::text, %(why)s, moment.closed, case when moment.closed then
        clock_timestamp() end, moment.received_at, moment.received_at
    from (select coalesce(%(received_at)s, clock_timestamp()), %(outcome)s::text is not null)
        as moment (received_at, closed)
    on conflict (integration_id, event_id) do update set
        deliveries = event.deliveries + 1,
        last_received_at = greatest(event.last_received_at, excluded.last_received_at),
        processed = excluded.processed,
        processed_at = excluded.processed_at,
        processing_error = excluded.processing_error,
        outcome = excluded.outcome,
        attempts = 0
    returning id::text, number, deliveries, last_received_at
"""


@dataclass(frozen=True)
class Receipt:
    """What became of one delivery. `outcome` is None while the event waits; `deliveries` is 1 for a new one."""

    event_id: str
    number: int
    deliveries: int
    outcome: EventOutcome | None

    @property
    def is_new(self) -> bool:
        """True for the first delivery of an event."""
        return self.deliveries == 1


@dataclass(frozen=True)
class Waiting:
    """The pending events of one shop that may still be tried. Moments are aware UTC; `number` is the highest."""

    integration_id: str
    events: int
    number: int
    attempts: int
    last_received_at: datetime


@dataclass(frozen=True)
class Latency:
    """How long events took from being stored to being shown in the marts, in seconds; None where none was shown."""

    events: int
    p50_seconds: float | None
    p95_seconds: float | None


@dataclass(frozen=True)
class PendingEvent:
    """An event that no reading has answered yet, or that was given up until a sweep shows its record."""

    id: str
    event_type: str
    appointment_id: str | None
    customer_id: str | None
    processed: bool
    attempts: int


def store(
    connection: Connection,
    integration: Integration,
    event_type: str,
    fields: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
    received_at: datetime | None = None,
) -> Receipt:
    """Keep one delivery: a new event with its typed row, or one more delivery of a known one, in one transaction.

    `event_type` is spelled as `webhook_kinds.event_type` gives it; one that we do not know is kept and ignored.
    `fields` are those of the form, or the decoded JSON object. `received_at` (aware) is for deliveries that were kept
    elsewhere first; by default it is now, by the database's clock. Nothing that `fields` hold raises.
    """
    cleaned = clean_fields(fields)
    is_appointment = event_type in APPOINTMENT_EVENTS
    with connection.transaction():
        appointment = webhook_appointments.read(connection, integration, cleaned) if is_appointment else None
        customer_id = webhooks.customer_id(cleaned) if event_type == CUSTOMER_CREATED else None
        outcome, why = _verdict(event_type, appointment, customer_id)
        common = {"integration_id": integration.id, "barbershop_id": integration.barbershop_id}
        row = connection.execute(
            _EVENT,
            {
                **common,
                "event_type": event_type,
                "event_id": event_key(integration.id, event_type, cleaned),
                "payload": Jsonb(cleaned),
                "headers": Jsonb(clean_fields(_kept(headers or {}))),
                "appointment_id": appointment.external_id if appointment else None,
                "customer_id": customer_id,
                "outcome": outcome,
                "why": why,
                "received_at": received_at,
            },
        ).fetchall()[0]
        event_id, number, deliveries, last_received_at = row
        if appointment:
            webhook_appointments.keep(connection, integration, event_id, appointment, received_at=last_received_at)
    return Receipt(event_id, number, deliveries, outcome)


def waiting(connection: Connection) -> list[Waiting]:
    """Return the shops that have pending events worth a reading now, the longest-waiting first.

    A shop whose account is left alone for a while (`control.circuits`) has none until then; nor has one that is being
    synced: a run for it would find it locked.
    """
    with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        return cursor.execute(
            "select event.integration_id::text, count(*) as events, max(event.number) as number,"
            " sum(event.attempts)::integer as attempts, max(event.last_received_at) as last_received_at"
            " from control.webhook_events as event"
            " left join control.circuits as circuit on circuit.integration_id = event.integration_id"
            " where not event.processed and event.attempts < %s"
            " and (circuit.retry_at is null or circuit.retry_at <= now())"
            " and not exists (select from control.sync_operations as sync"
            " where sync.integration_id = event.integration_id and sync.status = 'in_progress')"
            " group by event.integration_id order by min(event.received_at)",
            (MOST_ATTEMPTS,),
        ).fetchall()


def claim(connection: Connection, operation: SyncOperation) -> int:
    """Count one more attempt for the events that came before this sync began, and return how many they are."""
    return connection.execute(
        "update control.webhook_events set attempts = attempts + 1, sync_id = %s"
        " where integration_id = %s and not processed and attempts < %s and last_received_at <= %s",
        (operation.id, operation.integration_id, MOST_ATTEMPTS, operation.started_at),
    ).rowcount


def pending(connection: Connection, operation: SyncOperation) -> list[PendingEvent]:
    """Return what this sync may settle: events that came before it began and wait, or were given up as unmatched."""
    with connection.cursor(row_factory=class_row(PendingEvent)) as cursor:
        return cursor.execute(
            "select id::text, event_type, appointment_id, customer_id, processed, attempts"
            " from control.webhook_events where integration_id = %s and last_received_at <= %s"
            " and (not processed or outcome = 'unmatched') order by number",
            (operation.integration_id, operation.started_at),
        ).fetchall()


def close(
    connection: Connection,
    operation: SyncOperation,
    event_ids: Iterable[str],
    outcome: EventOutcome,
    *,
    why: str | None = None,
) -> int:
    """Write down what became of events, and return of how many; one delivered again meanwhile goes on waiting."""
    return connection.execute(
        "update control.webhook_events set processed = true, processed_at = clock_timestamp(), outcome = %s,"
        " processing_error = %s, sync_id = %s where id = any(%s::uuid[]) and last_received_at <= %s",
        (outcome, why, operation.id, list(event_ids), operation.started_at),
    ).rowcount


def mark_shown(connection: Connection, *, taken_in_until: datetime) -> Latency:
    """Note that the marts show all events settled before `taken_in_until` (aware), and say how long those took."""
    row = connection.execute(
        "with shown as (update control.webhook_events set shown_at = clock_timestamp()"
        " where shown_at is null and processed_at <= %s and appointment_id is not null"
        " and outcome in ('applied', 'unmatched') returning extract(epoch from shown_at - received_at) as seconds)"
        " select count(*), percentile_cont(0.5) within group (order by seconds),"
        " percentile_cont(0.95) within group (order by seconds) from shown",
        (taken_in_until,),
    ).fetchall()[0]
    return Latency(*row)


def _verdict(
    event_type: str, appointment: WebhookAppointment | None, customer_id: str | None
) -> tuple[EventOutcome | None, str | None]:
    """Return what is clear at once: None and no reason for an event that waits."""
    if event_type == CUSTOMER_CREATED and customer_id is None:
        return "ignored", "The body has no customerId; the next sync of the customers reads whoever is new."
    if event_type not in EVENTS:
        return "ignored", f"We have no use for events of the type {event_type!r}."
    if event_type in APPOINTMENT_EVENTS and appointment is None:
        return "unreadable", "The body names no appointment (appointmentId), so nothing can be read again."
    return None, None


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() in KEPT_HEADERS}
