"""Choosing tokens, against slow and obvious versions."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from favilla.engine.sampling import inverse_cdf, nucleus, sample

LAST = 1 - 2**-53  # the largest number that random() returns

rows = st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=30)


def one(value: float) -> torch.Tensor:
    return torch.tensor([value], dtype=torch.float64)


def slow_choice(logits: list[float], temperature: float, top_p: float, uniform: float) -> int | None:
    """The chosen token, or None where rounding may decide."""
    largest = max(logits)
    weights = [math.exp((x - largest) / temperature) for x in logits]
    p = [w / sum(weights) for w in weights]
    kept, mass = set(), 0.0
    for i in sorted(range(len(p)), key=lambda i: -p[i]):
        if kept and abs(mass - top_p) < 1e-9:
            return None
        if mass >= top_p:
            break
        kept.add(i)
        mass += p[i]
    total = sum(p[i] for i in kept)
    passed = 0.0
    for i in sorted(kept):
        if abs(passed - uniform * total) < 1e-9 and passed:
            return None
        passed += p[i]
        if passed > uniform * total + 1e-9:
            return i
    return None


@given(rows, st.floats(0.05, 5), st.floats(0.01, 0.999), st.floats(0, 0.999))
@settings(deadline=None, max_examples=200)
def test_sampling_as_the_slow_version(logits, temperature, top_p, uniform):
    expected = slow_choice(logits, temperature, top_p, uniform)
    assume(expected is not None)
    ids, logprobs = sample(torch.tensor([logits]), one(temperature), one(top_p), one(uniform))
    assert ids.tolist() == [expected]
    total = sum(math.exp(x - max(logits)) for x in logits)
    assert float(logprobs) == pytest.approx(logits[expected] - max(logits) - math.log(total), abs=1e-4)


@given(rows, st.floats(0.01, 1))
@settings(deadline=None, max_examples=200)
def test_the_nucleus_is_the_smallest_set_with_enough_mass(logits, top_p):
    p = torch.tensor([logits], dtype=torch.float64).softmax(-1)
    kept = nucleus(p, one(top_p))
    assert float(p[kept].sum()) >= top_p - 1e-9
    if top_p < 1:
        assert float(p[kept].sum() - p[kept].min()) < top_p + 1e-9
        assert not (~kept).any() or p[~kept].max() <= p[kept].min()
    else:
        assert kept.all()


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.6, 1.0), (2.0, 0.8)])
def test_frequencies_follow_the_softmax(temperature, top_p):
    logits = torch.tensor([2.0, 1.0, 0.5, 0.0, 0.0, -1.0, 3.0, 1.5])
    n = 20_000
    uniform = torch.rand(n, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    ids, _ = sample(logits.expand(n, -1), torch.full((n,), temperature), torch.full((n,), top_p), uniform)
    p = (logits / temperature).softmax(0)
    order = p.argsort(descending=True)
    while top_p < 1 and p[order[:-1]].sum() >= top_p:
        order = order[:-1]
    expected = torch.zeros_like(p)
    expected[order] = n * p[order] / p[order].sum()
    counts = ids.bincount(minlength=len(logits))
    assert counts[expected == 0].sum() == 0
    possible = expected > 0
    chi_square = ((counts - expected)[possible] ** 2 / expected[possible]).sum()
    assert chi_square < 24.3  # 99.9 % of the distribution with 7 degrees of freedom


def test_zero_temperature_is_the_likeliest_and_tiny_ones_come_to_it():
    logits = torch.tensor([[0.0, 20.0, -20.0, 19.0]]).repeat(4, 1)
    temperature = torch.tensor([0.0, 1e-3, 1e-30, 5e-324], dtype=torch.float64)
    uniform = torch.full((4,), LAST, dtype=torch.float64)
    ids, logprobs = sample(logits, temperature, torch.ones(4), uniform)
    assert ids.tolist() == [1, 1, 1, 1]
    assert torch.allclose(logprobs, logits[0].log_softmax(0)[1])


@pytest.mark.parametrize("uniform", [0.0, 0.3, LAST])
@pytest.mark.parametrize("temperature", [0.0, 1.0, 100.0])
def test_banned_tokens_never_come_but_count_in_the_logprob(uniform, temperature):
    logits = torch.tensor([[9.0, 0.0, 1.0, 9.0]])
    banned = torch.tensor([True, False, False, True])
    ids, logprobs = sample(logits, one(temperature), one(1.0), one(uniform), banned)
    assert int(ids) in (1, 2)
    assert float(logprobs) == pytest.approx(float(logits.log_softmax(1)[0, ids]))


def test_forced_tokens_are_taken_and_keep_their_own_logprob():
    logits = torch.tensor([[9.0, 0.0, 1.0]] * 2)
    ids, logprobs = sample(
        logits, torch.zeros(2), torch.ones(2), torch.zeros(2), torch.tensor([False, True, False]), torch.tensor([1, -1])
    )
    assert ids.tolist() == [1, 0]
    assert torch.allclose(logprobs, logits[0].log_softmax(0)[ids])


@given(
    st.lists(st.sampled_from([0.0, 0.0, 1e-300, 0.1, 0.5, 1.0]), min_size=1, max_size=20), st.sampled_from([0, LAST])
)
@settings(deadline=None)
def test_the_ends_of_the_cdf_hit_tokens_that_are_possible(p, uniform):
    assume(sum(p) > 0)
    index = int(inverse_cdf(torch.tensor([p], dtype=torch.float64), one(uniform)))
    assert p[index] > 0


def test_a_row_does_not_depend_on_its_neighbours():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(40, 50, generator=generator) * 3
    uniform = torch.rand(40, generator=generator, dtype=torch.float64)
    temperature = torch.tensor([0.0, 0.7, 1.0, 1.5] * 10)
    top_p = torch.tensor([1.0, 0.9] * 20)
    together = sample(logits, temperature, top_p, uniform)[0]
    alone = [
        int(sample(logits[i : i + 1], temperature[i : i + 1], top_p[i : i + 1], uniform[i : i + 1])[0])
        for i in range(40)
    ]
    assert together.tolist() == alone
