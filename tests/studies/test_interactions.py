"""Odds ratios of a factorial, against what is worked out by hand and against shares made to multiply."""

from __future__ import annotations

import numpy as np
import pytest

from favilla.studies.interactions import cells, odds_ratios

AXES = ("pretraining", "rl", "agents")


def shares(odds: dict[tuple[str, ...], float], questions: int = 400) -> dict[tuple[str, ...], np.ndarray]:
    """Every question's share is the cell's probability, so that estimates are exact."""
    return {cell: np.full((1, questions), o / (1 + o)) for cell, o in odds.items()}


def test_gains_that_multiply_have_interactions_of_one() -> None:
    factor = {"pretraining": 2.0, "rl": 3.0, "agents": 1.5}
    odds = {cell: 0.1 * float(np.prod([factor[axis] for axis in cell])) for cell in cells(AXES)}
    accuracy, ratios = odds_ratios(shares(odds), AXES, draws=20)
    for axis, value in factor.items():
        assert ratios[(axis,)].value == pytest.approx(value)
    for effect in cells(AXES)[4:]:
        assert ratios[effect].value == pytest.approx(1.0)
    assert accuracy[()].value == pytest.approx(0.1 / 1.1)


def test_a_pair_and_all_three_by_hand() -> None:
    """Two axes: odds 1, 2, 3 and 12: together twice of what multiplying gives; the main effects are geometric means."""
    _, two = odds_ratios(shares({(): 1.0, ("a",): 2.0, ("b",): 3.0, ("a", "b"): 12.0}), ("a", "b"), draws=5)
    assert two["a", "b"].value == pytest.approx(2.0)
    assert two["a",].value == pytest.approx((2 * 4) ** 0.5) and two["b",].value == pytest.approx((3 * 6) ** 0.5)
    odds = dict.fromkeys(cells(AXES), 1.0) | {AXES: 5.0}
    _, three = odds_ratios(shares(odds), AXES, draws=5)
    assert three[AXES].value == pytest.approx(5.0)
    assert three["rl", "agents"].value == pytest.approx(5.0**0.5)


def test_intervals_cover_the_truth() -> None:
    """Answers drawn at known odds, 100 times: about 95 of the intervals hold the interaction. Questions differ in difficulty, which
    all cells share."""
    rng = np.random.default_rng(1)
    held = 0
    for trial in range(100):
        base = {(): 0.3, ("a",): 0.5, ("b",): 0.45, ("a", "b"): 0.7}
        hard = rng.uniform(-0.2, 0.2, 300)
        right = {cell: (rng.random((2, 300)) < p + hard).astype(float) for cell, p in base.items()}
        odds = {cell: p / (1 - p) for cell, p in base.items()}
        truth = odds["a", "b"] * odds[()] / odds["a",] / odds["b",]
        _, ratios = odds_ratios(right, ("a", "b"), draws=200, seed=trial)
        held += ratios["a", "b"].low <= truth <= ratios["a", "b"].high
    assert 85 <= held <= 100


def test_cells_that_lack_are_refused() -> None:
    with pytest.raises(ValueError, match="give the cells"):
        odds_ratios({(): np.ones((1, 3))}, ("a",))
    with pytest.raises(ValueError, match="same questions"):
        odds_ratios({(): np.ones((1, 3)), ("a",): np.ones((1, 4))}, ("a",))
