"""Pretraining: words and pictures in one stream from the first step.

    favilla pretrain recipes/debug.toml

reads a recipe, trains, and leaves a model folder that `favilla ask --model` and other runtimes load. It may be
stopped at any moment; the same command goes on from the last checkpoint and gives the same losses.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
import os
import random
import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from favilla.atomic import write_atomically
from favilla.chat.images import ImageProcessor
from favilla.chat.tokenizer import EOT, Tokenizer, train_tokenizer
from favilla.chat.wire import pieces
from favilla.data.batches import Packer, Shape
from favilla.data.conversations import Conversations, check_conversations, fingerprint_with_pictures
from favilla.data.examples import (
    EFFORTS,
    STYLE_OF_EFFORT,
    Example,
    Mixture,
    make_example,
    prompt_messages,
    solution_message,
)
from favilla.data.stream import MakeExample
from favilla.errors import UserError
from favilla.home import home
from favilla.model import MuseSpark, SparkConfig, VisionConfig, initialise, load_model, save_model
from favilla.model.folder import FLOAT32, skeleton, weights_fingerprint
from favilla.train.checkpoint import CHECKPOINT, refuse_other_model
from favilla.train.claim import claimed
from favilla.train.loop import Job, train
from favilla.train.ranks import join
from favilla.train.recipe import Recipe

CONTROL = re.compile(r"<\|[a-z_]*\|>")


def example_maker(recipe: Recipe, tokenizer_folder: str, seed: int) -> MakeExample:
    """What worker processes build their examples with; picklable by its arguments."""
    tokenizer, processor = Tokenizer.load(tokenizer_folder), ImageProcessor.load(tokenizer_folder)
    tasks = functools.partial(_example, recipe.data.mixture(), tokenizer, processor, seed, recipe.data.tokens)
    if (extra := recipe.data.extra) is None:
        return tasks
    return functools.partial(_interleaved, tasks, Conversations(str(extra.path), tokenizer_folder, seed), extra.share)


def _interleaved(tasks: MakeExample, extra: MakeExample, share: float, index: int) -> Example | None:
    """Of examples 0 .. n - 1 the share, rounded down, are `extra`'s, in its order; the others are the tasks' under their own
    numbers, so they are the same with and without it."""
    number = math.floor((index + 1) * share)
    return extra(number - 1) if number > math.floor(index * share) else tasks(index)


def _example(mixture: Mixture, tokenizer: Tokenizer, processor: ImageProcessor, seed: int, tokens: int, index: int):
    return make_example(mixture, tokenizer, processor, seed, index, tokens)


def image_processor(recipe: Recipe, init: Path | None = None) -> ImageProcessor:
    """The processor of `init`, or that which goes with the recipe's vision tower; its pictures are as large as the recipe says."""
    if init is not None:
        return replace(ImageProcessor.load(init), max_image_tokens=recipe.data.max_image_tokens)
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
    """The tokenizer of the run's model folder: that which a checkpoint of the run was trained with, that of `init`, or a new
    one. The image processor is put beside it. Raises UserError when those that are there are not those of `init`."""
    processor = image_processor(recipe, init)
    # Without a checkpoint they may be those of a recipe that has been mended since.
    if (folder.parent / CHECKPOINT).exists() and (folder / "tokenizer.json").exists():
        tokenizer = Tokenizer.load(folder)
        there = tokenizer.inner.to_str(), ImageProcessor.load(folder)
        if init and there != (Tokenizer.load(init).inner.to_str(), processor):
            raise UserError(
                f"{folder}: has another tokenizer or image processor than --init {init}; choose another --out"
            )
        return tokenizer
    tokenizer = Tokenizer.load(init) if init else train_tokenizer(corpus(recipe), recipe.tokenizer.vocab_size)
    with tempfile.TemporaryDirectory(dir=folder) as aside:
        processor.save(aside)
        tokenizer.save(aside)
        # tokenizer.json last: where it is, the others are.
        for path in sorted(Path(aside).iterdir(), key=lambda path: path.name == "tokenizer.json"):
            os.replace(path, folder / path.name)
    return tokenizer


def check_start(recipe: Recipe, config: SparkConfig, where: str) -> None:
    """Raises UserError where [model] says something else than the config of the model to start from."""
    part = recipe.model
    stated = {"text.": part.text, "vision.": part.vision, "": {"projector_hidden_size": part.projector_hidden_size}}
    found: dict[str, dict[str, Any]] = {"text.": vars(config.text), "vision.": vars(config.vision), "": vars(config)}
    for section, fields in stated.items():
        for name, value in fields.items():
            if (has := found[section].get(name)) != value:
                field = f"{section}{name}"
                raise UserError(f"recipe: [model] {field} is {value!r}, {where} has {has!r}; state what that model has")


