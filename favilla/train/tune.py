"""Tuning: a model folder goes on learning from a user's own conversations (`favilla.data.conversations`).

favilla tune favilla/ember --data pairs.jsonl
"""

from __future__ import annotations

import functools
import math
from pathlib import Path

from favilla.chat.images import ImageProcessor
from favilla.chat.tokenizer import Tokenizer
from favilla.data.batches import Shape
from favilla.data.conversations import Conversations, check_conversations, fingerprint
from favilla.errors import UserError
from favilla.home import home
from favilla.model import load_model
from favilla.train.loop import Job, set_up, train
from favilla.train.pretrain import export
from favilla.train.recipe import OptimPart, RunPart

LARGEST_STEP, ENOUGH_STEPS = 2048, 200  # tokens; steps
FILLED = 0.9  # share of a batch that is no padding
COMPILED = 300  # steps from which compiling, half a minute here, pays
MATRICES = 5.0  # Muon's rate for matrices as a multiple of AdamW's, as in recipes/ember.toml rounded up


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

    passes: how often every conversation is seen. rate: AdamW's peak learning rate; it falls linearly to zero.
    batch_tokens: about as many tokens make a step; by default 2,048, and fewer where a file is small, so that a run has some
    two hundred steps. Stopped, the same call goes on. Raises UserError for what the user
    can mend.
    """
    if not (passes > 0 and math.isfinite(passes)):
        raise UserError(f"--passes {passes}: give a number above 0")
    if not (rate > 0 and math.isfinite(rate)):
        raise UserError(f"--rate {rate}: give a number above 0, such as 0.001")
    if batch_tokens is not None and batch_tokens < 1:
        raise UserError(f"--batch-tokens {batch_tokens}: give a whole number, 1 or more")
    rank, world, place = set_up(device)
    model, config = load_model(folder)
    model.float()
    tokenizer, processor = Tokenizer.load(folder), ImageProcessor.load(folder)
    sizes = check_conversations(data, tokenizer, processor, config.text.max_position_embeddings)

    # One row holds the longest conversation, one picture row the largest picture.
    tokens, total = _rounded(max(length for length, _, _ in sizes), 64), sum(length for length, _, _ in sizes)
    if batch_tokens is None:
        batch_tokens = min(LARGEST_STEP, round(total * passes / ENOUGH_STEPS))
    rows = max(1, batch_tokens // tokens)
    patches = max(_rounded(max(patches for _, _, patches in sizes), 4), 64)
    picture_rows = max(1, rows if any(patches for _, _, patches in sizes) else 1)
    shape = Shape(
        rows, tokens, rows * tokens, picture_rows, patches, 3 * config.vision.patch_size**2, config.vision.merge_size
    )
    steps = max(1, math.ceil(passes * total / (rows * tokens * FILLED * world)))

    run = out or home() / "runs" / f"tuned-{folder.resolve().name}"
    model_folder = run / "model"
    if rank == 0:
        model_folder.mkdir(parents=True, exist_ok=True)
        tokenizer.save(model_folder)
        processor.save(model_folder)
    optim = OptimPart(steps=steps, warmup=min(20, steps // 10), decay=1.0, muon_lr=rate * MATRICES, adam_lr=rate)
    settings = RunPart(compile=steps >= COMPILED, log_every=max(1, min(10, steps // 20)), save_every=200)
    identity = f"tune {fingerprint(data)} {passes} {rate} {batch_tokens} {seed} {config.to_dict()}"
    maker = functools.partial(Conversations, str(data), str(folder), seed * 1000 + rank)
    job = Job(run.name, optim, settings, shape, workers, identity)
    train(job, model, processor, maker, run, place, quiet)
    if rank == 0:
        export(model, model_folder)
    return model_folder


def _rounded(number: int, multiple: int) -> int:
    return math.ceil(number / multiple) * multiple
