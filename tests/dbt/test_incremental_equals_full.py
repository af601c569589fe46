"""However the rows came, building step by step and building anew give the same marts."""

import pytest

from tests.dbt.history import History
from tests.dbt.warehouse import MARTS, Warehouse

pytestmark = [pytest.mark.sql, pytest.mark.slow]


@pytest.mark.parametrize("seed", [1, 2])
def test_steps_and_a_fresh_build_agree(warehouse: Warehouse, seed: int) -> None:
    history = History(warehouse.log, seed)
    history.open_shop("America/New_York")
    history.open_shop("Asia/Kolkata", is_known=False)
    for batch in range(6):
        as_of = history.advance()
        if batch == 1:
            history.move_shop("Europe/Berlin", "EUR")
        if batch == 4:
            history.log.register(history.shops[1].shop)
            history.open_shop("Pacific/Auckland")
        warehouse.project.run(as_of)
        if batch % 3 == 2:
            built_in_steps = warehouse.contents()
            warehouse.project.run(as_of, "--full-refresh")
            for mart in MARTS:
                assert built_in_steps[mart] == warehouse.mart(mart), mart
