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
# Not every build of PyTorch has it.
ONEDNN = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
MANY = 32  # rows from which on a product by oneDNN takes less time than one by MKL


class Linear(nn.Linear):
    """A linear layer that says what it computes in; so does its form in 8 bits (`int8`)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return linear(x, self.weight, self.bias)

    @property
    def dtype(self) -> torch.dtype:
        return self.weight.dtype


def linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """x W^T + b of x (..., I), W (O, I) and b (O)."""
    if x.device.type != "cpu":
        return F.linear(x, weight, bias)
    if torch.compiler.is_compiling():
        if x.numel() != x.shape[-1]:
            return F.linear(x, weight, bias)
        # One row: the compiler's sums read the matrix once and fuse with what stands around; a product would be called.
        y = (x[..., None, :] * weight).sum(-1)
        return y if bias is None else y + bias
    # PyTorch gives float32 to MKL, which leaves half of the vector unit of other makers' processors unused.
    if _for_onednn(x, weight, bias):
        return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")  # type: ignore[no-any-return]
    return F.linear(x, weight, bias)


def _for_onednn(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> bool:
    """Whether oneDNN may be called by hand: it takes no gradients, and of what does not fit it says nothing helpful."""
    return (
        x.dtype == weight.dtype == torch.float32
        and not torch.is_grad_enabled()
        and x.numel() >= MANY * x.shape[-1] > 0
        and x.shape[-1:] == weight.shape[1:]
        and (bias is None or (bias.dtype == x.dtype and bias.shape == weight.shape[:1] and bias.is_contiguous()))
        and ONEDNN
        and bool(torch.backends.mkldnn.enabled)
        and not torch.is_autocast_enabled("cpu")
        and not torch.jit.is_tracing()
    )


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
