"""Training speed beside `transformers`: the same folder, batch, loss, precision and optimiser, in one process.

    python benchmarks/train_step.py --json

Both sides take the same steps on 32 x 256 tokens of the problems that Ember is trained on, every token a target, in bfloat16 autocast with
AdamW: `transformers`' `muse_spark` as it comes and compiled, ours as `favilla pretrain` runs it. Rounds are interleaved;
a row gives the median over rounds with the fastest and the slowest. The losses of the first step, and the norms of its gradients, must be equal but for rounding, or the script fails. The last row is
our step with the optimisers of recipes/ember.toml (Muon and AdamW). `share` is the part of the machine's measured bfloat16
matrix-product peak that the step's own operations make up, by the same count for all.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import os
import platform
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import MuseSparkForConditionalGeneration

from favilla.chat.encode import encode_chat
from favilla.chat.images import ImageProcessor
from favilla.chat.tokenizer import Tokenizer
from favilla.data.examples import prompt_messages, solution_message
from favilla.engine.load import find_folder
from favilla.model import MuseSpark, load_model
from favilla.train.flops import matrix_parameters, measured_peak
from favilla.train.loss import cross_entropy_sum
from favilla.train.memory import keep_freed_memory
from favilla.train.optim import make_optimisers
from favilla.worlds.registry import get

Optimisers = list[torch.optim.Optimizer]
LOSSES, NORMS = (
    0.01,
    0.03,
)  # by how much those of the first step may differ: sums are rounded to bfloat16 in other orders


@dataclass
class Side:
    """One way to take a step. rounds: seconds a step, one entry a round."""

    name: str
    network: torch.nn.Module
    loss: Callable[[torch.Tensor], torch.Tensor]
    optimisers: Optimisers
    rounds: list[float] = field(default_factory=list)

    def step(self, ids_BT: torch.Tensor) -> tuple[float, float]:
        """The loss, and the norm of its gradients."""
        with torch.autocast(ids_BT.device.type, torch.bfloat16):
            loss = self.loss(ids_BT)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        return loss.item(), norm.item()


def text_batches(folder: Any, rows: int, tokens: int, count: int) -> list[torch.Tensor]:
    """Rows full of arithmetic, hops and lists with their solutions."""
    tokenizer, processor, rng = Tokenizer.load(folder), ImageProcessor.load(folder), random.Random(0)
    ids: list[int] = []
    while len(ids) < count * rows * tokens:
        problem = get(rng.choice(("arithmetic", "hops", "lists"))).sample(rng, rng.choice((1, 2)), "train")
        turns = [*prompt_messages(problem), solution_message(problem, "steps")]
        ids += encode_chat(tokenizer, processor, turns, effort="high").ids
    return list(torch.tensor(ids[: count * rows * tokens]).view(count, rows, tokens))


def our_loss(model: MuseSpark, ids_BT: torch.Tensor) -> torch.Tensor:
    at_N = torch.arange(ids_BT.numel(), device=ids_BT.device).view_as(ids_BT)[:, :-1].flatten()
    loss = cross_entropy_sum(
        model(ids_BT, at_N=at_N), ids_BT[:, 1:].flatten(), model.config.text.final_logit_softcapping
    )
    return loss / len(at_N)


def our_side(name: str, folder: Any, device: str, muon: bool) -> Side:
    network = load_model(folder, device=device)[0].float().train()
    # Text alone: the tower takes no part, on either side.
    network.model.vision_tower.requires_grad_(False)
    optimisers = [adamw(network)] if not muon else make_optimisers(network, 1e-3, 1e-3, (0.9, 0.98), 0.01, 0.5)
    return Side(name, network, functools.partial(torch.compile(our_loss, dynamic=False), network), optimisers)


def their_side(name: str, folder: Any, device: str, compiled: bool) -> Side:
    network: Any = MuseSparkForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).to(device).train()
    called = torch.compile(network, dynamic=False) if compiled else network
    return Side(name, network, lambda ids: called(input_ids=ids, labels=ids, use_cache=False).loss, [adamw(network)])


def adamw(network: torch.nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(network.parameters(), lr=1e-4, betas=(0.9, 0.98), weight_decay=0.01, fused=True)


def finish(device: str) -> None:
    """Wait for what a GPU still computes."""
    if device == "cuda":
        torch.cuda.synchronize()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="ember")
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--steps", type=int, default=3, help="steps a round")
    parser.add_argument(
        "--plain-memory", action="store_true", help="let the C library give memory back, as it does by itself"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    folder = find_folder(given.model)
    # As `favilla pretrain` does it; in one process the peer has it, too.
    if not given.plain_memory:
        keep_freed_memory()
    batches = [ids_BT.to(given.device) for ids_BT in text_batches(folder, given.rows, given.tokens, given.steps)]
    sides = [
        our_side("ours", folder, given.device, muon=False),
        their_side("transformers, eager", folder, given.device, compiled=False),
        their_side("transformers, compiled", folder, given.device, compiled=True),
        our_side("ours, Muon", folder, given.device, muon=True),
    ]
    first = {side.name: side.step(batches[0]) for side in sides}
    for numbers, allowed in zip(zip(*first.values(), strict=True), (LOSSES, NORMS), strict=True):
        if not max(numbers) - min(numbers) <= allowed * max(numbers):
            raise SystemExit(f"the sides do not compute the same: (loss, norm of gradients) of the first step {first}")
    for _ in range(2):
        for side in sides:
            side.step(batches[0])
    for _ in range(given.rounds):
        for side in sides:
            finish(given.device)
            start = time.perf_counter()
            for ids_BT in batches:
                side.step(ids_BT)
            finish(given.device)
            side.rounds.append((time.perf_counter() - start) / len(batches))

    peak = measured_peak(torch.device(given.device), torch.bfloat16)
    text = load_model(folder)[0]
    t = text.config.text
    tokens = given.rows * given.tokens
    weights = matrix_parameters(text.model.language_model) + text.lm_head.weight.numel()
    flops = 6 * weights * tokens + 12 * t.num_hidden_layers * t.num_attention_heads * t.head_dim * given.tokens * tokens
    rows = []
    for side in sides:
        middle = statistics.median(side.rounds)
        rows.append({
            "name": side.name, "tokens_per_second": tokens / middle, "slowest": tokens / max(side.rounds),
            "fastest": tokens / min(side.rounds), "share": flops / middle / peak, "first_loss": first[side.name][0],
            "first_norm": first[side.name][1],
        })  # fmt: skip
        print(
            "{name:24} {tokens_per_second:8,.0f} tok/s ({slowest:,.0f} to {fastest:,.0f}), {share:.0%} of peak".format(
                **rows[-1]
            )
        )
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    if given.device == "cuda":
        machine += f", {torch.cuda.get_device_name()}"
    ours, eager, compiled = (row["tokens_per_second"] for row in rows[:3])
    best = max(eager, compiled)
    print(
        f"ratio to eager {ours / eager:.2f}, to compiled {ours / compiled:.2f}; {given.rows} x {given.tokens} tokens, n {given.rounds}"
    )
    if given.json:
        assert math.isfinite(ours)
        print(json.dumps({
            "ours": ours, "peer": best, "ratio": ours / best, "ratio_eager": ours / eager, "ratio_compiled": ours / compiled,
            "unit": "tokens/s", "n": given.rounds, "peak_gflops": peak / 1e9, "rows": rows,
            "machine": machine,
        }))  # fmt: skip


if __name__ == "__main__":
    main()
