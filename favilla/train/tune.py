"""Tuning: a model folder goes on learning from a user's own conversations (`favilla.data.conversations`).

favilla tune favilla/ember --data pairs.jsonl
"""

from __future__ import annotations

import functools
import math
from pathlib import Path

import numpy as np

from favilla.atomic import write_atomically
from favilla.chat.images import ImageProcessor
from favilla.chat.tokenizer import Tokenizer
from favilla.data.batches import Shape, take
from favilla.data.conversations import Conversations, Size, check_conversations, fingerprint_with_pictures, line_of
from favilla.data.examples import Example, Picture
from favilla.data.loader import Loader
from favilla.errors import UserError
from favilla.home import home
from favilla.model import load_model
from favilla.model.folder import weights_fingerprint
from favilla.train.checkpoint import refuse_other_model
from favilla.train.claim import claimed
from favilla.train.loop import Job, train
from favilla.train.pretrain import export
from favilla.train.ranks import join
from favilla.train.recipe import OptimPart, RunPart

LARGEST_STEP, ENOUGH_STEPS = 2048, 200  # tokens; steps
COMPILED = 300  # steps from which compiling, half a minute here, pays
SAVES = 10  # at least so many checkpoints a run
MATRICES = 5.0  # Muon's rate for matrices as a multiple of AdamW's, as in recipes/ember.toml rounded up
MOST_PASSES = 10_000  # counting the steps of more takes minutes


def tune(
    folder: Path,
    data: Path,
    out: Path | None = None,
    *,
    passes: float = 3.0,
    rate: float = 1e-3,
    batch_tokens: int | None = None,
    seed: int = 0,
    workers: int = 1,
    device: str = "cpu",
    quiet: bool = False,
) -> Path:
    """Train a copy of the model in `folder` on the conversations in `data`; returns the new model folder.

    passes: how often every conversation is seen at least; the last step is filled with more of them. rate: AdamW's peak
    learning rate; it falls linearly to zero. batch_tokens: about as many tokens make a step; by default 2,048, and fewer where a
    file is small, so that a run has some two hundred steps. Stopped, the same call goes on. Raises UserError for what the user
    can mend.
    """
    if not 0 < passes <= MOST_PASSES:
        raise UserError(f"--passes {passes}: give a number above 0, up to {MOST_PASSES}")
    if not (rate > 0 and math.isfinite(rate)):
        raise UserError(f"--rate {rate}: give a number above 0, such as 0.001")
    if batch_tokens is not None and batch_tokens < 1:
        raise UserError(f"--batch-tokens {batch_tokens}: give a whole number, 1 or more")
    source = folder.resolve()
    # Runs call their models alike: `model`.
    run = out or home() / "runs" / f"tuned-{source.parent.name if source.name == 'model' else source.name}"
    model_folder = run / "model"
    if source in (run.resolve(), model_folder.resolve()):
        raise UserError(f"--out {run}: holds the model that is to be tuned; choose another folder")
    rank, world, place = join(device)
    refuse_other_model(run)
    model, config = load_model(folder)
    model.float()
    beside = {path.name: path.read_bytes() for path in folder.iterdir() if _is_beside(path)}
    processor = ImageProcessor.load(folder)
    sizes = check_conversations(data, Tokenizer.load(folder), processor, config.text.max_position_embeddings)

    total = sum(size.tokens for size in sizes)
    if batch_tokens is None:
        batch_tokens = min(LARGEST_STEP, round(total * passes / ENOUGH_STEPS))
    shape = _shape(sizes, batch_tokens, 3 * config.vision.patch_size**2, config.vision.merge_size)
    examples, seeds = math.ceil(passes * len(sizes) / world), [seed * 1000 + other for other in range(world)]
    steps = max(_steps(sizes, shape, one, examples) for one in seeds)

    optim = OptimPart(steps=steps, warmup=min(20, steps // 10), decay=1.0, muon_lr=rate * MATRICES, adam_lr=rate)
    settings = RunPart(
        compile=steps >= COMPILED, log_every=max(1, min(10, steps // 20)), save_every=max(1, min(200, steps // SAVES))
    )
    identity = f"tune {fingerprint_with_pictures(data)} {weights_fingerprint(folder)} {passes} {rate} {batch_tokens} {seed} {config.to_dict()}"
    maker = functools.partial(Conversations, str(data), str(folder), seeds[rank])
    job = Job(run.name, optim, settings, shape, workers, identity)
    with claimed(run, rank):
        train(job, model, processor, maker, run, place, quiet)
        if rank == 0:
            # Only now: a call that is refused leaves a model that is there as it was.
            model_folder.mkdir(exist_ok=True)
            for name, content in beside.items():
                write_atomically(model_folder / name, content)
            export(model, model_folder)
    return model_folder


def _is_beside(path: Path) -> bool:
    """Whether a file of a model folder belongs to neither weights nor config: tokenizer, chat template, image processor, and
    how to generate."""
    weights = path.name == "config.json" or path.name.endswith(".index.json")
    return path.suffix in (".json", ".jinja") and not weights and path.is_file()


def _shape(sizes: list[Size], batch_tokens: int, patch_values: int, merge: int) -> Shape:
    """Batches of about `batch_tokens` tokens. Every line fits: a row holds the longest one, a picture row the largest picture,
    all picture rows the most pictures of a line. Beyond that there are as many as go with so many tokens on average."""
    tokens = _rounded(max(size.tokens for size in sizes), 64)
    rows = max(1, batch_tokens // tokens)
    patches = max(_rounded(max(max(size.patches, default=0) for size in sizes), 4), 64)
    share = rows * tokens / sum(size.tokens for size in sizes)
    average = math.ceil(share * sum(sum(size.patches) for size in sizes) / patches)
    picture_rows = max(1, average, *(_picture_rows(size, patches) for size in sizes))
    return Shape(rows, tokens, rows * tokens, picture_rows, patches, patch_values, merge)


def _picture_rows(size: Size, patches: int) -> int:
    """Rows of so many patches that the pictures of one line fill, by the packer's rule."""
    free: list[int] = []
    for picture in _hollow(size).pictures:
        if not take(free, picture):
            free.append(patches)
            take(free, picture)
    return len(free)


def _steps(sizes: list[Size], shape: Shape, seed: int, examples: int) -> int:
    """Batches until each of the first `examples` examples has been in one, packed as training packs them."""
    hollow = [_hollow(size) for size in sizes]
    loader = Loader(lambda: lambda index: hollow[line_of(index, len(sizes), seed)], shape, image_token_id=0)
    steps = 0
    while min([loader.state.next, *loader.state.waiting]) < examples:
        loader.fill()
        steps += 1
    return steps


def _hollow(size: Size) -> Example:
    """An example that takes as much room as a line, and holds nothing. Any number of targets fits."""
    nothing = np.zeros((0, 2), dtype=np.int64)
    pictures = tuple(Picture((np.zeros((patches, 0), np.uint8), (1, patches)), nothing) for patches in size.patches)
    return Example("", np.zeros(size.tokens, np.int32), (), pictures)


def _rounded(number: int, multiple: int) -> int:
    return math.ceil(number / multiple) * multiple
