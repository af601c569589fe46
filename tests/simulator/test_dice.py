"""Looked-up random numbers: fixed for ever, evenly spread, and independent of what else is asked."""

import numpy as np

from simulator.dice import Dice


def test_a_number_never_changes() -> None:
    """Golden values: a change here changes every shop that anybody ever generated."""
    dice = Dice("shop", 7, 1)
    assert dice.uniform("cancel", np.arange(3)).round(12).tolist() == [0.217397558181, 0.62291492592, 0.328704366384]
    assert dice.text("client id", 8) == "e6f0bedc"


def test_a_number_does_not_depend_on_what_else_is_asked() -> None:
    dice = Dice("a")
    alone = dice.uniform("x", np.array([41]), np.array([3]))
    together = dice.uniform("x", np.arange(100), np.full(100, 3))
    assert alone[0] == together[41]


def test_names_tell_sources_apart() -> None:
    rows = np.arange(1000)
    one, other = Dice("a").uniform("x", rows), Dice("a").uniform("y", rows)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.1
    assert not np.array_equal(one, Dice("a").child("b").uniform("x", rows))


def test_uniform_numbers_fill_the_unit_interval_evenly() -> None:
    numbers = Dice("even").uniform("x", np.arange(20_000))
    counts, _ = np.histogram(numbers, bins=20, range=(0, 1))
    assert counts.sum() == 20_000
    assert np.all(np.abs(counts - 1000) < 160)


def test_gamma_has_mean_one_and_the_spread_of_its_shape() -> None:
    numbers = Dice("gamma").gamma("x", np.full(50_000, 9.0), np.arange(50_000))
    assert abs(numbers.mean() - 1) < 0.01
    assert abs(numbers.std() - 1 / 3) < 0.01


def test_choices_follow_their_weights() -> None:
    chosen = Dice("choice").choice("x", (1, 0, 3), np.arange(20_000))
    assert np.allclose(np.bincount(chosen, minlength=3) / 20_000, (0.25, 0.0, 0.75), atol=0.02)
