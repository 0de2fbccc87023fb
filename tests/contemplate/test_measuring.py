"""What the benchmarks are made of: problems as questions, paired intervals, the figure, and the commands themselves."""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import math
import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from favilla.chat.messages import ImagePart
from favilla.contemplate.problems import question_of
from favilla.contemplate.simulated import virtual_run
from favilla.contemplate.solver import Call
from favilla.errors import UserError
from favilla.evals.paired import paired_difference
from favilla.show.pareto import Point, pareto_figure
from favilla.worlds.registry import get
from tests.benchmarks import ROOT, benchmark
from tests.contemplate.solvers import Scripted


def test_a_problem_loses_nothing_as_a_question() -> None:
    problem = get("counting").sample(random.Random(1), 1, "dev")
    question = question_of(problem)
    (image,) = [part.image for part in problem.prompt if isinstance(part, ImagePart)]
    shown = Image.open(io.BytesIO(question.pictures[0].data)).convert("RGB")
    assert np.array_equal(np.asarray(shown), np.asarray(image.convert("RGB")))
    assert question.text == "".join(part for part in problem.prompt if isinstance(part, str))
    talk = next(p for i in range(50) if (p := get("follow_ups_text").sample(random.Random(i), 1, "dev")).history)
    with pytest.raises(UserError, match="conversation"):
        question_of(talk)


def test_paired_difference_is_that_of_the_normal_approximation() -> None:
    rng = random.Random(0)
    ours = [float(rng.random() < 0.6) for _ in range(2000)]
    theirs = [float(a if rng.random() < 0.7 else rng.random() < 0.5) for a in ours]
    mean, low, high = paired_difference(ours, theirs)
    plus, minus = (sum(a - b == sign for a, b in zip(ours, theirs, strict=True)) for sign in (1, -1))
    n = len(ours)
    spread = 1.96 * math.sqrt((plus + minus) / n - ((plus - minus) / n) ** 2) / math.sqrt(n)
    assert mean == pytest.approx((plus - minus) / n)
    assert low == pytest.approx(mean - spread, abs=0.004) and high == pytest.approx(mean + spread, abs=0.004)
    assert paired_difference([1.0, 0.0], [1.0, 0.0]) == (0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="same number"):
        paired_difference([1.0], [])


def test_the_figure_has_all_points(tmp_path: Path) -> None:
    points = [Point("votes", str(n), 100.0 * n, 0.1 * n, 0.5, 0.4, 0.6, line=True) for n in (1, 2, 4)]
    out = tmp_path / "figure.svg"
    pareto_figure([*points, Point("presets", "low", 300.0, 0.5, 0.6, 0.5, 0.7)], "a title", out)
    assert out.read_text().count("<svg") == 1 and list(tmp_path.iterdir()) == [out]
    names = out.read_text().count("<!-- low -->")
    pareto_figure([*points, Point("presets", "low", 300.0, math.nan, 0.6, 0.5, 0.7)], "a title", out)
    assert names == 2 and out.read_text().count("<!-- low -->") == 1  # a latency that is not known has no place


