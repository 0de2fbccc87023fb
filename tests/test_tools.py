"""Tools that make what ships."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from favilla.chat.images import ImageProcessor

ROOT = Path(__file__).parents[1]
EMBER = ROOT / "favilla" / "ember"


def average(*given: Path | str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "average.py"), *map(str, given)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_weights_between_two_models(tmp_path: Path) -> None:
    weights = load_file(EMBER / "model.safetensors")
    other = tmp_path / "other"
    shutil.copytree(EMBER, other)
    save_file(
        {name: tensor + 1 for name, tensor in weights.items()}, other / "model.safetensors", metadata={"format": "pt"}
    )
    done = average(EMBER, other, tmp_path / "mean", "--share", "0.75")
    assert done.returncode == 0, done.stderr
    found = load_file(tmp_path / "mean" / "model.safetensors")
    assert found.keys() == weights.keys()
    moved = load_file(other / "model.safetensors")
    for name, tensor in found.items():
        assert tensor.dtype == weights[name].dtype
        wanted = weights[name].float() / 4 + moved[name].float() * 3 / 4
        torch.testing.assert_close(tensor, wanted.to(tensor.dtype))
    for name in ("config.json", "tokenizer.json", "chat_template.jinja"):
        assert (tmp_path / "mean" / name).read_bytes() == (EMBER / name).read_bytes()
    again = average(EMBER, other, tmp_path / "mean")
    assert again.returncode == 2 and "is there already" in again.stderr and again.stderr.count("\n") == 1


def test_models_of_different_kinds_have_no_mean(tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(EMBER, other)
    ImageProcessor(max_image_tokens=7).save(other)
    done = average(EMBER, other, tmp_path / "mean")
    assert done.returncode == 2 and "image settings" in done.stderr and not (tmp_path / "mean").exists()


def test_a_share_lies_between(tmp_path: Path) -> None:
    done = average(EMBER, EMBER, tmp_path / "mean", "--share", "1.5")
    assert done.returncode == 2 and "--share 1.5" in done.stderr and not (tmp_path / "mean").exists()
