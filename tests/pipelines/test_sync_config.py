"""What a run's config asks of each shop."""

from datetime import UTC, datetime

import pytest

from ingestion.reading import Aim, Window
from pipelines.landing import SyncConfig
from tests.pipelines.shops import integration


def test_a_back_fill_reads_each_shops_own_days() -> None:
    config = SyncConfig(sync_type="backfill", date_from="2026-03-01", date_to="2026-03-31")
    window = Window(datetime(2026, 3, 1, 5, tzinfo=UTC), datetime(2026, 4, 1, 4, tzinfo=UTC))
    assert config.aim_at(integration("a")) == Aim("backfill", window)


def test_other_syncs_have_no_days() -> None:
    assert SyncConfig(sync_type="customers").aim_at(integration("a")) == Aim("customers")
    with pytest.raises(ValueError, match="belong to a backfill"):
        SyncConfig(sync_type="full", date_from="2026-03-01").aim_at(integration("a"))


@pytest.mark.parametrize(
    ("date_from", "date_to", "complaint"),
    [
        ("", "2026-03-31", "needs date_from and date_to"),
        ("2026-03-01", "", "needs date_from and date_to"),
        ("1 March", "2026-03-31", "date_from is '1 March', which is no date"),
        ("2026-03-31", "2026-03-01", "before the first"),
    ],
)
def test_days_that_cannot_be_meant_are_refused(date_from: str, date_to: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        SyncConfig(sync_type="backfill", date_from=date_from, date_to=date_to).aim_at(integration("a"))
