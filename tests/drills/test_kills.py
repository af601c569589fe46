"""D1, D2 and D3 on a small scale: what is killed, restarted or started twice ends in the same tables."""

import pytest

from tests.drills.conftest import Play

pytestmark = [pytest.mark.slow, pytest.mark.sql, pytest.mark.xdist_group("drills")]

KILLS = {
    "kill-request": 2,
    "kill-extract": 2,
    "kill-normalize": 2,
    "kill-load": 2,
    "kill-settle": 2,
    "kill-tombstone": 1,
    "late-package": 1,
}
"""Twelve of D1's kills; `sixfb chaos` plays as many as wanted."""


@pytest.mark.parametrize(("kind", "rounds"), KILLS.items(), ids=KILLS)
def test_a_killed_sync_loses_nothing_and_doubles_nothing(play: Play, kind: str, rounds: int) -> None:
    campaign = play(kind, rounds)
    assert campaign.is_clean, campaign.document()
    assert any(one.blow.hit for one in campaign.rounds), "every victim ended before it could be struck"


@pytest.mark.parametrize("kind", ["restart-postgres", "drop-connections"])
def test_a_database_that_goes_away_in_mid_load_costs_nothing_but_time(play: Play, kind: str) -> None:
    campaign = play(kind, 2)
    assert campaign.is_clean, campaign.document()


def test_of_several_syncs_at_once_one_writes_and_the_others_say_so(play: Play) -> None:
    campaign = play("together", 2)
    assert campaign.is_clean, campaign.document()
    for one in campaign.rounds:
        assert {result.error for result in one.blow.results.values()} == {None}


@pytest.mark.parametrize("kind", ["full-disk", "full-database"])
def test_a_full_disk_fails_the_sync_and_damages_nothing(play: Play, kind: str) -> None:
    campaign = play(kind, 2)
    assert campaign.is_clean, campaign.document()
    if "skipped" in campaign.rounds[0].blow.did:
        pytest.skip(campaign.rounds[0].blow.did)
