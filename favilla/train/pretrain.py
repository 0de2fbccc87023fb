"""Pretraining: words and pictures in one stream from the first step.

    favilla pretrain recipes/debug.toml

reads a recipe, trains, and leaves a model folder that `favilla ask --model` and other runtimes load. It may be
stopped at any moment; the same command goes on from the last checkpoint and gives the same losses.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import random
import re
import tempfile
from contextlib import closing, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F

from favilla.chat.images import ImageProcessor
from favilla.chat.tokenizer import Tokenizer, train_tokenizer
from favilla.chat.wire import pieces
from favilla.data.batches import IGNORE, Batch
from favilla.data.examples import EFFORTS, STYLE_OF_EFFORT, Mixture, make_example, prompt_messages, solution_message
from favilla.data.loader import Loader, LoaderState
from favilla.data.stream import MakeExample
from favilla.errors import Interrupted, UserError
from favilla.home import home
from favilla.model import MuseSpark, VisionConfig, initialise, load_model, save_model
from favilla.model.experts import MixtureOfExperts
from favilla.model.folder import FLOAT32, write_atomically
from favilla.train.checkpoint import load_checkpoint, save_checkpoint
from favilla.train.flops import measured_peak, step_flops
from favilla.train.marks import MarkReader
from favilla.train.optim import make_optimisers, warmup_stable_decay
from favilla.train.progress import Progress
from favilla.train.ranks import gather, join
from favilla.train.recipe import Recipe
from favilla.train.stopping import StopRequest

CONTROL = re.compile(r"<\|[a-z_]*\|>")
LOAD_BIAS_RATE = 1e-3  # step of the routing bias per update (DeepSeek-V3, section 2.1.2)


def example_maker(recipe: Recipe, tokenizer_folder: str, seed: int) -> MakeExample:
    """What worker processes build their examples with; picklable by its arguments."""
    processor = image_processor(recipe)
    return functools.partial(
        _example, recipe.data.mixture(), Tokenizer.load(tokenizer_folder), processor, seed, recipe.data.tokens
    )


def _example(mixture: Mixture, tokenizer: Tokenizer, processor: ImageProcessor, seed: int, tokens: int, index: int):
    return make_example(mixture, tokenizer, processor, seed, index, tokens)


def image_processor(recipe: Recipe) -> ImageProcessor:
    """The processor that goes with the recipe's vision tower."""
    vision = VisionConfig(**recipe.model.vision)
    return ImageProcessor(vision.patch_size, vision.patch_temporal, vision.merge_size, recipe.data.max_image_tokens)


def corpus(recipe: Recipe):
    """Text of the mixture (prompts, thinking, answers, and the words of the wire format around them) for the tokenizer,
    the same for the same recipe."""
    mixture = recipe.data.mixture()
    for task in mixture.tasks:
        for level, weight in enumerate(map(sum, itertools.zip_longest(*task.levels, fillvalue=0)), start=1):
            rng = random.Random(f"tokenizer/{recipe.seed}/{task.family.name}/{level}")
            for _ in range(recipe.tokenizer.samples if weight else 0):
                problem = task.family.sample(rng, level, "train")
                effort = rng.choice(EFFORTS)
                turns = [*prompt_messages(problem), solution_message(problem, STYLE_OF_EFFORT[effort])]
                for piece in pieces(turns, effort):
                    yield from CONTROL.split(piece.text)


def prepare_tokenizer(recipe: Recipe, folder: Path, init: Path | None) -> Tokenizer:
    """The tokenizer of the run's model folder: its own if it is there already, that of `init`, or a new one."""
    if (folder / "tokenizer.json").exists():
        return Tokenizer.load(folder)
    tokenizer = Tokenizer.load(init) if init else train_tokenizer(corpus(recipe), recipe.tokenizer.vocab_size)
    with tempfile.TemporaryDirectory(dir=folder) as aside:
        image_processor(recipe).save(aside)
        tokenizer.save(aside)
        # tokenizer.json last: where it is, the others are.
        for path in sorted(Path(aside).iterdir(), key=lambda path: path.name == "tokenizer.json"):
            os.replace(path, folder / path.name)
    return tokenizer


