"""Advantages: how much better a sample is than its group, for the task and for its length, apart from each other.

Mixed into one reward and divided by its deviation, the smallest penalty becomes the whole signal of a group that is all
correct, since nothing else varies there. So each is computed by itself, and they are added.

Shapes: P prompts, G samples each.
"""

from __future__ import annotations

import torch

SPREAD = 1e-6  # what rounding leaves of a group without any variance


def centred(reward_PG: torch.Tensor) -> torch.Tensor:
    """r - mean (Dr.GRPO): unbiased up to the factor (G - 1) / G."""
    return reward_PG - reward_PG.mean(1, keepdim=True)


def standardised(reward_PG: torch.Tensor) -> torch.Tensor:
    """(r - mean) / std (GRPO), the population's deviation; 0 in a group without variance."""
    std_P1 = reward_PG.std(1, correction=0, keepdim=True)
    return torch.where(std_P1 > SPREAD, centred(reward_PG) / std_P1.clamp(min=SPREAD), 0.0)


def relative(reward_PG: torch.Tensor) -> torch.Tensor:
    """(r - mean) / mean for rewards of 0 and 1, 0 where none is right: in expectation the gradient of the first G - 1 terms of
    log p = - sum_k (1 - p)^k / k, that is of pass@1, pass@2, ..., each weighted 1/k (MaxRL, 2602.02710; r / mean alone
    would have G terms, and more variance).

    Raises ValueError for negative rewards, which have no such expansion.
    """
    if bool((reward_PG < 0).any()):
        raise ValueError("MaxRL needs rewards of at least 0: give the task's reward alone, without penalties")
    mean_P1 = reward_PG.mean(1, keepdim=True)
    return torch.where(mean_P1 > 0, centred(reward_PG) / mean_P1.clamp(min=SPREAD), 0.0)


ESTIMATORS = {"centred": centred, "standardised": standardised, "relative": relative}


def among_correct(score_PG: torch.Tensor, correct_PG: torch.Tensor) -> torch.Tensor:
    """A score minus its mean over the correct samples of the group; 0 for wrong ones, which nothing may teach to be wrong
    in fewer words."""
    count_P1 = correct_PG.sum(1, keepdim=True).clamp(min=1)
    mean_P1 = (score_PG * correct_PG).sum(1, keepdim=True) / count_P1
    return (score_PG - mean_P1) * correct_PG


def penalty(
    length_PG: torch.Tensor, correct_PG: torch.Tensor, longest: int, coefficient_P: torch.Tensor
) -> torch.Tensor:
    """Advantage of being short: - coefficient * pass rate * (L - mean L of the correct) / Lmax, for correct samples.

    The pass rate keeps it small until a prompt is understood (ALP, 2506.05256); the gate of success and a coefficient
    that never changes are ours (docs/rl.md).
    """
    rate_P1 = correct_PG.mean(1, keepdim=True)
    return coefficient_P[:, None] * rate_P1 * among_correct(-length_PG / longest, correct_PG)


def within_budget(
    length_PG: torch.Tensor, correct_PG: torch.Tensor, budget_P: torch.Tensor, slope: float, delta: float = 0.5
) -> torch.Tensor:
    """Advantage of keeping to the budget that the prompt names: clip(slope (budget - L) + delta, 0, 1), for correct samples
    (LCPO-Max, 2503.04697). Budgets that are not finite ask for nothing."""
    score_PG = (slope * (budget_P[:, None] - length_PG) + delta).clamp(0, 1)
    return torch.where(budget_P.isfinite()[:, None], among_correct(score_PG, correct_PG), 0.0)


def informative(advantage_PG: torch.Tensor) -> torch.Tensor:
    """True at prompts (P) whose samples differ in what they are worth; the others have no gradient. Groups that are all
    correct stay in as long as their lengths count."""
    return (advantage_PG.abs() > SPREAD).any(1)
