"""Policy-gradient losses, as pure functions of log-probabilities and advantages.

Notation: prompt x with G samples y_i of L_i tokens; rho_it = pi(y_it) / pi_old(y_it). Token vectors (N) hold the tokens of
all samples one after the other; `sample_N` says whose a token is, and `mask_N` is 0 where the policy chose nothing
(padding, tokens that a budget or a tool wrote). A loss is

    - sum_N  mask * share * is * surrogate(log pi, log pi_old, A)

surrogate and share are what tells the algorithms apart:

    reinforce  rho A                                1 / (P G Lmax)      Dr.GRPO (Liu et al. 2025) with A = r - mean
    maxrl      rho A                                1 / (P G Lmax)      MaxRL (2602.02710) with A = (r - mean) / mean
    grpo       min(rho A, clip(rho) A)              1 / (P G L_i)       GRPO (Shao et al. 2024) with A = (r - mean) / std
    dapo       min(rho A, clip(rho) A), clip-higher 1 / sum of all L    DAPO (Yu et al. 2025) with A = (r - mean) / std
    cispo      sg(min(rho, max)) A log pi           1 / (P sum_group L) CISPO (MiniMax-M1, ScaleRL) with A = r - mean

P prompts, Lmax a constant. With one update a batch rho is 1 and all surrogates have the gradient of A log pi.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Clip:
    """Trust region: the ratio rho within [1 - low, 1 + high] (GRPO, DAPO), at most `most` (CISPO)."""

    low: float = 0.2
    high: float = 0.2
    most: float = 5.0


def reinforce(logp_N: torch.Tensor, old_N: torch.Tensor, advantage_N: torch.Tensor, clip: Clip) -> torch.Tensor:
    """rho A (N): REINFORCE (Williams 1992), corrected for a policy that has moved since it acted. Nothing is clipped."""
    return (logp_N - old_N).exp() * advantage_N


def clipped(logp_N: torch.Tensor, old_N: torch.Tensor, advantage_N: torch.Tensor, clip: Clip) -> torch.Tensor:
    """min(rho A, clip(rho, 1 - low, 1 + high) A) (N): PPO's surrogate (Schulman et al. 2017)."""
    ratio_N = (logp_N - old_N).exp()
    return torch.minimum(ratio_N * advantage_N, ratio_N.clamp(1 - clip.low, 1 + clip.high) * advantage_N)


def cispo(logp_N: torch.Tensor, old_N: torch.Tensor, advantage_N: torch.Tensor, clip: Clip) -> torch.Tensor:
    """sg(min(rho, most)) A log pi (N): the weight is clipped, and no token loses its gradient (MiniMax-M1, eq. 4)."""
    return (logp_N - old_N).exp().clamp(max=clip.most).detach() * advantage_N * logp_N


Surrogate = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, Clip], torch.Tensor]


@dataclass(frozen=True)
class Algorithm:
    """advantage: which estimator in `advantages`; average: over what tokens are averaged, see `token_share`."""

    surrogate: Surrogate
    advantage: str
    average: str


ALGORITHMS = {
    "reinforce": Algorithm(reinforce, "centred", "constant"),
    "maxrl": Algorithm(reinforce, "relative", "constant"),
    "grpo": Algorithm(clipped, "standardised", "sample"),
    "dapo": Algorithm(clipped, "standardised", "batch"),
    "cispo": Algorithm(cispo, "centred", "prompt"),
}


def token_share(
    average: str, length_S: torch.Tensor, group_S: torch.Tensor, groups: int, longest: int, tokens: float
) -> torch.Tensor:
    """What a token of each sample counts (S), so that the sum over all tokens of all ranks is the algorithm's mean.

    length_S: tokens of each sample; group_S: its prompt; samples of one prompt are on one rank. groups: prompts of all
    ranks; longest: Lmax; tokens: sum of all lengths of all ranks.
    """
    size_S = torch.bincount(group_S).float()[group_S]
    if average == "constant":
        return 1 / (groups * size_S * longest)
    if average == "sample":
        return 1 / (groups * size_S * length_S.clamp(min=1))
    if average == "prompt":
        total_S = torch.bincount(group_S, length_S.float())[group_S]
        return 1 / (groups * total_S.clamp(min=1))
    if average == "batch":
        return torch.full_like(length_S, 1 / max(tokens, 1), dtype=torch.float32)
    raise ValueError(f"average {average!r} is unknown")


def importance(old_N: torch.Tensor, sampler_N: torch.Tensor, most: float) -> torch.Tensor:
    """min(pi_old / pi_sampler, most) (N), without gradient: the same weights computed by trainer and sampler give slightly
    different probabilities (truncated importance sampling; Yao et al. 2025)."""
    return (old_N - sampler_N).exp().clamp(max=most).detach()


def k3(logp_N: torch.Tensor, reference_N: torch.Tensor) -> torch.Tensor:
    """e^d - d - 1 with d = log pi_ref - log pi (N): an unbiased, never negative estimate of KL(pi, pi_ref) where tokens are
    drawn from pi (Schulman 2020)."""
    d_N = reference_N - logp_N
    return d_N.exp() - d_N - 1


def policy_loss(
    algorithm: Algorithm,
    logp_N: torch.Tensor,
    old_N: torch.Tensor,
    advantage_N: torch.Tensor,
    share_N: torch.Tensor,
    mask_N: torch.Tensor,
    clip: Clip,
    importance_N: torch.Tensor | None = None,
    reference_N: torch.Tensor | None = None,
    kl: float = 0.0,
) -> torch.Tensor:
    """The loss (a scalar) to minimise. share_N: see `token_share`; reference_N: log-probabilities of a reference policy,
    towards which `kl` draws."""
    objective_N = algorithm.surrogate(logp_N, old_N, advantage_N, clip)
    if importance_N is not None:
        objective_N = objective_N * importance_N
    if reference_N is not None:
        objective_N = objective_N - kl * k3(logp_N, reference_N)
    return -(mask_N * share_N * objective_N).sum()
