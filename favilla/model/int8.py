"""Weights in 8 bits: every matrix of the text backbone and the head as int8 with one scale an output (round to nearest,
symmetric; LLM.int8(), Dettmers et al. 2022, without its outlier columns). Activations, norms, embeddings, routers and the
vision tower stay as they are.

Shape suffixes: N tokens, I inputs, O outputs, E experts.
"""

from __future__ import annotations

import torch
from torch import nn

from favilla.model.experts import Experts
from favilla.model.functional import linear
from favilla.model.spark import MuseSpark

FEW = (
    32  # tokens up to which reading the weights takes longer than multiplying, so that 8 bits are read and used as such
)


def quantise_matrix(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """int8 (..., O, I) and scales (..., O) in the dtype of `weight` (..., O, I), so that weight = int8 * scale to rounding."""
    scale = weight.float().abs().amax(-1).clamp(min=1e-12) / 127
    return (weight.float() / scale[..., None]).round().to(torch.int8), scale.to(weight.dtype)


def product(x: torch.Tensor, int8_OI: torch.Tensor, scale_O: torch.Tensor) -> torch.Tensor:
    """x (..., I) times the matrix, (..., O)."""
    # PyTorch's kernel refuses float64, and in bfloat16 kills the process where rows are no multiple of 16 long. Of the last
    # line, `torch.compile` may make a call of that kernel.
    if x.dtype not in (torch.float32, torch.float16) and not (x.dtype == torch.bfloat16 and x.shape[-1] % 16 == 0):
        return linear(x, int8_OI.to(x.dtype) * scale_O[:, None])
    if x.device.type == "cpu" and x.numel() <= FEW * x.shape[-1]:
        return torch._weight_int8pack_mm(x.reshape(-1, x.shape[-1]), int8_OI, scale_O).view(*x.shape[:-1], -1)
    return linear(x, int8_OI.to(x.dtype)) * scale_O


class Int8Linear(nn.Module):
    """A linear layer in 8 bits."""

    int8_OI: torch.Tensor
    scale_O: torch.Tensor
    bias: torch.Tensor | None

    def __init__(self, linear: nn.Linear):
        super().__init__()
        int8_OI, scale_O = quantise_matrix(linear.weight.detach())
        self.register_buffer("int8_OI", int8_OI)
        self.register_buffer("scale_O", scale_O)
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach())
        self.out_features = linear.out_features

    @property
    def dtype(self) -> torch.dtype:
        """What it computes in."""
        return self.scale_O.dtype

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = product(x, self.int8_OI, self.scale_O)
        return y if self.bias is None else y + self.bias


class Int8Experts(Experts):
    """A mixture's experts in 8 bits."""

    def __init__(self, experts: Experts):
        nn.Module.__init__(self)
        self.post_expert_norm, self.act = experts.post_expert_norm, experts.act
        for name in ("gate_up_proj", "down_proj"):
            int8_EOI, scale_EO = quantise_matrix(getattr(experts, name).detach())
            self.register_buffer(name, int8_EOI)
            self.register_buffer(f"{name}_scale", scale_EO)

    def matrix(self, x: torch.Tensor, name: str, expert: int) -> torch.Tensor:
        return product(x, getattr(self, name)[expert], getattr(self, f"{name}_scale")[expert])


def quantise(model: MuseSpark) -> MuseSpark:
    """The same model, its backbone and head in 8 bits, in place; for inference only."""
    for parent in [*model.model.language_model.modules(), model]:
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear):
                setattr(parent, name, Int8Linear(child))
            elif isinstance(child, Experts):
                setattr(parent, name, Int8Experts(child))
    return model
