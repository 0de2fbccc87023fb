"""Reinforcement learning from verifiable rewards: sample, judge, weigh, update.

    favilla rl recipes/rl-debug.toml

On-policy by default: every step samples from the weights as they are, makes one update, and forgets the samples. It may
be stopped at any moment; the same command goes on from the last checkpoint and gives the same numbers. docs/rl.md.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import torch

from favilla.chat.images import ImageProcessor
from favilla.chat.tokenizer import Tokenizer
from favilla.data.conversations import fingerprint
from favilla.engine.generate import Engine
from favilla.engine.load import find_folder
from favilla.errors import Interrupted, UserError
from favilla.home import home
from favilla.model import MuseSpark, load_model, save_model
from favilla.model.folder import FLOAT32, weights_fingerprint
from favilla.train.checkpoint import load_checkpoint, refuse_other_model, save_checkpoint
from favilla.train.claim import claimed
from favilla.train.loop import all_reduce, balance_experts
from favilla.train.memory import keep_freed_memory
from favilla.train.optim import make_optimisers, warmup_stable_decay
from favilla.train.pretrain import export
from favilla.train.ranks import gather, join, total
from favilla.train.rl import policy
from favilla.train.rl.held_out import HeldOut, log_spaced, seed_of
from favilla.train.rl.pool import Pool
from favilla.train.rl.progress import RLProgress, alarms, metrics, summarise
from favilla.train.rl.protocols import Prompts, Reward, Rollouts
from favilla.train.rl.recipe import RLRecipe
from favilla.train.rl.roles import RolePrompts
from favilla.train.rl.rollout import EngineRollouts, banned, sampling_engine, verified
from favilla.train.rl.update import Totals, accumulate, behaviour, judge, minibatches, prepare, weigh
from favilla.train.stopping import StopRequest


class Clock:
    """Seconds by phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.since = time.perf_counter()

    def lap(self, phase: str) -> None:
        """What has passed since the last lap belongs to `phase`."""
        now = time.perf_counter()
        self.seconds[phase] = self.seconds.get(phase, 0.0) + now - self.since
        self.since = now


def rl(
    recipe: RLRecipe,
    out: Path | None = None,
    device: str = "cpu",
    init: str | Path | None = None,
    quiet: bool = False,
    prompts: Prompts | None = None,
    rollouts: Rollouts | None = None,
    reward: Reward = verified,
    engine: Callable[[MuseSpark, Tokenizer, ImageProcessor], Engine] | None = None,
) -> Path:
    """Train a recipe to its end and return the model folder. Raises UserError for what the user can mend.

    prompts, rollouts, reward: from outside instead of the recipe's tasks, the engine and the worlds' verifiers.
    engine: makes the engine of the recipe's own rollouts in place of the one that the recipe describes. It is called once, and
    the engine's weights are trained, so every step samples from them as they are; a compiled one needs `any_rows=True`.
    """
    for held in recipe.eval:
        held.entries()
    rank, world, place = join(device)
    if recipe.rollout.prompts < world:
        raise UserError(f"recipe: [rollout] prompts = {recipe.rollout.prompts}: give at least one a process ({world})")
    folder, source = out or home() / "runs" / recipe.name, find_folder(init or recipe.init)
    if source.resolve() in (folder.resolve(), (folder / "model").resolve()):
        raise UserError(f"--out {folder}: holds the model to start from; choose another folder")
    refuse_other_model(folder)
    with claimed(folder, rank):
        return practise(recipe, folder, source, rank, world, place, quiet, prompts, rollouts, reward, engine)