def test_the_benchmark_runs_and_goes_on(tmp_path: Path) -> None:
    small = ("--families", "arithmetic", "--levels", "1", "--n", "1", "--repeats", "1", "--length", "8", "--out", str(tmp_path))  # fmt: skip
    found = benchmark("benchmarks/contemplate.py", *small)
    once = found["latency"]["rounds 1"]
    assert once["tokens_one"] == once["tokens_many"] == 24  # a thought of 8, and 16 more
    rows = (tmp_path / "rows.jsonl").read_text()
    assert len(rows.splitlines()) == 1 + len(found["accuracy"])
    (tmp_path / "rows.jsonl").write_text(rows[: len(rows) * 2 // 3])  # killed in the middle of a line
    benchmark("benchmarks/contemplate.py", *small)
    again = (tmp_path / "rows.jsonl").read_text().splitlines()
    assert sorted(json.loads(line).get("name", "") for line in again) == sorted(
        json.loads(line).get("name", "") for line in rows.splitlines()
    )


def test_planted_instructions_are_measured(tmp_path: Path) -> None:
    given = ("--n", "6", "--attempts", "2", "--families", "arithmetic", "--levels", "1", "--out", str(tmp_path))
    found = benchmark("benchmarks/planted.py", *given)
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert {row["role"] for row in rows} == {"refine", "synthesis"}
    assert found["n"] == 6 == len({r["problem"] for r in rows})  # others take the place of those that cannot be used
    refine = [row for row in rows if row["role"] == "refine"]
    flipped = sum(row["planted"] != row["clean"] for row in refine) / len(refine)
    assert found["rows"]["refine"]["flipped_planted"] == pytest.approx(flipped)  # type: ignore[index]


def test_sixteen_agents_at_an_endpoint_are_timed(tmp_path: Path) -> None:
    out = tmp_path / "endpoint.json"
    found = benchmark("benchmarks/contemplate_endpoint.py", "--n", "2", "--at-once", "2", "--tokens", "2", "--pairs", "40",
                      "--out", str(out))  # fmt: skip
    assert json.loads(out.read_text()) == found
    ways = {row["way"]: row for row in found["ways"]}  # type: ignore[attr-defined]
    assert all(row["n"] == 2 and row["range"][0] <= row["median"] <= row["range"][1] for row in ways.values())
    waiting = ways["16 agents, everyone is waited for"]
    assert waiting["usable"] == 16 and ways["16 agents, no grace"]["usable"] >= 12
    assert waiting["ratio"] == pytest.approx(waiting["median"] / ways["one agent"]["median"])
    faults = found["faults"]
    assert faults["answered"] == faults["asked"] == 40 and 20 < faults["n"] <= 40  # type: ignore[index]


def module(name: str) -> Any:
    """A benchmark's own functions."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", ROOT / "benchmarks" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    loaded = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_problems_are_drawn_until_enough_can_be_used() -> None:
    planted = module("planted")
    given = argparse.Namespace(
        families=["arithmetic"], levels=[1], split="dev", n=5, seed=0, attempts=2, max_output_tokens=9
    )

    def run(use: Callable[[int], bool]) -> tuple[list[dict[str, Any]], Counter[str]]:
        attempts: Counter[str] = Counter()

        def script(call: Call) -> str:
            if call.kind != "attempt":
                return "ANSWER: 8"
            attempts[call.question] += 1
            return f"SUMMARY: x\nANSWER: {7 if use(list(attempts).index(call.question)) else 42}"

        return virtual_run(planted.measure(Scripted(script), given)), attempts

    rows, attempts = run(lambda number: number % 3 == 2)
    assert len({row["problem"] for row in rows}) == 5 and len(rows) == 10 and 5 < len(attempts) <= 20
    assert set(attempts.values()) == {2}  # no problem twice
    rows, attempts = run(lambda number: False)
    assert rows == [] and len(attempts) <= planted.MOST_DRAWN * 5


def test_a_refusal_ends_no_measurement() -> None:
    """One agent who refuses in a later round ends its run: the rounds that are missing change nothing and cost nothing."""
    aggregate = module("aggregate")
    ours = {"right": True, "tokens": 20, "seconds": 2.5, "degraded": {}}
    row = {
        "ours": {name: ours for name in (aggregate.SYNTHESIS, aggregate.REFINE)}, "votes": {"right": [True, False], "tokens": [9, 9]},
        "longer": {"high": {"right": [False, True, True], "tokens": [5, 5, 5], "seconds": [1.0, 1.0, 1.0]}},
    }  # fmt: skip
    refused = {**row, "longer": {"high": {"right": [True], "tokens": [4], "seconds": [1.0]}}}
    rows = [aggregate.padded(one, 3) for one in (row, refused)]
    assert rows[0] == row and rows[1]["longer"]["high"] == {
        "right": [True] * 3,
        "tokens": [4, 0, 0],
        "seconds": [1.0, 0, 0],
    }
    found = aggregate.compared(rows, aggregate.SYNTHESIS)
    assert found["longer"]["arm"] == ("high", 2) and found["longer"]["accuracy"] == 1.0
    assert "fewer than ours" in aggregate.told("x", found) and found["vote"]["too_few"] == 2
    assert len(aggregate.points(rows)) == 2 + 2 + 3


def test_aggregation_is_measured_at_equal_cost(tmp_path: Path) -> None:
    """The figures, computed once more from the rows; and a run that was killed goes on."""
    recipe = tmp_path / "r.toml"
    recipe.write_text(
        'name = "r"\n[tasks.lists]\nlevels = [1, 2]\n[attempts]\nsamples = 2\nbatch = 3\nmax_new_tokens = 80\n'
        "[choice]\nproblems = 3\n[examples]\nsizes = [2]\n"
    )
    out = tmp_path / "out"
    given = ("--recipe", str(recipe), "--n", "3", "--voters", "5", "--rounds", "2", "--agents", "2", "--max-output-tokens", "80",
             "--least", "0", "--most", "1", "--out", str(out))  # fmt: skip
    found = benchmark("benchmarks/aggregate.py", *given)
    head, *rows = [json.loads(line) for line in (out / "rows.jsonl").read_text().splitlines()]
    assert len(rows) == 4 and {row["level"] for row in rows} == {1, 2} and head["agents"] == 2
    for name, line in found["found"].items():  # type: ignore[attr-defined]
        right, tokens = [], []
        for row in rows:
            spent = number = 0
            while number < 5 and (number == 0 or spent < row["ours"][name]["tokens"]):
                spent, number = spent + row["votes"]["tokens"][number], number + 1
            right.append(row["votes"]["right"][number - 1])
            tokens.append(spent)
        ours = [row["ours"][name] for row in rows]
        assert line["vote"]["accuracy"] == sum(right) / 4 and line["vote"]["tokens"] == sum(tokens) / 4
        assert line["vote"]["difference"] == pytest.approx((sum(own["right"] for own in ours) - sum(right)) / 4)
        assert line["vote"]["too_few"] == sum(t < own["tokens"] for t, own in zip(tokens, ours, strict=True))
        # of the numbers of rounds, up to the first that takes as long: none is better
        seconds, arms = sum(own["seconds"] for own in ours) / 4, []
        for effort in ("high", "xhigh"):
            for rounds in (1, 2):
                arms.append(sum(row["longer"][effort]["right"][rounds - 1] for row in rows) / 4)
                if sum(sum(row["longer"][effort]["seconds"][:rounds]) for row in rows) / 4 >= seconds:
                    break
        assert line["longer"]["accuracy"] == max(arms)
    # two agents that agree are not asked to aggregate: the same attempts as the first two votes, and no more tokens
    assert any(row["ours"]["synthesis"]["tokens"] >= sum(row["votes"]["tokens"][:2]) for row in rows)
    assert (out / "figure.png").stat().st_size > 1000
    text = (out / "rows.jsonl").read_text()
    (out / "rows.jsonl").write_text(text[: len(text) * 2 // 3])
    benchmark("benchmarks/aggregate.py", *given)
    again = [json.loads(line) for line in (out / "rows.jsonl").read_text().splitlines()[1:]]
    assert [row["votes"] for row in again] == [row["votes"] for row in rows]


def test_axes_are_measured_together(tmp_path: Path) -> None:
    """The cells' figures, computed once more from the rows. More pretraining that is the same folder changes nothing: its odds
    ratios are exactly 1; the others' are what their cells give."""
    out, ember = tmp_path / "axes", str(ROOT / "favilla" / "ember")
    folders = [part for name in ("less", "less-rl", "more", "more-rl") for part in (f"--{name}", ember)]
    given = (*folders, "--families", "lists", "tables", "--levels", "2", "--n", "6", "--agents", "3", "--out", str(out))
    found = benchmark("benchmarks/axes.py", *given)
    _, *rows = [json.loads(line) for line in (out / "rows.jsonl").read_text().splitlines()]
    assert len(rows) == found["n"] == 6 and {row["family"] for row in rows} == {"lists", "tables"}
    one, vote = (sum(row[key] for row in rows) / 6 for key in ("alone", "vote"))
    for cell, accuracy in found["accuracy"].items():
        assert accuracy["value"] == pytest.approx(vote if "agents" in cell else one)
    for axes, ratio in found["odds_ratios"].items():
        assert axes == "agents" or [ratio["value"], ratio["low"], ratio["high"]] == pytest.approx([1, 1, 1])
    before = (out / "rows.jsonl").read_bytes()
    again = benchmark("benchmarks/axes.py", *given)
    assert again == found and (out / "rows.jsonl").read_bytes() == before
    assert (out / "figure.png").stat().st_size > 0 and (out / "table.md").read_text().count("\n") > 15
    # a model more, by its name: it alone is asked
    more = benchmark("benchmarks/axes.py", *given, "--more", ember, "ember-base")
    after = (out / "rows.jsonl").read_bytes()
    assert after.startswith(before) and after.count(b"\n") == 1 + 2 * 6
    assert more["accuracy"]["none"] == found["accuracy"]["none"]
