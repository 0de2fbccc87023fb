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

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if torch.compiler.is_compiling() and x.device.type == "cpu" and x.numel() == x.shape[-1]:
            # One row: the compiler's sums read the matrix once and fuse with what stands around; a product would be called.
            y = (x[..., None, :] * self.weight).sum(-1)
            return y if self.bias is None else y + self.bias
        return super().forward(x)

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
    B, H, T, K = q.shape
    G = k.shape[1]
    if T == 1 and mask is not None:
        # The heads of a group are several queries to one head of keys; nothing need be repeated for them.
        q = q.reshape(B, G, H // G, K)
    elif G < H:
        k, v = (x.repeat_interleave(H // G, dim=1) for x in (k, v))
    if dropout or q.device.type != "cpu" or not torch.compiler.is_compiling():
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None, dropout_p=dropout)
        return out.view(B, H, T, K)
    scores = (q @ k.transpose(-1, -2)).float() * K**-0.5
    if mask is None:
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    weights = _exponentials(scores, mask, bound)
    out = (weights.to(v.dtype) @ v) / weights.sum(-1, keepdim=True)
    return out.to(v.dtype).view(B, H, T, K)


def _exponentials(scores: torch.Tensor, mask: torch.Tensor, bound: float) -> torch.Tensor:
    """A softmax's numerators."""
    scores = scores.masked_fill(~mask, float("-inf"))
    if bound > SAFE_EXPONENT:
        scores = scores - scores.detach().amax(-1, keepdim=True)
    return scores.exp()
