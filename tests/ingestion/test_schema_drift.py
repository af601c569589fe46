"""Forty changes of Trafft's schema: nothing is lost, nothing crashes, and each is told once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from simulator.answers import Answer
from simulator.clock import Clock
from simulator.server import Request, Simulator
from simulator.serving import running
from simulator.shop import Shop
from tests.ingestion.syncing import ConnectedShop, connect_simulated

pytestmark = [pytest.mark.sql, pytest.mark.slow]

Mutation = Callable[[dict[str, Any]], None]
SECOND_FIELD = {"services": "name", "employees": "email", "locations": "address", "customers": "email",
                "appointments": "note"}  # fmt: skip
"""A field of each list that every record of these shops has, and without which a record can still be read."""


def added(record: dict[str, Any]) -> None:
    record["loyalty_points"] = 7


def added_nested(record: dict[str, Any]) -> None:
    record["meta"] = {"source": {"app": "web"}, "tags": ["a", {"b": 1}]}


def added_with_odd_name(record: dict[str, Any]) -> None:
    record["Löyalty · pöints; drop"] = "x"


def removed(field: str) -> Mutation:
    return lambda record: record.pop(field, None)


def renamed(field: str) -> Mutation:
    return lambda record: record.update({f"{field}_text": record.pop(field, None) or "x"})


def as_number(field: str) -> Mutation:
    return lambda record: record.update({field: 12.5})


def as_object(field: str) -> Mutation:
    return lambda record: record.update({field: {"value": record.get(field)}})


def as_list(field: str) -> Mutation:
    return lambda record: record.update({field: [record.get(field), "x"]})


MUTATIONS: dict[str, Callable[[str], Mutation]] = {
    "added": lambda field: added,
    "added nested": lambda field: added_nested,
    "added with an odd name": lambda field: added_with_odd_name,
    "removed": removed,
    "renamed": renamed,
    "as a number": as_number,
    "as an object": as_object,
    "as a list": as_list,
}


class DriftingTrafft(Simulator):
    """Shows the records of one list in another form."""

    drifting: str | None = None
    mutation: Mutation | None = None

    def answer(self, request: Request) -> Answer:
        answer = super().answer(request)
        if self.mutation is None or answer.status != 200 or not request.path.endswith(f"/{self.drifting}"):
            return answer
        document = orjson.loads(answer.body)
        for record in document["data"]:
            self.mutation(record)
        return replace(answer, body=orjson.dumps(document))


def told(connected: ConnectedShop, resource: str) -> bool:
    """Sync, and return whether the operation's notes tell of a change of form."""
    report = connected.sync("full")
    return "changed their form" in (report.resources[resource].note or "")


@pytest.mark.parametrize("resource", SECOND_FIELD)
def test_a_change_of_form_loses_nothing_and_is_told_once(
    resource: str, shop: Shop, clock: Clock, database_url: str, tmp_path: Path
) -> None:
    trafft = DriftingTrafft([shop], clock=clock)
    trafft.drifting = resource
    with running(trafft) as url:
        connected = connect_simulated(shop, url, database_url, tmp_path)
        assert not told(connected, resource)
        ids = connected.latest(resource, "external_id")
        assert ids
        for name, mutation in MUTATIONS.items():
            trafft.mutation = mutation(SECOND_FIELD[resource])
            assert [told(connected, resource), told(connected, resource)] == [True, False], name
            assert connected.latest(resource, "external_id") == ids, name
        trafft.mutation = None
        assert told(connected, resource)
        assert not told(connected, resource)
    before = connected.rows(f"select count(*) from raw_trafft.{resource}")
    assert before[0][0] >= 2 * len(ids)
