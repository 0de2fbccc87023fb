"""Muse Spark: one decoder over words and pictures.

Shape suffixes: B rows, T tokens, D hidden size, V vocabulary, M image tokens (see `text` and `vision`).
"""

from __future__ import annotations

import math

import torch
from torch import nn

from favilla.model.cache import Step
from favilla.model.config import SparkConfig
from favilla.model.experts import Experts, Router
from favilla.model.functional import Linear
from favilla.model.norms import rms_norm
from favilla.model.text import ResidualGate, TextBackbone
from favilla.model.vision import PackedPictures, VisionAdapter, VisionTower, look_at_neighbours


class SparkModel(nn.Module):
    """Tower, adapter and backbone, named as in the published checkpoints."""

    def __init__(self, config: SparkConfig):
        super().__init__()
        self.vision_tower = VisionTower(config)
        self.vision_adapter = VisionAdapter(config)
        self.vision_projection = Linear(config.projector_hidden_size, config.text.hidden_size, bias=False)
        self.language_model = TextBackbone(config)


class MuseSpark(nn.Module):
    """Words and pictures in, next-token logits out."""

    def __init__(self, config: SparkConfig):
        super().__init__()
        self.config = config
        self.carried: dict[str, torch.Tensor] = {}  # a folder's weights of a tower that is not run, kept for saving
        self.model = SparkModel(config)
        self.lm_head = Linear(config.text.hidden_size, config.text.vocab_size, bias=False)

    def see(self, pictures: PackedPictures) -> torch.Tensor:
        """Image tokens of all rows (R * S / merge^2, D), padding included, at the scale of word embeddings."""
        return self.project(self.model.vision_tower(pictures))

    def project(self, features: torch.Tensor) -> torch.Tensor:
        """Image tokens from what the tower gives."""
        features = self.model.vision_adapter(features)
        return rms_norm(self.model.vision_projection(features), self.config.text.rms_norm_eps)

    def embed(
        self,
        ids_BT: torch.Tensor,
        pictures: PackedPictures | None = None,
        slots_BT: torch.Tensor | None = None,
        image_MD: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Word embeddings with image tokens in their places; image_MD: what `see` gave for the pictures, if at hand."""
        x_BTD = self.model.language_model.embed(ids_BT)
        if pictures is None:
            return x_BTD
        if slots_BT is None:
            slots_BT = image_slots(ids_BT, self.config.image_token_id, pictures.token_M)
        image_BTD = (self.see(pictures) if image_MD is None else image_MD)[slots_BT.clamp(min=0)]
        return torch.where((slots_BT >= 0)[..., None], image_BTD, x_BTD)

    def head(self, x_BTD: torch.Tensor) -> torch.Tensor:
        """Logits in float32: width-scaled, then soft-capped at +-final_logit_softcapping."""
        cap = self.config.text.final_logit_softcapping
        logits_BTV = self.lm_head(x_BTD.to(self.lm_head.dtype)).float()
        return cap * torch.tanh(logits_BTV * (self.config.text.output_multiplier / cap))

    def forward(
        self,
        ids_BT: torch.Tensor,
        *,
        pictures: PackedPictures | None = None,
        slots_BT: torch.Tensor | None = None,
        positions_BT: torch.Tensor | None = None,
        segments_BT: torch.Tensor | None = None,
        branches_BT: torch.Tensor | None = None,
        cache: Step | None = None,
        last_only: bool = False,
        at_N: torch.Tensor | None = None,
        embedded_BTD: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Logits (B, T, V); of each row's last token only, (B, 1, V), with `last_only`; of the flat token
        indices `at_N` only, (N, V), where a trainer has targets at few of them.

        slots_BT: for image tokens their index into `see(pictures)`, -1 elsewhere; by default placeholders take
        the pictures' tokens in order. segments_BT: document number per token, 0 = padding.
        branches_BT: see `text.training_masks`; with branches, give positions_BT too. embedded_BTD: what `embed` gave for
        these ids and pictures, where it is at hand.
        """
        x_BTD = self.embed(ids_BT, pictures, slots_BT) if embedded_BTD is None else embedded_BTD
        x_BTD = self.model.language_model(x_BTD, positions_BT, segments_BT, branches_BT, cache)
        if at_N is not None:
            return self.head(x_BTD.flatten(0, 1)[at_N])
        if last_only:
            B, T = ids_BT.shape
            length_B = torch.full((B,), T) if segments_BT is None else (segments_BT != 0).sum(1)
            x_BTD = x_BTD[torch.arange(B), length_B - 1][:, None]
        return self.head(x_BTD)


def image_slots(ids_BT: torch.Tensor, image_token_id: int, token_M: torch.Tensor) -> torch.Tensor:
    """Give the k-th placeholder of the batch the k-th image token; -1 for text. Raises ValueError on a mismatch."""
    is_image = ids_BT == image_token_id
    found = int(is_image.sum())
    if found != len(token_M):
        raise ValueError(
            f"{found} image placeholders in the text but {len(token_M)} image tokens from the pictures: "
            "scattering them anyway would put pictures in wrong places"
        )
    slots_BT = torch.full_like(ids_BT, -1, dtype=torch.long)
    slots_BT[is_image] = token_M.to(ids_BT.device)
    return slots_BT


@torch.no_grad()
def initialise(model: MuseSpark, seed: int, gate: float = 0.0) -> None:
    """Fresh weights: normal with the config's `initializer_range`, norms neutral, residual gates at `gate`.

    Patches of one colour start as nothing, so that what is drawn counts and not the paper. Outputs of attention and
    feed-forward are normed before they are added, so their scale needs no depth rule in the backbone; in the (pre-norm)
    tower those of feed-forward are scaled by 1/sqrt(2 layers) (GPT-2), and attention starts by looking at neighbours.
    """
    generator = torch.Generator().manual_seed(seed)
    std = model.config.text.initializer_range
    for module in model.modules():
        if isinstance(module, nn.Linear):
            module.weight.normal_(0, std, generator=generator)
            if module.bias is not None:
                module.bias.zero_()
        elif isinstance(module, nn.Embedding | Router):
            module.weight.normal_(0, std, generator=generator)
        elif isinstance(module, Experts):
            module.gate_up_proj.normal_(0, std, generator=generator)
            module.down_proj.normal_(0, std, generator=generator)
        elif isinstance(module, ResidualGate):
            module.gate.fill_(gate)
    tower = model.model.vision_tower
    look_at_neighbours(tower, generator)
    patches_CP = tower.patch_embedder.patch_embedding.weight
    colours = patches_CP.unflatten(1, (-1, model.config.vision.patch_size**2))  # a view: (C, frames * 3, pixels)
    colours -= colours.mean(-1, keepdim=True)
    for name, parameter in tower.layers.named_parameters():
        if name.endswith("mlp.fc2.weight"):
            parameter.div_(math.sqrt(2 * len(tower.layers)))
