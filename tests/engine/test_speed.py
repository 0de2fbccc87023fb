"""The benchmark of generation, with little to do."""

from __future__ import annotations

import pytest

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
