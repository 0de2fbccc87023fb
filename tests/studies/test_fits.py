"""Against exact curves, brute force, and the optimisers of scipy (which scikit-learn brings along)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import curve_fit, least_squares

from favilla.studies.fits import aicc, all_fits, extrapolated, line, r_squared, worst_drawdown

STEPS = np.array([5, 6, 10, 16, 25, 40, 63, 100, 158, 251, 300], dtype=float)


def test_exact_log_growth_is_log_linear_and_nothing_else() -> None:
    y = 0.1 + 0.08 * np.log(STEPS)
    fits = all_fits(STEPS, y, 0.1)
    log = fits["log-linear"]
    assert log.parameters["a"] == pytest.approx(0.1) and log.parameters["b"] == pytest.approx(0.08)
    assert log.r2 == pytest.approx(1) and log.rmse < 1e-12
    assert fits["linear"].r2 < 0.8 and min(fits.values(), key=lambda fit: fit.aicc) is log
    assert extrapolated(STEPS, y, 0.1)["log-linear"] < 1e-12 < 0.1 < extrapolated(STEPS, y, 0.1)["linear"]


def test_exact_lines_and_power_laws_are_found() -> None:
    assert all_fits(STEPS, 0.2 + 0.001 * STEPS, 0.2)["linear"].parameters == pytest.approx({"a": 0.2, "b": 0.001})
    fit = all_fits(STEPS, 1 - 0.9 * STEPS**-0.3, 0.1)["power"]
    assert fit.parameters == pytest.approx({"a": 0.9, "b": 0.3}, rel=1e-6) and fit.r2 == pytest.approx(1)


@pytest.mark.parametrize(("top", "middle", "b"), [(0.8, 40, 1.5), (0.6, 20, 3.0), (0.95, 150, 1.0)])
def test_exact_sigmoids_are_found(top: float, middle: float, b: float) -> None:
    y = 0.1 + (top - 0.1) / (1 + (middle / STEPS) ** b)
    fit = all_fits(STEPS, y, 0.1)["sigmoid"]
    assert fit.parameters == pytest.approx({"R0": 0.1, "A": top, "s_mid": middle, "B": b}, rel=1e-3)
    assert fit.r2 == pytest.approx(1)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_noisy_fits_are_least_squares(seed: int) -> None:
    """No worse than what scipy finds from the true parameters."""
    rng = np.random.default_rng(seed)
    y = 0.1 + 0.6 / (1 + (40 / STEPS) ** 1.5) + rng.normal(scale=0.01, size=len(STEPS))
    fits = all_fits(STEPS, y, 0.1)
    theirs = least_squares(
        lambda p: 0.1 + p[0] / (1 + np.exp(p[2] * (p[1] - np.log(STEPS)))) - y, (0.6, math.log(40), 1.5)
    )
    assert fits["sigmoid"].rmse == pytest.approx(math.sqrt(2 * theirs.cost / len(y)), rel=1e-4)
    (a, b), _ = curve_fit(lambda s, a, b: 1 - a * s**-b, STEPS, y, p0=(0.9, 0.3))
    assert fits["power"].rmse == pytest.approx(np.sqrt(np.mean((1 - a * STEPS**-b - y) ** 2)), rel=1e-4)
    slope, intercept = np.polyfit(np.log(STEPS), y, 1)
    assert fits["log-linear"].parameters == pytest.approx({"a": intercept, "b": slope})
    assert fits["log-linear"].r2 == pytest.approx(np.corrcoef(np.log(STEPS), y)[0, 1] ** 2)


def test_by_hand() -> None:
    x, y = np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 2.0])
    assert line(x, y) == pytest.approx((1.5, 0.5))
    # residuals -0.5, 1, -0.5: 1.5 of a total of 2
    assert r_squared(y, 1.5 + 0.5 * x) == pytest.approx(0.25)
    assert math.isnan(r_squared(np.ones(3), np.ones(3)))
    # n ln(rss / n) + 2 k + 2 k (k + 1) / (n - k - 1), k = 3 with the variance
    assert aicc(2.0, 10, 2) == pytest.approx(10 * math.log(0.2) + 6 + 24 / 6)
    assert math.isinf(aicc(2.0, 4, 2))


def test_the_first_half_is_half_of_the_decades() -> None:
    """A curve that is log-linear up to the middle and flat after it: the error at the end is what was not risen."""
    steps = np.array([1, 2, 4, 8, 16, 32, 64], dtype=float)
    y = 0.1 * np.log2(np.minimum(steps, 8))
    assert extrapolated(steps, y, 0.0)["log-linear"] == pytest.approx(0.3)
    assert extrapolated([1, 2, 100], [0, 1, 2], 0.0) == {}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_worst_drawdown_is_the_worst_of_all_pairs(y: list[float]) -> None:
    assert worst_drawdown(y) == pytest.approx(max(a - b for i, a in enumerate(y) for b in y[i:]))


def test_too_few_points_are_refused() -> None:
    for steps, y in (([1, 2], [0, 1]), ([0, 1, 2], [0, 1, 2]), ([1, 2, 3], [1, 2])):
        with pytest.raises(ValueError, match="at least three"):
            all_fits(steps, y, 0.0)
