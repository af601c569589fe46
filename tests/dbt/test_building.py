"""`dbt build` on an empty warehouse and on a filled one: models, unit tests and data tests, without a warning."""

from datetime import UTC, datetime

import pytest

from tests.dbt.golden_shop import OPENING, load_by_load
from tests.dbt.raw_log import service
from tests.dbt.warehouse import MARTS, Warehouse

pytestmark = [pytest.mark.sql, pytest.mark.slow]


def test_an_empty_warehouse_builds(warehouse: Warehouse) -> None:
    warehouse.project.build(datetime(2026, 3, 2, 12, tzinfo=UTC))

    assert warehouse.contents() == {name: [] for name in MARTS}


def test_a_filled_warehouse_builds(warehouse: Warehouse) -> None:
    shop = warehouse.log.add_shop("America/New_York")
    # One appointment is of a service that the story's list lacks, which a data test would warn of.
    warehouse.log.load([service(shop, "77", OPENING, "Not Listed", None)])
    *_, as_of = load_by_load(warehouse.log, shop)
    warehouse.project.run(as_of)
    warehouse.project.build(as_of)

    comments = warehouse.rows("select obj_description('analytics.external_appointments'::regclass) as comment")
    assert str(comments[0]["comment"]).startswith("One row per booking")
