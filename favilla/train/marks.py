"""The loss of marks: what is drawn in a patch, told from what the tower and the adapter make of it.

To a backbone that starts from nothing, a fresh tower's image tokens are noise, and the first thing that the language loss does
is to make them all alike, which is hard to come back from (docs/LOG.md). Marks say what stands where, so their gradient is
about nothing but how patches differ. Dense labels of patches beside the loss of the whole, as in token labelling (Jiang et
al. 2021).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from favilla.data.batches import IGNORE, Batch
from favilla.model import SparkConfig


class MarkReader(nn.Module):
    """Two linear maps to the vocabulary, of tower patches and of image tokens. For training only: no part of a model."""

    def __init__(self, config: SparkConfig):
        super().__init__()
        self.patch = nn.Linear(config.vision.hidden_size, config.text.vocab_size)
        self.token = nn.Linear(config.text.hidden_size, config.text.vocab_size)
        self.merge = config.vision.merge_size**2
        for parameter in self.parameters():
            nn.init.zeros_(parameter)

    def forward(self, batch: Batch, features: torch.Tensor, image_MD: torch.Tensor) -> torch.Tensor:
        """Cross-entropy summed over the batch's marks; features: the tower's output, image_MD: what `project` made of it."""
        # channel-major inside a merged token, see `VisionTower.forward`
        patches = features.unflatten(1, (-1, self.merge)).transpose(1, 2).flatten(0, 1)
        logits = self.patch(patches[batch.marked_K]), self.token(image_MD[batch.marked_K // self.merge])
        losses = [F.cross_entropy(each.float(), batch.marks_K, ignore_index=IGNORE, reduction="sum") for each in logits]
        return losses[0] + losses[1]
