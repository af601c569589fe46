"""dlt as its documentation begins: dictionaries in, nested lists become tables of their own, INSERT statements out."""

from collections.abc import Iterator
from typing import Any

import dlt
from dlt.destinations import postgres

from bench.account import Account, Records
from bench.contenders.order import Order
from bench.contenders.work import answer

_PAGE = 100


def load(order: Order, records: Records) -> dict[str, Any]:
    """Load the whole list into tables as dlt would have them."""
    dlt.config["runtime.dlthub_telemetry"] = False
    pipeline = dlt.pipeline(
        pipeline_name="plain",
        pipelines_dir=order.work_dir,
        destination=postgres(order.url),
        dataset_name="plain",
    )
    info = pipeline.run(_pages(records), table_name="appointments")
    info.raise_on_failed_jobs()
    return {"loads": len(info.loads_ids)}


def _pages(records: Records) -> Iterator[list[Any]]:
    account = Account(records)
    for number in range(1, -(-len(records) // _PAGE) + 1):
        yield account.page("appointments", number, limit=_PAGE, params={}).records


if __name__ == "__main__":
    answer(load)
