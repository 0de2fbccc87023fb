"""Recipes of RL: those that ship are valid, mistakes are told in one line, the command and the document's example run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from favilla.errors import UserError
from favilla.train.recipe import read_recipe
from favilla.train.rl.recipe import LossPart, RLRecipe

ROOT = Path(__file__).parents[3]
DEBUG = (ROOT / "recipes" / "rl-debug.toml").read_text()
SMALL = (
    DEBUG.replace("prompts = 4", "prompts = 1").replace("steps = 3", "steps = 1").replace("max_new_tokens = 96", "max_new_tokens = 24")
    .replace("levels = [1]\n\n[efforts", "levels = [0, 1]\n\n[efforts")
)  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [*sorted((ROOT / "recipes").glob("rl*.toml")), ROOT / "recipes" / "study-arm.toml"],
    ids=lambda path: path.stem,
)
def test_shipped_recipes_are_valid(path: Path) -> None:
    pytest.importorskip("reasoning_gym", reason="needs reasoning-gym: pip install 'favilla[rl]'")
    recipe = read_recipe(path, RLRecipe)
    assert recipe.name == path.stem
    trained = {(entry.family.name, entry.level) for entry in recipe.entries()}
    assert recipe.rollout.pool >= len(trained)
    for part in recipe.eval:
        assert part.entries()
        assert all(level <= family.levels for family, level in part.entries())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("prompts = 4", "prompts = 0"), "rollout.prompts"),
        (("pool = 16", "pool = 3"), "pool = 3 is smaller"),
        (("pool = 16", "pool = 16\nleave = inf"), "rollout.leave"),
        (("[efforts.low]", "[efforts.ultra]"), "efforts.ultra"),
        (("coefficient = 0.1", "coefficient = 0.1\nbudgets = [32]"), "both budgets and share"),
        (("[tasks.arithmetic]", "[tasks.arithmetik]"), "did you mean arithmetic"),
        (("levels = [0, 1]", "levels = [0, 1, 1, 1, 1]"), "at most 4"),
        (("warmup = 1", "adam_betas = [2.0, 0.9]"), "optim.adam_betas.0"),
        (("warmup = 1", "adam_betas = [0.9, 1.0]"), "optim.adam_betas.1"),
        (('split = "dev"', 'split = "dew"'), "eval.0.split"),
    ],
)
def test_mistakes_are_named_in_one_line(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    assert change[0] in DEBUG
    path = tmp_path / "r.toml"
    path.write_text(DEBUG.replace(*change, 1))
    with pytest.raises(UserError, match=re.escape(words)) as caught:
        read_recipe(path, RLRecipe).entries()
    assert "\n" not in str(caught.value)


def test_only_dapo_clips_higher() -> None:
    for algorithm, high in (("grpo", 0.2), ("dapo", 0.28)):
        clip = LossPart(algorithm=algorithm).clip()
        assert (clip.low, clip.high) == (0.2, high)


def test_the_command_leaves_what_it_says(tmp_path: Path) -> None:
    recipe, out = tmp_path / "r.toml", tmp_path / "run"
    recipe.write_text(SMALL)
    call = [sys.executable, "-m", "favilla.cli.main", "rl", str(recipe), "--out", str(out), "--json"]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["model"] == str(out / "model")
    (line,) = map(json.loads, (out / "metrics.jsonl").read_text().splitlines())
    document = (ROOT / "docs" / "rl.md").read_text()
    keys = set(line) - {"step"}
    assert {key for key in keys if f"`{key}`" not in document} == {"pass@4"}, "docs/rl.md explains every key"
    assert set(line["seconds"]) == {"rollout", "reward", "pack", "update", "held_out"}
    for name in ("held_out.jsonl", "rl.png", "checkpoint.pt", "model/model.safetensors"):
        assert (out / name).stat().st_size > 0


def test_a_missing_compiler_is_told_before_anything_starts(tmp_path: Path) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text(
        SMALL.replace("[rollout]", "[rollout]\ncompiled = true").replace("[run]", "[run]\ncompile = true")
    )
    call = [sys.executable, "-m", "favilla.cli.main", "rl", str(recipe), "--out", str(tmp_path / "run")]
    environment = {**os.environ, "CXX": "no-such-compiler"}
    done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 2 and "[rollout] compiled and [run] compile = true: there is no C++" in done.stderr
    assert len(done.stderr.splitlines()) == 1 and not (tmp_path / "run" / "metrics.jsonl").exists()


def test_the_documents_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "rl-debug.toml").write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "rl.md").read_text(), re.DOTALL)
    exec(compile(example, "docs/rl.md", "exec"), {})
    (line,) = map(json.loads, (tmp_path / "runs" / "brief" / "metrics.jsonl").read_text().splitlines())
    assert 0 <= line["reward"] <= line["pass@1"] <= 1


def test_every_field_is_in_the_document() -> None:
    document = (ROOT / "docs" / "rl.md").read_text()
    parts = {name: field.annotation for name, field in RLRecipe.model_fields.items()}
    names = set(parts)
    for part in parts.values():
        names |= set(getattr(part, "model_fields", {}))
    # The optimiser's are explained where it is.
    names -= {"adam_betas", "weight_decay"}
    assert {name for name in names if not re.search(rf"`{name}`|\[{name}|`{name}, ", document)} == set()
