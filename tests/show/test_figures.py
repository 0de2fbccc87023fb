"""The loss figure: whatever state a log is in, and smoothing against the plain definition."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from favilla.show.figures import loss_figure, smoothed

LINE = {"step": 10, "loss": 3.0, "tokens_per_second": 900.0, "lr_scale": 0.5}


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "\n",
        json.dumps(LINE),
        json.dumps(LINE) + "\n" + '{"step": 20, "lo',
        '{"step": 1, "loss": NaN}\n[1, 2]\n{"step": 2, "loss": null}\n{}\n',
        "".join(json.dumps({"step": s, "loss": 9 / s, "lr_scale": s / 50}) + "\n" for s in range(1, 50)),
    ],
)
def test_draws_whatever_state_the_log_is_in(tmp_path, content):
    metrics, out = tmp_path / "metrics.jsonl", tmp_path / "loss.png"
    if content is not None:
        metrics.write_text(content)
    loss_figure(metrics, out)
    assert np.asarray(Image.open(out).convert("L")).std() > 1
    assert set(os.listdir(tmp_path)) <= {"metrics.jsonl", "loss.png"}


def test_the_curve_is_in_the_figure(tmp_path):
    """Two logs, one falling and one rising: the blue of the curve lies high on opposite sides."""
    sides = []
    for losses in (range(100, 0, -1), range(100)):
        metrics, out = tmp_path / "metrics.jsonl", tmp_path / "loss.png"
        metrics.write_text("".join(json.dumps({"step": i, "loss": v}) + "\n" for i, v in enumerate(losses)))
        loss_figure(metrics, out)
        pixels = np.asarray(Image.open(out).convert("RGB")).astype(int)
        rows, columns = np.nonzero((pixels == (31, 119, 180)).all(-1))
        highest = columns[rows <= rows.min() + 5].mean()
        sides.append(highest < columns.mean())
    assert sides == [True, False]


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=60))
def test_smoothing_is_the_weighted_mean_of_what_was_before(values):
    keep = 1 - 1 / max(1.0, min(20, len(values) / 10))
    for i, got in enumerate(smoothed(values)):
        weights = keep ** np.arange(i, -1, -1)
        assert got == pytest.approx(float(np.average(values[: i + 1], weights=weights)), abs=1e-9)
