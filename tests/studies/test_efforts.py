"""Whether efforts are ordered, from logs whose answers are known."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from favilla.errors import UserError
from favilla.studies.efforts import efforts

ROOT = Path(__file__).parents[2]


def write(
    folder: Path, tokens: dict[str, int], right: dict[str, float], problems: int = 40, step: int = 8, at_end: int = 12
) -> None:
    """Problems that differ much more than efforts do: only in pairs can these be told apart. The last measurement was cut short
    when its last effort was being written: `metrics.jsonl` has that step already."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for effort in tokens:
        rng, luck = random.Random(0), random.Random(effort)
        for i in range(problems):
            hard = rng.randint(0, 200)
            thought = [hard + tokens[effort] + luck.randint(-2, 2) for _ in range(8)]
            correct = [int(luck.random() < right[effort]) for _ in range(8)]
            written = at_end if tokens[effort] == max(tokens.values()) else problems
            for at in (1, step, *((step + 9,) if i < written else ())):
                lines.append({
                    "step": at, "set": f"trained-{effort}", "family": "hops", "level": 1, "effort": effort, "instance": str(i),
                    "correct": correct, "thinking": thought if at == step else [1] * 8, "tokens": thought, "parsed": [1] * 8,
                    "finished": [1] * 8, "strategy": ["chain"] * 8, "solution": ["x"] * 8,
                })  # fmt: skip
    (folder / "held_out.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "metrics.jsonl").write_text("".join(json.dumps({"step": n}) + "\n" for n in range(1, step + 10)))


def test_efforts_in_order_and_not(tmp_path: Path) -> None:
    write(tmp_path / "good", {"high": 30, "low": 10, "medium": 20}, {"low": 0.3, "medium": 0.5, "high": 0.5})
    found = efforts(tmp_path / "good")
    assert [(claim.name, claim.verdict) for claim in found] == [
        ("medium thinks more than low", "shown"), ("medium is right no less often than low", "shown"),
        ("high thinks more than medium", "shown"), ("high is right no less often than medium", "shown"),
    ]  # fmt: skip
    assert found[0].numbers["value"] == pytest.approx(10, abs=1) and "step 8, 40 problems x 8 samples" in found[0].text

    write(tmp_path / "bad", {"low": 10, "high": 10}, {"low": 0.7, "high": 0.3})
    assert [claim.verdict for claim in efforts(tmp_path / "bad")] == ["not shown", "not shown"]


def test_other_sets_take_nothing_away(tmp_path: Path) -> None:
    """A held-out set at one effort alone, of another size, and larger at the last measurement."""
    write(tmp_path, {"low": 10, "high": 20}, {"low": 0.3, "high": 0.5})
    before = efforts(tmp_path)
    path = tmp_path / "held_out.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    other = [json.loads(line) | {"set": "other", "family": "graphs"} for line in lines if '"trained-high"' in line]
    sizes = {1: 10, 8: 15}
    more = [one for step, size in sizes.items() for one in [line for line in other if line["step"] == step][:size]]
    path.write_text("".join(lines) + "".join(json.dumps(line) + "\n" for line in more))
    assert efforts(tmp_path) == before and "step 8, 40 problems" in before[0].text
    # Nine of its problems are neither the ten of the first measurement nor more: cut short.
    path.write_text("".join(lines) + "".join(json.dumps(line) + "\n" for line in more[:-6]))
    assert "step 1, 40 problems" in efforts(tmp_path)[0].text


def test_one_effort_is_nothing_to_compare(tmp_path: Path) -> None:
    write(tmp_path, {"high": 10}, {"high": 0.5})
    with pytest.raises(UserError, match="two efforts"):
        efforts(tmp_path)


def test_the_command_reads_a_runs_folder(tmp_path: Path) -> None:
    write(tmp_path, {"low": 10, "high": 20}, {"low": 0.3, "high": 0.5})
    call = [sys.executable, "-m", "favilla.cli.main", "report", "rl", str(tmp_path)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0 and done.stdout.startswith("shown         high thinks more than low: "), done.stderr
    assert len(done.stdout.splitlines()) == 2
