from __future__ import annotations

import random
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from favilla.chat.images import ImageProcessor
from favilla.chat.tokenizer import Tokenizer
from favilla.data.examples import draw_problems, make_example
from favilla.errors import UserError
from favilla.model import SparkConfig
from favilla.train.pretrain import pretrain
from favilla.train.recipe import Recipe, load_recipe
from tests.recipes import tiny_recipe

RECIPES = Path(__file__).parents[2] / "recipes"
DEBUG = (RECIPES / "debug.toml").read_text()


@pytest.mark.parametrize(
    "path",
    sorted(
        set(RECIPES.glob("*.toml"))
        - set(RECIPES.glob("rl*.toml"))
        - set(RECIPES.glob("study-[!b]*.toml"))
        - {RECIPES / "roles.toml"}
    ),
    ids=lambda path: path.stem,
)
def test_shipped_recipes_are_valid(path: Path) -> None:
    recipe = load_recipe(path)
    assert recipe.name == path.stem
    recipe.data.mixture()
    recipe.model.config(recipe.tokenizer.vocab_size, 9, 6, 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("rows = 4", "rows = 0"), "data.rows"),
        (("rows = 4", 'rows = "many"'), "data.rows"),
        (("steps = 60", "stepz = 60"), "optim"),
        (('name = "debug"', 'name = "../x"'), "name"),
        (('name = "debug"', 'name = "debug"\nseed = 99999999999999999999999'), "seed"),
        (("muon_lr = 0.02", "muon_lr = 1e300"), "optim.muon_lr"),
        (("gate_init = 0.3", "gate_init = 1e308"), "model.gate_init"),
        (("vocab_size = 768", "vocab_size = 100"), "tokenizer.vocab_size"),
        (("[optim]", "[optim"), "TOML"),
    ],
)  # fmt: skip
def test_mistakes_are_named_in_one_line(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    assert change[0] in DEBUG
    path = tmp_path / "r.toml"
    path.write_text(DEBUG.replace(*change, 1))
    with pytest.raises(UserError, match=words) as caught:
        load_recipe(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("tasks.lists", "tasks.lizts"), "lizts"),
        (("[data.tasks.lists]\nlevels = [1]", "[data.tasks.lists]\nlevels = [1,1,1,1,1,1]"), "levels"),
        (("[data.tasks.lists]\nlevels = [1]", "[data.tasks.lists]\nlevels = [0]"), "levels"),
        (("[data.tasks.lists]\n", "[data.tasks.lists]\nweight = [1, 2]\n"), "weight"),
        (("[data.tasks.lists]\n", "[data.tasks.lists]\nweight = -1\n"), "weight"),
        (("workers = 1", "workers = 1\nstages = [9, 5]"), "stages"),
        (("workers = 1", "workers = 1\nefforts = { low = 0 }"), "efforts"),
        (("workers = 1", "workers = 1\nstages = [-5]"), "stages"),
        (("[data.tasks.lists]\nlevels = [1]", "[data.tasks.lists]\nlevels = [nan]"), "levels"),
        (("[data.tasks.lists]\nlevels = [1]", "[data.tasks.lists]\nlevels = [2, -1]"), "levels"),
        (('[data.tasks.lists]', '[data.tasks.screens]\nlevels = [1]\noptions = { coordinates = "location" }\n[data.tasks.lists]'), "coordinates"),
    ],
)  # fmt: skip
def test_tasks_that_do_not_exist(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(DEBUG.replace(*change, 1))
    with pytest.raises(UserError, match=words):
        load_recipe(path).data.mixture()


@pytest.mark.parametrize(
    ("part", "name", "value", "says"),
    [
        ("text", "hidden_sizzle", 64, "text.hidden_sizzle is unknown"),
        ("vision", "depth", 2, "vision.depth is unknown"),
        ("text", "hidden_size", None, "text.hidden_size is missing"),
        ("text", "num_hidden_layers", None, "text.num_hidden_layers is missing"),
        ("text", "sliding_window", 0, "text.sliding_window is 0"),
        ("text", "sliding_window", 128.0, "text.sliding_window is 128.0"),
        ("text", "max_position_embeddings", 512.0, "text.max_position_embeddings is 512.0"),
        ("text", "num_hidden_layers", True, "text.num_hidden_layers is True"),
        ("text", "num_hidden_layers", 10**12, "text.num_hidden_layers is 1000000000000"),
        ("text", "hidden_size", "64", "text.hidden_size is '64'"),
        ("text", "hidden_size", -64, "text.hidden_size is -64"),
        ("text", "num_attention_heads", 0, "text.num_attention_heads is 0"),
        ("text", "vocab_size", 10, "text.vocab_size is 10, the tokenizer's 600"),
        ("text", "num_local_experts", 0, "text.num_local_experts is 0"),
        ("text", "hidden_act", "rely", "'rely'"),
        ("vision", "merge_size", 3, "picture_patches is 256; give a multiple of 9"),
        ("", "projector_hidden_size", 0, "projector_hidden_size is 0"),
        ("", "projector_hidden_size", -5, "projector_hidden_size is -5"),
    ],
)  # fmt: skip
def test_networks_that_cannot_be_are_refused_before_anything_is_written(
    tmp_path: Path, part: str, name: str, value: Any, says: str
) -> None:
    changed = {**getattr(tiny_recipe().model, part), name: value} if part else value
    recipe = tiny_recipe(model={part or name: changed})
    with pytest.raises(UserError, match=re.escape(says)) as caught:
        pretrain(recipe, tmp_path / "run", quiet=True)
    assert "\n" not in str(caught.value) and not (tmp_path / "run").exists()


def test_a_recipe_says_what_its_config_says() -> None:
    """What is left out is derived from what is there, by hand; a dictionary of a config.json reads the same."""
    config = tiny_recipe().model.config(600, 9, 6, 2)
    assert config.text.mlp_layer_types == ["dense", "dense"] and config.text.output_multiplier == 8**0.5
    assert config.text.vocab_size == 600 and config.text.qk_scale_factor == 1.0 and config.image_token_id == 9
    stated = config.to_dict()
    assert (stated["text_config"]["eos_token_id"], stated["text_config"]["pad_token_id"]) == (6, 2)
    assert (stated["video_token_id"], stated["audio_token_id"]) == (601, 602)
    assert SparkConfig.from_dict(stated).to_dict() == stated


def test_missing_recipe(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such recipe"):
        load_recipe(tmp_path / "none.toml")


def test_stages_change_what_is_drawn(tmp_path: Path) -> None:
    staged = DEBUG.replace("workers = 1", "workers = 1\nstages = [100, 250]", 1)
    staged = staged.replace(
        "[data.tasks.lists]\nlevels = [1]", "[data.tasks.lists]\nweight = [0, 1, 1]\nlevels = [[1], [1], [0, 0, 1]]"
    )
    path = tmp_path / "r.toml"
    path.write_text(staged)
    mixture = load_recipe(path).data.mixture()
    drawn = [draw_problems(mixture, random.Random(index), index)[0] for index in range(400)]
    levels = [problem.level if problem.family == "lists" else 0 for problem in drawn]
    assert set(levels[:100]) == {0}
    assert set(levels[100:250]) == {0, 1} and 20 < levels[100:250].count(1) < 80
    assert set(levels[250:]) == {0, 3}


@pytest.mark.parametrize(("old", "new"), [("marks = 1.0", "marks = 0.0"), ("words = 2", "words = 0")])
def test_practice_that_nothing_reads_is_refused(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "r.toml"
    assert old in DEBUG
    path.write_text(DEBUG.replace(old, new, 1))
    with pytest.raises(UserError, match="practice") as caught:
        load_recipe(path)
    assert "\n" not in str(caught.value)


def test_styles_are_mixed_under_one_effort(tmp_path: Path, tiny_folder: Path) -> None:
    """In the shares that are given; where none are, the effort decides."""
    tokenizer, processor = Tokenizer.load(tiny_folder), ImageProcessor.load(tiny_folder)
    path = tmp_path / "r.toml"
    one = "workers = 1\nefforts = { high = 1 }"
    text = DEBUG.replace("[data.tasks.lists]\nlevels = [1]\n[data.tasks.counting]\nlevels = [1]\n", "")

    def thinking(recipe: str) -> float:
        path.write_text(recipe)
        mixture = load_recipe(path).data.mixture()
        drawn = [make_example(mixture, tokenizer, processor, 0, index, 512) for index in range(300)]
        texts = [tokenizer.decode(list(example.branches[0][0])) for example in drawn if example is not None]
        assert len(texts) == 300 and all("effort" in text or "high" in text for text in texts[:1])
        return sum("to=self" in text for text in texts) / len(texts)

    assert thinking(text.replace("workers = 1", one)) == 1
    mixed = thinking(text.replace("workers = 1", f"{one}\nstyles = {{ direct = 0.6, terse = 0.2, steps = 0.2 }}"))
    assert mixed == pytest.approx(0.4, abs=0.09)
    path.write_text(text.replace("workers = 1", f"{one}\nstyles = {{ direct = 0.0 }}"))
    with pytest.raises(UserError, match="styles"):
        load_recipe(path).data.mixture()


def test_a_recipe_that_extends_another_is_that_one_with_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "under").mkdir()
    (tmp_path / "under" / "base.toml").write_text(DEBUG)
    (tmp_path / "middle.toml").write_text('extends = "under/base.toml"\nseed = 7\n[optim]\nsteps = 5\n')
    path = tmp_path / "last.toml"
    path.write_text('extends = "middle.toml"\nname = "last"\n[optim]\nwarmup = 2\n')
    by_hand = tomllib.loads(DEBUG)
    by_hand |= {"name": "last", "seed": 7, "optim": {**by_hand["optim"], "steps": 5, "warmup": 2}}
    assert load_recipe(path) == Recipe.model_validate(by_hand)


def test_lists_are_replaced_and_tables_are_not(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(DEBUG)
    path = tmp_path / "r.toml"
    name, task = next(iter(tomllib.loads(DEBUG)["data"]["tasks"].items()))
    path.write_text(f'extends = "base.toml"\n[data.tasks.{name}]\nlevels = [1, 3]\n')
    tasks = load_recipe(path).data.tasks
    assert tuple(tasks[name].levels) == (1, 3) and tasks[name].weight == task.get("weight", tasks[name].weight)
    assert set(tasks) == set(tomllib.loads(DEBUG)["data"]["tasks"])


@pytest.mark.parametrize(
    ("extends", "words"),
    [
        ('"none.toml"', r"none\.toml: no such recipe \(extended by .*r\.toml\)"), ('"r.toml"', "extends this recipe itself"),
        ('"other.toml"', r"other\.toml: extends: r\.toml extends this recipe itself"), ("3", "give the path of one recipe"),
        ('""', r"not a readable TOML file \(extended by .*r\.toml\)"),
        ('["other.toml"]', "give the path of one recipe"),
    ],
)  # fmt: skip
def test_what_a_recipe_cannot_extend_is_told_in_one_line(tmp_path: Path, extends: str, words: str) -> None:
    (tmp_path / "other.toml").write_text('extends = "r.toml"\n')
    path = tmp_path / "r.toml"
    path.write_text(f"extends = {extends}\n")
    with pytest.raises(UserError, match=words) as caught:
        load_recipe(path)
    assert "\n" not in str(caught.value)
