"""Muon (Jordan et al. 2024): momentum whose matrices are orthogonalised before they are applied.

The same update as `torch.optim.Muon`, with all matrices of one shape orthogonalised by one batched product: a small
network has dozens of them, each too small to keep a core busy.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic iteration (Jordan et al. 2024)
ITERATIONS = 5
EPS = 1e-7


def orthogonalise(matrices_NMK: torch.Tensor) -> torch.Tensor:
    """Each of N matrices (M <= K) with its singular values pushed to about 1, in bfloat16, by Newton-Schulz iterations."""
    a, b, c = COEFFICIENTS
    x = matrices_NMK.bfloat16()
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=EPS)
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalised, at a rate of lr * sqrt(max(1, rows / columns)); decoupled weight decay.

    Every parameter is a matrix, else ValueError. Those without a gradient are left as they are.
    """

    def __init__(self, params: Any, lr: float, weight_decay: float, momentum: float = 0.95):
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.ndim != 2:
                    raise ValueError(f"Muon updates matrices; a parameter has the shape {tuple(parameter.shape)}")

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One update. Raises nothing of its own; `closure` is called first, as everywhere in torch.optim."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            alike = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    alike[parameter.shape].append(parameter)
            for shape, parameters in alike.items():
                self._update(parameters, shape, group["lr"], group["weight_decay"], group["momentum"])
        return loss

    def _update(
        self, parameters: list[torch.Tensor], shape: torch.Size, lr: float, weight_decay: float, momentum: float
    ) -> None:
        gradients = [p.grad for p in parameters if p.grad is not None]
        for parameter in parameters:
            if not self.state[parameter]:
                self.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        moving = [self.state[p]["momentum_buffer"] for p in parameters]
        torch._foreach_lerp_(moving, gradients, 1 - momentum)
        update_NMK = torch.stack(torch._foreach_lerp(gradients, moving, momentum))
        wide = shape[0] <= shape[1]
        update_NMK = orthogonalise(update_NMK if wide else update_NMK.mT)
        update_NMK = update_NMK if wide else update_NMK.mT
        torch._foreach_mul_(parameters, 1 - lr * weight_decay)
        rate = lr * math.sqrt(max(1, shape[0] / shape[1]))
        torch._foreach_add_(parameters, list(update_NMK.float().unbind()), alpha=-rate)
