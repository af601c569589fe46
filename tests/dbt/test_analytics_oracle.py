"""integration_analytics says what plain Python makes of the same versions."""

import pytest

from tests.dbt.history import History
from tests.dbt.oracle import analytics
from tests.dbt.warehouse import Warehouse

pytestmark = [pytest.mark.sql, pytest.mark.slow]


def test_the_mart_and_plain_python_agree(warehouse: Warehouse) -> None:
    history = History(warehouse.log, seed=3)
    zones = {history.open_shop(zone).integration_id: zone for zone in ("America/New_York", "Australia/Lord_Howe")}
    history.open_shop("Europe/London", is_known=False)
    for _ in range(4):
        as_of = history.advance()
        warehouse.project.run(as_of)
    expected = analytics(warehouse.log.versions, zones, as_of)

    found = {
        (row["integration_id"], row["period_type"], row["date"]): row for row in warehouse.mart("integration_analytics")
    }

    assert found.keys() == expected.keys()
    assert len(expected) > 100
    for period, figures in expected.items():
        assert {name: found[period][name] for name in figures} == figures, period
    warehouse.project.invoke("test", "--exclude", "config.severity:warn")
