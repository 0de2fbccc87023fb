"""Small random models built by `transformers`, and what to feed them: the oracle of this folder's tests."""

from __future__ import annotations

import random
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    MuseGlimmerConfig,
    MuseGlimmerForConditionalGeneration,
    MuseSparkConfig,
    MuseSparkForConditionalGeneration,
)

from favilla.model import MuseSpark, PackedPictures, load_model, pack_pictures

VOCABULARY, IMAGE, AUDIO, VIDEO = 99, 98, 97, 96
# Pictures of a drawn case, in image tokens: rows and columns.
MERGED = ((1, 1), (1, 3), (3, 1), (2, 2), (5, 3), (2, 5))
Picture = tuple[np.ndarray, tuple[int, int]]


@dataclass(frozen=True)
class Case:
    """One drawn configuration: model type, text and vision configs, rows of text, grids of pictures per row."""

    kind: str
    text: dict[str, Any]
    vision: dict[str, Any]
    projector_act: str
    tokens: int
    grids: tuple[tuple[tuple[int, int], ...], ...]


def draw_case(seed: int) -> Case:
    """A small configuration; every switch that changes the mathematics is drawn."""
    rng, eyes = random.Random(seed), random.Random(f"vision {seed}")
    kind = "muse_glimmer" if seed % 5 == 4 else "muse_spark"
    layers = rng.choice((2, 4, 5))
    heads = rng.choice((2, 4))
    window = rng.choice((12, 12, 24, 64))
    rope: dict[str, Any] = rng.choice((
        {"rope_type": "default", "rope_theta": 500_000.0},
        {"rope_type": "default", "rope_theta": 100.0},
        {"rope_type": "linear", "rope_theta": 10_000.0, "factor": 2.0},
        {"rope_type": "llama3", "rope_theta": 10_000.0, "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
         "original_max_position_embeddings": 32},
        {"rope_type": "yarn", "rope_theta": 10_000.0, "factor": 4.0}
        | ({"original_max_position_embeddings": 64} if seed % 4 < 2 else {}),
    ))  # fmt: skip
    text = {
        "vocab_size": VOCABULARY, "hidden_size": 64, "intermediate_size": rng.choice((72, 96)), "num_hidden_layers": layers,
        "num_attention_heads": heads, "num_key_value_heads": rng.choice([n for n in (1, 2, 4) if n <= heads]),
        "head_dim": rng.choice((16, 24)), "sliding_window": window, "max_position_embeddings": 256,
        "rms_norm_eps": rng.choice((1e-5, 1e-3)), "post_norm_eps": eyes.choice((1e-8, 1e-2)), "qk_scale_factor": rng.choice((1.0, 5.4730064863875)),
        "output_multiplier": rng.choice((0.25, 1.5)), "final_logit_softcapping": rng.choice((3.0, 20.0)),
        "rope_parameters": rope, "attention_bias": rng.random() < 0.3,
    }  # fmt: skip
    if rng.random() < 0.5:
        text["layer_types"] = rng.choices(("full_attention", "sliding_attention"), k=layers)
        text["layer_rope_theta"] = rng.choices((0, 500_000.0), k=layers)
    if kind == "muse_spark":
        mlps = {0: ["dense"] * layers, 1: ["sparse"] * layers, 2: rng.choices(("dense", "sparse"), k=layers)}[seed % 3]
        text |= {
            "mlp_layer_types": mlps, "residual_gate_temperature": rng.choice((0.3, 1.0)), "num_local_experts": 6,
            "num_experts_per_tok": rng.choice((1, 2)), "moe_hidden_size": 40, "moe_intermediate_size": 32,
            "routed_scaling_factor": rng.choice((1.0, 2.5)), "hidden_act": rng.choice(("silu", "gelu")),
        }  # fmt: skip
    vision = {
        "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": rng.choice((2, 4)), "num_attention_heads": 2,
        # The reference takes the table to be square, of the height's side; a wider one has rows that are never read.
        "pos_emb_height": 4, "pos_emb_width": eyes.choice((4, 5)), "hidden_act": rng.choice(("gelu", "gelu_pytorch_tanh")),
        "layer_norm_eps": eyes.choice((1e-5, 1e-1)), "merge_size": eyes.choice((1, 2, 2, 3)),
        "patch_size": eyes.choice((14, 6)), "patch_temporal": eyes.choice((1, 2)),
        "rope_parameters": {"rope_type": "axial", "rope_theta": eyes.choice((10_000.0, 50.0))},
    }  # fmt: skip
    if eyes.random() < 0.5:
        vision["layer_types"] = eyes.choices(("full_attention", "window_attention"), k=vision["num_hidden_layers"])
    shapes = [(h * vision["merge_size"], w * vision["merge_size"]) for h, w in MERGED]
    grids = tuple(tuple(rng.choices(shapes, k=rng.choice((0, 1, 2)))) for _ in range(2)) if seed % 4 else ((), ())
    least = 2 + max(sum(h * w for h, w in row) // vision["merge_size"] ** 2 for row in grids)
    return Case(kind, text, vision, rng.choice(("gelu", "relu")), max(least, rng.choice((8, window, 40))), grids)


def reference_model(case: Case, seed: int = 0) -> torch.nn.Module:
    """The reference of a case, no weight of it neutral."""
    torch.manual_seed(seed)
    common = {
        "text_config": case.text, "vision_config": case.vision, "image_token_id": IMAGE, "video_token_id": VIDEO,
        "out_hidden_size": case.vision["merge_size"] ** 2 * case.vision["hidden_size"], "projector_hidden_size": 56,
        "projector_hidden_act": case.projector_act,
    }  # fmt: skip
    if case.kind == "muse_glimmer":
        model = MuseGlimmerForConditionalGeneration(MuseGlimmerConfig(**common))
    else:
        audio = {"out_hidden_size": 64, "hidden_sizes": [8] * 4, "depths": [1] * 4}
        model = MuseSparkForConditionalGeneration(MuseSparkConfig(**common, audio_config=audio, audio_token_id=AUDIO))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
        for name, buffer in model.named_buffers():
            if "e_score_correction_bias" in name:
                buffer.add_(torch.randn_like(buffer) * 0.1)
    return model.eval()


def saved(model: torch.nn.Module, folder: Path, **options: Any) -> Path:
    model.save_pretrained(folder, **options)
    return folder


def ours(folder: Path, dtype: torch.dtype = torch.float32) -> MuseSpark:
    """Our reading of a folder, ready for gradients; the notice about the audio tower is tested elsewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, _ = load_model(folder, dtype)
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    return model


@dataclass(frozen=True)
class Inputs:
    """The same input for both: ids_BT, packed pictures for ours, keyword arguments for theirs."""

    ids_BT: torch.Tensor
    pictures: PackedPictures | None
    theirs: dict[str, Any]


def draw_inputs(case: Case, seed: int = 0) -> Inputs:
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, VIDEO, (len(case.grids), case.tokens))
    pictures: list[Picture] = []
    merge, values, frames = case.vision["merge_size"], 3 * case.vision["patch_size"] ** 2, case.vision["patch_temporal"]
    for row, grids in enumerate(case.grids):
        count = sum(h * w for h, w in grids) // merge**2
        ids[row, np.sort(rng.permutation(case.tokens)[:count])] = IMAGE
        pictures += [(rng.standard_normal((h * w, values)).astype(np.float32), (h, w)) for h, w in grids]
    # Its cache cannot do without a window; ours is tested against no cache anyway.
    theirs: dict[str, Any] = {"use_cache": False}
    if pictures:
        # The reference wants the picture once per frame, patch by patch.
        theirs["pixel_values"] = torch.from_numpy(np.concatenate([np.tile(p, (1, frames)) for p, _ in pictures]))
        theirs["image_grid_thw"] = torch.tensor([[1, h, w] for _, (h, w) in pictures])
    return Inputs(torch.from_numpy(ids), pack_pictures(pictures, merge=merge) if pictures else None, theirs)
