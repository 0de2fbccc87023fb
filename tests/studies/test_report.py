"""Reports of logs whose answers are known."""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from favilla.errors import UserError
from favilla.studies.diversity import conditional_entropy
from favilla.studies.logs import read_logs
from favilla.studies.plan import StartPart, run_folder
from favilla.studies.report import report
from favilla.studies.thinking import largest_fall
from favilla.train.rl.held_out import log_spaced
from tests.studies.synthetic import STEPS, synthetic_study, write_study

ARMS = {"none": {"seeds": [0, 1, 2]}, "mid": {"coefficient": 0.2, "seeds": [0, 1]}}

PHASES = "arm mid extends, compresses and extends its thoughts, without a schedule"


def healthy(arm: str, seed: int, name: str, level: int, step: int) -> tuple[float, float]:
    """Log-linear growth of 5 points a factor e (3 held out); the penalised arm as good, its thoughts longer by 6 tokens a factor
    e up to step 10, then shorter by 12, and from step 46 longer by 3; the other's 60 tokens throughout."""
    rate = 0.1 + (0.05 if name == "trained" else 0.03) * math.log(max(1, step))
    x = math.log(max(1, step))
    bent = (
        40 + 6 * min(x, math.log(10)) - 12 * max(0, min(x, math.log(46)) - math.log(10)) + 3 * max(0, x - math.log(46))
    )
    return rate, bent if arm == "mid" else 60.0


def sick(arm: str, seed: int, name: str, level: int, step: int) -> tuple[float, float]:
    """Grows at once and falls again; level 2 ends below its start."""
    if level == 2:
        return (0.3 if step == 0 else 0.02), 20.0
    return (0.1 if step == 0 else 0.5 if step < 50 else 0.3), 20.0


