"""Against curves with known bends, and least squares over a fine grid."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from favilla.studies.segments import bic, candidates, design, segmented

X = np.linspace(0, 6, 13)


def bent(slopes: tuple[float, ...], breaks: tuple[float, ...]) -> np.ndarray:
    """Piece by piece."""
    edges = (0.0, *breaks, 6.0)
    y = np.zeros(len(X)) + 20
    for slope, (a, b) in zip(slopes, itertools.pairwise(edges), strict=True):
        y += slope * (np.clip(X, a, b) - a)
    return y


@pytest.mark.parametrize(
    ("slopes", "breaks"), [((2.0,), ()), ((3.0, -1.0), (2.5,)), ((4.0, -3.0, 2.0), (1.5, 4.0)), ((4.0, -3.0, 2.0), (1.75, 4.25))]
)  # fmt: skip
def test_known_bends_are_found(slopes: tuple[float, ...], breaks: tuple[float, ...]) -> None:
    found = segmented(X, bent(slopes, breaks))
    assert found.breaks == pytest.approx(breaks) and found.slopes == pytest.approx(slopes) and found.rss < 1e-18


def test_signs_are_those_whose_interval_leaves_zero_out() -> None:
    rng = np.random.default_rng(0)
    y = bent((4.0, -3.0, 2.0), (1.5, 4.0))
    drawn = y + rng.normal(scale=0.3, size=(300, len(X)))
    assert segmented(X, y, drawn).signs == "+-+"
    flat = 20 + rng.normal(scale=0.3, size=(300, len(X)))
    assert set(segmented(X, flat.mean(0), flat, breaks=0).signs) == {"0"}


def test_noise_alone_seldom_bends() -> None:
    """The criterion takes a break out of noise in few of 100 straight curves, and finds bends that are larger than the noise."""
    rng = np.random.default_rng(1)
    straight = [segmented(X, 20 + X + rng.normal(scale=0.3, size=len(X))) for _ in range(100)]
    assert sum(bool(found.breaks) for found in straight) <= 20
    there = [segmented(X, bent((4.0, -3.0, 2.0), (2.0, 4.0)) + rng.normal(scale=0.3, size=len(X))) for _ in range(50)]
    assert sum(len(found.breaks) == 2 for found in there) >= 48


@pytest.mark.parametrize("count", [1, 2])
def test_no_other_place_for_the_breaks_is_better(count: int) -> None:
    y = bent((4.0, -3.0, 2.0), (1.5, 4.0)) + np.random.default_rng(2).normal(scale=0.5, size=len(X))
    slow = min(np.linalg.lstsq(design(X, places), y, rcond=None)[1].sum() for places in candidates(X, count))
    assert segmented(X, y, breaks=count).rss == pytest.approx(slow)


def test_too_few_points_for_a_bend_give_a_line() -> None:
    assert segmented(X[:3], np.array([1.0, 2.0, 1.0])).breaks == ()
    with pytest.raises(ValueError, match="too few"):
        segmented(X[:2], np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="too few"):
        segmented(X[:4], np.arange(4.0), breaks=2)


def test_bic_by_hand() -> None:
    assert bic(2.0, 10, 1) == pytest.approx(10 * np.log(0.2) + 5 * np.log(10))
