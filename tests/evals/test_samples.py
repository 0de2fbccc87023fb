"""Against slow versions that draw every subset, and closed forms."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from favilla.evals.samples import pass_at_k, rarefied_distinct, two_level_bootstrap


def test_pass_at_k_is_the_share_of_subsets_with_a_right_one() -> None:
    for n in range(1, 8):
        for c in range(n + 1):
            right = [True] * c + [False] * (n - c)
            for k in range(1, n + 1):
                subsets = list(itertools.combinations(right, k))
                assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))


def test_pass_at_k_is_unbiased_where_the_plug_in_is_not() -> None:
    """Summed over all outcomes of n = 8 samples with p = 0.1, its mean is 1 - (1 - p)^4."""
    n, k, p = 8, 4, 0.1
    weight = [math.comb(n, c) * p**c * (1 - p) ** (n - c) for c in range(n + 1)]
    assert sum(w * pass_at_k(n, c, k) for c, w in enumerate(weight)) == pytest.approx(1 - (1 - p) ** k)
    plug_in = sum(w * (1 - (1 - c / n) ** k) for c, w in enumerate(weight))
    assert abs(plug_in - (1 - (1 - p) ** k)) > 0.02


def test_large_numbers_stay_exact() -> None:
    exact = 1 - math.comb(9000, 500) / math.comb(10_000, 500)
    assert pass_at_k(10_000, 1000, 500) == pytest.approx(exact)
    assert pass_at_k(64, 0, 16) == 0 and pass_at_k(64, 64, 1) == 1
    for bad in ((4, 5, 1), (4, 1, 0), (4, 1, 5), (4, -1, 1)):
        with pytest.raises(ValueError, match="pass@k"):
            pass_at_k(*bad)


def test_rarefied_is_the_mean_over_all_subsets() -> None:
    rng = random.Random(0)
    for _ in range(20):
        keys = [rng.choice("abcde") for _ in range(rng.randint(1, 9))]
        for m in range(1, len(keys) + 1):
            subsets = list(itertools.combinations(keys, m))
            slow = sum(len(set(s)) for s in subsets) / len(subsets)
            assert rarefied_distinct(keys, m) == pytest.approx(slow)
    assert math.isnan(rarefied_distinct("ab", 3))
    with pytest.raises(ValueError, match="at least 1"):
        rarefied_distinct("ab", 0)


def test_rarefaction_does_not_reward_being_right_more_often() -> None:
    """As many as eight right answers have, on average over all eight of a larger number, is what the larger number has itself."""
    many = "aaaaabbbbcc"
    eights = [rarefied_distinct(few, 4) for few in itertools.combinations(many, 8)]
    assert sum(eights) / len(eights) == pytest.approx(rarefied_distinct(many, 4))
    assert len(set("aaaaabbb")) < len(set(many)) and rarefied_distinct(many, 4) < len(set(many))


def slow_bootstrap(runs: list[list[float]], shared: bool, draws: int) -> tuple[float, float]:
    """With loops and another generator."""
    rng, means = random.Random(1), []
    for _ in range(draws):
        drawn = [rng.choice(runs) for _ in runs]
        places = [rng.randrange(len(runs[0])) for _ in runs[0]]
        total = []
        for run in drawn:
            at = places if shared else [rng.randrange(len(run)) for _ in run]
            total.append(sum(run[i] for i in at) / len(at))
        means.append(sum(total) / len(total))
    means.sort()
    return means[int(0.025 * draws)], means[int(0.975 * draws)]


@pytest.mark.parametrize("shared", [True, False])
def test_bootstrap_agrees_with_loops(shared: bool) -> None:
    rng = np.random.default_rng(0)
    easy = rng.normal(size=30)
    runs = [list(easy + rng.normal(scale=0.3, size=30) + shift) for shift in (-0.2, 0.0, 0.1, 0.4)]
    mean, low, high = two_level_bootstrap(runs, shared=shared, draws=4000)
    assert mean == pytest.approx(np.mean(runs))
    slow_low, slow_high = slow_bootstrap(runs, shared, 4000)
    assert low == pytest.approx(slow_low, abs=0.04) and high == pytest.approx(slow_high, abs=0.04)


def test_shared_problems_widen_the_interval() -> None:
    """Problems that are hard for all runs do not average out over runs: spread sigma / sqrt(P), not sigma / sqrt(S P)."""
    easy = list(np.random.default_rng(2).normal(size=100))
    runs = [easy] * 5
    _, low, high = two_level_bootstrap(runs, shared=True)
    assert (high - low) / (2 * 1.96) == pytest.approx(np.std(easy) / 10, rel=0.1)
    _, low, high = two_level_bootstrap(runs, shared=False)
    assert (high - low) / (2 * 1.96) == pytest.approx(np.std(easy) / math.sqrt(500), rel=0.1)


def test_what_cannot_be_drawn_is_refused() -> None:
    for runs, word in (
        ([], "at least one run"),
        ([[1.0], []], "at least one run"),
        ([[1.0], [1.0, 2.0]], "equally many"),
    ):
        with pytest.raises(ValueError, match=word):
            two_level_bootstrap(runs)
    assert two_level_bootstrap([[0.5]]) == (0.5, 0.5, 0.5)
