"""Products with a matrix, whichever library computes them."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from favilla.model.functional import MANY, linear

RANDOM = torch.Generator().manual_seed(0)


def matrices(rows: tuple[int, ...], inputs: int, outputs: int) -> tuple[torch.Tensor, ...]:
    shapes = ((*rows, inputs), (outputs, inputs), (outputs,))
    return tuple(torch.randn(shape, generator=RANDOM) for shape in shapes)


@given(
    rows=st.one_of(st.tuples(st.integers(0, 3 * MANY)), st.tuples(st.integers(1, 9), st.integers(1, 40))),
    inputs=st.integers(1, 70), outputs=st.integers(1, 70), biased=st.booleans(), strided=st.booleans(),
    grad=st.booleans(),
)  # fmt: skip
def test_products_are_those_of_the_definition(rows, inputs, outputs, biased, strided, grad):
    x, weight, bias = matrices(rows, inputs, outputs)
    if strided:  # none is contiguous
        x, weight, bias = x.repeat_interleave(2, -1)[..., ::2], weight.T.contiguous().T, bias.repeat_interleave(2)[::2]
    expected = (x.double()[..., None, :] * weight.double()).sum(-1) + (bias.double() if biased else 0)
    with torch.set_grad_enabled(grad):
        got = linear(x, weight, bias if biased else None)
    assert got.shape == (*rows, outputs) and got.dtype == torch.float32
    torch.testing.assert_close(got.double(), expected, rtol=1e-5, atol=1e-4)


def test_autocast_and_gradients_are_those_of_pytorch():
    x, weight, bias = matrices((2 * MANY,), 24, 16)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert linear(x, weight, bias).dtype == torch.bfloat16
    weight.requires_grad_()
    linear(x, weight, bias).sum().backward()
    torch.testing.assert_close(weight.grad, x.sum(0).expand(16, 24))


@pytest.mark.parametrize("shapes", [((64, 24), (16, 23), (16,)), ((64, 24), (16, 24), (15,))])
def test_what_does_not_fit_is_an_error_that_names_the_shapes(shapes):
    with torch.no_grad(), pytest.raises(RuntimeError, match=r"size|shape"):
        linear(*(torch.zeros(shape) for shape in shapes))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_numbers(dtype):
    x, weight, bias = (t.to(dtype) for t in matrices((2 * MANY,), 24, 16))
    with torch.inference_mode():
        got = linear(x, weight, bias)
    assert got.dtype == dtype
    expected = x.double() @ weight.double().T + bias.double()
    torch.testing.assert_close(got.double(), expected, rtol=0.02, atol=0.1)
