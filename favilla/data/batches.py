"""Packing examples into batches of one fixed shape, so that a compiled step is compiled once.

Shape suffixes: B rows of text, T tokens in a row; pictures as in `favilla.model.vision`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from favilla.data.examples import Example, Picture
from favilla.model.vision import PackedPictures, block_order, pack_pictures

IGNORE = -100


@dataclass(frozen=True)
class Shape:
    """Size of a batch: text rows x tokens, at most `targets` of them targets; picture rows x patches, with
    `practice_rows` more for practice; at most `marks` marks."""

    rows: int
    tokens: int
    targets: int
    picture_rows: int
    picture_patches: int
    pixel_values: int = 588
    merge: int = 2
    practice_rows: int = 0
    marks: int = 0


@dataclass
class Batch:
    """ids_BT, at_N (flat indices of the tokens whose next token is a target), labels_N (that next token; IGNORE
    where at_N is padding), positions_BT, segments_BT (document number, 0 = padding),
    branches_BT (0 = shared by the document), slots_BT (image token index, -1 = text); marked_K (flat indices of patches,
    in the order of the packed rows), marks_K (a token that stands for what the patch shows; IGNORE where marked_K is
    padding)."""

    ids_BT: torch.Tensor
    at_N: torch.Tensor
    labels_N: torch.Tensor
    positions_BT: torch.Tensor
    segments_BT: torch.Tensor
    branches_BT: torch.Tensor
    slots_BT: torch.Tensor
    marked_K: torch.Tensor
    marks_K: torch.Tensor
    pictures: PackedPictures
    examples: int
    tokens: int
    targets: int
    marks: int


class Packer:
    """Fills one batch, first-fit. `add` answers False when an example fits nowhere any more."""

    def __init__(self, shape: Shape, image_token_id: int):
        self.shape, self.image_token_id = shape, image_token_id
        self.free = [shape.tokens] * shape.rows
        self.picture_free = [shape.picture_patches] * shape.picture_rows
        self.targets = 0
        self.placed: list[tuple[int, Example]] = []

    def fits_at_all(self, example: Example) -> bool:
        """Whether an empty batch could take it."""
        return Packer(self.shape, self.image_token_id).add(example)

    def add(self, example: Example) -> bool:
        row = next((r for r, space in enumerate(self.free) if space >= len(example)), None)
        if row is None or self.targets + example.targets > self.shape.targets:
            return False
        picture_free = list(self.picture_free)
        if not all(take(picture_free, picture) for picture in example.pictures):
            return False
        self.free[row] -= len(example)
        self.picture_free = picture_free
        self.targets += example.targets
        self.placed.append((row, example))
        return True

    @property
    def fill(self) -> float:
        """Share of the text rows that holds tokens."""
        return 1 - sum(self.free) / (self.shape.rows * self.shape.tokens)

    def batch(self) -> Batch:
        s = self.shape
        ids, positions, segments, branches = (np.zeros((s.rows, s.tokens), dtype=np.int64) for _ in range(4))
        labels = np.full((s.rows, s.tokens), IGNORE, dtype=np.int64)
        slots = np.full((s.rows, s.tokens), -1, dtype=np.int64)
        pictures = [picture for _, example in self.placed for picture in example.pictures]
        # Practice fills what is left of the picture rows, and rows of its own.
        free = self.picture_free + [s.picture_patches] * s.practice_rows
        practice = [picture for _, example in self.placed for picture in example.practice if take(free, picture)]
        packed = pack(pictures + practice, s)
        marked, marks = self.marks(pictures + practice, packed)
        token_M, taken = packed.token_M.numpy(), 0
        seen = sum(len(picture.encoded[0]) for picture in pictures) // s.merge**2
        end, document = [0] * s.rows, [0] * s.rows
        # in the order of `placed`, which is the order of the pictures
        for row, example in self.placed:
            start, document[row] = end[row], document[row] + 1
            prefix = len(example.prefix)
            ids[row, start : start + prefix] = example.prefix
            positions[row, start : start + prefix] = np.arange(prefix)
            at = start + prefix
            for number, (branch_ids, targets) in enumerate(example.branches, start=1):
                span = slice(at, at + len(branch_ids))
                ids[row, span] = branch_ids
                positions[row, span] = prefix + np.arange(len(branch_ids))
                branches[row, span] = number if prefix else 0
                labels[row, at : at + len(branch_ids) - 1] = np.where(targets[1:], branch_ids[1:], IGNORE)
                at += len(branch_ids)
            segments[row, start:at] = document[row]
            places = start + np.flatnonzero(ids[row, start:at] == self.image_token_id)
            if taken + len(places) > seen:
                raise ValueError("more image placeholders in a batch than image tokens: encoder bug")
            slots[row, places] = token_M[taken : taken + len(places)]
            taken += len(places)
            end[row] = at
        if taken != seen:
            raise ValueError("fewer image placeholders in a batch than image tokens: encoder bug")
        where = np.flatnonzero(labels != IGNORE)
        at_N, labels_N = np.zeros(s.targets, dtype=np.int64), np.full(s.targets, IGNORE, dtype=np.int64)
        at_N[: len(where)], labels_N[: len(where)] = where, labels.reshape(-1)[where]
        tensor = torch.from_numpy
        return Batch(
            tensor(ids), tensor(at_N), tensor(labels_N), tensor(positions), tensor(segments), tensor(branches),
            tensor(slots), tensor(marked), tensor(marks), pictures=packed, examples=len(self.placed), tokens=sum(end),
            targets=len(where), marks=int((marks != IGNORE).sum()),
        )  # fmt: skip

    def marks(self, pictures: list[Picture], packed: PackedPictures) -> tuple[np.ndarray, np.ndarray]:
        """(marked_K, marks_K) of packed pictures; marks beyond the budget are left out."""
        merge, token_M = self.shape.merge**2, packed.token_M.numpy()
        found, first = [np.zeros((0, 2), dtype=np.int64)], 0
        for picture in pictures:
            height, width = picture.encoded[1]
            order = block_order(height, width, self.shape.merge)
            place = np.empty_like(order)
            place[order] = np.arange(len(order))
            start = token_M[first] * merge
            found.append(np.stack([start + place[picture.marks[:, 0]], picture.marks[:, 1]], axis=1))
            first += len(order) // merge
        at = np.concatenate(found)[: self.shape.marks]
        marked, marks = np.zeros(self.shape.marks, dtype=np.int64), np.full(self.shape.marks, IGNORE, dtype=np.int64)
        marked[: len(at)], marks[: len(at)] = at[:, 0], at[:, 1]
        return marked, marks


def take(free: list[int], picture: Picture) -> bool:
    """Take a picture's patches from the first row with room for them; False when there is none."""
    need = len(picture.encoded[0])
    row = next((r for r, space in enumerate(free) if space >= need), None)
    if row is None:
        return False
    free[row] -= need
    return True


def pack(pictures: list[Picture], shape: Shape) -> PackedPictures:
    """Pictures of a batch in its fixed shape; a batch without pictures runs the tower on padding alone, so that
    every rank and every compiled step does the same work."""
    rows = shape.picture_rows + shape.practice_rows
    if pictures:
        return pack_pictures([p.encoded for p in pictures], shape.picture_patches, rows, shape.merge)
    size = (rows, shape.picture_patches)
    pixels, zeros = torch.zeros(*size, shape.pixel_values, dtype=torch.uint8), torch.zeros(size, dtype=torch.long)
    return PackedPictures(pixels, zeros, zeros, zeros, zeros, zeros, zeros.new_zeros(0))
