"""Optimisers and the learning-rate schedule.

Muon (Jordan et al. 2024) for the matrices between the ends of the network; AdamW for embeddings, head, what reads marks,
expert stacks (which are no matrices), norms, gates and biases.
"""

from __future__ import annotations

from typing import Any

import torch

from favilla.train.muon import Muon

ENDS = ("embed_tokens", "lm_head", "patch_embedding", "position_embedding_table", "mlp.gate.weight", "reader")


def split_parameters(model: torch.nn.Module) -> tuple[list[torch.nn.Parameter], list[torch.nn.Parameter]]:
    """(for Muon, for AdamW), both in the model's order."""
    matrices: list[torch.nn.Parameter] = []
    others: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        inner = parameter.ndim == 2 and not any(end in name for end in ENDS)
        (matrices if inner else others).append(parameter)
    return matrices, others


def make_optimisers(
    model: torch.nn.Module,
    muon_lr: float,
    adam_lr: float,
    betas: tuple[float, float],
    weight_decay: float,
    vision_rate: float,
) -> list[torch.optim.Optimizer]:
    """Muon and AdamW; every group remembers its peak rate as `peak_lr`, which is `vision_rate` times the text's for
    tower, adapter, projection and what reads marks."""
    names = ("model.vision_", "reader")
    seeing = {id(p) for name, p in model.named_parameters() if any(part in name for part in names)}

    def groups(parameters: list[torch.nn.Parameter], lr: float) -> list[dict[str, Any]]:
        text = [p for p in parameters if id(p) not in seeing]
        return [
            {"params": text, "lr": lr},
            {"params": [p for p in parameters if id(p) in seeing], "lr": lr * vision_rate},
        ]

    matrices, others = split_parameters(model)
    optimisers: list[torch.optim.Optimizer] = [
        Muon(groups(matrices, muon_lr), lr=muon_lr, weight_decay=weight_decay),
        torch.optim.AdamW(groups(others, adam_lr), betas=betas, weight_decay=0.0, fused=True),
    ]
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["peak_lr"] = group["lr"]
    return optimisers


def warmup_stable_decay(step: int, steps: int, warmup: int, decay: float) -> float:
    """Multiple of the peak rate at `step` (from 0): linear up, flat, linear to zero over the last `decay` share."""
    up = (step + 1) / warmup if warmup else 1.0
    down = (steps - step) / (decay * steps) if decay else 1.0
    return max(0.0, min(1.0, up, down))
