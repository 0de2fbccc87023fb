"""Our batched Muon beside PyTorch's, which orthogonalises one matrix after the other."""

from __future__ import annotations

import pytest
import torch

from favilla.train.muon import Muon, orthogonalise

SHAPES = ((48, 48), (48, 96), (96, 48), (48, 48), (96, 48), (16, 64))


def parameters(seed: int) -> list[torch.nn.Parameter]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in SHAPES]


def test_updates_are_those_of_pytorch() -> None:
    ours, theirs = parameters(0), parameters(0)
    mine = Muon(ours, lr=0.02, weight_decay=0.1)
    reference = torch.optim.Muon(theirs, lr=0.02, weight_decay=0.1, momentum=0.95)
    generator = torch.Generator().manual_seed(1)
    for step in range(4):
        for number, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            b.grad = torch.randn(b.shape, generator=generator)
            # one parameter gets no gradient in the third step
            if step == 2 and number == 3:
                b.grad = None
            a.grad = None if b.grad is None else b.grad.clone()
        before = [p.detach().clone() for p in theirs]
        mine.step()
        reference.step()
        for a, b, start in zip(ours, theirs, before, strict=True):
            # bfloat16 iterations: the update itself is the measure
            moved = (b - start).norm()
            assert (a - b).norm() <= 0.03 * (step + 1) * max(moved, 1e-9)


def test_singular_values_come_near_one() -> None:
    generator = torch.Generator().manual_seed(2)
    matrices = torch.randn(5, 32, 64, generator=generator) * torch.tensor([1e-4, 0.1, 1, 10, 1e4])[:, None, None]
    values = torch.linalg.svdvals(orthogonalise(matrices).float())
    assert values.min() > 0.5 and values.max() < 1.3
    assert orthogonalise(torch.zeros(1, 8, 8)).abs().max() == 0


def test_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match=r"matrices.*\(3,\)"):
        Muon([torch.nn.Parameter(torch.zeros(3))], lr=0.1, weight_decay=0.0)
