"""Weights in 8 bits: against the same network with weights rounded by hand, and its error against the exact one."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from favilla.model import MuseSpark, initialise
from favilla.model.int8 import FEW, Int8Linear, product, quantise, quantise_matrix
from tests.engine.conftest import make_config, make_tokenizer


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 99))
def test_a_matrix_is_within_half_a_step_of_its_row(outputs: int, inputs: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(outputs, inputs, generator=generator) * torch.rand(outputs, 1, generator=generator)
    weight[0] = 0
    int8, scale = quantise_matrix(weight)
    assert int8.dtype == torch.int8 and int8.abs().max() <= 127
    step = weight.abs().amax(1, keepdim=True) / 127
    assert ((int8 * scale[:, None] - weight).abs() <= 0.5001 * step + 1e-9).all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("inputs", [64, 8, 17, 40, 200])
@pytest.mark.parametrize("rows", [1, 3, FEW, FEW + 1, 100])
def test_products_are_those_of_the_rounded_matrix(rows: int, inputs: int, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(rows)
    weight = torch.randn(48, inputs, generator=generator).to(dtype)
    x = torch.randn(rows, 2, inputs, generator=generator).to(dtype)
    int8, scale = quantise_matrix(weight)
    exact = x.double() @ (int8.double() * scale.double()[:, None]).T
    error = (product(x, int8, scale).double() - exact).abs().max() / exact.abs().max()
    assert error < (1e-5 if dtype in (torch.float64, torch.float32) else 2e-2)


def test_compiling_brings_no_kernel_that_these_rows_kill() -> None:
    linear = Int8Linear(torch.nn.Linear(40, 24, bias=False).bfloat16())
    x = torch.randn(FEW + 1, 2, 40, generator=torch.Generator().manual_seed(0)).bfloat16()
    with torch.no_grad():
        made = torch.compile(linear, options={"freezing": True})(x)
        torch.testing.assert_close(made, linear(x), rtol=2e-2, atol=2e-2)


def test_a_model_in_8_bits_is_the_model_with_rounded_weights() -> None:
    """Dense and sparse layers; biases, embeddings, routers and the tower are untouched."""
    model = MuseSpark(make_config(make_tokenizer()))
    initialise(model, 1)
    model.eval()
    rounded = copy.deepcopy(model)
    for name, parameter in rounded.named_parameters():
        in_backbone = "language_model" in name and "_proj" in name
        if parameter.dim() >= 2 and (in_backbone or name.startswith("lm_head")):
            int8, scale = quantise_matrix(parameter.detach())
            parameter.data = int8 * scale[..., None]
    ids = torch.randint(40, 300, (2, 50), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        exact, expected = model(ids), rounded(ids)
        got = quantise(copy.deepcopy(model))(ids)
        few = quantise(copy.deepcopy(model))(ids[:1, :9])
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-3)
    torch.testing.assert_close(few, rounded(ids[:1, :9]).detach(), rtol=0, atol=1e-3)
    assert 0 < (got - exact).abs().mean() < 0.1 * exact.abs().mean()


def test_biases_stay() -> None:
    linear = torch.nn.Linear(16, 8)
    x = torch.randn(4, 16)
    torch.testing.assert_close(Int8Linear(linear)(x), linear(x).detach(), rtol=0, atol=0.05)
    with torch.no_grad():
        linear.bias.fill_(100.0)
    assert (Int8Linear(linear)(x) > 90).all()
