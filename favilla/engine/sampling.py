"""Choosing the next token. Shape suffixes: B rows, V vocabulary."""

from __future__ import annotations

import torch


def sample(
    logits_BV: torch.Tensor,
    temperature_B: torch.Tensor,
    top_p_B: torch.Tensor,
    uniform_B: torch.Tensor,
    banned_V: torch.Tensor | None = None,
    forced_B: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The next token of every row (B) and its log-probability (B, float32).

    temperature_B: 0 takes the likeliest token. top_p_B: in (0, 1], see `nucleus`. uniform_B: float64 in [0, 1), one
    per row: a row's token depends on its own logits and its own number only, never on its neighbours in the batch.
    banned_V: True at tokens that are never chosen. forced_B: tokens to take whatever the logits say, -1 to choose.

    The log-probability is that of the plain softmax: temperature 1, all of the vocabulary, whatever was used to
    choose. So it is what a trainer computes from the same logits.
    """
    allowed_BV = _allowed(logits_BV, banned_V)
    greedy_B = temperature_B == 0
    # The largest logit goes first, so that no temperature, however small, makes infinity over infinity.
    centred_BV = (allowed_BV - allowed_BV.amax(dim=-1, keepdim=True)).double()
    p_BV = (centred_BV / torch.where(greedy_B, 1.0, temperature_B.double())[:, None]).softmax(dim=-1)
    if bool((top_p_B < 1).any()):
        p_BV = p_BV * nucleus(p_BV, top_p_B)
    ids_B = torch.where(greedy_B, allowed_BV.argmax(dim=-1), inverse_cdf(p_BV, uniform_B))
    return _with_logprobs(logits_BV, ids_B, forced_B)


def likeliest(
    logits_BV: torch.Tensor, banned_V: torch.Tensor | None = None, forced_B: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """What `sample` gives at temperature 0."""
    return _with_logprobs(logits_BV, _allowed(logits_BV, banned_V).argmax(dim=-1), forced_B)


def _allowed(logits_BV: torch.Tensor, banned_V: torch.Tensor | None) -> torch.Tensor:
    return logits_BV.float() if banned_V is None else logits_BV.float().masked_fill(banned_V, -torch.inf)


def _with_logprobs(
    logits_BV: torch.Tensor, ids_B: torch.Tensor, forced_B: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    if forced_B is not None:
        ids_B = torch.where(forced_B >= 0, forced_B, ids_B)
    return ids_B, logits_BV.float().log_softmax(dim=-1).gather(1, ids_B[:, None])[:, 0]


def nucleus(p_BV: torch.Tensor, top_p_B: torch.Tensor) -> torch.Tensor:
    """True at the fewest most likely tokens that together have at least `top_p` (Holtzman et al. 2020)."""
    sorted_BV, order_BV = p_BV.sort(dim=-1, descending=True, stable=True)
    before_BV = sorted_BV.cumsum(dim=-1) - sorted_BV
    kept_BV = (before_BV < top_p_B[:, None]) | (top_p_B[:, None] >= 1)
    return torch.zeros_like(kept_BV).scatter(1, order_BV, kept_BV)


def inverse_cdf(p_BV: torch.Tensor, uniform_B: torch.Tensor) -> torch.Tensor:
    """The token (B) at which the cumulative probability, in order of the vocabulary, passes `uniform`.

    `p_BV` need not add up to 1. Tokens of probability 0 are never taken.
    """
    cdf_BV = p_BV.cumsum(dim=-1)
    total_B = cdf_BV[:, -1]
    # A product that rounds up to the total would point past the last token that has any probability.
    target_B = torch.minimum(uniform_B.double() * total_B, torch.nextafter(total_B, torch.zeros_like(total_B)))
    # Nothing passes what is not a number.
    return torch.searchsorted(cdf_BV, target_B[:, None], right=True)[:, 0].clamp(max=p_BV.shape[1] - 1)
