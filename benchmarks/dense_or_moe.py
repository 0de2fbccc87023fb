"""Dense layers or experts: which has the lower loss after the same CPU seconds?

    python benchmarks/dense_or_moe.py --seconds 240 --seeds 0 1

Every arm is Ember's recipe from scratch (`recipes/ember-second.toml`, its whole mixture) at constant rates, in a process of its
own that is stopped after so many CPU seconds, compilation not counted; arms of a seed see the same examples in the same order. An
example is never seen twice, so the training loss is that of unseen problems. Prints, for each arm and seed, parameters
(all, and those that a token passes), steps, CPU seconds a step, and the mean loss over the last tenth of its CPU time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import torch

from favilla.errors import Interrupted
from favilla.model import MuseSpark
from favilla.train.pretrain import pretrain
from favilla.train.recipe import Recipe, load_recipe

RECIPE = Path(__file__).parents[1] / "recipes" / "ember-second.toml"
# text fields that differ from Ember's. Experts: the first layer stays dense; two experts of half the width are as much
# work a token as a dense layer, and six of them stay below nine million parameters in all.
ARMS: dict[str, dict[str, Any]] = {
    "dense": {},
    "6 experts, 2 a token": {
        "mlp_layer_types": ["dense", *["sparse"] * 5], "num_local_experts": 6, "num_experts_per_tok": 2,
        "moe_hidden_size": 192, "moe_intermediate_size": 256,
    },
    "12 experts, 2 a token": {
        "mlp_layer_types": ["dense", *["sparse"] * 5], "num_local_experts": 12, "num_experts_per_tok": 2,
        "moe_hidden_size": 96, "moe_intermediate_size": 256,
    },
}  # fmt: skip


def recipe_of(arm: str, seed: int) -> Recipe:
    raw: dict[str, Any] = load_recipe(RECIPE).model_dump()
    raw |= {"name": "arm", "seed": seed}
    raw["model"]["text"] |= ARMS[arm]
    raw["optim"] |= {"steps": 10**6, "warmup": 100, "decay": 0.0}
    raw["run"] |= {"log_every": 10, "save_every": 10**6}
    return Recipe.model_validate(raw)


def parameters(arm: str) -> tuple[int, int]:
    """All parameters, and those that one token passes."""
    recipe = recipe_of(arm, 0)
    with torch.device("meta"):
        model = MuseSpark(recipe.model.config(recipe.tokenizer.vocab_size, 5, 6, 7))
    every = sum(p.numel() for p in model.parameters())
    experts = sum(p.numel() for name, p in model.named_parameters() if ".experts." in name)
    fields = ARMS[arm]
    share = fields["num_experts_per_tok"] / fields["num_local_experts"] if fields else 1.0
    return every, every - int(experts * (1 - share))


def train_arm(arm: str, seed: int, folder: Path, seconds: float) -> dict[str, Any]:
    """Train an arm for `seconds` of CPU time from its first logged step on; its row."""
    child = subprocess.Popen(
        [sys.executable, __file__, "--child", arm, "--seed", str(seed), "--out", str(folder)], stderr=subprocess.DEVNULL
    )  # its progress bar
    family, began, log = psutil.Process(child.pid), None, folder / "metrics.jsonl"
    marks: list[tuple[float, int]] = []  # CPU seconds, lines of the log

    def spent() -> float:
        total = 0.0
        for process in (family, *family.children(recursive=True)):
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total

    while child.poll() is None and (not marks or marks[-1][0] < seconds):
        time.sleep(0.5)
        lines = len(log.read_text().splitlines()) if log.exists() else 0
        if lines and began is None:
            began = spent()
        if began is not None:
            marks.append((spent() - began, lines))
    if child.poll() is not None:
        raise SystemExit(f"{arm}: training ended by itself with status {child.returncode}")
    child.terminate()
    child.wait()
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    late = next(lines for cpu, lines in marks if cpu >= 0.9 * seconds)
    losses = [row["loss"] for row in rows[late - 1 :]]
    every, passed = parameters(arm)
    steps = rows[-1]["step"]
    return {"arm": arm, "seed": seed, "parameters": every, "passed": passed, "steps": steps, "cpu_seconds": marks[-1][0],
            "cpu_seconds_a_step": marks[-1][0] / (steps - rows[0]["step"]), "loss": statistics.fmean(losses)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=480, help="CPU seconds of each run")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", choices=ARMS, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        try:
            pretrain(recipe_of(given.child, given.seed), given.out)
        except Interrupted:
            return
    rows = []
    with tempfile.TemporaryDirectory() as place:
        for seed in given.seeds:
            for number, arm in enumerate(ARMS):
                row = train_arm(arm, seed, Path(place) / f"{seed}-{number}", given.seconds)
                rows.append(row)
                print(f"{arm}, seed {seed}: loss {row['loss']:.3f} after {row['cpu_seconds']:.0f} CPU seconds, {row['steps']} steps of "
                      f"{row['cpu_seconds_a_step']:.2f} CPU s; {row['parameters']:,} parameters, {row['passed']:,} a token", flush=True)  # fmt: skip
    machine = {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count(), "torch": torch.__version__}
    if given.json:
        print(json.dumps({"machine": machine, "seconds": given.seconds, "rows": rows}))


if __name__ == "__main__":
    main()
