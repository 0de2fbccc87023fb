"""The benchmark of generation, with little to do."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from benchmarks.generate import Ids, Job, Side, main, measure
from tests.benchmarks import benchmark


def test_generation_is_measured_beside_the_peer() -> None:
    small = ("--tokens", "6", "--streams", "2", "--rounds", "1", "--draws", "1", "--peers", "static", "generate_batch",
             "--ours", "ours", "ours, int8")  # fmt: skip
    found = benchmark("benchmarks/generate.py", *small)
    tokens = {"one stream": 6, "2 streams": 12, "2 samples, one picture": 12, "first token, with a picture": 1}
    assert [job["name"] for job in found["jobs"]] == list(tokens)
    for job in found["jobs"]:
        plain, static, batch, ours, int8 = job["rows"]
        works = [row for row in job["rows"] if "error" not in row]
        assert [row["tokens"] for row in works] == [tokens[job["name"]]] * len(works)
        assert 0 <= int8["equal"] <= 1
        assert job["peer"] == max(row["speed"] for row in works if not row["ours"]) >= static["speed"]
        assert job["ratio"] == pytest.approx(ours["speed"] / job["peer"])
        assert job["ratio_generate"] == pytest.approx(ours["speed"] / plain["speed"])
        # Its continuous batching reads no pictures, and the row says so.
        assert ("picture" in job["name"]) == ("pixel_values" in batch.get("error", ""))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--streams", "3", "--draws", "1"), "--streams 3: 2 x 1"),
        (("--jobs", "5"), "--jobs"),
        (("--rounds", "0"), "--rounds"),
    ],
)
def test_what_cannot_be_measured_is_told_first(
    given: tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["generate.py", *given])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2 and told in capsys.readouterr().err


def test_a_mode_that_fails_in_a_timed_round_is_a_row() -> None:
    def writes(times: int) -> Callable[[Job], Ids]:
        left = iter(range(times))

        def run(job: Job) -> Ids:
            if next(left, None) is None:
                raise RuntimeError("out of pages")
            return [[1]]

        return run

    sides = [
        Side("generate", writes(9), ours=False),
        Side("late", writes(3), ours=False),
        Side("ours", writes(9), ours=True),
    ]
    measure(Job("one", list, dict, 1, {}), sides, rounds=3)
    assert [len(side.rounds) for side in sides] == [3, 1, 3]
    assert sides[1].error == "RuntimeError: out of pages"
