"""Study files, and a whole study for real: pretraining, the start, runs in processes of their own, interrupted and gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from favilla.errors import UserError
from favilla.model import load_model
from favilla.studies.logs import tally
from favilla.studies.plan import Study, _toml, declare, declared, finished, read_study, run_folder, to_toml
from favilla.studies.runs import choose, last_line
from favilla.train.pretrain import pretrain
from favilla.train.recipe import Recipe
from favilla.train.rl.held_out import set_prompts
from favilla.train.rl.recipe import RLRecipe
from tests.recipes import tiny_recipe
from tests.studies.synthetic import synthetic_study

ROOT = Path(__file__).parents[2]
ARM = """
name = "arm"
[tasks.arithmetic]
levels = [1]
[rollout]
prompts = 2
samples = 4
max_new_tokens = 6
pool = 8
[optim]
steps = 3
warmup = 1
[run]
rows = 4
tokens = 192
save_every = 1
per_decade = 3
[[eval]]
name = "trained"
families = ["arithmetic"]
levels = [1, 2]
prompts = 2
samples = 2
ends_prompts = 3
ends_samples = 4
[[eval]]
name = "pictures"
families = ["counting"]
levels = [1]
prompts = 2
samples = 2
"""
STUDY = """
name = "tiny"
base = ["base.toml", "habit.toml"]
recipe = "arm.toml"
[arms.none]
seeds = [0, 1]
[arms.mid]
coefficient = 0.5
seeds = [0]
[start]
temperatures = [0.5]
votes = 2
[analysis]
held_out = ["pictures"]
window = [1, 3]
k = 2
solutions = 2
draws = 100
"""


def habit() -> Recipe:
    return tiny_recipe(optim={"steps": 2, "warmup": 1, "marks": 1.0})


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    base = tiny_recipe(optim={"steps": 4, "warmup": 1, "marks": 1.0})
    (tmp_path / "base.toml").write_text(to_toml(base))
    (tmp_path / "habit.toml").write_text(to_toml(habit()))
    (tmp_path / "arm.toml").write_text(ARM)
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path / "study.toml"


def command(*arguments: object, **more: Any) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    line = [sys.executable, "-m", "favilla.cli.main", *map(str, arguments)]
    return subprocess.Popen(
        line, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_study_is_interrupted_goes_on_and_is_reported(study_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = command("study", "rl", study_file, "--out", out)
    first = run_folder(out, "none", 0) / "metrics.jsonl"
    while not first.exists() and process.poll() is None:
        time.sleep(0.05)
    code, _, err = ended(command("study", "rl", study_file, "--out", out))
    assert code == 2 and "another run is going on" in err, err
    process.send_signal(signal.SIGINT)
    code, _, err = ended(process)
    assert code == 130 and "of 3 runs; the same command goes on" in err, err
    assert not finished(run_folder(out, "none", 1))

    # What lacks is told, and what needs it is not measured.
    code, said, err = ended(command("report", "rl", out, "--json"))
    assert code == 0, err
    found = json.loads(said)
    assert "arm mid, seed 0: not begun" in found["lacking"]
    assert {claim["verdict"] for claim in found["claims"] if "arm mid" in claim["name"]} == {"not measured"}

    code, said, err = ended(command("study", "rl", study_file, "--out", out, "--jobs", 2, "--json"))
    assert code == 0 and json.loads(said) == {"study": str(out), "runs": 3, "finished": 3}, err
    for arm, seed in (("none", 0), ("none", 1), ("mid", 0)):
        run = run_folder(out, arm, seed)
        assert [line["step"] for line in lines(run / "metrics.jsonl")] == [1, 2, 3]
        assert {line["step"] for line in lines(run / "held_out.jsonl")} == {1, 2, 3}
        assert RLRecipe.model_validate(tomllib.loads((run / "recipe.toml").read_text())).length.coefficient == (
            0.5 if arm == "mid" else 0
        )

    # The second stage of the pretraining goes on from the first.
    alone = load_model(pretrain(habit(), tmp_path / "alone", init=out / "base-1" / "model", quiet=True))[0]
    for ours, theirs in zip(alone.parameters(), load_model(out / "base" / "model")[0].parameters(), strict=True):
        assert torch.equal(ours, theirs)

    # The start has as many problems and samples as a run's ends at temperature 1, else as between them.
    start = lines(out / "start.jsonl")
    sizes = {(t, name): [len(line["correct"]) for line in start if (line["temperature"], line["set"]) == (t, name)]
             for t in (1.0, 0.5) for name in ("trained", "pictures")}  # fmt: skip
    assert sizes == {
        (1.0, "trained"): [4] * 6, (1.0, "pictures"): [2] * 2, (0.5, "trained"): [2] * 4, (0.5, "pictures"): [2] * 2
    }  # fmt: skip
    assert {line["instance"] for line in start if line["set"] == "trained" and line["temperature"] == 1.0} == {
        line["instance"] for line in lines(run / "held_out.jsonl") if line["set"] == "trained" and line["step"] == 3
    }

    # A start that was cut off is completed, to the same lines.
    whole = (out / "start.jsonl").read_text()
    (out / "start.jsonl").write_text(whole[:-500])
    before = {path: path.stat().st_mtime_ns for path in out.glob("runs/*/*/metrics.jsonl")}
    code, _, err = ended(command("study", "rl", study_file, "--out", out))
    assert code == 0, err
    assert sorted(lines(out / "start.jsonl"), key=str) == sorted(start, key=str)
    assert before == {path: path.stat().st_mtime_ns for path in out.glob("runs/*/*/metrics.jsonl")}

    code, said, err = ended(command("report", "rl", out, "--out", tmp_path / "report"))
    assert code == 0 and "not shown" in said and "lack" not in said, said + err
    found = json.loads((tmp_path / "report" / "report.json").read_text())
    assert len(found["runs"]) == 3 and found["lacking"] == [] and len(found["ends"]) == 4
    assert all(
        (tmp_path / "report" / f"{name}.png").exists() for name in ("growth", "held_out", "diversity", "thinking")
    )


def test_a_run_that_fails_is_named(study_file: Path, tmp_path: Path, tiny_folder: Path) -> None:
    """Its checkpoint is broken; the model to start from is there already."""
    study_file.write_text(STUDY.replace('base = ["base.toml", "habit.toml"]', f"init = {json.dumps(str(tiny_folder))}"))
    run = run_folder(tmp_path / "out", "mid", 0)
    run.mkdir(parents=True)
    (run / "checkpoint.pt").write_bytes(b"nothing")
    code, _, err = ended(
        command("study", "rl", study_file, "--out", tmp_path / "out", "--arms", "mid", "--only", "runs")
    )
    assert code == 2 and "1 of 1 runs failed" in err and "output.txt ends: favilla: " in err, err
    assert "cannot be read" in err and "Traceback" not in err


def test_the_shipped_study_is_valid() -> None:
    study = read_study(ROOT / "recipes" / "study-rl.toml")
    assert [len(arm.seeds) for arm in study.arms.values()] == [5, 3, 3, 3, 3]
    for part in study.sets:
        cells = len(part.families) * len(part.levels)
        assert (cells * part.prompts, part.samples) == (128, 16)
        assert (cells * (part.ends_prompts or 0), part.ends_samples) == (512, 64)
        assert all(level <= family.levels for family, level in part.entries())
        # There are as many different problems.
        assert len({(p.family, p.level, p.task.problem.instance) for p in set_prompts(part, True)}) == 512
    practised = {(entry.family.name, entry.level) for entry in study.recipe.entries()}
    sets = {part.name: {(f.name, level) for f, level in part.entries()} for part in study.sets}
    assert sets["trained"] == practised and not any(sets[name] & practised for name in study.analysis.held_out)
    assert len(study.base) == 2 and all(stage.data.mixture() for stage in study.base)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('base = ["base.toml", "habit.toml"]\n', ""), "give base .* or init"),
        (("window = [1, 3]", "window = [1, 9]"), "window ends at 9"),
        (("window = [1, 3]", "window = [3, 1]"), "window"),
        (("k = 2", "k = 16"), "do not give pass@16"),
        (("votes = 2", "votes = 3"), "2 samples are no 3 votes"),
        (('"pictures"', '"twin"'), "'twin' is no "),
        (("seeds = [0, 1]", "seeds = [0, 0]"), "give each once"),
        (("[arms.none]", "[arms.free]"), "headline 'none' is no arm"),
        (("temperatures = [0.5]", "temperatures = [1.0]"), "other than 1"),
        (('"arm.toml"', '"missing.toml"'), "missing.toml: no such recipe"),
        (("coefficient = 0.5", "coefficient = -1"), "arms.mid.coefficient"),
        (("[arms.mid]", "[arms.Mid]"), "arms.Mid"),
        (("[arms.mid]", '[arms."../mid"]'), "arms"),
        (("[analysis]", '[analysis]\nheadline = "mid"'), "headline 'mid' has a length penalty"),
        (('base = ["base.toml", "habit.toml"]', 'init = "embre"'), "embre"),
    ],
)
def test_mistakes_are_named_in_one_line(study_file: Path, change: tuple[str, str], words: str) -> None:
    assert change[0] in STUDY
    study_file.write_text(STUDY.replace(*change))
    with pytest.raises(UserError, match=words) as caught:
        read_study(study_file)
    assert "\n" not in str(caught.value)


def test_a_start_beside_the_study_file_is_found(study_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (study_file.parent / "mine").mkdir()
    study_file.write_text(STUDY.replace('base = ["base.toml", "habit.toml"]', 'init = "mine"'))
    monkeypatch.chdir("/")
    assert read_study(study_file).init == str(study_file.parent / "mine")
    study_file.write_text(STUDY.replace('base = ["base.toml", "habit.toml"]', 'init = "ember"'))
    assert read_study(study_file).init == "ember"


def test_a_set_with_too_few_problems_is_told_at_once(study_file: Path) -> None:
    recipe = study_file.with_name("arm.toml")
    recipe.write_text(ARM.replace("ends_prompts = 3", "ends_prompts = 3000"))
    with pytest.raises(UserError, match="arithmetic level 1"):
        read_study(study_file)


def test_what_is_declared_stays_and_runs_may_be_added(study_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    declare(read_study(study_file), out)
    study_file.write_text(STUDY.replace("window = [1, 3]", "window = [2, 3]"))
    with pytest.raises(UserError, match="another analysis"):
        declare(read_study(study_file), out)
    study_file.write_text(STUDY.replace("coefficient = 0.5", "coefficient = 0.7"))
    with pytest.raises(UserError, match="arm 'mid' was another"):
        declare(read_study(study_file), out)
    study_file.write_text(
        STUDY.replace("seeds = [0]", "seeds = [3]") + '[arms.maxrl]\nalgorithm = "maxrl"\nseeds = [0]\n'
    )
    declare(read_study(study_file), out)
    assert {name: arm.seeds for name, arm in declared(out).arms.items()} == {
        "none": (0, 1),
        "mid": (0, 3),
        "maxrl": (0,),
    }


def test_arms_change_what_they_say_and_nothing_else(study_file: Path) -> None:
    study_file.write_text(STUDY + '[arms.maxrl]\nalgorithm = "maxrl"\nrate = 0.5\nseeds = [0]\n')
    study = read_study(study_file)
    arm, plain = study.arm_recipe("maxrl", 7), study.recipe
    assert (arm.seed, arm.loss.algorithm, arm.length.coefficient, arm.run.measure_start) == (7, "maxrl", 0.0, False)
    assert arm.optim.muon_lr == plain.optim.muon_lr / 2 and arm.optim.adam_lr == plain.optim.adam_lr / 2
    same = {"name", "seed", "loss", "optim", "run"}
    assert arm.model_dump(exclude=same) == plain.model_dump(exclude=same)
    assert RLRecipe.model_validate(tomllib.loads(to_toml(arm))) == arm


def test_runs_are_chosen_seed_by_seed() -> None:
    study: Study = synthetic_study({"none": {"seeds": [0, 1]}, "mid": {"coefficient": 0.2, "seeds": [5]}})
    assert choose(study, (), ()) == [("none", 0), ("mid", 5), ("none", 1)]
    assert choose(study, ("none",), (1,)) == [("none", 1)]
    for arms, seeds, word in ((("low",), (), "--arms low"), ((), (9,), "--seeds 9")):
        with pytest.raises(UserError, match=word):
            choose(study, arms, seeds)


JSON = st.recursive(
    st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False)
    | st.text(st.characters(blacklist_categories=("Cs",)), max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6).filter(str.isascii), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), JSON, max_size=4))
def test_what_is_written_as_toml_is_read_again(value: dict[str, Any]) -> None:
    text = "".join(f"{key} = {_toml(part)}\n" for key, part in value.items())
    assert tomllib.loads(text) == value


def test_the_last_line_is_the_last_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    assert last_line(path) is None
    path.write_text('{"step": 1}\n{"step": 2}\n{"ste')
    assert last_line(path) == {"step": 2}
    path.write_text('{"ste')
    assert last_line(path) is None


def test_a_tally_by_hand() -> None:
    line = {
        "correct": [1, 0, 1, 0], "thinking": [4, 8, 6, 2], "tokens": [5, 9, 7, 3], "parsed": [1, 1, 1, 0],
        "finished": [1, 1, 1, 0], "strategy": ["direct", "chain", "direct", None], "solution": ["x", "y", None, None],
        "answers": ["a", "b", "a", None],
    }  # fmt: skip
    found = tally(line, votes=2)
    assert (found.n, found.correct, found.thinking, found.thinking_right, found.tokens) == (4, 2, 5, 5, 6)
    assert found.strategies == {"direct": 2, "chain": 1, "None": 1} and found.solutions == ("x", "None")
    # a and b tie: a half; a alone votes: right
    assert found.votes == pytest.approx(0.75)
    assert found.pass_at(2) == pytest.approx(1 - 1 / 6)
