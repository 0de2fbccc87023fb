"""The norms of the Muse family; all compute and return float32."""

from __future__ import annotations

import torch
from torch import nn


def rms_norm(x: torch.Tensor, eps: float) -> torch.Tensor:
    """x / sqrt(mean(x^2) + eps) over the last dimension, computed and returned in float32 (Zhang & Sennrich 2019)."""
    x = x.float()
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps)


class RMSNorm(nn.Module):
    """RMSNorm with a gain that starts at 1."""

    def __init__(self, dim: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return rms_norm(x, self.eps) * self.weight.float()


class CentredRMSNorm(nn.Module):
    """RMSNorm whose stored weight starts at 0: the effective gain is 1 + w."""

    def __init__(self, dim: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(dim))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return rms_norm(x, self.eps) * (1.0 + self.weight.float())


class InputScaledRMSNorm(CentredRMSNorm):
    """The gain is applied before the norm, so the output always has unit mean square."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return rms_norm(x.float() * (1.0 + self.weight.float()), self.eps)
