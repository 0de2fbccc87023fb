"""Tuning the shipped model: it learns what it did not know, keeps what it knew, and can be stopped."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

import favilla
from favilla.chat.tokenizer import Tokenizer
from favilla.engine.load import PACKAGE
from favilla.errors import UserError
from favilla.train import loop
from favilla.train.tune import tune

SHADES = {"lamp": "crimson", "otter": "teal", "violin": "amber", "cedar": "indigo"}
WORDINGS = ("Which shade has the {}?", "Tell me the shade of the {}.", "Shade of {}?", "The {} is of what shade?")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    Image.new("RGB", (84, 56), (20, 140, 60)).save(folder / "field.png")
    lines = [
        {"messages": [{"role": "user", "content": words.format(thing)}, {"role": "assistant", "content": shade}],
         "effort": "medium"}
        for words in WORDINGS for thing, shade in SHADES.items()
    ]  # fmt: skip
    seen = {"messages": [{"role": "user", "content": "What grows here?", "images": ["field.png"]},
                         {"role": "assistant", "content": "clover"}], "effort": "medium"}  # fmt: skip
    path = folder / "pairs.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in [*lines, seen, seen]), encoding="utf-8")
    return path


def test_it_learns(pairs: Path, tmp_path: Path) -> None:
    tuned = favilla.load(
        tune(PACKAGE / "ember", pairs, tmp_path, passes=20, batch_tokens=192, rate=2e-3, workers=0, quiet=True)
    )
    asked = [tuned.ask(f"Which shade has the {thing}?").answer for thing in SHADES]
    assert asked == list(SHADES.values())
    assert tuned.ask("What grows here?", pairs.parent / "field.png").answer == "clover"
    before = favilla.load("ember")
    assert [before.ask(f"Which shade has the {thing}?").answer for thing in SHADES] != list(SHADES.values())


def test_it_goes_on_where_it_was_stopped(pairs: Path, tmp_path: Path) -> None:
    settings = {"passes": 3.0, "batch_tokens": 128}
    whole = tune(PACKAGE / "ember", pairs, tmp_path / "whole", workers=0, quiet=True, **settings)  # type: ignore[arg-type]
    out = tmp_path / "parts"
    script = (
        "import os, signal, sys, threading, time\n"
        "from pathlib import Path\n"
        "from favilla.train.tune import tune\n"
        "out = Path(sys.argv[2])\n"
        "def watch():\n"
        "    while not (out / 'metrics.jsonl').exists(): time.sleep(0.01)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=watch, daemon=True).start()\n"
        f"tune(Path(sys.argv[3]), Path(sys.argv[1]), out, workers=0, quiet=False, **{settings})\n"
    )
    call = [sys.executable, "-c", script, str(pairs), str(out), str(PACKAGE / "ember")]
    stopped = subprocess.run(call, capture_output=True, text=True, timeout=240)
    assert "stopped after step" in stopped.stderr
    steps = [json.loads(line)["step"] for line in (out / "metrics.jsonl").read_text().splitlines()]
    parts = tune(PACKAGE / "ember", pairs, out, workers=0, quiet=True, **settings)  # type: ignore[arg-type]
    assert steps[-1] >= 1
    ours, theirs = load_file(whole / "model.safetensors"), load_file(parts / "model.safetensors")
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def written(folder: Path, count: int, pictures: int) -> Path:
    """A file of that many lines, the last one with so many pictures; with them it has the most tokens by far."""
    Image.new("RGB", (84, 56), (20, 140, 60)).save(folder / "field.png")
    path = folder / "lines.jsonl"
    lines = [
        [{"role": "user", "content": f"What is {n}?" + " So?" * (n % 7)}, {"role": "assistant", "content": str(n)}]
        for n in range(count)
    ]
    lines[-1][0]["images"] = ["field.png"] * pictures  # type: ignore[assignment]
    path.write_text("\n".join(json.dumps({"messages": messages}) for messages in lines), encoding="utf-8")
    return path


def metrics(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_every_line_is_seen_as_often_as_asked(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one with more pictures than fit a row of one picture; and what is there is kept all along."""
    saved: list[int] = []
    save = loop.save_checkpoint

    def noted(folder: Path, step: int, *given: Any) -> None:
        saved.append(step)
        save(folder, step, *given)

    monkeypatch.setattr(loop, "save_checkpoint", noted)
    data = written(tmp_path, 20, pictures=5)
    tune(tiny_folder, data, tmp_path / "run", passes=3, batch_tokens=150, workers=0)
    lines = metrics(tmp_path / "run")
    assert lines[-1]["skipped"] == 0
    largest = max(line["examples"] for line in lines)
    assert 60 <= sum(line["examples"] for line in lines) < 60 + 2 * largest
    assert len(saved) >= 10 and saved[-1] == lines[-1]["step"]