def by_name(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {claim["name"]: claim for claim in found["claims"]}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    write_study(folder, synthetic_study(ARMS), healthy)
    return folder


@pytest.fixture(scope="module")
def found(good: Path) -> dict[str, Any]:
    return report(good, good / "report")


def test_log_linear_growth_is_shown(found: dict[str, Any]) -> None:
    claim = by_name(found)["pass@1 of trained grows log-linearly"]
    assert claim["verdict"] == "shown" and claim["numbers"]["slope"]["value"] == pytest.approx(0.05, abs=0.001)
    assert claim["numbers"]["fits"]["log-linear"]["r2"] > 0.999 > claim["numbers"]["fits"]["linear"]["r2"]
    # 3 to 200
    assert claim["numbers"]["decades"] == pytest.approx(math.log10(STEPS / 3), abs=0.01)
    assert by_name(found)["pass@1 of level grows log-linearly"]["numbers"]["slope"]["value"] == pytest.approx(
        0.03, abs=0.001
    )


def test_growth_uses_the_problems_that_all_measurements_have(found: dict[str, Any], good: Path) -> None:
    curve = found["curves"]["none"]["trained"]["pass@1"]
    assert curve["problems"] == 20 and curve["steps"][0] == 0 and curve["steps"][-1] == STEPS
    row = next(row for row in found["ends"] if row["arm"] == "none" and row["set"] == "trained")
    assert (row["problems"], row["samples"], row["runs"]) == (40, 32, 3)


def test_what_is_kept_and_what_generalises(found: dict[str, Any]) -> None:
    claims = by_name(found)
    assert claims["pass@1 of trained never falls by more than 3 points"]["verdict"] == "shown"
    assert claims["at no level pass@16 falls below the start"]["verdict"] == "shown"
    share = claims["level gains at least 0.5 of what trained gains"]
    assert share["verdict"] == "shown" and share["numbers"]["share"]["value"] == pytest.approx(0.6, abs=0.01)
    # two ways in turn, at start and end
    for what in ("strategy entropy", "distinct right solutions"):
        claim = claims[f"{what} of trained: at least 80 % of the start"]
        assert claim["verdict"] == "shown" and claim["numbers"]["share"]["value"] == pytest.approx(1, abs=0.05)
    assert claims["strategy entropy of trained: at least 80 % of the start"]["numbers"]["start"] == pytest.approx(
        math.log(2)
    )


def test_sharpening_is_not_learning(found: dict[str, Any]) -> None:
    """The start has 0.1 at both temperatures. Its 16 samples hold 1 or 2 right ones, and every wrong answer is another one: so
    two right ones are a majority, and one is one of 16 that tie."""
    claims = by_name(found)
    temperature = claims["pass@1 of trained exceeds the start at its best temperature"]
    assert temperature["verdict"] == "shown"
    assert temperature["numbers"]["gain"]["value"] == pytest.approx(0.05 * math.log(STEPS), abs=0.01)
    votes = claims["pass@1 of trained exceeds the start's majority of 16"]
    assert votes["verdict"] == "not shown" and votes["numbers"]["temperatures"]["0.5"] == pytest.approx(0.6 + 0.4 / 16)


def test_every_set_stands_beside_its_own_start(tmp_path: Path) -> None:
    """At temperature 0.5 the start solves all of `level`, at 1 all of `trained`, which is the middle of what was tried."""
    study = synthetic_study({"none": {"seeds": [0, 1]}})
    study = study.model_copy(update={"start": StartPart(temperatures=(0.5, 1.2), votes=16)})
    write_study(tmp_path, study, healthy)
    path = tmp_path / "start.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        if (line["set"], line["temperature"]) in (("level", 0.5), ("trained", 1.0)):
            line["correct"], line["answers"] = ([value] * len(line["correct"]) for value in (1, "right"))
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    claims = by_name(report(tmp_path, tmp_path / "report"))
    end = {"trained": 0.1 + 0.05 * math.log(STEPS), "level": 0.1 + 0.03 * math.log(STEPS)}
    for name, where in (
        ("trained", "temperature 1, the best of 3 tried (at 1"),
        ("level", "temperature 0.5, the best of 3 tried, an end of the range (at 1"),
    ):
        claim = claims[f"pass@1 of {name} exceeds the start at its best temperature"]
        assert claim["verdict"] == "not shown" and where in claim["text"]
        assert claim["numbers"]["gain"]["value"] == pytest.approx(end[name] - 1, abs=0.01)
        assert claims[f"pass@1 of {name} exceeds the start's majority of 16"]["numbers"]["gain"]["value"] < -0.5


def test_a_sigmoid_needs_its_start(good: Path, found: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(good, folder)
    (folder / "start.jsonl").unlink()
    name = "pass@1 of trained grows log-linearly"
    claim = by_name(report(folder, folder / "report"))[name]
    assert claim["verdict"] == "shown" and "sigmoid not fitted, since the start is not measured" in claim["text"]
    assert set(claim["numbers"]["fits"]) == {"log-linear", "linear", "power"}
    assert by_name(found)[name]["numbers"]["fits"]["sigmoid"]["parameters"]["R0"] == pytest.approx(0.1, abs=0.001)


def test_the_largest_fall_by_hand() -> None:
    """Means 2, 5, 3, 3.5; the second run's thoughts do not grow again. Of two draws the ends are the draws."""
    mean_SK = np.array([[1.0, 4, 2, 4], [3, 6, 4, 3]])
    dip = largest_fall(np.array([1, 3, 10, 30]), mean_SK, np.array([[2.0, 4, 3, 3], [2, 5, 2, 3]]))
    assert dip is not None and dip["steps"] == [3, 10, 30] and dip["tokens"] == [5, 3, 3.5]
    assert [dip["fall"][key] for key in ("value", "low", "high")] == pytest.approx([0.4, 0.25, 0.6])
    assert [dip["rise"][key] for key in ("value", "low", "high")] == pytest.approx([0.5, 0, 1])
    assert dip["runs with both"] == 1 and "5.0 tokens at step 3 to 3.0 at 10, 40 % (25 to 60)" in dip["text"]
    assert largest_fall(np.arange(3), np.array([[1.0, 2, 2]]), np.array([[1.0, 2, 2]])) is None


def test_thinking_is_told_level_by_level(found: dict[str, Any], good: Path) -> None:
    rows = found["thinking by level"]
    assert [(row["level"], row["arm"], row["problems"]) for row in rows] == [
        (f"hops {level}", arm, 20) for level in (1, 2) for arm in ARMS
    ]
    for row in rows:
        rate, tokens = healthy(row["arm"], 0, "trained", 1, STEPS)
        assert row["pass@1"]["value"] == pytest.approx(rate, abs=0.002)
        assert row["thinking by run"] == pytest.approx([tokens] * len(ARMS[row["arm"]]["seeds"]), abs=0.2)
    assert "| hops 1 | none | 60.0 (60.0-60.0) | 60.0, 60.0, 60.0 | " in (good / "report" / "report.md").read_text()


def test_compression_and_its_phases(found: dict[str, Any]) -> None:
    claims = by_name(found)
    claim = claims["arm mid thinks in 30 % fewer tokens than none at equal accuracy"]
    tokens = healthy("mid", 0, "trained", 1, STEPS)[1]
    assert claim["verdict"] == "shown" and claim["numbers"]["fewer"]["value"] == pytest.approx(
        1 - tokens / 60, abs=0.02
    )
    phases = claims[PHASES]
    assert set(phases["numbers"]["levels"]) == set(phases["numbers"]["control"]) == {"hops 1", "hops 2"}
    assert phases["verdict"] == "shown"
    for level in phases["numbers"]["levels"].values():
        assert level["signs"] == "+-+" and level["runs"] == ["+-+", "+-+"]
        assert level["slopes"] == pytest.approx([6, -12, 3], abs=0.8)
        assert np.log(level["breaks"]) == pytest.approx(np.log([10, 46]), abs=0.1)
        dip = level["largest fall"]
        top, least, last = (healthy("mid", 0, "trained", 1, step)[1] for step in (10, 46, STEPS))
        assert dip["steps"] == [10, 46, STEPS] and dip["runs with both"] == 2
        assert dip["fall"]["value"] == pytest.approx(1 - least / top, abs=0.02)
        assert dip["rise"]["value"] == pytest.approx(last - least, abs=0.3)
    assert {level["largest fall"] for level in phases["numbers"]["control"].values()} == {None}


def test_what_is_not_so_is_not_shown(tmp_path: Path) -> None:
    write_study(tmp_path, synthetic_study({"none": {"seeds": [0, 1]}, "mid": {"coefficient": 1, "seeds": [0]}}), sick)
    claims = by_name(report(tmp_path, tmp_path / "report"))
    growth = claims["pass@1 of trained grows log-linearly"]
    assert growth["verdict"] == "not shown" and "Fails: " in growth["text"]
    assert claims["pass@1 of trained never falls by more than 3 points"]["verdict"] == "not shown"
    fall = claims["at no level pass@16 falls below the start"]
    assert fall["verdict"] == "not shown" and "2 of 4 levels fall: trained hops 2, level hops 2" in fall["text"]
    assert claims["level gains at least 0.5 of what trained gains"]["verdict"] == "not shown"
    assert claims["arm mid thinks in 30 % fewer tokens than none at equal accuracy"]["verdict"] == "not shown"
    assert claims[PHASES]["verdict"] == "not shown"


def test_fewer_ways_are_less_diverse(tmp_path: Path) -> None:
    """All right solutions and strategies of the last step are one."""
    write_study(tmp_path, synthetic_study({"none": {"seeds": [0]}}), healthy)
    path = run_folder(tmp_path, "none", 0) / "held_out.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        if line["step"] == STEPS:
            line["strategy"] = line["solution"] = ["chain"] * len(line["correct"])
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    claims = by_name(report(tmp_path, tmp_path / "report"))
    assert claims["strategy entropy of trained: at least 80 % of the start"]["numbers"]["share"][
        "value"
    ] == pytest.approx(0)
    # The start has 3 or 4 right ones of 32, of which two ways have a half each; those with 4 have 2 different ones.
    assert claims["distinct right solutions of trained: at least 80 % of the start"]["numbers"]["share"][
        "value"
    ] == pytest.approx(0.5)
    assert claims["distinct right solutions of trained: at least 80 % of the start"]["verdict"] == "not shown"


def test_it_is_remade_from_logs_alone(good: Path, found: dict[str, Any], tmp_path: Path) -> None:
    """The same bytes, and valid JSON with no NaN in it."""
    report(good, tmp_path)
    for name in ("report.json", "report.md"):
        assert (tmp_path / name).read_bytes() == (good / "report" / name).read_bytes()
    for name in ("growth", "held_out", "diversity", "thinking", "thinking_by_step"):
        assert (tmp_path / f"{name}.png").stat().st_size > 5000
    assert "NaN" not in (tmp_path / "report.json").read_text()
    assert json.loads((tmp_path / "report.json").read_text()) == json.loads(json.dumps(found))
    text = (tmp_path / "report.md").read_text()
    assert "**shown**" in text and "Lacking" not in text


def test_missing_runs_are_named_and_the_rest_is_reported(good: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(good, folder)
    shutil.rmtree(run_folder(folder, "mid", 1))
    path = run_folder(folder, "none", 2) / "metrics.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:60]))
    (folder / "start.jsonl").write_text(
        "".join((folder / "start.jsonl").read_text().splitlines(keepends=True)[:85]) + '{"cut'
    )
    found = report(folder, folder / "report")
    assert found["lacking"] == [
        "start at temperature 0.5: trained, level",
        "arm none, seed 2: 60 of 200 steps",
        "arm mid, seed 1: not begun",
    ]
    claims = by_name(found)
    sharp = claims["pass@1 of trained exceeds the start at its best temperature"]
    assert sharp["verdict"] == "not measured" and "lacks temperatures 0.5" in sharp["text"]
    growth = claims["pass@1 of trained grows log-linearly"]
    assert growth["verdict"] == "not measured" and "2 of 3 runs x" in growth["text"]

    for arm in ("none", "mid"):
        shutil.rmtree(folder / "runs" / arm)
    (folder / "start.jsonl").unlink()
    found = report(folder, folder / "report")
    assert {claim["verdict"] for claim in found["claims"]} == {"not measured"} and len(found["lacking"]) == 7


DAMAGE: list[tuple[str, Callable[[str], str], str]] = [
    ("metrics.jsonl", lambda line: "12\n", "TypeError"),
    ("metrics.jsonl", lambda line: line.replace('"entropy"', '"entropie"'), "entropy"),
    ("metrics.jsonl", lambda line: re.sub(r'"step": \d+', '"step": "x"', line), "'x'"),
    ("held_out.jsonl", lambda line: "[]\n", "TypeError"),
    ("held_out.jsonl", lambda line: line.replace('"thinking"', '"thanking"'), "thinking"),
    ("held_out.jsonl", lambda line: re.sub(r'"tokens": \[[^,\]]+, ', '"tokens": [', line), "15 of tokens, 16 samples"),
    ("start.jsonl", lambda line: "null\n", "TypeError"),
    ("start.jsonl", lambda line: re.sub(r'"(correct|thinking|tokens|parsed|finished|strategy|solution)": \[[^\]]*\]', r'"\1": []', line), "ZeroDivision"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "damage", "says"), DAMAGE)
def test_a_line_that_is_no_record_is_named(
    good: Path, tmp_path: Path, name: str, damage: Callable[[str], str], says: str
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(good, folder)
    path = folder / name if name == "start.jsonl" else run_folder(folder, "none", 1) / name
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:3], damage(lines[3]), *lines[4:]]))
    with pytest.raises(UserError, match=rf"{name}, line 4: is no line of a run's log \(.*{says}.*; delete it"):
        report(folder, folder / "report")


