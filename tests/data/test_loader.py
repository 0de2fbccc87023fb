"""The loader gives the same batches whatever the number of workers and wherever it is stopped and resumed."""

from __future__ import annotations

import copy
import functools
import multiprocessing
import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch

from favilla.chat.images import ImageProcessor
from favilla.chat.tokenizer import Tokenizer
from favilla.data.batches import Batch
from favilla.data.loader import Loader, LoaderState
from favilla.data.stream import ExampleStream
from favilla.errors import UserError
from favilla.train.pretrain import example_maker, prepare_tokenizer
from favilla.train.recipe import Recipe
from tests.recipes import tiny_recipe


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run")
    prepare_tokenizer(RECIPE, path, None)
    return path


RECIPE: Recipe = tiny_recipe()


def make_loader(folder: Path, workers: int = 0, state: LoaderState | None = None, seed: int = 0) -> Loader:
    maker = functools.partial(example_maker, RECIPE, str(folder), seed)
    return Loader(maker, RECIPE.data.shape(588, 2), Tokenizer.load(folder).id("<|patch|>"), workers, state)


def same(a: Batch, b: Batch) -> bool:
    names = ("ids_BT", "at_N", "labels_N", "positions_BT", "segments_BT", "branches_BT", "slots_BT")
    tensors = all(torch.equal(getattr(a, name), getattr(b, name)) for name in names)
    return tensors and torch.equal(a.pictures.pixels_RSP, b.pictures.pixels_RSP)


def take(batches: Iterable[Batch], count: int) -> list[Batch]:
    return [batch for _, batch in zip(range(count), batches, strict=False)]


def test_workers_change_nothing(folder: Path) -> None:
    alone, helped = make_loader(folder), make_loader(folder, workers=2)
    try:
        for a, b in zip(take(alone, 6), take(helped, 6), strict=True):
            assert same(a, b)
    finally:
        helped.close()


def numbers(index: int) -> Any:
    return index


def numbering() -> Any:
    return numbers


def test_workers_that_are_ended_are_replaced() -> None:
    """By SIGKILL, as by a system that is out of memory; a SIGTERM to the group is the trainer's to obey."""
    stream = ExampleStream(numbering, 5, workers=2, ahead=3)
    try:
        found: list[Any] = []
        for count in (40, 40, 200):
            found += [next(stream) for _ in range(count)]
            children = [p for p in multiprocessing.active_children() if p.pid is not None]
            for child in children:
                os.kill(child.pid, signal.SIGTERM)  # type: ignore[arg-type]
            if count == 40:
                os.kill(children[0].pid, signal.SIGKILL)  # type: ignore[arg-type]
        assert found == list(range(5, 285))
    finally:
        stream.close()


def ends_itself(index: int) -> Any:
    os._exit(9)


def ending() -> Any:
    return ends_itself


def test_workers_that_end_again_and_again_are_told() -> None:
    stream = ExampleStream(ending, 0, workers=1, ahead=2)
    try:
        with pytest.raises(UserError, match="ended 5 times in a row"):
            next(stream)
    finally:
        stream.close()


@pytest.mark.parametrize("stop", [1, 3, 7])
def test_resuming_goes_on_exactly(folder: Path, stop: int) -> None:
    whole = take(make_loader(folder), 10)
    first = make_loader(folder)
    before = take(first, stop)
    resumed = make_loader(folder, state=copy.deepcopy(first.state))
    for a, b in zip(whole, before + take(resumed, 10 - stop), strict=True):
        assert same(a, b)


def test_seeds_differ_and_batches_are_full(folder: Path) -> None:
    a, b = (take(make_loader(folder, seed=seed), 5) for seed in (0, 1))
    assert not any(same(x, y) for x, y in zip(a, b, strict=True))
    fill = sum(batch.tokens for batch in a) / sum(batch.ids_BT.numel() for batch in a)
    assert fill > 0.7


def test_pictures_are_those_of_the_processor(folder: Path) -> None:
    """Image tokens of a batch = image tokens that the processor's grids promise, the first of all; practice comes after."""
    assert ImageProcessor.load(folder).max_image_tokens == 64
    for batch in take(make_loader(folder), 5):
        tokens = int((batch.ids_BT == Tokenizer.load(folder).id("<|patch|>")).sum())
        assert 0 < tokens < len(batch.pictures.token_M)
        slots = batch.slots_BT[batch.slots_BT >= 0]
        assert sorted(slots.tolist()) == sorted(batch.pictures.token_M[:tokens].tolist())


def test_when_nothing_fits_it_says_so(folder: Path) -> None:
    narrow = tiny_recipe(data={"tokens": 32, "targets": 0.02})
    maker = functools.partial(example_maker, narrow, str(folder), 0)
    loader = Loader(maker, narrow.data.shape(588, 2), Tokenizer.load(folder).id("<|patch|>"))
    with pytest.raises(UserError, match="none of 1000 examples"):
        next(loader)
