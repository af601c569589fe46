"""The frame around a contender's load: reads the order, warms up, measures, answers."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bench.account import InFile, InMemory, Records
from bench.contenders.order import Order, Outcome
from bench.meter import Meter, peak_rss

Load = Callable[[Order, Records], dict[str, Any]]

_WARM_UP = 100


def answer(load: Load) -> None:
    """Do what standard input asks for and print the outcome."""
    outcome = measured(load, Order(**json.load(sys.stdin)))
    sys.stdout.write(json.dumps(asdict(outcome)) + "\n")


def measured(load: Load, order: Order) -> Outcome:
    """Load the records, measured from the first page to the end of the load.

    A warm-up pays for the imports that every process makes once, however much it loads.
    """
    with InFile(Path(order.records)) as file:
        if order.warm_up_url:
            warm_up = replace(order, url=order.warm_up_url, work_dir=str(Path(order.work_dir) / "warm_up"))
            load(warm_up, InMemory(file.between(0, _WARM_UP)))
        records = file.all() if order.in_memory else file
        with Meter(order.server_pid) as meter:
            details = load(order, records)
    return Outcome(meter.cost, peak_rss(), details)
