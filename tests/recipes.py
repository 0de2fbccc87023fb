"""Recipes small enough for tests."""

from __future__ import annotations

from typing import Any

from favilla.train.recipe import Recipe


def tiny_recipe(**changes: Any) -> Recipe:
    """A few thousand weights, text and pictures; `changes` replace parts, key by key one level deep."""
    text = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
            "num_key_value_heads": 1, "head_dim": 16, "sliding_window": 64, "max_position_embeddings": 256,
            "qk_scale_factor": 1.0}  # fmt: skip
    vision = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
              "pos_emb_height": 4, "pos_emb_width": 4}  # fmt: skip
    raw: dict[str, Any] = {
        "name": "tiny",
        "model": {"text": text, "vision": vision, "projector_hidden_size": 16, "gate_init": 0.3},
        "tokenizer": {"vocab_size": 600, "samples": 20},
        "data": {
            "rows": 2, "tokens": 192, "picture_rows": 2, "picture_patches": 256, "max_image_tokens": 64,
            "questions": 2, "tasks": {"arithmetic": {"levels": [1]}, "counting": {"levels": [1]}}, "workers": 0,
            "practice": {"rows": 1, "words": 2, "grown": 10},
        },
        "optim": {"steps": 8, "warmup": 2, "marks": 1.0},
        "run": {"compile": False, "log_every": 1, "save_every": 3},
    }  # fmt: skip
    for part, values in changes.items():
        raw[part] = {**raw[part], **values} if isinstance(values, dict) else values
    return Recipe.model_validate(raw)
