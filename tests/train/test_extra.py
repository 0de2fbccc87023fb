"""Conversations of a file beside a recipe's tasks: how many, which, and after an interruption the same."""

from __future__ import annotations

import functools
import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from favilla.chat.tokenizer import Tokenizer
from favilla.data.examples import Example
from favilla.data.loader import Loader, LoaderState
from favilla.errors import UserError
from favilla.train.pretrain import _interleaved, example_maker, prepare_tokenizer, pretrain
from favilla.train.recipe import Recipe
from tests.recipes import tiny_recipe

CONVERSATIONS = [
    {"messages": [{"role": "user", "content": f"What is {i}?"}, {"role": "assistant", "content": str(i)}]}
    for i in range(5)
]


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    path = tmp_path / "extra.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in CONVERSATIONS))
    return tiny_recipe(data={"extra": {"file": str(path), "share": 0.4}}, optim={"steps": 2})


@given(st.floats(0.001, 0.999), st.integers(1, 400))
def test_the_share_is_exact_and_nobody_is_left_out(share: float, count: int) -> None:
    """Counted one by one: the extra examples are 0, 1, 2, ... and of the first n there are n share of them, rounded down."""

    def example(kind: str, index: int) -> Example:
        return Example(f"{kind} {index}", np.zeros(0, np.int32), (), ())

    given = [
        _interleaved(functools.partial(example, "task"), functools.partial(example, "extra"), share, index).family  # type: ignore[union-attr]
        for index in range(count)
    ]
    extra = [int(name.split()[1]) for name in given if name.startswith("extra")]
    assert extra == list(range(len(extra))) and len(extra) == int(count * share)
    assert all(name == f"task {index}" for index, name in enumerate(given) if name.startswith("task"))


def test_tasks_stay_as_they_are_and_every_conversation_is_seen_once_a_pass(recipe: Recipe, tmp_path: Path) -> None:
    prepare_tokenizer(recipe, tmp_path, None)
    plain = recipe.model_copy(update={"data": recipe.data.model_copy(update={"extra": None})})
    mixed, tasks = (example_maker(one, str(tmp_path), 0) for one in (recipe, plain))
    made = [mixed(index) for index in range(25)]
    conversations = [example for example in made if example is not None and example.family == "conversations"]
    ids = [tuple(int(i) for i in example.branches[0][0]) for example in conversations]
    assert len(ids) == 10 and len(set(ids[:5])) == 5 and Counter(ids[:5]) == Counter(ids[5:])
    for index, example in enumerate(made):
        if example is not None and example.family != "conversations":
            same = tasks(index)
            assert same is not None and len(same.branches) == len(example.branches)
            pairs = itertools.chain([(same.prefix, example.prefix)], ((a[0], b[0]) for a, b in zip(same.branches, example.branches, strict=True)))  # fmt: skip
            assert all(np.array_equal(a, b) for a, b in pairs)


def test_resuming_goes_on_exactly(recipe: Recipe, tmp_path: Path) -> None:
    prepare_tokenizer(recipe, tmp_path, None)
    maker = functools.partial(example_maker, recipe, str(tmp_path), 0)

    def loader(state: LoaderState | None = None) -> Loader:
        return Loader(maker, recipe.data.shape(588, 2), Tokenizer.load(tmp_path).id("<|patch|>"), 0, state)

    whole = [batch.ids_BT for _, batch in zip(range(6), loader(), strict=False)]
    first = loader()
    for _ in range(3):
        next(first)
    rest = [batch.ids_BT for _, batch in zip(range(3), loader(first.state), strict=False)]
    assert all((a == b).all() for a, b in zip(whole[3:], rest, strict=True))


def test_a_run_with_a_file(recipe: Recipe, tmp_path: Path) -> None:
    extra = recipe.data.extra
    assert extra is not None
    pretrain(recipe, tmp_path / "run", quiet=True)
    assert (tmp_path / "run" / "model" / "config.json").exists()
    extra.path.write_text(json.dumps(CONVERSATIONS[0]) + "\n")
    with pytest.raises(UserError, match="another"):
        pretrain(recipe.model_copy(update={"optim": recipe.optim.model_copy(update={"steps": 4})}), tmp_path / "run")
    long = {"messages": [{"role": "user", "content": "one " * 400}, {"role": "assistant", "content": "1"}]}
    extra.path.write_text(json.dumps(long) + "\n")
    with pytest.raises(UserError, match=r"line 1: \d+ tokens, 192 is the most that fits"):
        pretrain(recipe, tmp_path / "other", quiet=True)
    extra.path.unlink()
    with pytest.raises(UserError, match="no such file"):
        pretrain(recipe, tmp_path / "other", quiet=True)


def test_a_conversation_that_no_batch_takes_is_named(recipe: Recipe, tmp_path: Path) -> None:
    Image.new("RGB", (224, 224)).save(tmp_path / "a.png")
    line = {
        "messages": [
            {"role": "user", "content": "Same?", "images": ["a.png"] * 2},
            {"role": "assistant", "content": "yes"},
        ]
    }
    extra = recipe.data.extra
    assert extra is not None
    extra.path.write_text("\n".join(map(json.dumps, [CONVERSATIONS[0], line])))
    small = recipe.model_copy(update={"data": recipe.data.model_copy(update={"picture_rows": 1})})
    with pytest.raises(UserError, match=r"line 2: .* pictures of 256 \+ 256 patches fit no batch of the recipe"):
        pretrain(small, tmp_path / "run", quiet=True)


def test_a_relative_file_stands_in_the_home_folder(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FAVILLA_HOME", str(tmp_path))
    extra = recipe.data.extra
    assert extra is not None and extra.path == tmp_path / "extra.jsonl"
    assert extra.model_copy(update={"file": Path("roles/examples.jsonl")}).path == tmp_path / "roles" / "examples.jsonl"
