"""A step of reinforcement learning beside TRL's GRPOTrainer: the same folder, text problems, samples a prompt and rewards.

    pip install 'favilla[benchmarks]'
    python benchmarks/rl_step.py --json

Both sides start every round from the folder's weights and take the same steps: 16 prompts of the families' training split,
16 samples of each at temperature 1 without pictures' and padding tokens, the family's verifier as the reward, advantages
r - mean, the loss of Dr.GRPO (no KL, Lmax constant), one update. The first step of a round is not counted. Two kinds of
work: `full`, where ends are forbidden and every sample has exactly --tokens tokens, so that both sides sample and learn
from equally many, which is asserted in every step; and `natural`, where samples end as they do (the two draw different ones,
so tokens a second are to be compared, too). Rewards are mostly 0 in `full`, which changes no amount of work: no side
leaves prompts out (`loss.filter` is off for ours; GRPOTrainer knows no such thing).

Before anything is timed each of ours and the peer, in float32, are given the same samples and rewards for a step, and their
gradients must have the same norm, or the script fails.

Ours is `favilla rl` as it is, with the recipe's Muon and AdamW: `float32`, `autocast` (the trainer in bfloat16), `bfloat16`
(the sampler, too), and `compiled`, `compiled autocast`, `compiled bfloat16` (the sampler's step and the trainer's pass, anew in every round). The peer's
modes, in float32 unless they say otherwise: `plain` (its `generate`, no gradient checkpointing, all samples in one batch, no
logging), `micro` (learning from as many samples at a time as a prompt has), `static` (static cache), `bfloat16` (its
autocast), `default` (as GRPOConfig comes: bfloat16 and gradient checkpointing), `compiled` (`torch_compile`, compiled anew in
every round; by default wherever one of ours is) and, if --peers names it, `continuous` (its continuous batching, several times
slower than `plain` on two cores). vLLM is not used. A mode that fails has its error as its row. Rounds are interleaved; a row gives the median
over rounds (slowest to fastest).

`ratio` is that of the first kind of work: our fastest to the peer's fastest where both learn in the precision of the first
of --ours;
`ratio_any` whatever the precision.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import logging
import os
import platform
import random
import statistics
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import transformers
from rl_step_sides import EFFORT, MODES, OURS, Step, Work, contexts_of, conversation, our_run, their_run, their_trainer

from favilla.chat.tokenizer import Tokenizer
from favilla.engine.load import find_folder
from favilla.errors import UserError
from favilla.train.memory import keep_freed_memory
from favilla.train.rl.pool import world_prompt
from favilla.train.rl.protocols import Passage, Prompt, Sample, Score
from favilla.worlds.base import draw_distinct
from favilla.worlds.registry import get

# Of the gradient's norm: our policy is the softmax without the tokens that are never sampled. bfloat16 has 8 bits of mantissa.
TOLERANCE = {"float32": 1e-3, "bfloat16": 0.01}
SLOW = ("continuous",)


@dataclass
class Side:
    """One way to take steps. rounds: the steps that count, a list a round."""

    name: str
    precision: str
    run: Callable[[Work], list[Step]]
    ours: bool
    rounds: list[list[Step]] = field(default_factory=list)
    error: str | None = None


def check_prompts(folder: Path, prompts: list[Prompt]) -> None:
    """End the script where the two sides would read different tokens."""
    theirs = transformers.AutoTokenizer.from_pretrained(folder).apply_chat_template(
        [conversation(prompt) for prompt in prompts], add_generation_prompt=True, tokenize=True, return_dict=True,
        reasoning_effort=EFFORT,
    )["input_ids"]  # fmt: skip
    for prompt, ours, other in zip(prompts, contexts_of(folder, prompts), theirs, strict=True):
        if ours.ids != other:
            raise SystemExit(
                f"a prompt of {prompt.family} has other tokens in transformers' chat template than in ours"
            )


def check_update(work: Work, modes: Sequence[str]) -> dict[str, float]:
    """The gradient's norm of one step on the same samples, in each of our modes and by TRL; ends the script where they differ.

    What a sharp policy samples is often all the same, and has no gradient: these samples are drawn words of many lengths.
    """
    rng, tokenizer = random.Random(0), Tokenizer.load(work.folder)
    words = [i for i in range(tokenizer.vocab_size) if i not in tokenizer.special_ids.values()]
    first = replace(work, prompts=work.prompts[:1])
    written = [rng.choices(words, k=rng.randint(1, work.tokens)) for _ in range(work.rollouts)]
    coins = [float(rng.random() < 0.5) for _ in written]
    contexts = [context for context in contexts_of(work.folder, first.prompts[0]) for _ in range(work.samples)]

    # A sampler's probability of next to nothing: its correction is the largest there may be, which is set to 1.
    samples = [
        Sample((Passage(context, tuple(ids), (-1e3,) * len(ids), (True,) * len(ids)),), "", None, 0, True)
        for context, ids in zip(contexts, written, strict=True)
    ]
    groups = [samples[start : start + work.samples] for start in range(0, len(samples), work.samples)]

    def tossed() -> Callable[[Prompt, Sequence[Sample]], list[Score]]:
        left = iter(coins)
        return lambda _, group: [Score(next(left), False) for _ in group]

    norms = {mode: our_run(first, mode, tossed(), lambda *_: groups, importance=1.0)[0].grad_norm for mode in modes}
    given = {"prompt_ids": [context.ids for context in contexts], "completion_ids": written, "logprobs": None}
    with tempfile.TemporaryDirectory() as folder:
        trainer, watch = their_trainer(
            first, {"logging_strategy": "steps", "logging_steps": 1}, folder, tossed(), lambda *_: given,
        )  # fmt: skip
        trainer.train()
    for mode, ours in norms.items():
        if not (ours > 0 and abs(ours - watch.norm) <= TOLERANCE[precision_of(OURS[mode].autocast)] * watch.norm):
            raise SystemExit(
                f"ours, {mode}, does not compute what TRL does: gradient norms {ours:.6g} and {watch.norm:.6g}"
            )
    return norms | {"TRL": watch.norm}


def check_step(work: Work, side: Side, step: Step) -> None:
    """End the script where a side did not do the work."""
    if work.full and step.sampled != work.rollouts * work.tokens:
        raise SystemExit(f"{side.name}: sampled {step.sampled} tokens, not {work.rollouts} x {work.tokens}")
    if step.learned != step.sampled:
        raise SystemExit(f"{side.name}: sampled {step.sampled} tokens, learned from {step.learned}")


def draw_prompts(families: Sequence[str], level: int, prompts: int, steps: int) -> list[list[Prompt]]:
    """Different problems in turn from each family, `prompts` a step."""
    count = -(-prompts * steps // len(families))
    drawn = [draw_distinct(get(name), random.Random(f"rl step/{name}"), level, "train", count) for name in families]
    if any(len(problems) < count for problems in drawn):
        raise SystemExit(f"level {level} has too few problems for {prompts} prompts x {steps} steps; ask for fewer")
    flat = [
        world_prompt(get(name), problems[i], EFFORT)
        for i in range(count)
        for name, problems in zip(families, drawn, strict=True)
    ]
    return [flat[step * prompts : (step + 1) * prompts] for step in range(steps)]


def measure(work: Work, sides: list[Side], rounds: int) -> None:
    for number in range(rounds):
        for side in sides:
            if side.error is not None:
                continue
            try:
                steps = side.run(work)
            except Exception as error:
                # A mode of the peer that does not work is a result.
                if side.ours or side.name == "TRL, plain":
                    raise
                side.error = one_line(error)
                continue
            for step in steps:
                check_step(work, side, step)
            side.rounds.append(steps[1:])
            gc.collect()
            seconds = statistics.mean(step.seconds for step in steps[1:])
            print(f"{work.name}, round {number + 1} of {rounds}: {side.name} {seconds:.2f} s a step", file=sys.stderr)


def peers_of(ours: Sequence[str]) -> list[str]:
    """The peer's modes beside `plain` where none are named: compiled only beside something of ours that is."""
    compiled = any(OURS[mode].compiled for mode in ours)
    return [name for name in MODES if name not in ("plain", *SLOW) and (compiled or name != "compiled")]


