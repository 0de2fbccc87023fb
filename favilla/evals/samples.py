"""What n samples of a problem say: pass@k, distinct solutions, strategies, and intervals over runs and problems.

Pure functions of numbers, so that a report is computed from what a run has logged, without a model.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import numpy as np


def pass_at_k(n: int, c: int, k: int) -> float:
    """Probability that at least one of k samples is right, from c right ones among n: 1 - C(n - c, k) / C(n, k), unbiased
    for k <= n (Chen et al. 2021, eq. 1), where 1 - (1 - c/n)^k is not. Raises ValueError for other numbers."""
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError(f"pass@k of {c} right among {n} samples, k = {k}: needs 0 <= c <= n and 1 <= k <= n")
    if n - c < k:
        return 1.0
    return 1.0 - math.prod(1 - k / i for i in range(n - c + 1, n + 1))


def rarefied_distinct(keys: Iterable[Hashable], m: int) -> float:
    """How many different keys m of them have on average, drawn without replacement: sum_i 1 - C(N - N_i, m) / C(N, m)
    (Hurlbert 1971). So a model that is right more often does not look more diverse for it. NaN when there are fewer than m."""
    counts = Counter(keys)
    total = sum(counts.values())
    if m < 1:
        raise ValueError(f"m {m}: give at least 1")
    if m > total:
        return math.nan
    return sum(1 - math.comb(total - count, m) / math.comb(total, m) for count in counts.values())


class Resampling:
    """Runs and problems drawn anew, with replacement, `draws` times. Whatever has the same runs or the same problems is drawn
    together, so that what is computed from several means (a difference, a ratio, a slope) is paired as it should be."""

    def __init__(self, draws: int = 2000, seed: int = 0):
        self.draws, self.seed = draws, seed
        self._weights: dict[tuple[str, int], np.ndarray] = {}

    def weights(self, name: str, count: int) -> np.ndarray:
        """(draws, count): how often each of `count` members of `name` was drawn, as shares; the same for the same name."""
        if (name, count) not in self._weights:
            rng = np.random.default_rng([self.seed, *name.encode()])
            self._weights[name, count] = rng.multinomial(count, [1 / count] * count, size=self.draws) / count
        return self._weights[name, count]

    def means(self, value_SPX: np.ndarray, runs: str, problems: str) -> np.ndarray:
        """Means over runs (S) and problems (P) at each draw: (draws, ...) of (S, P, ...). runs, problems: names of what is
        drawn."""
        by_run = np.einsum("ds,sp...->dp...", self.weights(runs, value_SPX.shape[0]), value_SPX)
        return np.einsum("dp,dp...->d...", self.weights(problems, value_SPX.shape[1]), by_run)


def two_level_bootstrap(
    values: Sequence[Sequence[float]], *, shared: bool = True, draws: int = 2000, level: float = 0.95, seed: int = 0
) -> tuple[float, float, float]:
    """(mean, low, high) of a value a problem over several runs: percentiles of the mean when first runs and then problems
    are drawn anew, with replacement.

    values: for each run its problems' values. shared: all runs have the same problems in the same order, so one draw of
    problems holds for all; else each run draws its own. For two checkpoints of a run, pass the differences problem by
    problem: that is what pairing means. Raises ValueError for no runs, runs without problems, and shared runs of
    different lengths.
    """
    runs = [np.asarray(run, dtype=float) for run in values]
    if not runs or not all(len(run) for run in runs):
        raise ValueError("a bootstrap needs at least one run, and a problem in each")
    if shared and len({len(run) for run in runs}) > 1:
        raise ValueError("runs that share their problems must have equally many")
    if shared:
        means = Resampling(draws, seed).means(np.array(runs), "runs", "problems")
    else:
        rng = np.random.default_rng(seed)
        means = np.empty(draws)
        for draw in range(draws):
            chosen = rng.integers(len(runs), size=len(runs))
            means[draw] = np.mean([runs[r][rng.integers(len(runs[r]), size=len(runs[r]))].mean() for r in chosen])
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(means, [tail, 100 - tail])
    return float(np.mean([run.mean() for run in runs])), float(low), float(high)


def majority(answers: Sequence[Hashable | None], right: Sequence[bool]) -> float:
    """Probability that the most frequent answer is right, ties broken at random (self-consistency, Wang et al. 2022). None
    is no vote; without any vote 0. right: of each answer; equal answers are equally right."""
    votes = Counter(answer for answer in answers if answer is not None)
    if not votes:
        return 0.0
    most = max(votes.values())
    correct = {answer for answer, good in zip(answers, right, strict=True) if good}
    leaders = [answer for answer, count in votes.items() if count == most]
    return sum(answer in correct for answer in leaders) / len(leaders)
