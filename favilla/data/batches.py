"""Packing examples into batches of one fixed shape, so that a compiled step is compiled once.

Shape suffixes: B rows of text, T tokens in a row; pictures as in `favilla.model.vision`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from favilla.data.examples import Example
from favilla.model.vision import PackedPictures, pack_pictures

IGNORE = -100


@dataclass(frozen=True)
class Shape:
    """Size of a batch: text rows x tokens, at most `targets` of them targets; picture rows x patches."""

    rows: int
    tokens: int
    targets: int
    picture_rows: int
    picture_patches: int
    pixel_values: int = 588
    merge: int = 2


@dataclass
class Batch:
    """ids_BT, at_N (flat indices of the tokens whose next token is a target), labels_N (that next token; IGNORE
    where at_N is padding), positions_BT, segments_BT (document number, 0 = padding),
    branches_BT (0 = shared by the document), slots_BT (image token index, -1 = text)."""

    ids_BT: torch.Tensor
    at_N: torch.Tensor
    labels_N: torch.Tensor
    positions_BT: torch.Tensor
    segments_BT: torch.Tensor
    branches_BT: torch.Tensor
    slots_BT: torch.Tensor
    pictures: PackedPictures
    examples: int
    tokens: int
    targets: int


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
        for _, (height, width) in example.pictures:
            target = next((r for r, space in enumerate(picture_free) if space >= height * width), None)
            if target is None:
                return False
            picture_free[target] -= height * width
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
        packed = pack(pictures, s)
        token_M, taken = packed.token_M.numpy(), 0
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
            if taken + len(places) > len(token_M):
                raise ValueError("more image placeholders in a batch than image tokens: encoder bug")
            slots[row, places] = token_M[taken : taken + len(places)]
            taken += len(places)
            end[row] = at
        if taken != len(token_M):
            raise ValueError("fewer image placeholders in a batch than image tokens: encoder bug")
        where = np.flatnonzero(labels != IGNORE)
        at_N, labels_N = np.zeros(s.targets, dtype=np.int64), np.full(s.targets, IGNORE, dtype=np.int64)
        at_N[: len(where)], labels_N[: len(where)] = where, labels.reshape(-1)[where]
        tensor = torch.from_numpy
        return Batch(
            tensor(ids), tensor(at_N), tensor(labels_N), tensor(positions), tensor(segments), tensor(branches),
            tensor(slots), pictures=packed, examples=len(self.placed), tokens=sum(end), targets=len(where),
        )  # fmt: skip


def pack(pictures: list[tuple[np.ndarray, tuple[int, int]]], shape: Shape) -> PackedPictures:
    """Pictures of a batch in its fixed shape; a batch without pictures runs the tower on padding alone, so that
    every rank and every compiled step does the same work."""
    if pictures:
        return pack_pictures(pictures, shape.picture_patches, shape.picture_rows, shape.merge)
    size = (shape.picture_rows, shape.picture_patches)
    pixels, zeros = torch.zeros(*size, shape.pixel_values, dtype=torch.uint8), torch.zeros(size, dtype=torch.long)
    return PackedPictures(pixels, zeros, zeros, zeros, zeros, zeros, zeros.new_zeros(0))