def pretrain(
    recipe: Recipe, out: Path | None = None, device: str = "cpu", init: Path | None = None, quiet: bool = False
) -> Path:
    """Train a recipe to its end and return the model folder. Raises UserError for what the user can mend."""
    joined = join(device)
    folder = out or home() / "runs" / recipe.name
    model_folder = folder / "model"
    if init is not None and init.resolve() in (folder.resolve(), model_folder.resolve()):
        raise UserError(f"--out {folder}: holds the model to start from; choose another folder")

    # What can be checked before anything is written
    refuse_other_model(folder)
    start = load_model(init) if init is not None else None
    if start is not None:
        check_start(recipe, start[1], f"--init {init}")
        config = start[1]
    else:
        config = recipe.model.config(
            recipe.tokenizer.vocab_size, 0, 0, 0
        )  # ids are the tokenizer's, which is not made yet
        skeleton(config, "recipe: [model]")
    if recipe.data.tokens > config.text.max_position_embeddings:
        raise UserError(
            f"recipe: [data] tokens is {recipe.data.tokens}, the model's context {config.text.max_position_embeddings}; make "
            "rows no longer than it"
        )
    shape = recipe.data.shape(3 * config.vision.patch_size**2, config.vision.merge_size)
    with claimed(folder, joined[0]):
        _train(recipe, folder, joined, init, start, shape, quiet)
    return model_folder


def _train(
    recipe: Recipe,
    folder: Path,
    joined: tuple[int, int, torch.device],
    init: Path | None,
    start: tuple[MuseSpark, SparkConfig] | None,
    shape: Shape,
    quiet: bool,
) -> None:
    """What follows when the folder is the run's own. joined: see `ranks.join`; start: the model and config of `init`."""
    rank, world, place = joined
    model_folder = folder / "model"

    # Tokenizer and model
    model_folder.mkdir(parents=True, exist_ok=True)
    if rank == 0:
        prepare_tokenizer(recipe, model_folder, init)
    if world > 1:
        dist.barrier()
    tokenizer, processor = Tokenizer.load(model_folder), ImageProcessor.load(model_folder)
    if start is not None:
        model, config = start
    else:
        config = recipe.model.config(
            tokenizer.vocab_size, tokenizer.id("<|patch|>"), tokenizer.id("<|eot|>"), tokenizer.pad_id
        )
        model = MuseSpark(config)
        initialise(model, recipe.seed, recipe.model.gate_init)

    # Data: rank r of w draws from a stream of its own
    extra = recipe.data.extra
    if extra is not None:
        fits = Packer(shape, config.image_token_id).fits_at_all
        check_conversations(extra.path, tokenizer, processor, recipe.data.tokens, fits)
    maker = functools.partial(example_maker, recipe, str(model_folder), recipe.seed * 1000 + rank)

    # Train. The number of steps may change: until the decay begins, a longer run is the same run.
    # Where styles are not used, checkpoints are those of a time that did not know them.
    unused = set() if recipe.data.styles else {"styles"}
    free: Any = {
        "name": True,
        "optim": {"steps"},
        "data": {"workers"} | unused,
        "run": {"compile", "log_every", "save_every"},
    }
    identity = recipe.model_dump_json(exclude=free, exclude_none=True) + (
        fingerprint_with_pictures(extra.path) if extra else ""
    )
    identity += f" init {weights_fingerprint(init)}" if init is not None else ""
    job = Job(recipe.name, recipe.optim, recipe.run, shape, recipe.data.workers, identity)
    train(job, model, processor, maker, folder, place, quiet)

    # Ship: bf16 weights, float32 where the published format wants it
    if rank == 0:
        export(model, model_folder)


def export(model: MuseSpark, folder: Path) -> None:
    """Write a trained model as bf16 into the run's model folder, where its tokenizer is; the training copy is left as it is.
    A generation_config.json that is there, such as that of the model that was tuned, stays."""
    shipped = MuseSpark(model.config)
    shipped.load_state_dict(model.state_dict())
    shipped.carried = model.carried
    for name, parameter in shipped.named_parameters():
        if not name.endswith(FLOAT32):
            parameter.data = parameter.data.to(torch.bfloat16)
    save_model(shipped, folder)
    path = folder / "generation_config.json"
    if not path.exists():
        stated, tokenizer = model.config.to_dict()["text_config"], Tokenizer.load(folder)
        own = {"eos_token_id": tokenizer.id(EOT), "pad_token_id": tokenizer.pad_id}
        generation = {name: own[name] if stated.get(name) is None else stated[name] for name in own}
        write_atomically(path, json.dumps({**generation, "do_sample": False}, indent=2) + "\n")
