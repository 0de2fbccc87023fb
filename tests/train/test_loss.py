"""Our cross-entropy beside PyTorch's."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from favilla.data.batches import IGNORE
from favilla.train.loss import cross_entropy_sum


@pytest.mark.parametrize("compiled", [False, True])
def test_equals_pytorch(compiled: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = 20 * torch.tanh(torch.randn(40, 97, generator=generator, dtype=torch.float32) * 3)
    logits.requires_grad_()
    labels = torch.randint(0, 97, (40,), generator=generator)
    labels[::5] = IGNORE
    function = torch.compile(cross_entropy_sum, dynamic=False) if compiled else cross_entropy_sum
    ours = function(logits, labels, 20.0)
    theirs = F.cross_entropy(logits, labels, ignore_index=IGNORE, reduction="sum")
    assert math.isclose(ours.item(), theirs.item(), rel_tol=1e-5)
    (mine,), (reference,) = torch.autograd.grad(ours, logits), torch.autograd.grad(theirs, logits)
    assert (mine - reference).abs().max() < 1e-5


def test_nothing_to_predict_is_zero_and_not_nan() -> None:
    logits = torch.full((3, 5), -20.0, requires_grad=True)
    loss = cross_entropy_sum(logits, torch.full((3,), IGNORE), 20.0)
    loss.backward()
    assert loss.item() == 0 and logits.grad is not None and logits.grad.abs().max() == 0


def test_a_cap_beyond_exponentials_is_refused() -> None:
    with pytest.raises(ValueError, match="100"):
        cross_entropy_sum(torch.zeros(1, 2), torch.zeros(1, dtype=torch.long), 100.0)
