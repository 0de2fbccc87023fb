"""How soon a fresh vision tower tells signs apart, by where they stand and by what it is told about them.

    python benchmarks/tower_start.py --placement growing --told patches --steps 900

The tower of recipes/ember.toml alone, on practice words (`favilla.worlds.practice`). Placement: `cells` (signs in
their places), `growing` (from there to anywhere over four fifths of the run), `mixed` (most near their cells, some
anywhere, from the first step on). Told: `picture` (the mean of the image tokens is told all signs), `tokens` (each
image token is told the signs whose middle it holds), `patches` (each patch is told too, from what the tower gives).
Prints the recall of signs from the image tokens of 500 free words that were never seen; the peer of a run is the same
run with words anywhere from the start, made in the same call and given the same number of steps.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
from pathlib import Path

import numpy as np
import torch

from favilla.chat.images import ImageProcessor
from favilla.model import MuseSpark, initialise
from favilla.model.vision import block_order, pack_pictures
from favilla.train.optim import warmup_stable_decay
from favilla.train.recipe import load_recipe
from favilla.worlds.practice import FREE, SIGNS, practice_word

BATCH, WARMUP = 64, 30
RECIPE = Path(__file__).parents[1] / "recipes" / "ember.toml"

Sample = tuple[tuple[np.ndarray, tuple[int, int]], np.ndarray]  # patches and grid; signs of every patch in block order


def draw(rng: random.Random, processor: ImageProcessor, off: float) -> Sample:
    image, marks = practice_word(rng, off)
    encoded = processor.patches(image)
    rows, columns = encoded[1]
    truth = np.zeros((rows * columns, len(SIGNS)), dtype=np.float32)
    for mark in marks:
        truth[int(mark.y * rows) * columns + int(mark.x * columns), SIGNS.index(mark.label)] += 1
    return encoded, truth[block_order(rows, columns, processor.merge_size)]


def guessed(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Cross-entropy per sign."""
    return -(truth * logits.log_softmax(-1)).sum() / truth.sum()


def measure(placement: str, told: str, steps: int, seed: int) -> float:
    """Recall of signs on 500 free words after `steps` batches of 64 words."""
    recipe, processor = load_recipe(RECIPE), ImageProcessor(max_image_tokens=64)
    torch.manual_seed(seed)
    model = MuseSpark(recipe.model.config(512, 9, 6, 2))
    initialise(model, seed, recipe.model.gate_init)
    of_token = torch.nn.Linear(model.config.text.hidden_size, len(SIGNS))
    of_patch = torch.nn.Linear(model.config.vision.hidden_size, len(SIGNS))
    seeing = [(name, p) for name, p in model.named_parameters() if name.startswith("model.vision_")]
    matrices = [p for name, p in seeing if p.ndim == 2 and "embedding" not in name]
    others = [p for name, p in seeing if p.ndim != 2 or "embedding" in name]
    optimisers = [
        torch.optim.Muon(matrices, lr=0.01, momentum=0.95, weight_decay=0.01),
        torch.optim.AdamW(
            [*others, *of_token.parameters(), *of_patch.parameters()], lr=0.003, betas=(0.9, 0.98), weight_decay=0.0
        ),
    ]
    groups = [group for optimiser in optimisers for group in optimiser.param_groups]
    rates = [group["lr"] for group in groups]
    merge = model.config.vision.merge_size**2

    def see(samples: list[Sample]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Image tokens (M, D), patches (M, 4, C) and their signs (M, 4, signs)."""
        packed = pack_pictures([picture for picture, _ in samples], 512)
        packed = packed.with_pixels(torch.from_numpy(processor.normalise(packed.pixels_RSP.numpy())))
        with torch.autocast("cpu", torch.bfloat16):
            features = model.model.vision_tower(packed)[packed.token_M]
            tokens = model.project(features)
        truth = torch.from_numpy(np.concatenate([signs for _, signs in samples])).unflatten(0, (-1, merge))
        return tokens.float(), features.unflatten(1, (-1, merge)).transpose(1, 2).float(), truth

    rng = random.Random(f"train/{seed}")
    for step in range(steps):
        grown = FREE * min(1.0, 1.25 * step / steps)
        fixed = {"cells": 0.0, "free": FREE, "growing": grown}
        offs = [fixed[placement] if placement in fixed else FREE * 1.25 * rng.random() ** 2 for _ in range(BATCH)]
        samples = [draw(rng, processor, off) for off in offs]
        tokens, patches, truth = see(samples)
        if told == "picture":
            sizes = [len(signs) // merge for _, signs in samples]
            means = torch.stack([part.mean(0) for part in tokens.split(sizes)])
            loss = guessed(of_token(means), torch.stack([part.sum((0, 1)) for part in truth.split(sizes)]))
        else:
            loss = guessed(of_token(tokens), truth.sum(1))
        if told == "patches":
            loss = loss + guessed(of_patch(patches), truth)
        loss.backward()
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate * warmup_stable_decay(step, steps, WARMUP, 0.2)
        for optimiser in optimisers:
            optimiser.step()
            optimiser.zero_grad()

    found = wanted = 0
    test = random.Random("test")
    with torch.no_grad():
        for _ in range(5):
            tokens, _, truth = see([draw(test, processor, FREE) for _ in range(100)])
            for logits, signs in zip(of_token(tokens), truth.sum(1) > 0, strict=True):
                count = int(signs.sum())
                wanted += count
                found += int(signs[logits.topk(count).indices].sum()) if count else 0
    return found / wanted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--placement", choices=("cells", "growing", "mixed"), default="growing")
    parser.add_argument("--told", choices=("picture", "tokens", "patches"), default="patches")
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    ours = [measure(given.placement, given.told, given.steps, seed) for seed in range(given.seeds)]
    peer = [measure("free", given.told, given.steps, seed) for seed in range(given.seeds)]
    for name, recalls in ((given.placement, ours), ("free", peer)):
        print(f"{name}: recall {np.mean(recalls):.3f} ({', '.join(f'{recall:.3f}' for recall in recalls)})")
    if given.json:
        mean, other = float(np.mean(ours)), float(np.mean(peer))
        result = {"ours": mean, "peer": other, "ratio": mean / max(other, 1e-9), "unit": "recall of signs", "n": given.seeds,
                  "machine": f"{platform.machine()}, {os.cpu_count()} cores"}  # fmt: skip
        print(json.dumps(result))


if __name__ == "__main__":
    main()
