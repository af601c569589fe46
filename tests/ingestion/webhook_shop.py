"""A shop with an inbox, a log and syncs begun by hand: what the tests of webhooks share."""

from collections.abc import Collection, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from ingestion.control import sync_operations, webhook_events
from ingestion.control.database import connect
from ingestion.control.records import Integration, SyncOperation
from ingestion.control.webhook_events import Receipt
from ingestion.records import Resource
from ingestion.versions import Batch
from ingestion.webhook_sync import Settled, settle_events, witness_batches
from tests.ingestion.control.shops import connected
from tests.ingestion.raw_log import RawLog, open_raw_log

BOOKED: Mapping[str, str] = {
    "appointmentId": "18530",
    "appointmentStatus": "Approved",
    "appointmentStartDateTime": "June 23, 2025 10:00 am",
    "appointmentEndDateTime": "June 23, 2025 10:30 am",
    "appointmentPrice": "$38.00",
    "bookingUuid": "6f0d1a52-5c0e-4a5e-9a53-0d6a1b9f7c11",
    "customerFullName": "Noah Reyes",
    "customerFirstName": "Noah",
    "customerLastName": "Reyes",
    "customerEmail": "noah.reyes@example.com",
    "customerPhone": "+18135550142",
    "employeeFullName": "Dario Vance",
    "employeeEmail": "dario@elitecuts.example",
    "employeePhone": "-",
    "serviceCategory": "Haircuts",
    "serviceName": "Skin Fade",
    "locationName": "Elite Cuts Riverside",
}


@dataclass
class WebhookShop:
    """One connected shop; `receive` stores a delivery, `sync` runs the part of a sync that is about webhooks."""

    connection: Connection
    integration: Integration
    log: RawLog

    def receive(self, event: str = "appointment.booked", received_at: datetime | None = None, **fields: Any) -> Receipt:
        """Store one delivery of an appointment's event, BOOKED but for `fields`."""
        return webhook_events.store(
            self.connection, self.integration, event, {**BOOKED, **fields}, received_at=received_at
        )

    def begin(self, sync_type: str = "webhook") -> SyncOperation:
        return sync_operations.start(self.connection, self.integration, sync_type)

    def batches(self, operation: SyncOperation) -> list[Batch]:
        """Return what the pending events would append."""
        return list(witness_batches(self.connection, self.integration, operation, self.log.log))

    def sync(
        self, *shown: str, sync_type: str = "webhook", swept: Collection[str] = (), customers: Collection[str] = ()
    ) -> Settled:
        """Append what the pending events tell, and settle them by the ids that the API would have shown."""
        operation = self.begin(sync_type)
        self.log.loader().load(self.batches(operation))
        seen: dict[str, Container[str]] = {"appointments": set(shown), "customers": set(customers)}
        settled = settle_events(self.connection, operation, seen=seen, swept=swept)
        sync_operations.finish(self.connection, operation, status="success")
        return settled

    def knows(self, resource: Resource, *records: Mapping[str, Any]) -> None:
        """Let the log hold these records, as the API showed them."""
        self.log.look(resource, records)

    def versions(self) -> list[dict[str, Any]]:
        """Return the versions that webhooks told of, oldest first."""
        return self.rows("select * from raw_trafft.appointments where origin = 'webhook' order by observed_at")

    def events(self) -> list[dict[str, Any]]:
        return self.rows("select * from control.webhook_events order by number")

    def rows(self, query: str) -> list[dict[str, Any]]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query).fetchall()


@contextmanager
def open_webhook_shop(database_url: str, folder: Path, **shop: Any) -> Iterator[WebhookShop]:
    """Connect a shop in a migrated database."""
    with connect(database_url, autocommit=True) as connection:
        integration = connected(connection, **shop)
        with open_raw_log(database_url, folder, integration.id) as log:
            yield WebhookShop(connection, integration, log)
