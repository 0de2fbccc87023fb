"""Points as location tokens or as digits: which does a model learn better, and what do they cost?

    python benchmarks/coordinates.py --steps 500

Both arms start from the same model (Ember by default) with the embeddings and output rows of its location tokens drawn anew, and
train on `screens` alone, on the same pictures in the same order; they differ in how solutions write points: `<|loc_NN|><|loc_NN|>`
or `(xxx, yyy)`. Prints accuracy on the dev split (points inside the asked widget, 95 % Wilson intervals) and tokens per answer,
thinking included. The start may have seen one of the forms before; the digits arm has only ever seen its digits as numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from favilla.chat.tokenizer import LOCATIONS, Tokenizer
from favilla.engine.load import find_folder, load
from favilla.evals.accuracy import evaluate
from favilla.model import load_model, save_model
from favilla.train.pretrain import pretrain
from favilla.train.recipe import Recipe, load_recipe

RECIPE = Path(__file__).parents[1] / "recipes" / "ember.toml"


def recipe_of(form: str, steps: int) -> Recipe:
    """Ember's recipe at half its rates, on screens alone."""
    raw: dict[str, Any] = load_recipe(RECIPE).model_dump()
    raw["name"] = f"coordinates-{form}"
    raw["data"] |= {
        "stages": (), "tasks": {"screens": {"levels": (1.0, 1.0), "options": {"coordinates": form}}},
        "practice": {**raw["data"]["practice"], "grown": 0},
    }  # fmt: skip
    raw["optim"] |= {"steps": steps, "warmup": 20, "decay": 0.5}
    raw["optim"] |= {rate: raw["optim"][rate] / 2 for rate in ("muon_lr", "adam_lr")}
    return Recipe.model_validate(raw)


@torch.no_grad()
def start_from(model: str, folder: Path) -> None:
    """A copy of a model that has never seen a location token."""
    shutil.copytree(find_folder(model), folder)
    copy, _ = load_model(folder)
    tokenizer, generator = Tokenizer.load(folder), torch.Generator().manual_seed(0)
    rows = torch.tensor([tokenizer.id(name) for name in LOCATIONS])
    for weight in (copy.model.language_model.embed_tokens.weight, copy.lm_head.weight):
        fresh = torch.randn(len(rows), weight.shape[1], generator=generator)
        weight[rows] = fresh * copy.config.text.initializer_range
    save_model(copy, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="ember")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as place:
        for form in ("locations", "digits"):
            began, run = time.perf_counter(), Path(place) / form
            start_from(given.model, run / "start")
            trained = pretrain(recipe_of(form, given.steps), run, init=run / "start", quiet=True)
            seconds = time.perf_counter() - began
            # Either form is right to the verifier, so both arms are measured as any model is.
            for r in evaluate(load(trained).engine, ["screens"], [1, 2], n=given.n, split="dev", effort="high"):
                tokens = r.thinking_tokens + r.answer_tokens
                rows.append({"form": form, "level": r.level, "n": r.n, "accuracy": r.accuracy, "low": r.low, "high": r.high,
                             "tokens": tokens, "steps": given.steps, "seconds": seconds})  # fmt: skip
                print(f"{form} {r.level}: {r.accuracy:.3f} ({r.low:.3f}-{r.high:.3f}), n {r.n}, {tokens:.0f} tokens an answer, "
                      f"{seconds:.0f} s of training", flush=True)  # fmt: skip
    if given.json:
        print(json.dumps({"rows": rows, "machine": f"{platform.machine()}, {os.cpu_count()} cores"}))


if __name__ == "__main__":
    main()
