"""Cross-entropy of soft-capped logits. Shape suffixes: N tokens, V vocabulary."""

from __future__ import annotations

import torch

from favilla.data.batches import IGNORE

LARGEST_CAP = 60.0  # exp(60) times any vocabulary is far from float32's end


def cross_entropy_sum(logits_NV: torch.Tensor, labels_N: torch.Tensor, cap: float) -> torch.Tensor:
    """Sum over tokens of -log softmax(logits)[label] in nats; tokens labelled IGNORE count nothing.

    No logit may be larger than `cap` (Muse Spark's soft cap sees to it), so the softmax needs no maximum, and one pass gives
    both terms. Raises ValueError for a cap beyond what an exponential can hold.
    """
    if cap > LARGEST_CAP:
        raise ValueError(
            f"logits may reach {cap}; their exponentials are computed as they are only up to {LARGEST_CAP}"
        )
    entry_V = torch.arange(logits_NV.shape[-1], dtype=torch.int32, device=logits_NV.device)
    labelled_NV = entry_V == labels_N[:, None].int()
    loss_N = logits_NV.exp().sum(-1).log() - torch.where(labelled_NV, logits_NV, 0.0).sum(-1)
    return torch.where(labels_N != IGNORE, loss_N, 0.0).sum()
