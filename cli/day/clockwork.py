"""Ticks of the schedules at simulated moments, and the runs that they ask for, executed in this process."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dagster import DagsterInstance, RunRequest

from ingestion.control.database import connect
from pipelines.cadence import analytics_slot
from pipelines.defs.ingestion.schedules import requests_at
from pipelines.defs.resources import Warehouse
from pipelines.launch import run_job, run_request
from pipelines.slots import SyncCadence

TICK = timedelta(minutes=5)
"""As the schedules tick."""
JOBS: Sequence[tuple[SyncCadence, str]] = (
    ("full", "full_sync"),
    ("incremental", "incremental_sync"),
    ("customers", "customers_sync"),
)
# What the database stamped with the wall's time moves to the tick's, for the cadences compare it with their slots.
_MOVE = """
    update control.sync_operations
    set started_at = %(tick)s, completed_at = %(tick)s + (completed_at - started_at)
    where run_id = %(run_id)s
"""
_SYNCED = "select integration_id::text, status, errors, summary from control.sync_operations where run_id = %s"


@dataclass(frozen=True)
class ShopSync:
    """What one run did to one shop, as the control record has it."""

    integration_id: str
    status: str
    errors: Sequence[dict[str, Any]]
    summary: dict[str, Any]


@dataclass(frozen=True)
class DayRun:
    """One run of the day, its syncs as the control record has them."""

    cadence: SyncCadence
    tick: datetime
    run_id: str
    asked_for: Sequence[str]
    syncs: Sequence[ShopSync]


class Clockwork:
    """The daemon's part of the day."""

    def __init__(self, url: str, instance: DagsterInstance) -> None:
        self._url = url
        self._instance = instance
        self._warehouse = Warehouse(database_url=url)

    def strike(self, tick: datetime) -> Iterator[DayRun]:
        """Evaluate every sync schedule at a tick (aware), and run what it asks for."""
        for cadence, job in JOBS:
            asked = requests_at(tick, cadence, self._instance, self._warehouse)
            for request in asked if isinstance(asked, list) else []:
                yield self._run(cadence, job, tick, request)

    def analytics_slot(self, tick: datetime) -> datetime | None:
        """Return the half-hour that is to be answered at a tick."""
        from ingestion.control.integrations import list_integrations

        with connect(self._url) as connection:
            return analytics_slot(list_integrations(connection), tick)

    def build_marts(self) -> bool:
        """Run the analytics job, and tell whether it succeeded."""
        return run_job("analytics", instance=self._instance).is_success

    def sync_all(self, integration_ids: Sequence[str], tick: datetime) -> DayRun:
        """Sync shops as `sixfb sync` does."""
        run = run_job("incremental_sync", integration_ids, instance=self._instance)
        return self._told("incremental", tick, run.run_id, integration_ids)

    def _run(self, cadence: SyncCadence, job: str, tick: datetime, request: RunRequest) -> DayRun:
        run = run_request(job, request, instance=self._instance)
        asked_for = request.run_config["ops"]["trafft"]["config"]["integration_ids"]
        return self._told(cadence, tick, run.run_id, asked_for)

    def _told(self, cadence: SyncCadence, tick: datetime, run_id: str, asked_for: Sequence[str]) -> DayRun:
        with connect(self._url) as connection:
            connection.execute(_MOVE, {"tick": tick, "run_id": run_id})
            syncs = [ShopSync(*row) for row in connection.execute(_SYNCED, (run_id,)).fetchall()]
        return DayRun(cadence, tick, run_id, tuple(asked_for), syncs)
