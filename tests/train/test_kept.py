"""What a run keeps on disk: files that are broken, and a disk that is full."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from favilla.atomic import write_atomically
from favilla.errors import UserError
from favilla.model import MuseSpark, load_model, save_model
from favilla.show.figures import loss_figure
from favilla.train.checkpoint import load_checkpoint, save_checkpoint
from favilla.train.progress import Progress, drop_lines_after


@contextmanager
def room(count: int) -> Iterator[None]:
    """No file may become longer than so many bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def model(tiny_folder: Path) -> MuseSpark:
    return load_model(tiny_folder)[0]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(model: MuseSpark, tmp_path: Path) -> None:
    save_checkpoint(tmp_path, 1, model, [], [{}], "mine")
    before = (tmp_path / "checkpoint.pt").read_bytes()
    with (
        room(100_000),
        pytest.raises(UserError, match=r"checkpoint\.pt: cannot be written \(File too large\)") as caught,
    ):
        save_checkpoint(tmp_path, 2, model, [], [{}], "mine")
    assert "\n" not in str(caught.value) and names(tmp_path) == ["checkpoint.pt"]
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_a_model_that_cannot_be_written_leaves_the_one_before(model: MuseSpark, tmp_path: Path) -> None:
    save_model(model, tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    with room(100_000), pytest.raises(UserError, match=r"model\.safetensors: cannot be written .*make room"):
        save_model(model, tmp_path)
    with room(10), pytest.raises(UserError, match=r"config\.json: cannot be written"):
        write_atomically(tmp_path / "config.json", "x" * 100)
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before


def test_figures_and_results_that_cannot_be_written_leave_those_before(tmp_path: Path) -> None:
    metrics, loss, results = (tmp_path / name for name in ("metrics.jsonl", "loss.png", "results.json"))
    metrics.write_text('{"step": 1, "loss": 2.0}\n')
    loss_figure(metrics, loss)
    write_atomically(results, "{}")
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    with room(10), pytest.raises(UserError, match=r"loss\.png: cannot be written"):
        loss_figure(metrics, loss)
    with room(10), pytest.raises(UserError, match=r"results\.json: cannot be written"):
        write_atomically(results, "x" * 100)
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before


def test_metrics_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    progress = Progress(tmp_path, "run", 2, 1, 0, 1, 1.0, quiet=False)
    try:
        with room(10), pytest.raises(UserError, match=r"metrics\.jsonl: cannot be written"):
            progress.step(0, 1.0, 0.0, 1.0, 1.0, [1.0, 1.0, 1.0, 0.0], 0)
    finally:
        progress.bar.stop()


@pytest.mark.parametrize("content", [[1], {}, {"recipe": "mine", "step": 1}, "text", None])
def test_a_file_that_is_no_checkpoint_is_told(model: MuseSpark, tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "checkpoint.pt")
    with pytest.raises(UserError, match=r"checkpoint\.pt: is no checkpoint.*delete it"):
        load_checkpoint(tmp_path, model, [], "mine", 1, 9)


@pytest.mark.parametrize("last", [b"", b'{"step": 2, "lo', b"\x00\xff\x00\n", b'{"step": null}\n', b"[]\n"])
def test_a_last_line_that_was_cut_is_dropped(tmp_path: Path, last: bytes) -> None:
    path, whole = tmp_path / "metrics.jsonl", [json.dumps({"step": step}) + "\n" for step in (1, 2, 3)]
    path.write_bytes("".join(whole).encode() + last)
    drop_lines_after(path, 2)
    assert path.read_text() == "".join(whole[:2])


def test_a_line_in_the_middle_that_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\nnot\n{"step": 3}\n')
    with pytest.raises(UserError, match=r"metrics\.jsonl: line 2"):
        drop_lines_after(path, 9)
    assert path.read_text() == '{"step": 1}\nnot\n{"step": 3}\n'
