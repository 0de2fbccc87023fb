"""The passes over the network that generation is made of, as they are and compiled.

Shape suffixes: B rows, T tokens, D hidden size, V vocabulary, M image tokens.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import torch

from favilla.errors import UserError
from favilla.model.cache import Step
from favilla.model.functional import Linear
from favilla.model.spark import MuseSpark
from favilla.model.vision import PackedPictures

# On CPUs: calls cost no Python; the last one keeps normed queries from being computed again for every key.
COMPILED: dict[str, Any] = {"cpp_wrapper": True, "realize_opcount_threshold": 5}
# A pass in one piece has only ever one model to compute with: nothing need look whether it is still the same.
ONE_PIECE: dict[str, Any] = {"guard_filter_fn": torch.compiler.skip_guard_on_all_nn_modules_unsafe}
# Weights that stay as they are become constants, packed, those that read the same joined. `torch.compile` takes this as no
# option: Dynamo looks at the settings themselves.
FROZEN: dict[str, Any] = {"freezing": True, "cpp.enable_concat_linear": True}
# For a known number of rows in float32 the compiler calls MKL (see `functional.linear`), unless it may write products itself;
# elsewhere it calls oneDNN, which is faster than what it writes.
OWN_PRODUCTS: dict[str, Any] = {"max_autotune_gemm": True, "max_autotune_gemm_backends": "CPP,ATEN"}
_numbers = itertools.count()

Buffers = Sequence[torch.Tensor]


def decode(
    model: MuseSpark, ids_B: torch.Tensor, keys: Buffers, values: Buffers, length_B: torch.Tensor
) -> torch.Tensor:
    """Logits (B, V) after one more token in every row."""
    step = Step(model.config.text, keys, values, length_B, 1)
    return model(ids_B[:, None], cache=step)[:, 0]


def read(model: MuseSpark, x_1TD: torch.Tensor, keys: Buffers, values: Buffers, length_1: torch.Tensor) -> torch.Tensor:
    """Logits (1, V) after a prompt, given as embeddings, in an empty row."""
    step = Step(model.config.text, keys, values, length_1, x_1TD.shape[1], fresh=True)
    return model.head(model.model.language_model(x_1TD, cache=step)[:, -1])


def see(model: MuseSpark, pictures: PackedPictures) -> torch.Tensor:
    """Image tokens (M, D) of pictures in one row."""
    return model.see(pictures)


@dataclass(frozen=True)
class Passes:
    """The three of one model."""

    decode: Callable[..., torch.Tensor] = decode
    read: Callable[..., torch.Tensor] = read
    see: Callable[..., torch.Tensor] = see


def compiled_passes(model: MuseSpark, frozen: bool) -> Passes:
    """frozen: for the weights as they are; otherwise only `decode` is compiled, for whatever weights. Raises UserError where
    there is no C++ compiler."""
    weight = model.model.language_model.embed_tokens.weight
    if weight.device.type != "cpu":
        return Passes(torch.compile(_own(decode)))
    check_compiler("compiled")
    # PyTorch about itself, whenever it measures a product.
    warnings.filterwarnings("ignore", "TypedStorage is deprecated", module=r"torch\._inductor")
    if "sparse" in model.config.text.mlp_layer_types:
        # Experts are chosen by their router's numbers, so a step is compiled in pieces, each of which serves several layers.
        return Passes(_under({}, _own(decode), options=COMPILED))
    options = COMPILED | ONE_PIECE
    # Weights in 8 bits would become constants in float32.
    if not frozen or not isinstance(model.lm_head, Linear):
        return Passes(_under({}, _own(decode), options=options))
    products = OWN_PRODUCTS if weight.dtype == torch.float32 else {}
    return Passes(
        _under(FROZEN | products, _own(decode), options=options),
        *(_under(FROZEN, _own(each), options=options, dynamic=True) for each in (read, see)),
    )


def check_compiler(what: str) -> None:
    """Raises UserError, beginning with `what`, where torch finds no C++ compiler: it would look for one only in the first step."""
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        get_cpp_compiler()
    except InvalidCxxCompiler:
        raise UserError(
            f"{what}: there is no C++ compiler; install g++, name one in CXX, or do without compiling"
        ) from None


def _own(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """A copy with a code object of its own: what is compiled belongs to that, and nothing looks whether the model is still the
    same one."""
    assert isinstance(function, FunctionType)
    name = f"{function.__name__}_{next(_numbers)}"
    return FunctionType(function.__code__.replace(co_name=name), function.__globals__, name)


def _under(
    settings: dict[str, Any], function: Callable[..., torch.Tensor], **given: Any
) -> Callable[..., torch.Tensor]:
    """Compiled, under settings of the compiler; every thread has its own, so they are made at each call (microseconds)."""
    compiled = torch.compile(function, **given)
    # rows 1, 4, 16, 64, ... before and after the cache outgrows the sliding window
    limit = torch._dynamo.config.patch(recompile_limit=max(32, torch._dynamo.config.recompile_limit))
    patch = torch._inductor.config.patch({"autotune_num_choices_displayed": 0} | settings)

    def run(*args: Any) -> torch.Tensor:
        with limit, patch:
            return compiled(*args)

    return run
