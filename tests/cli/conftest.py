"""Runs of the real command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def favilla() -> Run:
    """favilla("ask", ...) runs `favilla ask ...` in the repository's root and returns the finished process."""

    def run(*arguments: object, **more: object) -> subprocess.CompletedProcess:
        environment = {**more.pop("env", os.environ), "PYTHONPATH": str(ROOT), "COLUMNS": "100"}  # type: ignore[dict-item]
        command = [sys.executable, "-m", "favilla.cli.main", *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, **more)

    return run


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.new("RGB", (100, 60), "orange").save(path)
    return path


def refused(process: subprocess.CompletedProcess) -> str:
    """The one line with which the command refused what it was given."""
    lines = process.stderr.splitlines()
    assert process.returncode == 2, process
    assert len(lines) == 1 and lines[0].startswith("favilla: "), process.stderr
    assert process.stdout == ""
    return lines[0]
