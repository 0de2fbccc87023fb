"""The compiled step writes what the plain one writes, in 8 bits, with a mixture of experts and while weights change, too."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from favilla.engine.generate import Engine, Request
from favilla.engine.load import load
from favilla.errors import UserError
from favilla.model import KVCache, MuseSpark, initialise
from favilla.model.int8 import quantise
from tests.engine.conftest import COLOUR, make_config, noise, user


def engine(tokenizer, wild, compiled: bool, int8: bool = False, dense: bool = True, any_rows: bool = False) -> Engine:  # type: ignore[no-untyped-def]
    config = make_config(tokenizer)
    if dense:
        config.text.mlp_layer_types[:] = ["dense"] * 4
    model = MuseSpark(config)
    initialise(model, 1)
    model.eval()
    return Engine(quantise(model) if int8 else model, tokenizer, wild.processor, compiled=compiled, any_rows=any_rows)


REQUESTS = [
    Request(user("Hi"), temperature=1.0, seed=1, max_new_tokens=40, n=2),
    Request(user(noise(0, 84, 56), COLOUR), temperature=1.0, seed=2, max_new_tokens=9),
]


PICTURES = Request(user(noise(1, 84, 84), noise(2, 28, 140), COLOUR), temperature=1.0, seed=3, max_new_tokens=9)


@pytest.mark.parametrize("kind", [{}, {"int8": True}, {"dense": False}], ids=["dense", "int8", "mixture"])
def test_compiled_steps_write_the_same(tokenizer, wild, kind):
    plain, fast = (engine(tokenizer, wild, compiled, **kind) for compiled in (False, True))
    rows = []
    made = fast.generate(REQUESTS, lambda *_: rows.append(len(fast._batch._part.length_R) if fast._batch._part else 0))
    expected = plain.generate(REQUESTS)
    for ours, theirs in zip([g for row in made for g in row], [g for row in expected for g in row], strict=True):
        assert ours.ids == theirs.ids
        assert ours.logprobs == pytest.approx(theirs.logprobs, abs=1e-3)
    assert max(rows) == 4  # three samples are written in a step of four
    # Prompts that are read alone, with one picture, two and none, into rows beside others and not.
    for request in (REQUESTS[1], PICTURES, REQUESTS[0]):
        (ours,), (theirs,) = (each.generate([replace(request, n=1)])[0] for each in (fast, plain))
        assert ours.ids == theirs.ids
        assert ours.logprobs == pytest.approx(theirs.logprobs, abs=1e-3)
    if not kind:
        matrices_are_constants(fast)
    with torch.no_grad():
        fast.model.model.language_model.norm.weight.mul_(2.0)
    with pytest.raises(UserError, match="make a new one"):
        fast.generate(REQUESTS)


@torch.inference_mode()
def matrices_are_constants(fast: Engine) -> None:
    """They are packed once, so what was compiled goes on with the old ones when they change: it looks none up."""
    model, passes = fast.model, fast._batch.passes

    def logits() -> list[torch.Tensor]:
        one, four = (KVCache(model.config.text, rows, 32).part(0, rows, 15) for rows in (1, 4))
        ids_B = torch.arange(4) + 300
        return [
            passes.read(model, model.embed(ids_B[None].repeat(1, 3)), one.keys, one.values, one.length_R),
            passes.decode(model, ids_B, four.keys, four.values, four.length_R),
        ]

    before = logits()
    for module in model.model.language_model.modules():  # a prompt's head has one row, for which nothing is packed
        if isinstance(module, torch.nn.Linear):
            module.weight.zero_()
    for old, new in zip(before, logits(), strict=True):
        assert old.abs().max() > 0.01
        torch.testing.assert_close(old, new)


def test_compiled_once_for_all_weights_and_numbers_of_rows(tokenizer, wild):
    """While a model is trained: no step is compiled again, whoever joins and leaves, and none writes with old weights."""
    plain, fast = (engine(tokenizer, wild, compiled, any_rows=True) for compiled in (False, True))
    asked = [*REQUESTS, Request(user("How many?"), temperature=1.0, seed=3, max_new_tokens=70, n=6)]
    # Later there are more rows than ever before, and a longer cache.
    later = [*asked, Request(user("And then?"), temperature=1.0, seed=4, max_new_tokens=150, n=11)]
    written = []
    graphs = [torch._dynamo.utils.counters["stats"]["unique_graphs"]]
    for scale, whole in ((1.0, asked), (0.5, asked), (2.0, later)):
        for each in (plain, fast):
            with torch.no_grad():
                each.model.model.language_model.norm.weight.fill_(scale)
        made, expected = (
            [g for requests in ([asked[0]], whole) for row in each.generate(requests) for g in row]
            for each in (fast, plain)
        )
        for ours, theirs in zip(made, expected, strict=True):
            assert ours.ids == theirs.ids
            assert ours.logprobs == pytest.approx(theirs.logprobs, abs=1e-3)
        written.append([g.ids for g in made])
        graphs.append(torch._dynamo.utils.counters["stats"]["unique_graphs"])
    assert graphs[1] - graphs[0] <= 3 and graphs[1] == graphs[2] == graphs[3], graphs
    assert written[0] != written[1] != written[2]


def test_a_step_reads_a_part_of_every_buffer(tokenizer, wild):
    """A part and the whole are two kinds of things to the compiler, and a second compilation in the middle of an answer is
    half a minute; where layers forget, that is once, when the window is full."""
    plain = engine(tokenizer, wild, compiled=False)
    full = plain.model.config.text.layer_types.index("full_attention")
    for tokens in (1, 30, 47, 48, 49, 100):
        for _ in plain.stream(Request(user("Hi"), max_new_tokens=tokens, temperature=1.0, seed=tokens)):
            if (part := plain._batch._part) is not None:
                assert (
                    part.keys[full].shape[2] % 16 == 0
                    and part.keys[full].shape[2] < plain._batch.cache.keys[full].shape[2]
                )


def test_replaced_weights_are_noticed(tokenizer, wild):
    """Kept prompts are void whether weights are changed in place or replaced."""
    plain = engine(tokenizer, wild, compiled=False)
    request = Request(user("What is 12 + 34? " * 4), max_new_tokens=3)
    plain.generate([request])
    plain.model.load_state_dict({k: 1.5 * v for k, v in plain.model.state_dict().items()}, assign=True)
    (made,), (expected,) = (
        each.generate([request])[0] for each in (plain, Engine(plain.model, plain.tokenizer, plain.processor))
    )
    assert made.usage.cached_tokens == 0 and made.logprobs == expected.logprobs


def test_weights_of_inference_mode(tokenizer, wild):
    with torch.inference_mode():
        with pytest.raises(UserError, match="inference_mode"):
            engine(tokenizer, wild, compiled=False)
        assert load("ember").ask("What is 2 + 3?", max_new_tokens=4).answer is not None


def test_no_compiler(tokenizer, wild):
    missing = torch._inductor.config.patch({"cpp.cxx": ("/nowhere/g++",)})
    with missing, pytest.raises(UserError, match=r"^compiled: there is no C\+\+ compiler"):
        engine(tokenizer, wild, compiled=True)