def test_fewer_samples_than_k_are_told(good: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(good, folder)
    path = run_folder(folder, "none", 1) / "held_out.jsonl"
    first, *rest = path.read_text().splitlines(keepends=True)
    few = {name: value[:4] if isinstance(value, list) else value for name, value in json.loads(first).items()}
    path.write_text(json.dumps(few) + "\n" + "".join(rest))
    with pytest.raises(UserError, match=r"4 samples of a problem of \w+, but k is 16"):
        report(folder, folder / "report")


def test_unfinished_runs_are_provisional(good: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(good, folder)
    for path in (folder / "runs" / "none").glob("*/metrics.jsonl"):
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:120]))
    claims = by_name(report(folder, folder / "report"))
    claim = claims["pass@1 of trained grows log-linearly"]
    assert (
        claim["verdict"] == "not measured"
        and "0 of 3 runs of arm 'none' have finished; so far: steps 3 to" in claim["text"]
    )


def test_one_run_that_lacks_leaves_all_open(good: Path, found: dict[str, Any], tmp_path: Path) -> None:
    """Every claim rests on the headline arm. What the others of its runs say is told, in words and numbers."""
    folder = tmp_path / "study"
    shutil.copytree(good, folder)
    shutil.rmtree(run_folder(folder, "none", 2))
    part = report(folder, folder / "report")
    assert {claim["verdict"] for claim in found["claims"]} == {"shown", "not shown"}
    for claim in part["claims"]:
        assert claim["verdict"] == "not measured" and claim["numbers"]
        assert claim["text"].startswith("2 of 3 runs of arm 'none' have finished; so far: ")
    slope = by_name(part)["pass@1 of trained grows log-linearly"]["numbers"]["slope"]["value"]
    assert slope == pytest.approx(0.05, abs=0.001)
    # Claims about a penalty rest on its arm, too.
    shutil.copytree(run_folder(good, "none", 2), run_folder(folder, "none", 2))
    shutil.rmtree(run_folder(folder, "mid", 1))
    part = report(folder, folder / "report")
    lacking = [claim["name"] for claim in part["claims"] if claim["verdict"] == "not measured"]
    assert len(lacking) == 2 and all(name.startswith("arm mid ") for name in lacking)


