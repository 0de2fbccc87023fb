"""Floating-point operations of a step, and what the machine can do, so that speed has a scale."""

from __future__ import annotations

import time

import torch
from torch import nn

from favilla.data.batches import Shape
from favilla.model import MuseSpark, SparkConfig


def matrix_parameters(module: nn.Module) -> int:
    """Weights that every token is multiplied with (embeddings and norms are not)."""
    return sum(m.weight.numel() for m in module.modules() if isinstance(m, nn.Linear))


def step_flops(model: MuseSpark, config: SparkConfig, shape: Shape) -> int:
    """Forward and backward operations of one batch: 6 per weight and token, attention 12 * keys * width * layers
    per query (full scores, as computed), the head at the target budget alone; what reads marks is left out."""
    t, v = config.text, config.vision
    tokens, patches = shape.rows * shape.tokens, (shape.picture_rows + shape.practice_rows) * shape.picture_patches
    backbone = model.model.language_model
    dense = matrix_parameters(backbone)
    for name, parameter in backbone.named_parameters():
        if ".experts." in name and parameter.ndim == 3:
            dense += parameter.numel() * t.num_experts_per_tok // t.num_local_experts
    attention = t.num_hidden_layers * t.num_attention_heads * t.head_dim * shape.tokens
    flops = 6 * dense * tokens + 12 * attention * tokens + 6 * model.lm_head.weight.numel() * shape.targets
    tower = matrix_parameters(model.model.vision_tower)
    flops += 6 * tower * patches + 12 * v.num_hidden_layers * v.hidden_size * shape.picture_patches * patches
    ends = matrix_parameters(model.model.vision_adapter) + model.model.vision_projection.weight.numel()
    return flops + 6 * ends * patches // shape.merge**2


def measured_peak(device: torch.device, dtype: torch.dtype, size: int = 2048, seconds: float = 1.0) -> float:
    """Operations per second of a large square matrix product on this machine, best of several."""
    if device.type == "cuda":
        size *= 4
    a = torch.randn(size, size, device=device).to(dtype)
    b = torch.randn(size, size, device=device).to(dtype)
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        a @ b
        if device.type == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best
