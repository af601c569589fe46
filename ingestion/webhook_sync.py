"""A shop's webhooks within a sync: what they told becomes versions, and what the API then shows settles them.

A webhook is a hint and a witness. As a witness it is kept: its version has the origin `webhook`, and only there do
price, category and the reason of a cancellation stand. As a hint it stays pending until a request that began after it
came has shown its record, in a sync of any type; three targeted syncs that do not are enough, and then it is left to
the next sweep.
"""

from collections.abc import Collection, Container, Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from psycopg import Connection

from ingestion.control import webhook_appointments, webhook_events
from ingestion.control.records import Integration, SyncOperation
from ingestion.control.webhook_appointments import wanted
from ingestion.control.webhook_events import MOST_ATTEMPTS, PendingEvent
from ingestion.raw import VersionLog
from ingestion.records import ShopContext
from ingestion.trafft.directory import read_directory
from ingestion.trafft.webhook_versions import WITNESSED, fold
from ingestion.versions import Batch, Observation, Observer, Stamp

APPOINTMENTS = "appointments"
CUSTOMERS = "customers"


@dataclass(frozen=True)
class Settled:
    """What a sync made of the events that waited when it began, in events."""

    applied: int = 0
    unmatched: int = 0
    waiting: int = 0


def told_customers(connection: Connection, operation: SyncOperation) -> list[str]:
    """Return the ids of the customers that pending events speak of, for a targeted sync to read them one by one."""
    return [event.customer_id for event in webhook_events.pending(connection, operation) if event.customer_id]


def witness_batches(
    connection: Connection, integration: Integration, operation: SyncOperation, log: VersionLog
) -> Iterator[Batch]:
    """Yield a version, with the origin `webhook`, of each appointment of which pending events tell something new.

    To be called in every sync that reads appointments, before it does; a sync of the type webhook is an attempt to
    settle the events that came before it began, and counts as one even if it dies. `connection` is in autocommit mode.
    """
    if operation.sync_type == "webhook":
        webhook_events.claim(connection, operation)
    _close_known_customers(connection, operation, log)
    webhook_appointments.read_again(connection, integration)
    observations = _observations(connection, integration, log)
    if not observations:
        return
    stamp = Stamp(integration.barbershop_id, integration.id, operation.id, origin="webhook")
    observer = Observer(WITNESSED, ShopContext(ZoneInfo(integration.timezone)), stamp, log)
    yield from observer.batches(observations)


def settle_events(
    connection: Connection,
    operation: SyncOperation,
    *,
    seen: Mapping[str, Container[str]],
    swept: Collection[str] = (),
) -> Settled:
    """Write down what became of the events that came before this sync began; call it when its rows are loaded.

    `seen` gives list → ids that this sync was shown; `swept` the lists that it read whole and proved complete. All its
    requests began after the events came, so a record that was seen answers them. An event whose record a complete
    sweep does not show, or three targeted readings, is unmatched: its appointment stays visible as the webhook told
    of it, and a later sync that shows it settles the event after all.
    """
    applied: list[str] = []
    unmatched: list[str] = []
    waiting = 0
    for event in webhook_events.pending(connection, operation):
        if (event.appointment_id or event.customer_id) in seen.get(_list_of(event), ()):
            applied.append(event.id)
        elif event.processed:
            continue
        elif event.attempts >= MOST_ATTEMPTS or _list_of(event) in swept:
            unmatched.append(event.id)
        else:
            waiting += 1
    why = "The API has not shown this record yet; the next sync that does settles the event, and nothing needs doing."
    return Settled(
        applied=webhook_events.close(connection, operation, applied, "applied"),
        unmatched=webhook_events.close(connection, operation, unmatched, "unmatched", why=why),
        waiting=waiting,
    )


def _close_known_customers(connection: Connection, operation: SyncOperation, log: VersionLog) -> None:
    """Settle what tells of customers that the log has: nothing but their coming is told, and that is known."""
    new = {event.customer_id: event.id for event in webhook_events.pending(connection, operation) if event.customer_id}
    known = log.latest(CUSTOMERS, list(new)) if new else {}
    webhook_events.close(connection, operation, [new[customer_id] for customer_id in known], "applied")


def _observations(connection: Connection, integration: Integration, log: VersionLog) -> list[Observation]:
    appointment_ids = list(wanted(connection, integration.id))
    if not appointment_ids:
        return []
    directory = read_directory(log.connection, log.dataset, integration.id)
    by_appointment: dict[str, list[webhook_appointments.Told]] = {}
    for each in webhook_appointments.told(connection, integration, appointment_ids):
        by_appointment.setdefault(each.appointment.external_id, []).append(each)
    return [
        Observation(fold([each.appointment for each in told], directory), told[-1].received_at)
        for told in by_appointment.values()
    ]


def _list_of(event: PendingEvent) -> str:
    return APPOINTMENTS if event.appointment_id else CUSTOMERS
