"""Syncs the shops of one run, one after the other, and records in Dagster what became of each."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from dagster import AssetExecutionContext, AssetMaterialization, Config
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent
from pydantic import Field

from ingestion.control.database import connect
from ingestion.control.integrations import list_integrations
from ingestion.control.locks import AlreadyRunning
from ingestion.control.records import Integration
from ingestion.reading import SyncType
from ingestion.sync import Installation, SyncReport, sync_integration
from ingestion.systems import BookingSystem
from pipelines.failures import as_failure
from pipelines.partitions import integrations
from pipelines.translators import QUARANTINE, raw_key

SECONDS_BETWEEN_LINES = 5.0
"""Each line of progress is a row in Dagster's event log; a large shop reads ten pages a second."""


class SyncConfig(Config):
    """Which shops to sync, and how."""

    sync_type: SyncType = Field(
        default="full",
        description="full reads every list whole, so it also finds what was deleted; incremental reads what is new.",
    )
    integration_ids: list[str] = Field(
        default=[],
        description="Ids of the integrations to sync; leave it empty when the run targets partitions instead.",
    )


def sync_shops(
    context: AssetExecutionContext, system: BookingSystem, config: SyncConfig, *, installation: Installation
) -> Iterator[AssetMaterialization]:
    """Sync each shop that the run asks for and yield what landed, a shop's tables at a time.

    A shop that fails does not stop its neighbours: the others are synced and recorded first, then the step fails with
    every shop's error and advice, so that the failure is seen. Raises `dagster.Failure`.
    """
    wanted = list(context.partition_keys) if context.run.is_partitioned else config.integration_ids
    shops = _shops_of(system, installation.url, wanted)
    _announce(context, [shop.id for shop in shops])
    failures: dict[str, Exception] = {}
    for shop in shops:
        try:
            report = sync_integration(
                installation,
                shop.id,
                sync_type=config.sync_type,
                run_id=context.run.run_id,
                on_progress=_at_intervals(context.log.info),
            )
        except AlreadyRunning as busy:
            context.log.warning(f"{shop.name}: {busy}")
        except Exception as error:
            context.log.exception(f"{shop.name} failed")
            failures[f"{shop.name} ({shop.id})"] = error
        else:
            yield from _materialisations(system, report)
    if failures:
        raise as_failure(failures, of=len(shops))


def _shops_of(system: BookingSystem, url: str, wanted: Sequence[str]) -> list[Integration]:
    with connect(url) as connection:
        connected = {shop.id: shop for shop in list_integrations(connection)}
    if unknown := [key for key in wanted if key not in connected]:
        raise LookupError(f"no such integration: {', '.join(unknown)}; `sixfb shop list` shows those that exist")
    return [connected[key] for key in wanted if connected[key].provider == system.name]


def _announce(context: AssetExecutionContext, keys: Sequence[str]) -> None:
    """Plan one materialisation a shop and table, so that Dagster shows which shops are under way and which failed.

    Dagster plans by itself only for a run that targets partitions; a scheduled run names its shops in its config,
    because a partition range cannot leave out the shops between two that are due (docs/decisions/0006).
    """
    if context.run.is_partitioned:
        return
    context.instance.add_dynamic_partitions(str(integrations.name), keys)
    for asset in context.selected_asset_keys:
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
