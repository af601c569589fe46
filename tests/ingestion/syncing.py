"""A connected shop, ready to be synced: what the tests of whole syncs share."""

import base64
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from ingestion.control.database import connect
from ingestion.control.integrations import connect_shop
from ingestion.control.vault import Vault
from ingestion.reading import SyncType
from ingestion.secrets import Secret
from ingestion.sync import Installation, SyncReport, sync_integration
from simulator.shop import Shop

KEY_RING = Secret("test:" + base64.b64encode(bytes(range(32))).decode())


@dataclass(frozen=True)
class ConnectedShop:
    """A simulated shop and the integration that reads it."""

    shop: Shop
    installation: Installation
    integration_id: str

    def sync(self, sync_type: SyncType = "full", *, forced: bool = False) -> SyncReport:
        return sync_integration(self.installation, self.integration_id, sync_type=sync_type, forced=forced)

    def pass_time(self, span: timedelta = timedelta(hours=1)) -> None:
        """Let what the control record remembers of misses and webhooks be older by this much."""
        with connect(self.installation.url, autocommit=True) as connection:
            connection.execute("update control.sweep_misses set first_missed_at = first_missed_at - %s", (span,))
            connection.execute(
                "update control.webhook_events"
                " set received_at = received_at - %(span)s, last_received_at = last_received_at - %(span)s",
                {"span": span},
            )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with connect(self.installation.url) as connection:
            return connection.execute(query).fetchall()

    def latest(self, table: str, columns: str) -> list[tuple[Any, ...]]:
        """Return the current version of each record that is not gone."""
        return self.rows(
            f"select {columns} from (select distinct on (external_id) * from raw_trafft.{table}"
            f" where integration_id = '{self.integration_id}' order by external_id, observed_at desc) as latest"
            " where op = 'seen' order by external_id"
        )


def connect_simulated(
    shop: Shop, base_url: str, database_url: str, work_dir: Path, *, timezone: str | None = None
) -> ConnectedShop:
    """Connect the shop as `sixfb shop connect` does, without its questions; `timezone` may be a wrong one."""
    vault = Vault.from_ring(KEY_RING)
    with connect(database_url) as connection:
        integration = connect_shop(
            connection,
            vault,
            name=shop.name,
            base_url=base_url,
            client_id=Secret(shop.client_id),
            client_secret=Secret(shop.client_secret),
            timezone=timezone or shop.timezone,
            currency=shop.currency,
        )
    return ConnectedShop(shop, Installation(database_url, vault, work_dir, allow_loopback=True), integration.id)
