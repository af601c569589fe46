"""Syncs the shops of one run together, and records in Dagster what became of each."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import cache

from dagster import AssetExecutionContext, AssetMaterialization, Config, OpExecutionContext
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent
from pydantic import Field

from ingestion.control.database import connect
from ingestion.control.integrations import list_integrations
from ingestion.control.locks import AlreadyRunning
from ingestion.control.records import Integration
from ingestion.local_days import window_of_days
from ingestion.reading import Aim, SyncType
from ingestion.sync import Installation, SyncReport, SyncRequest, syncing
from ingestion.systems import BookingSystem
from pipelines.failures import as_failure
from pipelines.partitions import integrations
from pipelines.translators import QUARANTINE, raw_key

Context = AssetExecutionContext | OpExecutionContext

SECONDS_BETWEEN_LINES = 5.0
"""Each line of progress is a row in Dagster's event log; a large shop reads ten pages a second."""


class SyncConfig(Config):
    """Which shops to sync, and how."""

    sync_type: SyncType = Field(
        default="full",
        description=(
            "full reads every list whole, so it also finds what was deleted; incremental reads what is new; "
            "appointments and customers read that one list whole; backfill reads the appointments of certain days."
        ),
    )
    integration_ids: list[str] = Field(
        default=[],
        description="Ids of the integrations to sync; leave it empty when the run targets partitions instead.",
    )
    date_from: str = Field(
        default="", description="backfill only: the first day, such as 2026-03-01, in each shop's own time zone."
    )
    date_to: str = Field(default="", description="backfill only: the last day, which is read too.")
    forced: bool = Field(
        default=False, description="Sync also shops that are being left alone for a while because they kept failing."
    )

    def aim_at(self, shop: Integration) -> Aim:
        """Return what to read of a shop. Raises `ValueError` with a sentence about dates that cannot be meant."""
        if self.sync_type != "backfill":
            if self.date_from or self.date_to:
                raise ValueError(
                    f"date_from and date_to belong to a backfill; a sync of type {self.sync_type} has none"
                )
            return Aim(self.sync_type)
        if not (self.date_from and self.date_to):
            raise ValueError("a backfill needs date_from and date_to, such as 2026-03-01: set them in its config")
        first, last = _day("date_from", self.date_from), _day("date_to", self.date_to)
        return Aim("backfill", window_of_days(first, last, shop.timezone))


def _day(name: str, given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise ValueError(f"{name} is {given!r}, which is no date; write it as 2026-03-01") from None


def sync_shops(
    context: Context, system: BookingSystem, config: SyncConfig, *, installation: Installation
) -> Iterator[AssetMaterialization]:
    """Sync the shops that the run asks for and yield what landed, a shop's tables at a time, as each is settled.

    A shop that fails does not stop its neighbours: the others are synced and recorded first, then the step fails with
    every shop's error and advice, so that the failure is seen. Raises `dagster.Failure`.
    """
    wanted = list(context.partition_keys) if context.run.is_partitioned else config.integration_ids
    shops = _shops_of(system, installation.url, wanted)
    requests = [SyncRequest(shop.id, config.aim_at(shop), forced=config.forced) for shop in shops]
    failures: dict[str, Exception] = {}
    log = _at_intervals(context.log.info)

    @cache
    def announce() -> None:
        # When threads have begun to wait for answers: a hundred shops are six hundred events, and two CPU seconds.
        _announce(context, system, config.sync_type, [shop.id for shop in shops])

    def on_progress(line: str) -> None:
        announce()
        log(line)

    for outcome in syncing(installation, requests, run_id=context.run.run_id, on_progress=on_progress):
        announce()
        if outcome.report:
            yield from _materialisations(system, outcome.report)
        elif isinstance(outcome.error, AlreadyRunning):
            context.log.warning(f"{outcome.name}: {outcome.error}")
        elif outcome.error:
            context.log.error(f"{outcome.name} failed", exc_info=outcome.error)
            failures[f"{outcome.name} ({outcome.integration_id})"] = outcome.error
    if failures:
        raise as_failure(failures, of=len(shops))


def _shops_of(system: BookingSystem, url: str, wanted: Sequence[str]) -> list[Integration]:
    with connect(url) as connection:
        connected = {shop.id: shop for shop in list_integrations(connection)}
    if unknown := [key for key in wanted if key not in connected]:
        raise LookupError(f"no such integration: {', '.join(unknown)}; `sixfb shop list` shows those that exist")
    return [connected[key] for key in wanted if connected[key].provider == system.name]


def _announce(context: Context, system: BookingSystem, sync_type: SyncType, keys: Sequence[str]) -> None:
    """Plan one materialisation a shop and table, so that Dagster shows which shops are under way and which failed.

    Dagster plans by itself only for a run that targets partitions; a scheduled run names its shops in its config,
    because a partition range cannot leave out the shops between two that are due (docs/decisions/0006).
    """
    if context.run.is_partitioned:
        return
    context.instance.add_dynamic_partitions(str(integrations.name), keys)
    # Only what this sync reads: a table that was planned and not materialised shows as failed when the run fails.
    names = Aim(sync_type).lists([resource.name for resource in system.resources])
    for asset in sorted(context.selected_asset_keys & {raw_key(system, name) for name in (*names, QUARANTINE)}):
        for key in keys:
            planned = AssetMaterializationPlannedData(asset, partition=key)
            event = DagsterEvent.build_asset_materialization_planned_event(
                context.job_name, context.get_step_execution_context().step.key, planned
            )
            context.instance.report_dagster_event(event, context.run.run_id)


def _at_intervals(log: Callable[[str], None]) -> Callable[[str], None]:
    next_line = time.monotonic() + SECONDS_BETWEEN_LINES

    def on_progress(line: str) -> None:
        nonlocal next_line
        if time.monotonic() >= next_line:
            next_line = time.monotonic() + SECONDS_BETWEEN_LINES
            log(line)

    return on_progress


def _materialisations(system: BookingSystem, report: SyncReport) -> Iterable[AssetMaterialization]:
    sync: dict[str, str | float] = {
        "sync_id": report.sync_id,
        "status": report.status,
        **{f"{phase}_seconds": round(seconds, 3) for phase, seconds in report.phases.items()},
        **{name: round(amount, 3) for name, amount in report.traffic.items()},
    }
    for name, counts in report.resources.items():
        rows: dict[str, str | float] = {
            "rows_seen": counts.seen,
            "rows_new": counts.new,
            "rows_changed": counts.changed,
            "rows_gone": counts.gone,
            "rows_quarantined": counts.quarantined,
            "list_is_complete": counts.complete,
            **({"note": counts.note} if counts.note else {}),
        }
        yield _materialisation(system, name, report, metadata=rows | sync)
    quarantined = sum(counts.quarantined for counts in report.resources.values())
    yield _materialisation(system, QUARANTINE, report, metadata={"rows_quarantined": quarantined, **sync})


def _materialisation(
    system: BookingSystem, table: str, report: SyncReport, *, metadata: dict[str, str | float]
) -> AssetMaterialization:
    return AssetMaterialization(raw_key(system, table), partition=report.integration_id, metadata=metadata)