def test_phases_need_their_control(good: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(good, folder)
    shutil.rmtree(folder / "runs" / "none")
    claim = by_name(report(folder, folder / "report"))[PHASES]
    assert claim["verdict"] == "not measured" and "no control of hops 1, hops 2" in claim["text"]
    assert {level["signs"] for level in claim["numbers"]["levels"].values()} == {"+-+"}


def test_families_that_are_learned_in_turn_are_no_phases(tmp_path: Path) -> None:
    """Thoughts of the first grow till step 10 and from 46 on, those of the second shrink between; their mean has phases."""

    def turns(arm: str, seed: int, name: str, level: int, step: int) -> tuple[float, float]:
        x = math.log(max(1, step))
        if arm == "none":
            return 0.5, 60.0
        if level == 1:
            return 0.5, 40 + 24 * min(x, math.log(10)) + 12 * max(0, x - math.log(46))
        return 0.5, 90 - 24 * max(0, min(x, math.log(46)) - math.log(10))

    write_study(tmp_path, synthetic_study({name: {**arm, "seeds": [0]} for name, arm in ARMS.items()}), turns)
    # Level 1 of another family in place of level 2: what is told apart is the family.
    for path in tmp_path.rglob("*.jsonl"):
        path.write_text(path.read_text().replace('"family": "hops", "level": 2', '"family": "lists", "level": 1'))
    claim = by_name(report(tmp_path, tmp_path / "report"))[PHASES]
    assert claim["verdict"] == "not shown" and set(claim["numbers"]["levels"]) == {"hops 1", "lists 1"}


def test_a_fall_is_that_of_the_mean_over_runs(tmp_path: Path) -> None:
    """Each run falls by 6 points at a step of its own, the mean of three by 2."""

    def falls(arm: str, seed: int, name: str, level: int, step: int) -> tuple[float, float]:
        return 0.5 - (0.06 if step == sorted(log_spaced(STEPS, 6))[5 + seed] else 0), 20.0

    write_study(tmp_path, synthetic_study({"none": {"seeds": [0, 1, 2]}}), falls)
    claim = by_name(report(tmp_path, tmp_path / "report"))["pass@1 of trained never falls by more than 3 points"]
    assert claim["verdict"] == "shown" and claim["numbers"]["fall"] == pytest.approx(0.02, abs=0.005)
    assert (
        claim["numbers"]["falls"] == pytest.approx([0.06] * 3, abs=0.005) and "(of single runs 6.2, " in claim["text"]
    )


@pytest.mark.parametrize("cut", ["trained", "level"])
def test_a_measurement_that_was_cut_short_does_not_count(good: Path, tmp_path: Path, cut: str) -> None:
    """The metrics of a step are written before it is measured, so they say nothing about it; a run without its last measurement on
    any set that is looked at has not finished."""
    folder = tmp_path / "study"
    shutil.copytree(good, folder)
    path = run_folder(folder, "none", 0) / "held_out.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    last = [i for i, line in enumerate(lines) if json.loads(line)["step"] == STEPS and json.loads(line)["set"] == cut]
    path.write_text("".join(lines[: last[7]]))
    logs = read_logs(folder)
    run = logs.arms["none"][0]
    assert (
        run.steps == STEPS
        and STEPS not in run.held_out["level"]
        and (STEPS in run.held_out["trained"]) == (cut == "level")
    )
    assert max(run.held_out["level"]) > STEPS / 2
    assert len(logs.finished("none")) == len(logs.arms["none"]) - 1
    assert report(folder, tmp_path / "report")["lacking"]


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no study"):
        report(tmp_path, tmp_path / "report")
    (tmp_path / "study.json").write_text('{"name": 1}')
    with pytest.raises(UserError, match="not a study"):
        report(tmp_path, tmp_path / "report")


def test_conditional_entropy_is_the_mean_over_cells() -> None:
    def nats(*shares: float) -> float:
        return -sum(share * math.log(share) for share in shares)

    pairs = [(0, "a"), (0, "b"), (1, "x"), (1, "y"), (1, "z")]
    share = np.array([2 / 3, 1 / 3, 1 / 4, 1 / 4, 1 / 2]) / 2
    cells = np.array([[cell == 0, cell == 1] for cell, _ in pairs], dtype=float)
    assert conditional_entropy(share, cells) == pytest.approx((nats(2 / 3, 1 / 3) + nats(1 / 4, 1 / 4, 1 / 2)) / 2)
