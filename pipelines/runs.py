"""How a run is told which shops to sync: its config names them, its tags keep two runs of the same shops apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ingestion.reading import SyncType
from ingestion.systems import SYSTEMS
from pipelines.processes import MAX_RETRIES_TAG

SHARD_TAG = "sixfb/shard"
INTEGRATION_TAG = "sixfb/integration"
"""dagster.yaml lets one run at a time hold each value of these tags; the shop's advisory lock is what makes it safe."""

ALL_SHOPS = "all"
WEBHOOKS = "webhooks"
WEBHOOK_SYNC = "webhook_sync"
"""The job that follows webhooks: what it reads, they have said."""


@dataclass(frozen=True)
class RunInputs:
    """What a run is launched with."""

    config: dict[str, Any]
    tags: dict[str, str]


def sync_inputs(integration_ids: Sequence[str], sync_type: SyncType, **options: str | bool) -> RunInputs:
    """Return the inputs of a run over several shops, or over one; `options` are other fields of its `SyncConfig`."""
    tags = {INTEGRATION_TAG: integration_ids[0]} if len(integration_ids) == 1 else {SHARD_TAG: ALL_SHOPS}
    return RunInputs({"ops": op_config(sync_type, integration_ids, **options)}, tags)


def webhook_inputs(integration_ids: Sequence[str]) -> RunInputs:
    """Return the inputs of a run that follows webhooks; the cadences leave a place free for it.

    After a crash the sensor asks again for what still waits.
    """
    config = {"sync_type": "webhook", "integration_ids": list(integration_ids)}
    return RunInputs({"ops": {"read_again": {"config": config}}}, {SHARD_TAG: WEBHOOKS, MAX_RETRIES_TAG: "0"})


def op_config(sync_type: SyncType, integration_ids: Sequence[str] = (), **options: str | bool) -> dict[str, Any]:
    """Return each system's part of a run's config; a system leaves the shops that are another's alone."""
    config = {"sync_type": sync_type, "integration_ids": list(integration_ids), **options}
    return {name: {"config": config} for name in SYSTEMS}
