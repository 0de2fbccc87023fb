"""Against normal distributions, the textbook's order of steps, and the bootstrap that was there before."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from favilla.evals.samples import Resampling, majority, two_level_bootstrap
from favilla.studies.intervals import equivalent, holm, percentile, two_sided

RNG = np.random.default_rng(0)


def test_percentiles_of_a_normal() -> None:
    draws = RNG.normal(2, 1, 200_000)
    found = percentile(2.0, draws)
    assert (found.low, found.high) == pytest.approx((2 - 1.96, 2 + 1.96), abs=0.03)
    narrow = percentile(2.0, draws, 0.90)
    assert (narrow.low, narrow.high) == pytest.approx((2 - 1.645, 2 + 1.645), abs=0.03)


def test_what_is_no_number_widens_an_interval() -> None:
    draws = np.linspace(0, 1, 100)
    draws[40:43] = math.nan
    assert percentile(0.5, draws).low == -math.inf and percentile(0.5, draws).high == math.inf
    draws = np.linspace(0, 1, 1000)
    draws[500] = math.nan
    assert percentile(0.5, draws).low == pytest.approx(0.025, abs=0.002)


def test_holm_steps_down() -> None:
    """Differences of 5, 2.3, 2.1 and 0.5 standard errors: levels 1 - 0.05/4 (z 2.50), then 1 - 0.05/3 (z 2.39), where the second
    fails, so the third is not said to differ either, though it alone would (z 1.96)."""
    z = {"a": 5.0, "b": 2.3, "c": 2.1, "d": 0.5}
    noise = RNG.normal(size=100_000)
    found = holm(z, {name: value + noise for name, value in z.items()})
    assert [found[name].level for name in z] == pytest.approx([1 - 0.05 / 4] + [1 - 0.05 / 3] * 3)
    assert found["a"].low > 0 and all(found[name].low < 0 < found[name].high for name in "bcd")
    assert percentile(2.1, 2.1 + noise).low > 0


def test_two_sided_p_of_a_normal() -> None:
    assert two_sided(RNG.normal(1.96, 1, 100_000)) == pytest.approx(0.05, abs=0.005)
    assert two_sided(RNG.normal(-1.96, 1, 100_000)) == pytest.approx(0.05, abs=0.005)
    assert two_sided(np.zeros(100)) == 1 and two_sided(np.ones(99)) == pytest.approx(0.02)


def test_equality_is_shown_and_not_assumed() -> None:
    precise, vague = RNG.normal(0, 0.005, 50_000), RNG.normal(0, 0.02, 50_000)
    assert equivalent(0.0, precise, 0.02)[0]
    assert not equivalent(0.0, vague, 0.02)[0]  # nothing differs significantly, and still
    assert not equivalent(0.015, 0.015 + precise, 0.02)[0]


def test_resampling_is_the_two_level_bootstrap() -> None:
    values = RNG.normal(size=(5, 40)) + RNG.normal(size=40)
    drawn = Resampling(4000).means(values, "runs", "problems")
    _, low, high = two_level_bootstrap(list(map(list, values)), draws=4000, seed=1)
    assert np.percentile(drawn, (2.5, 97.5)) == pytest.approx((low, high), abs=0.05)


@pytest.mark.parametrize(("runs", "covered"), [(3, 0.72), (5, 0.84)])
def test_few_runs_have_narrow_intervals_as_the_report_says(runs: int, covered: float) -> None:
    """Runs that differ, problems that do not: how often the 95 % interval holds the truth, 0."""
    drawn, rng = Resampling(1000), np.random.default_rng(runs)
    found = [
        percentile(0.0, drawn.means(np.repeat(rng.normal(size=(runs, 1)), 2, 1), "runs", "problems"))
        for _ in range(2000)
    ]
    assert np.mean([one.low <= 0 <= one.high for one in found]) == pytest.approx(covered, abs=0.04)


def test_what_shares_runs_and_problems_is_drawn_together() -> None:
    a = RNG.normal(size=(4, 30))
    drawn = Resampling(500)
    assert drawn.means(a, "x", "p") - drawn.means(a + 1, "x", "p") == pytest.approx(-1)
    assert np.std(drawn.means(a, "x", "p") - drawn.means(a, "y", "q")) > 0.05
    both = drawn.means(np.stack([a, 2 * a], axis=2), "x", "p")
    assert both[:, 1] == pytest.approx(2 * both[:, 0])


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(0, 2)), max_size=12), st.sampled_from("abc")
)
def test_majority_is_the_mean_over_ties(drawn: list[tuple[str | None, int]], good: str) -> None:
    answers = [answer for answer, _ in drawn]
    votes = [answer for answer in answers if answer is not None]
    leaders = [x for x in set(votes) if all(votes.count(x) >= votes.count(y) for y in votes)]
    expected = sum(x == good for x in leaders) / len(leaders) if leaders else 0.0
    assert majority(answers, [answer == good for answer in answers]) == pytest.approx(expected)
