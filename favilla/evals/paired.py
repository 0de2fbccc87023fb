"""Two ways of answering the same questions: the difference of their means, with an interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def paired_difference(
    ours: Sequence[float], theirs: Sequence[float], *, resamples: int = 10_000, seed: int = 0
) -> tuple[float, float, float]:
    """Mean of ours - theirs over the same questions, and the ends of its 95 % interval (percentile bootstrap over
    questions, Efron 1979). Raises ValueError for unequal or empty lists."""
    if len(ours) != len(theirs) or not ours:
        raise ValueError(f"{len(ours)} and {len(theirs)} values: give the same number, at least one")
    difference_N = np.asarray(ours, dtype=float) - np.asarray(theirs, dtype=float)
    rng = np.random.default_rng(seed)
    means = [difference_N[rng.integers(0, len(difference_N), len(difference_N))].mean() for _ in range(resamples)]
    low, high = np.quantile(means, (0.025, 0.975))
    return float(difference_N.mean()), float(low), float(high)


def enough(costs: Sequence[float], budget: float) -> int:
    """How many of what costs `costs`, taken in order, it takes to cost at least `budget` together, so that at equal cost the
    other side is never the one with less; all of them where they do not suffice."""
    spent = 0.0
    for number, cost in enumerate(costs, start=1):
        spent += cost
        if spent >= budget:
            return number
    return len(costs)