def precision_of(bfloat16: bool) -> str:
    """In which a side learns."""
    return "bfloat16" if bfloat16 else "float32"


def one_line(error: BaseException) -> str:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= 200 else text[:197] + "..."


def row(work: Work, side: Side) -> dict[str, Any]:
    """A side's figures. A round's is the mean of its steps; of rounds, the median, the slowest and the fastest."""
    if side.error is not None:
        return {"name": side.name, "error": side.error}

    def rounds_of(value: Callable[[Step], float]) -> list[float]:
        return [statistics.mean(value(step) for step in steps) for steps in side.rounds]

    seconds = rounds_of(lambda step: step.seconds)
    rates = [3600 / s for s in seconds]
    speeds = [sum(s.sampled for s in steps) / sum(s.seconds for s in steps) for steps in side.rounds]
    middle = statistics.median(rates)
    return {
        "name": side.name, "ours": side.ours, "precision": side.precision, "seconds": statistics.median(seconds),
        "rollout": statistics.median(rounds_of(lambda step: step.rollout)),
        "reward": statistics.median(rounds_of(lambda step: step.reward)),
        "update": statistics.median(rounds_of(lambda step: step.update)),
        "tokens": statistics.mean(step.sampled for steps in side.rounds for step in steps),
        "updates_per_hour": middle, "slowest": min(rates), "fastest": max(rates),
        "rollouts_per_hour": middle * work.rollouts, "tokens_per_second": statistics.median(speeds),
    }  # fmt: skip