def practise(
    recipe: RLRecipe, folder: Path, source: Path, rank: int, world: int, place: torch.device, quiet: bool,
    prompts: Prompts | None, rollouts: Rollouts | None, reward: Reward,
    engine: Callable[[MuseSpark, Tokenizer, ImageProcessor], Engine] | None,
) -> Path:  # fmt: skip
    """`rl` in a folder that is ours, by process `rank` of `world`, from the model in `source`."""
    model_folder = folder / "model"
    model_folder.mkdir(parents=True, exist_ok=True)

    # The policy, what it starts from, and what it is drawn towards
    if place.type == "cpu":
        keep_freed_memory()
        recipe.check_compiler()
    tokenizer, processor = Tokenizer.load(source), ImageProcessor.load(source)
    model, config = load_model(source, torch.float32, place)
    if recipe.optim.vision_rate == 0:
        for module in (model.model.vision_tower, model.model.vision_adapter, model.model.vision_projection):
            module.requires_grad_(False)
    reference = frozen(model) if recipe.loss.kl else None
    trained = torch.nn.ModuleDict({"model": model} | ({"reference": reference} if reference else {}))
    o = recipe.optim
    optimisers = make_optimisers(model, o.muon_lr, o.adam_lr, o.adam_betas, o.weight_decay, o.vision_rate)
    banned_V = banned(tokenizer, config.text.vocab_size).to(place)
    read = policy.compiled_read() if recipe.run.compile else policy.read

    # Where prompts come from, and samples
    r = recipe.rollout
    if prompts is None:
        prompts = Pool(
            recipe.entries(), recipe.effort_weights(), r.pool, recipe.seed, r.leave, budgets=recipe.word_budgets()
        )
        if recipe.roles is not None:
            prompts = RolePrompts(recipe.roles.path, prompts, recipe.roles.share, recipe.seed, r.leave)
    if rollouts is None:
        sampler = Sampler(model, r.sampler)
        made = (engine or sampling_engine(r))(sampler.weights, tokenizer, processor)
        rollouts = EngineRollouts(lambda: sampler.refresh(made), r.max_new_tokens, r.batch)

    # Resume: this run's own checkpoint, else from the start. Nothing in it depends on the number of processes.
    free: Any = {"name": True, "init": True, "optim": {"steps"}, "eval": True}
    # What is compiled changes rounding, and not what a run is.
    free |= {"run": {"save_every", "per_decade", "measure_start", "snapshots", "compile"}}
    free |= {"rollout": {"compiled", "batch", "max_rows"}}
    identity = recipe.model_dump_json(exclude=free, exclude_none=True)
    identity += weights_fingerprint(source)
    identity += fingerprint(recipe.roles.path) if recipe.roles else ""
    resumed = load_checkpoint(folder, trained, optimisers, identity, 1, o.steps)
    first = resumed[0] if resumed else 0
    if resumed:
        prompts.restore(resumed[1][0])
    held_out = HeldOut(
        recipe.eval, folder / "held_out.jsonl", recipe.seed, resumed and first, o.steps, r.batch, rank, world
    )
    measured = log_spaced(o.steps, recipe.run.per_decade) if recipe.eval else set()
    if not recipe.run.measure_start:
        measured -= {0}
    progress = RLProgress(folder, recipe.name, o.steps, resumed and first, quiet or rank > 0)
    if rank == 0:
        tokenizer.save(model_folder)
        processor.save(model_folder)

    finished, exhausted = first, False
    with closing(progress), StopRequest() as stop:

        def stopping() -> bool:
            return sum(gather(int(stop.asked), world)) > 0

        for step in range(first, o.steps + 1):
            clock = Clock()

            # Measure what the steps so far have made of the model; they are kept, for this may take long
            if step in measured and (step > first or not held_out.measured(step)):
                model.eval()
                if not held_out.measure(step, rollouts, reward, stopping):
                    raise Interrupted(
                        f"stopped while measuring after step {step} of {o.steps}; the same command goes on from there"
                    )
                clock.lap("held_out")
            if step == o.steps:
                break

            # Sample: every rank its share of the prompts
            asked = prompts.draw(step, r.prompts)
            exhausted = not asked
            if exhausted:
                break
            model.eval()
            mine = asked[rank::world]
            seeds = [seed_of(recipe.seed, "step", step, number) for number in range(len(asked))]
            samples = rollouts(mine, r.samples, seeds[rank::world])
            clock.lap("rollout")

            # Judge and weigh
            judged = [judge(p, group, reward, recipe) for p, group in zip(mine, samples, strict=True)]
            clock.lap("reward")
            weighed = weigh(judged, recipe)
            shares = gather([summarise(g, bool(k)) for g, k in zip(judged, weighed.kept_P, strict=True)], world)
            summaries = [shares[number % world][number // world] for number in range(len(asked))]
            prompts.learn(asked, [summary.pass_rate for summary in summaries])
            numbers = (torch.tensor([summary.kept for summary in summaries]).cumsum(0) - 1).tolist()
            parts = minibatches(weighed, numbers[rank::world], recipe, model)
            prepare(parts, processor, place)
            clock.lap("pack")

            # Update, once or a few times
            model.train()
            if reference is not None and recipe.loss.kl_reset and step and step % recipe.loss.kl_reset == 0:
                reference.load_state_dict(model.state_dict())
            scale = warmup_stable_decay(step, o.steps, o.warmup, o.decay)
            several = len(parts) > 1
            before = [
                behaviour(model, part, banned_V, recipe.run.autocast, read) if several else None for part in parts
            ]
            sums, largest, norms = Totals().tensor(), 0.0, []
            for part, old in zip(parts, before, strict=True):
                counts = torch.tensor([part.groups, int(part.length_S.sum())], dtype=torch.float64)
                groups, tokens = total(counts, world).tolist()
                if not groups:
                    continue
                totals, worst = accumulate(model, reference, recipe, part, int(groups), tokens, banned_V, read, old)
                sums, largest = sums + totals.tensor(), max(largest, worst)
                if world > 1:
                    all_reduce(model)
                norm = torch.nn.utils.clip_grad_norm_(model.parameters(), o.clip)
                norms.append(norm.item())
                for optimiser in optimisers:
                    for group in optimiser.param_groups:
                        group["lr"] = group["peak_lr"] * scale
                    # A broken gradient must not touch the weights.
                    if torch.isfinite(norm):
                        optimiser.step()
                    optimiser.zero_grad(set_to_none=True)
            balance_experts(model)
            clock.lap("update")

            # Log and keep
            finished = step + 1
            means = Totals().means(total(sums, world))
            line = {"step": finished, **metrics(summaries), **means}
            line |= {
                "mismatch_max": max(gather(largest, world)),
                "grad_norm": max(norms, default=0.0),
                "lr_scale": scale,
            }
            line["alarms"] = alarms(line["entropy"], recipe.entropy.floor, recipe.entropy.ceiling)
            line["seconds"] = clock.seconds
            progress.step(line)
            if finished in recipe.run.snapshots and rank == 0:
                keep(model, tokenizer, processor, folder / "snapshots" / f"{finished:06d}")
            stopped = stopping() and finished < o.steps
            due = finished in measured or finished == o.steps or finished % recipe.run.save_every == 0
            if rank == 0 and (stopped or due):
                save_checkpoint(folder, finished, trained, optimisers, [prompts.state()], identity)
            if stopped:
                break
    if exhausted:
        if rank == 0:
            save_checkpoint(folder, finished, trained, optimisers, [prompts.state()], identity)
            export(model, model_folder)
        raise UserError(
            f"step {finished} of {o.steps}: no prompts are left, all have been solved; what was learned lies in {model_folder}: "
            "go on from it with higher levels or other families (--init, another --out)"
        )
    if finished < o.steps:
        raise Interrupted(f"stopped after step {finished} of {o.steps}; the same command goes on from there")
    if rank == 0:
        export(model, model_folder)
    return model_folder


def frozen(model: MuseSpark) -> MuseSpark:
    """A copy without gradients."""
    return copy.deepcopy(model).eval().requires_grad_(False)


class Sampler:
    """The weights that the engine generates with: the policy itself, or a copy of it in bfloat16."""

    def __init__(self, model: MuseSpark, dtype: str):
        self.model = model
        self.weights = model if dtype == "float32" else frozen(model)
        for name, parameter in self.weights.named_parameters() if self.weights is not model else ():
            if not name.endswith(FLOAT32):
                parameter.data = parameter.data.to(torch.bfloat16)

    @torch.no_grad()
    def refresh(self, engine: Engine) -> Engine:
        """The same engine, its weights the policy's as they are now. It forgets prompts, so that what it computes does not
        depend on what was asked before: a run that was stopped has not asked it."""
        engine.forget()
        if self.weights is not self.model:
            for mine, theirs in zip(self.weights.state_dict().values(), self.model.state_dict().values(), strict=True):
                mine.copy_(theirs)
        return engine


def keep(model: MuseSpark, tokenizer: Tokenizer, processor: ImageProcessor, folder: Path) -> None:
    """A model folder of the weights as they are, in float32: what an update changes may be too little for bfloat16."""
    tokenizer.save(folder)
    processor.save(folder)
    save_model(model, folder)