def loss_sum(
    model: MuseSpark, batch: Batch, autocast: bool, reader: MarkReader | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cross-entropy summed over the batch's targets, and over its marks if there is a reader for them; a batch without any
    gives 0, not NaN."""
    device = batch.ids_BT.device.type
    with torch.autocast(device, torch.bfloat16) if autocast else nullcontext():
        features = model.model.vision_tower(batch.pictures)
        image_MD = model.project(features)
        logits_NV = model(
            batch.ids_BT, positions_BT=batch.positions_BT, segments_BT=batch.segments_BT,
            branches_BT=batch.branches_BT, at_N=batch.at_N,
            embedded_BTD=model.embed(batch.ids_BT, batch.pictures, batch.slots_BT, image_MD),
        )  # fmt: skip
        marks = logits_NV.new_zeros(()) if reader is None else reader(batch, features, image_MD)
    return F.cross_entropy(logits_NV, batch.labels_N, ignore_index=IGNORE, reduction="sum"), marks


def ready(batch: Batch, processor: ImageProcessor, device: torch.device) -> Batch:
    """Pixels normalised, tensors on the device."""
    pixels = torch.from_numpy(processor.normalise(batch.pictures.pixels_RSP.numpy()))
    batch.pictures = batch.pictures.with_pixels(pixels).to(device)
    for name, value in vars(batch).items():
        if isinstance(value, torch.Tensor):
            setattr(batch, name, value.to(device))
    return batch


def pretrain(
    recipe: Recipe, out: Path | None = None, device: str = "cpu", init: Path | None = None, quiet: bool = False
) -> Path:
    """Train a recipe to its end and return the model folder. Raises UserError for what the user can mend."""
    rank, world, place = join(device)
    folder = out or home() / "runs" / recipe.name
    model_folder = folder / "model"
    model_folder.mkdir(parents=True, exist_ok=True)

    # Tokenizer and model
    if rank == 0:
        prepare_tokenizer(recipe, model_folder, init)
    if world > 1:
        dist.barrier()
    tokenizer = Tokenizer.load(model_folder)
    processor = ImageProcessor.load(model_folder)
    config = recipe.model.config(
        tokenizer.vocab_size, tokenizer.id("<|patch|>"), tokenizer.id("<|eot|>"), tokenizer.pad_id
    )
    if init is not None:
        model, config = load_model(init)
        model.train()
    else:
        model = MuseSpark(config)
        initialise(model, recipe.seed, recipe.model.gate_init)
    o = recipe.optim
    reader = MarkReader(config) if o.marks else None
    trained = torch.nn.ModuleDict({"model": model} | ({"reader": reader} if reader else {})).to(place)
    optimisers = make_optimisers(trained, o.muon_lr, o.adam_lr, o.adam_betas, o.weight_decay, o.vision_rate)

    # Resume: this run's own checkpoint, else from the start
    # The number of steps may change: until the decay begins, a longer run is the same run.
    free: Any = {"name": True, "optim": {"steps"}, "data": {"workers"}, "run": {"compile", "log_every", "save_every"}}
    identity = recipe.model_dump_json(exclude=free)
    resumed = load_checkpoint(folder, trained, optimisers, identity, world)
    first, data_states = resumed or (0, [asdict(LoaderState())] * world)

    # Data: rank r of w draws from a stream of its own
    merge = config.vision.merge_size
    shape = recipe.data.shape(3 * config.vision.patch_size**2, merge)
    maker = functools.partial(example_maker, recipe, str(model_folder), recipe.seed * 1000 + rank)
    loader = Loader(maker, shape, config.image_token_id, recipe.data.workers, LoaderState(**data_states[rank]))

    # Train
    step_loss = torch.compile(loss_sum, dynamic=False) if recipe.run.compile else loss_sum
    peak = measured_peak(place, torch.bfloat16 if recipe.run.autocast else torch.float32)
    progress = Progress(folder, recipe, first, step_flops(model, config, shape), peak * world, quiet or rank > 0)
    finished = first
    with closing(loader), closing(progress), StopRequest() as stop:
        for step in range(first, o.steps):
            batch = ready(next(loader), processor, place)
            counts = torch.tensor(
                [batch.targets, batch.tokens, batch.examples, batch.marks if reader else 0, stop.asked],
                dtype=torch.float64,
            )
            if world > 1:
                dist.all_reduce(counts)

            loss, marks = step_loss(model, batch, recipe.run.autocast, reader)
            loss, marks = loss / counts[0].clamp(min=1).item(), marks / counts[3].clamp(min=1).item()
            (loss + o.marks * marks).backward()
            if world > 1:
                loss, marks = all_reduce(trained, loss, marks)
            norm = torch.nn.utils.clip_grad_norm_(trained.parameters(), o.clip)

            scale = warmup_stable_decay(step, o.steps, o.warmup, o.decay)
            for optimiser in optimisers:
                for group in optimiser.param_groups:
                    group["lr"] = group["peak_lr"] * scale
                # A step without targets or with a broken gradient must not touch the weights.
                if counts[0] > 0 and torch.isfinite(norm):
                    optimiser.step()
                optimiser.zero_grad(set_to_none=True)
            balance_experts(model)

            finished = step + 1
            progress.step(step, loss.item(), marks.item(), norm.item(), scale, counts.tolist(), loader.state.skipped)
            stopping = counts[4] > 0
            if stopping or finished == o.steps or finished % recipe.run.save_every == 0:
                states = gather(asdict(loader.state), world)
                progress.flush()
                if rank == 0:
                    save_checkpoint(folder, finished, trained, optimisers, states, identity)
            if stopping:
                break
    if finished < o.steps:
        raise Interrupted(f"stopped after step {finished} of {o.steps}; the same command goes on from there")

    # Ship: bf16 weights, float32 where the published format wants it
    if rank == 0:
        export(model, model_folder)
    return model_folder


def all_reduce(trained: torch.nn.Module, *losses: torch.Tensor) -> list[torch.Tensor]:
    """Sum gradients and losses over ranks. Each rank's losses are already divided by the global counts of targets and marks;
    a parameter that a rank did not use counts as zero there, so no rank waits for another for ever."""
    for parameter in trained.parameters():
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        dist.all_reduce(parameter.grad)
    summed = [loss.detach().clone() for loss in losses]
    for loss in summed:
        dist.all_reduce(loss)
    return summed


@torch.no_grad()
def balance_experts(model: MuseSpark) -> None:
    """Raise the routing bias of experts with less than their share of tokens, lower that of the others."""
    for module in model.modules():
        if isinstance(module, MixtureOfExperts):
            load_E = module.load_E
            if dist.is_initialized():
                dist.all_reduce(load_E)
            module.gate.e_score_correction_bias += LOAD_BIAS_RATE * torch.sign(load_E.mean() - load_E)
            load_E.zero_()


def export(model: MuseSpark, folder: Path) -> None:
    """Write a trained model as bf16 into the run's model folder, the training copy left as it is."""
    shipped = MuseSpark(model.config)
    shipped.load_state_dict(model.state_dict())
    for name, parameter in shipped.named_parameters():
        if not name.endswith(FLOAT32):
            parameter.data = parameter.data.to(torch.bfloat16)
    save_model(shipped, folder)
    text = model.config.to_dict()["text_config"]
    generation = {"eos_token_id": text["eos_token_id"], "pad_token_id": text["pad_token_id"], "do_sample": False}
    write_atomically(folder / "generation_config.json", json.dumps(generation, indent=2) + "\n")