def report(work: Work, sides: list[Side]) -> dict[str, Any]:
    rows = [row(work, side) for side in sides]
    tokens = f"{'exactly' if work.full else 'at most'} {work.tokens} tokens"
    print(f"\n{work.name}: {len(work.prompts[0])} prompts x {work.samples} samples of {tokens}")
    for found in rows:
        if "error" in found:
            print("  {name:16} fails: {error}".format(**found))
            continue
        print(
            "  {name:16} {updates_per_hour:7,.1f} updates/h ({slowest:,.1f} to {fastest:,.1f}), {rollouts_per_hour:9,.0f} "
            "rollouts/h, {tokens_per_second:6,.0f} tok/s; rollout {rollout:.2f} s, reward {reward:.2f} s, "
            "update {update:.2f} s, {tokens:,.0f} tokens".format(**found)
        )
    ratios = {precision: ratio(rows, precision) for precision in ("float32", "bfloat16", "any")}
    for precision, found in ratios.items():
        if found is not None:
            print("  ratio, {0}: {updates:.2f} in updates, {tokens:.2f} in tokens/s".format(precision, **found))
    return {"name": work.name, "rollouts": work.rollouts, "rows": rows, "ratios": ratios}


def ratio(rows: list[dict[str, Any]], precision: str) -> dict[str, float] | None:
    """The fastest of ours beside the fastest of TRL's in a precision, or in `any`; None where a side has none."""
    works = [found for found in rows if "error" not in found and precision in (found["precision"], "any")]
    ours, theirs = ([found for found in works if found["ours"] is mine] for mine in (True, False))
    if not ours or not theirs:
        return None
    mine, peer = (max(found, key=lambda f: f["updates_per_hour"]) for found in (ours, theirs))
    return {
        "ours": mine["updates_per_hour"], "peer": peer["updates_per_hour"],
        "updates": mine["updates_per_hour"] / peer["updates_per_hour"],
        "tokens": mine["tokens_per_second"] / peer["tokens_per_second"],
    }  # fmt: skip


def main() -> None:
    others = [name for name in MODES if name != "plain"]
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", default="ember")
    parser.add_argument("--families", nargs="+", default=["arithmetic", "hops", "lists"], help="without pictures")
    parser.add_argument("--level", type=int, default=2)
    parser.add_argument("--prompts", type=int, default=16, help="a step")
    parser.add_argument("--samples", type=int, default=16, help="a prompt")
    parser.add_argument("--tokens", type=int, default=128, help="most tokens a sample")
    parser.add_argument("--steps", type=int, default=1, help="steps a round, beside the first")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", nargs="+", choices=["full", "natural"], default=["full", "natural"])
    parser.add_argument("--peers", nargs="*", choices=others, help="default: see above")
    parser.add_argument("--ours", nargs="+", choices=list(OURS), default=list(OURS))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if importlib.util.find_spec("trl") is None:
        parser.error("TRL is not installed: pip install 'favilla[benchmarks]'")
    if min(given.prompts, given.tokens, given.steps, given.rounds) < 1 or given.samples < 2:
        parser.error("give --prompts, --tokens, --steps and --rounds of at least 1, --samples of at least 2")
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for name in ("favilla", "accelerate"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("ContinuousBatchingLogger").setLevel(logging.CRITICAL)
    # As `favilla rl` does it; in one process the peer has it, too.
    keep_freed_memory()
    try:
        folder = find_folder(given.model)
        pictures = [name for name in given.families if get(name).pictures]
    except UserError as error:
        parser.error(str(error))
    if pictures:
        parser.error(f"--families {' '.join(pictures)}: name families without pictures")
    prompts = draw_prompts(given.families, given.level, given.prompts, given.steps + 1)
    check_prompts(folder, [prompt for step in prompts for prompt in step])
    works = [Work(name, folder, prompts, given.samples, given.tokens, name == "full") for name in given.work]
    norms = check_update(works[0], given.ours)
    print("gradient norm of the same samples: " + ", ".join(f"{name} {norm:.6g}" for name, norm in norms.items()))
    peers = given.peers if given.peers is not None else peers_of(given.ours)
    jobs = []
    for work in works:
        sides = [Side(f"ours, {m}", precision_of(OURS[m].autocast), partial(our_run, mode=m), True) for m in given.ours]
        for name in ("plain", *peers):
            precision = precision_of(MODES[name].get("bf16", False))
            sides.append(Side(f"TRL, {name}", precision, partial(their_run, mode=MODES[name]), False))
        measure(work, sides, given.rounds)
        jobs.append(report(work, sides))
    if given.json:
        ratios = jobs[0]["ratios"]
        shown = ratios[precision_of(OURS[given.ours[0]].autocast)] or ratios["any"]
        print(json.dumps({
            "ours": shown["ours"], "peer": shown["peer"], "ratio": shown["updates"], "ratio_any": ratios["any"]["updates"],
            "unit": "updates/hour", "n": given.rounds, "steps": given.steps, "grad_norms": norms, "jobs": jobs,
            "trl": version("trl"), "transformers": transformers.__version__,
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        }))  # fmt: skip


if __name__ == "__main__":
    main()
