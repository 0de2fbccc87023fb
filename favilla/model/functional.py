"""Small pieces of mathematics that text and vision share."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from favilla.errors import UserError

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "silu": F.silu,
    "swish": F.silu,
    "gelu": F.gelu,
    "gelu_pytorch_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "gelu_new": lambda x: F.gelu(x, approximate="tanh"),
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
    "relu": F.relu,
    "relu2": lambda x: F.relu(x).square(),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}

SAFE_EXPONENT = 60.0  # thousands of exp(60) add up to far less than float32 and bfloat16 hold, and exp(-60) is no zero


class Linear(nn.Linear):
    """A linear layer that says what it computes in; so does its form in 8 bits (`int8`)."""

    @property
    def dtype(self) -> torch.dtype:
        return self.weight.dtype


def activation(name: str) -> Callable[[torch.Tensor], torch.Tensor]:
    """The activation function of that (transformers) name. Raises UserError for an unknown one."""
    if name not in ACTIVATIONS:
        raise UserError(f"config: activation {name!r} is not known; use one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]


def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotary embedding in the half-split layout: the pair (i, i + d/2) turns by one angle (Su et al. 2021)."""
    a, b = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-b, a), dim=-1) * sin


def attention(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    mask: torch.Tensor | None,
    dropout: float = 0.0,
    bound: float = math.inf,
) -> torch.Tensor:
    """softmax(q k^T / sqrt(K)) v over (B, H, T, K); the mask is True where a query may look, None means causal. Keys and
    values may have fewer heads than queries: each then serves a group of them.

    bound: no |q k^T / sqrt(K)| is larger. Where the compiler can fuse them, the steps are written out, with the division
    by the softmax's sum after the product with v; and without its maximum where the bound shows that no exponential
    overflows: one pass over the scores instead of three.
    """
    _, H, T, K = q.shape
    fused = not dropout and q.device.type == "cpu" and torch.compiler.is_compiling()
    if fused and T == 1 and mask is not None:
        return _attention_of_one(q, k, v, mask, bound)
    if k.shape[1] < H:
        k, v = (x.repeat_interleave(H // x.shape[1], dim=1) for x in (k, v))
    if not fused:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None, dropout_p=dropout)
    scores = (q @ k.transpose(-1, -2)).float() * K**-0.5
    if mask is None:
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    weights = _exponentials(scores, mask, bound)
    return ((weights.to(v.dtype) @ v) / weights.sum(-1, keepdim=True)).to(v.dtype)


def _attention_of_one(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor, bound: float
) -> torch.Tensor:
    """Attention of a single query a head, as sums: the compiler reads keys and values where they lie, once."""
    B, H, _, K = q.shape
    q_BGRK = q.view(B, k.shape[1], -1, K).float()
    scores_BGRS = (q_BGRK[:, :, :, None] * k[:, :, None].float()).sum(-1) * K**-0.5
    weights_BGRS = _exponentials(scores_BGRS, mask, bound)
    out_BGRK = (weights_BGRS[..., None] * v[:, :, None].float()).sum(-2) / weights_BGRS.sum(-1, keepdim=True)
    return out_BGRK.view(B, H, 1, K).to(v.dtype)


def _exponentials(scores: torch.Tensor, mask: torch.Tensor, bound: float) -> torch.Tensor:
    """A softmax's numerators."""
    scores = scores.masked_fill(~mask, float("-inf"))
    if bound > SAFE_EXPONENT:
        scores = scores - scores.detach().amax(-1, keepdim=True)
    return scores.exp()
