"""`sixfb chaos`: a schedule that follows from the seed, and a verdict that follows from the findings."""

import json
from collections import Counter

import pytest
from click.testing import CliRunner

from cli.chaos.disturbances import DISTURBANCES, Blow
from cli.chaos.findings import Findings
from cli.chaos.report import Campaign, Round
from cli.chaos.schedule import KINDS, ROUNDS_PER_CAST, THROUGH_DAGSTER, Act, schedule
from cli.main import main

ACT = Act(number=3, kind="kill-load", seed="7:3", wiped=True, cast=0)


def test_the_same_seed_gives_the_same_rounds_and_another_seed_others() -> None:
    assert schedule(7, 60) == schedule(7, 60)
    assert [act.kind for act in schedule(7, 60)] != [act.kind for act in schedule(8, 60)]
    assert schedule(7, 60)[:20] == schedule(7, 20)


def test_twenty_rounds_hold_every_kind_and_the_costly_ones_once() -> None:
    for twenty in (schedule(7, 40)[:20], schedule(7, 40)[20:]):
        kinds = Counter(act.kind for act in twenty)
        assert kinds.keys() == KINDS.keys()
        assert {kinds[kind] for kind in THROUGH_DAGSTER} == {1}


def test_kinds_can_be_chosen() -> None:
    assert {act.kind for act in schedule(7, 9, ["fault", "kill-load"])} == {"fault", "kill-load"}


def test_some_rounds_share_their_shops() -> None:
    casts = Counter(act.cast for act in schedule(7, 3 * ROUNDS_PER_CAST))
    assert set(casts.values()) == {ROUNDS_PER_CAST}


def test_each_purpose_has_dice_of_its_own() -> None:
    assert ACT.dice("history").random() == ACT.dice("history").random()
    assert ACT.dice("history").random() != ACT.dice("blow").random()


def test_every_kind_is_explained_and_can_be_done() -> None:
    assert KINDS.keys() == DISTURBANCES.keys() | THROUGH_DAGSTER


@pytest.mark.parametrize("kind", ["lost", "undead", "wrong", "doubled", "orphans", "open_operations", "unlike_twin"])
def test_one_row_is_enough_to_fail(kind: str) -> None:
    findings = Findings()
    findings.note(kind, ["18520"], "raw_trafft.appointments")
    campaign = Campaign(7, [Round(ACT, Blow("killed", hit=True), findings, 1.0)])
    assert not campaign.is_clean
    assert campaign.document()["totals"][kind] == 1
    assert "sixfb chaos --seed 7 --rounds 3 --first 3" in campaign.summary()[-1]
    assert any("18520" in line for line in campaign.rounds[0].lines())


def test_what_no_reader_sees_does_not_fail_a_round() -> None:
    campaign = Campaign(7, [Round(ACT, Blow("killed", hit=True), Findings(repeated=4, unfinished=9), 1.0)])
    assert campaign.is_clean


def test_a_recovery_that_failed_fails_the_round() -> None:
    campaign = Campaign(7, [Round(ACT, Blow("killed", hit=True), Findings(), 1.0, ["no word of it"])])
    assert not campaign.is_clean
    assert campaign.document()["rounds"][0]["troubles"] == ["no word of it"]


@pytest.mark.slow
@pytest.mark.sql
def test_a_round_is_played_and_told() -> None:
    arguments = ["chaos", "--rounds", "1", "--seed", "7", "--only", "kill-request", "--no-marts", "--json"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["clean"]
    assert document["hit"] == 1
    assert document["rounds"][0]["did"].startswith("killed at request")
    assert "round   1  kill-request" in result.stderr
