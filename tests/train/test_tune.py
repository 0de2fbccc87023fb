"""Tuning the shipped model: it learns what it did not know, keeps what it knew, and can be stopped."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import favilla
from favilla.engine.load import PACKAGE
from favilla.errors import UserError
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


def test_settings_out_of_range_are_told(pairs: Path, tmp_path: Path) -> None:
    for wrong in ({"passes": 0.0}, {"rate": float("nan")}, {"batch_tokens": 0}):
        with pytest.raises(UserError, match="--"):
            tune(PACKAGE / "ember", pairs, tmp_path, quiet=True, **wrong)  # type: ignore[arg-type]
