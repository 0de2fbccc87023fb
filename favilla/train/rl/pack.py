"""Samples as packed batches: what a group shares is computed once, its samples are branches (`data.batches`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from favilla.chat.encode import EncodedChat
from favilla.data.batches import Batch, Packer, Shape
from favilla.data.examples import Example, Picture
from favilla.train.rl.protocols import Passage


@dataclass
class MicroBatch:
    """A packed batch and, for each of its targets in order: sample_N (whose it is), sampler_N (the sampler's
    log-probability), mask_N (1 where the policy chose; 0 where the batch's target is padding)."""

    batch: Batch
    sample_N: torch.Tensor
    sampler_N: torch.Tensor
    mask_N: torch.Tensor


@dataclass(frozen=True)
class Branches:
    """An example and the numbers of the samples that its branches belong to."""

    example: Example
    passages: tuple[tuple[int, Passage], ...]


def branches(passages: Sequence[tuple[int, Passage]], tokens: int) -> list[Branches]:
    """Passages (with their samples' numbers) of one context as examples of at most `tokens` tokens, longer only where a
    passage alone is."""
    context = passages[0][1].context
    made: list[Branches] = []
    waiting: list[tuple[int, Passage]] = []
    room = 0
    for number, passage in passages:
        # The last token of the context stands in each branch, for its first target to follow.
        need = len(passage.ids) + 1
        if waiting and need > room:
            made.append(Branches(_example(context, waiting), tuple(waiting)))
            waiting = []
        if not waiting:
            room = tokens - (len(context.ids) - 1)
        waiting.append((number, passage))
        room -= need
    made.append(Branches(_example(context, waiting), tuple(waiting)))
    return made


def _example(context: EncodedChat, passages: Sequence[tuple[int, Passage]]) -> Example:
    ids = np.asarray(context.ids, dtype=np.int32)
    no_marks = np.zeros((0, 2), dtype=np.int64)
    return Example(
        "rl",
        ids[:-1],
        tuple(
            (np.asarray([ids[-1], *passage.ids], dtype=np.int32), np.asarray([False] + [True] * len(passage.ids)))
            for _, passage in passages
        ),
        tuple(Picture(encoded, no_marks) for encoded in context.pictures),
    )


def pack(
    passages: Sequence[tuple[int, Passage]],
    rows: int,
    tokens: int,
    image_token_id: int,
    pixel_values: int,
    merge: int,
    steady: bool = False,
) -> list[MicroBatch]:
    """All passages, each with the number of its sample, as few batches of at most `rows` x `tokens` tokens (longer rows only
    where one passage needs them), the fullest first. steady: of exactly that size, pictures and targets apart; where a passage needs longer
    rows, of rows of a multiple of `tokens`."""
    by_context: dict[int, list[tuple[int, Passage]]] = {}
    for number, passage in passages:
        by_context.setdefault(id(passage.context), []).append((number, passage))
    examples = [example for group in by_context.values() for example in branches(group, tokens)]
    # Longest first: first-fit leaves least space then (Johnson 1973).
    examples.sort(key=lambda b: -len(b.example))
    longest = max((len(b.example) for b in examples), default=0)
    patches = max((len(p.encoded[0]) for b in examples for p in b.example.pictures), default=merge**2)
    width = tokens * -(-longest // tokens) if steady else max(tokens, longest)
    # As many picture rows as the text could name pictures.
    shape = Shape(rows, width, rows * width, rows * tokens, patches, pixel_values, merge)
    packers: list[tuple[Packer, list[Branches]]] = []
    for example in examples:
        for packer, held in packers:
            if packer.add(example.example):
                held.append(example)
                break
        else:
            packer = Packer(shape, image_token_id)
            if not packer.add(example.example):
                raise ValueError("an example does not fit an empty batch of its own size")
            packers.append((packer, [example]))
    return [_trimmed(packer, held, steady) for packer, held in packers]


def _trimmed(packer: Packer, held: list[Branches], steady: bool) -> MicroBatch:
    """The batch without rows and columns that hold nothing, those of pictures alone if it shall be steady; first-fit places
    everything as before."""
    s = packer.shape
    used = [s.tokens - free for free in packer.free]
    seen = [s.picture_patches - free for free in packer.picture_free]
    targets = sum(b.example.targets for b in held)
    rows, tokens = (s.rows, s.tokens) if steady else (sum(map(bool, used)), max(used))
    # what is compiled for any number of targets is not for one
    padded = max(targets, 2) if steady else targets
    tight = Packer(
        Shape(rows, tokens, padded, sum(map(bool, seen)), max(seen), s.pixel_values, s.merge), packer.image_token_id
    )  # fmt: skip
    by_row: dict[int, list[Branches]] = {}
    for example in held:
        if not tight.add(example.example):
            raise ValueError("a batch that was trimmed lost an example")
        by_row.setdefault(tight.placed[-1][0], []).append(example)
    # Targets stand row by row, in a row in the order in which examples were added.
    ordered = [passage for row in sorted(by_row) for example in by_row[row] for passage in example.passages]
    number_N = [number for number, passage in ordered for _ in passage.ids]
    sampler_N = [value for _, passage in ordered for value in passage.logprobs]
    mask_N = [float(chosen) for _, passage in ordered for chosen in passage.chosen]
    padding = tight.shape.targets - targets
    return MicroBatch(
        tight.batch(),
        torch.tensor(number_N + [0] * padding),
        torch.tensor(sampler_N + [0.0] * padding),
        torch.tensor(mask_N + [0.0] * padding),
    )
