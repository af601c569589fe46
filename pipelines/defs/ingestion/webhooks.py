"""What webhooks told, read again and shown: one job from the waiting events to the marts, in one process."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from dagster import (
    AssetMaterialization,
    Failure,
    In,
    OpExecutionContext,
    Out,
    Output,
    ResourceParam,
    in_process_executor,
    job,
    op,
)
from dagster._core.storage.tags import MAX_RUNTIME_SECONDS_TAG, PRIORITY_TAG

from ingestion.sync import Installation
from ingestion.systems import SYSTEMS
from pipelines.dbt_in_process import warm
from pipelines.defs.resources import Warehouse
from pipelines.landing import SyncConfig, sync_shops
from pipelines.pools import TRANSFORM
from pipelines.reconciling import bring_up_to_date
from pipelines.runs import WEBHOOK_SYNC


@op(
    out=Out(str, description="What went wrong, one line a shop; empty when nothing did."),
    description="Reads the shops' waiting appointments and new customers again, and lands what changed.",
)
def read_again(
    context: OpExecutionContext, config: SyncConfig, installation: ResourceParam[Installation]
) -> Iterator[AssetMaterialization | Output[str]]:
    """Sync the shops; one that fails keeps its events waiting, and the others are shown nevertheless."""
    warm()
    troubles = []
    for system in SYSTEMS.values():
        try:
            yield from sync_shops(context, system, config, installation=installation)
        except Failure as failure:
            troubles.append(failure.description or "A shop failed.")
    yield Output("\n".join(troubles))


@op(
    ins={"troubles": In(str)},
    pool=TRANSFORM,
    description="Brings the stored models up to date; their tests and checks come with the next `analytics`.",
)
def show(
    context: OpExecutionContext, troubles: str, warehouse: Warehouse
) -> Iterator[AssetMaterialization | Output[Any]]:
    """Run dbt in this process, and fail at the end if a shop did, so that the failure is seen."""
    yield from bring_up_to_date(warehouse)
    if troubles:
        raise Failure(troubles, allow_retries=False)
    yield Output(None)


@job(
    name=WEBHOOK_SYNC,
    executor_def=in_process_executor,
    # A run takes seconds; the next one waits for it.
    tags={
        MAX_RUNTIME_SECONDS_TAG: str(int(timedelta(minutes=10).total_seconds())),
        PRIORITY_TAG: "10",  # somebody waits for it; no cadence does
    },
    description="Reads again what webhooks told of in the chosen shops, and shows it in the marts within seconds.",
)
def webhook_sync() -> None:
    """Chain the two steps."""
    show(read_again())
