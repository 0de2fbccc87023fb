"""How soon a fresh vision tower tells signs apart, by where they stand and by what it is told about them.

    python benchmarks/tower_start.py --placement growing --labels cells --steps 1600

The tower of recipes/ember.toml alone, with a linear map from its image tokens to 59 signs; words of one to five signs in
nine fonts, colours and papers. Placement: `cells` (a sign every 14 pixels, in its place), `free` (words anywhere), `growing`
(from the one to the other over the run), `mixed` (most near their cells, some free, from the first step on). Labels: `cells` (each token is told the signs whose middle it holds), `picture`
(the mean of the tokens is told all signs). Prints the recall of signs on free words that were never seen; the peer of a run
is the same run with --placement free, made in the same call and given the same number of steps.
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
from PIL import Image, ImageDraw

from favilla.chat.images import ImageProcessor
from favilla.model import MuseSpark, initialise
from favilla.model.vision import pack_pictures
from favilla.train.recipe import load_recipe
from favilla.worlds.drawing import COLOURS, background, degrade, font, ink, mixed, shade

SIGNS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
CELL, BATCH, WARMUP = 28, 64, 30
FREE = 14.0  # pixels off its place from which a word may stand anywhere
RECIPE = Path(__file__).parents[1] / "recipes" / "ember.toml"

Sample = tuple[tuple[np.ndarray, tuple[int, int]], np.ndarray]  # patches and grid; labels (tokens, signs)


def draw(rng: random.Random, processor: ImageProcessor, off: float) -> Sample:
    """A word up to `off` pixels off its place; from 4 pixels on its letters are set as a font sets them."""
    word = "".join(rng.choices(SIGNS, k=rng.randint(1, 5)))
    face, set_by_font = font(rng, rng.randint(13, 18)), off >= 4
    advances = [face.getlength(sign) if set_by_font else CELL / 2 for sign in word]
    columns, rows = -(-int(sum(advances) + 2 * off + 2) // CELL), 1 if off < 6 else 2
    slack = columns * CELL - sum(advances)
    x = rng.uniform(0, slack if off >= FREE else min(off, slack))
    y = (
        rng.uniform(10, rows * CELL - 10)
        if off >= FREE
        else CELL / 2 + rng.uniform(-1, 1) * min(off, 5 if rows == 1 else off)
    )
    paper = background(rng)
    pen = mixed(ink(paper), shade(rng, rng.choice(sorted(COLOURS))), rng.uniform(0, 0.4))
    image = Image.new("RGB", (columns * CELL, rows * CELL), paper)
    pencil = ImageDraw.Draw(image)
    if set_by_font:
        pencil.text((x, y), word, font=face, fill=pen, anchor="lm")
    labels = np.zeros((rows * columns, len(SIGNS)), dtype=np.float32)
    for sign, advance in zip(word, advances, strict=True):
        middle = x + advance / 2
        if not set_by_font:
            pencil.text((middle, y), sign, font=face, fill=pen, anchor="mm")
        labels[int(y) // CELL * columns + min(columns - 1, int(middle) // CELL), SIGNS.index(sign)] += 1
        x += advance
    return processor.patches(degrade(rng, image, 0.2 * rng.random())), labels


def measure(placement: str, labels: str, steps: int, seed: int) -> float:
    """Recall of signs on 500 free words after `steps` batches of 64 words."""
    recipe, processor = load_recipe(RECIPE), ImageProcessor(max_image_tokens=64)
    torch.manual_seed(seed)
    model = MuseSpark(recipe.model.config(512, 9, 6, 2))
    initialise(model, seed, recipe.model.gate_init)
    head = torch.nn.Linear(model.config.text.hidden_size, len(SIGNS))
    seeing = [(name, p) for name, p in model.named_parameters() if name.startswith("model.vision_")]
    matrices = [p for name, p in seeing if p.ndim == 2 and "embedding" not in name]
    others = [p for name, p in seeing if p.ndim != 2 or "embedding" in name]
    optimisers = [
        torch.optim.Muon(matrices, lr=0.01, momentum=0.95, weight_decay=0.01),
        torch.optim.AdamW([*others, *head.parameters()], lr=0.003, betas=(0.9, 0.98), weight_decay=0.0),
    ]
    rates = [group["lr"] for optimiser in optimisers for group in optimiser.param_groups]

    def guess(samples: list[Sample]) -> tuple[torch.Tensor, torch.Tensor]:
        packed = pack_pictures([picture for picture, _ in samples], 512)
        packed = packed.with_pixels(torch.from_numpy(processor.normalise(packed.pixels_RSP.numpy())))
        with torch.autocast("cpu", torch.bfloat16):
            tokens = model.see(packed)[packed.token_M].float()
        truth = torch.from_numpy(np.concatenate([label for _, label in samples]))
        if labels == "picture":
            sizes = [len(label) for _, label in samples]
            tokens = torch.stack([part.mean(0) for part in tokens.split(sizes)])
            truth = torch.stack([part.sum(0) for part in truth.split(sizes)])
        return head(tokens), truth

    rng = random.Random(f"train/{seed}")
    for step in range(steps):
        grown = FREE * min(1.0, 1.25 * step / steps)
        fixed = {"cells": 0.0, "free": FREE, "growing": grown}
        offs = [fixed[placement] if placement in fixed else FREE * 1.25 * rng.random() ** 2 for _ in range(BATCH)]
        logits, truth = guess([draw(rng, processor, off) for off in offs])
        (-(truth * logits.log_softmax(-1)).sum() / truth.sum()).backward()
        for group, rate in zip((g for o in optimisers for g in o.param_groups), rates, strict=True):
            group["lr"] = rate * min(1.0, (step + 1) / WARMUP)
        for optimiser in optimisers:
            optimiser.step()
            optimiser.zero_grad()

    found = wanted = 0
    test = random.Random("test")
    with torch.no_grad():
        for _ in range(5):
            for logits, truth in zip(*guess([draw(test, processor, FREE) for _ in range(100)]), strict=True):
                count = int((truth > 0).sum())
                wanted += count
                found += int((truth[logits.topk(count).indices] > 0).sum()) if count else 0
    return found / wanted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--placement", choices=("cells", "free", "growing", "mixed"), default="growing")
    parser.add_argument("--labels", choices=("cells", "picture"), default="cells")
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    ours = [measure(given.placement, given.labels, given.steps, seed) for seed in range(given.seeds)]
    peer = [measure("free", given.labels, given.steps, seed) for seed in range(given.seeds)]
    for name, recalls in ((given.placement, ours), ("free", peer)):
        print(f"{name}: recall {np.mean(recalls):.3f} ({', '.join(f'{recall:.3f}' for recall in recalls)})")
    if given.json:
        mean, other = float(np.mean(ours)), float(np.mean(peer))
        result = {"ours": mean, "peer": other, "ratio": mean / max(other, 1e-9), "unit": "recall of signs", "n": given.seeds,
                  "machine": f"{platform.machine()}, {os.cpu_count()} cores"}  # fmt: skip
        print(json.dumps(result))


if __name__ == "__main__":
    main()
