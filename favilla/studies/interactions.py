"""What each of several axes brings, and whether what they bring multiplies: odds ratios of a full factorial with intervals.

Cells are named by which axes are turned up: () for none, ("rl",), ("agents", "rl"), ... in the order of the axes. Each holds
one or more models (seeds), each with a share right for every question, the same questions in all cells.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from favilla.studies.intervals import Interval, percentile

Cell = tuple[str, ...]


def cells(axes: Sequence[str]) -> list[Cell]:
    """All cells, by number of axes that are turned up."""
    return [cell for size in range(len(axes) + 1) for cell in itertools.combinations(axes, size)]


def odds_ratios(
    right: Mapping[Cell, np.ndarray], axes: Sequence[str], *, draws: int = 2000, seed: int = 0
) -> tuple[dict[Cell, Interval], dict[Cell, Interval]]:
    """Accuracy of every cell, and for every set of axes a ratio of odds: of one axis, what turning it up multiplies the odds of a
    right answer by (geometric mean over the settings of the others); of several, what that ratio is multiplied by when the
    others are turned up too: 1 where gains multiply, below where they overlap.

    right: (models, questions) of each cell. Intervals: 95 %, bootstrap over questions, which all cells share, and over the models
    of a cell. Raises ValueError for missing cells and for unequal numbers of questions.
    """
    names = cells(axes)
    if set(right) != set(names) or len({right[name].shape[1] for name in names}) != 1:
        raise ValueError(f"give the cells {names}, all with the same questions")
    rng = np.random.default_rng(seed)
    questions = right[()].shape[1]
    p_CD = np.empty((len(names), draws + 1))
    for d in range(draws + 1):
        chosen = rng.integers(0, questions, questions) if d else np.arange(questions)
        for c, name in enumerate(names):
            models = len(right[name])
            drawn = rng.integers(0, models, models) if d else np.arange(models)
            p_CD[c, d] = right[name][drawn][:, chosen].mean()
    # Half an answer away from 0 and 1, so that odds are finite.
    half = 0.5 / questions
    kept_CD = p_CD.clip(half, 1 - half)
    logit_CD = np.log(kept_CD / (1 - kept_CD))
    accuracy = {name: percentile(p_CD[c, 0], p_CD[c, 1:]) for c, name in enumerate(names)}
    ratios = {}
    for effect in names[1:]:
        # Of a set of axes, the difference of differences; over the settings of the other axes, the mean.
        sign_C = np.array([(-1) ** len(set(effect) - set(name)) for name in names])
        log_D = sign_C @ logit_CD / 2 ** (len(axes) - len(effect))
        ratios[effect] = percentile(float(np.exp(log_D[0])), np.exp(log_D[1:]))
    return accuracy, ratios