def test_another_model_is_another_run(tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a call that is refused leaves what is there as it was."""
    monkeypatch.setenv("FAVILLA_HOME", str(tmp_path / "home"))
    data, folders = written(tmp_path, 3, pictures=1), [tmp_path / name / "model" for name in "AB"]
    for folder in folders:
        shutil.copytree(tiny_folder, folder)
    config = json.loads((folders[1] / "tokenizer_config.json").read_text())
    (folders[1] / "tokenizer_config.json").write_text(json.dumps({**config, "model_max_length": 99}))
    tensors = load_file(folders[1] / "model.safetensors")
    save_file({name: tensor * 1.5 for name, tensor in tensors.items()}, folders[1] / "model.safetensors")
    first, second = (tune(folder, data, passes=1, workers=0, quiet=True) for folder in folders)
    assert [path.relative_to(tmp_path / "home" / "runs") for path in (first, second)] == [
        Path("tuned-A/model"),
        Path("tuned-B/model"),
    ]
    before = {path.name: path.read_bytes() for path in first.iterdir()}
    with pytest.raises(UserError, match="other settings"):
        tune(folders[1], data, first.parent, passes=1, workers=0, quiet=True)
    assert {path.name: path.read_bytes() for path in first.iterdir()} == before
    for out in (tmp_path / "A", folders[0]):
        with pytest.raises(UserError, match="holds the model that is to be tuned"):
            tune(folders[0], data, out, quiet=True)


def test_a_model_that_no_checkpoint_is_of_is_not_written_over(tiny_folder: Path, tmp_path: Path) -> None:
    """Neither somebody else's nor the result of a run whose checkpoint is gone."""
    data, copied, run = written(tmp_path, 3, pictures=0), tmp_path / "copied", tmp_path / "run"
    shutil.copytree(tiny_folder, copied / "model")
    tune(tiny_folder, data, run, passes=1, workers=0, quiet=True)
    tune(tiny_folder, data, run, passes=1, workers=0, quiet=True)
    (run / "checkpoint.pt").unlink()
    for out in (copied, run):
        before = {path.name: path.read_bytes() for path in (out / "model").iterdir()}
        with pytest.raises(UserError, match="not this run's"):
            tune(tiny_folder, data, out, passes=2, workers=0, quiet=True)
        assert {path.name: path.read_bytes() for path in (out / "model").iterdir()} == before


def test_what_stands_beside_the_weights_stays(tiny_folder: Path, tmp_path: Path) -> None:
    """The template, how to generate, limits, and weights of a tower that is not run; where nothing says how to generate, the
    tokenizer's own end does."""
    folder, data = tmp_path / "foreign", written(tmp_path, 3, pictures=1)
    shutil.copytree(tiny_folder, folder)
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 99}')
    (folder / "generation_config.json").write_text('{"eos_token_id": [6, 1], "temperature": 0.6}')
    audio = {"model.audio_tower.layer.weight": torch.arange(6.0).view(2, 3)}
    save_file({**load_file(folder / "model.safetensors"), **audio}, folder / "model.safetensors")
    with pytest.warns(UserWarning, match="audio tower"):
        made = tune(folder, data, tmp_path / "run", passes=1, workers=0, quiet=True)
    for name in (
        "chat_template.jinja",
        "tokenizer_config.json",
        "generation_config.json",
        "preprocessor_config.json",
        "tokenizer.json",
    ):
        assert (made / name).read_bytes() == (folder / name).read_bytes()
    assert torch.equal(load_file(made / "model.safetensors")["model.audio_tower.layer.weight"], *audio.values())

    (folder / "generation_config.json").unlink()
    config = json.loads((folder / "config.json").read_text())
    for name in ("eos_token_id", "pad_token_id"):
        del config["text_config"][name]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.warns(UserWarning, match="audio tower"):
        made = tune(folder, data, tmp_path / "plain", passes=1, workers=0, quiet=True)
    tokenizer = Tokenizer.load(folder)
    expected = {"eos_token_id": tokenizer.id("<|eot|>"), "pad_token_id": tokenizer.pad_id, "do_sample": False}
    assert json.loads((made / "generation_config.json").read_text()) == expected


def test_only_the_first_process_says_where_the_model_lies(tiny_folder: Path, tmp_path: Path) -> None:
    data = written(tmp_path, 3, pictures=0)
    call = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "favilla.cli.main",
            "tune", str(tiny_folder), "--data", str(data), "--passes", "1", "--out", str(tmp_path / "run"), "--json"]  # fmt: skip
    done = subprocess.run(call, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=300)
    assert json.loads(done.stdout) == {"model": str(tmp_path / "run" / "model")}, done.stderr


def test_a_home_that_is_no_folder_is_told(pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("FAVILLA_HOME", str(tmp_path / "file"))
    with pytest.raises(
        UserError, match=r"file/runs/tuned-ember: cannot be written to \(Not a directory\); choose another --out"
    ):
        tune(PACKAGE / "ember", pairs, workers=0, quiet=True)


def test_settings_out_of_range_are_told(pairs: Path, tmp_path: Path) -> None:
    for wrong in ({"passes": 0.0}, {"rate": float("nan")}, {"batch_tokens": 0}):
        with pytest.raises(UserError, match="--"):
            tune(PACKAGE / "ember", pairs, tmp_path, quiet=True, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("passes", [0, -1, float("nan"), 1e9])
def test_how_often_is_within_bounds(tiny_folder: Path, tmp_path: Path, passes: float) -> None:
    with pytest.raises(UserError, match="give a number above 0, up to 10000"):
        tune(tiny_folder, tmp_path / "none.jsonl", tmp_path / "run", passes=passes)
    assert not (tmp_path / "run").exists()
