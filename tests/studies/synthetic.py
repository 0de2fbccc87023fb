"""A study's folder without any training: logs written with known answers, in the files and keys that real runs write."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from favilla.studies.plan import PLAN, START, Study, run_folder
from favilla.train.rl.held_out import log_spaced

# (arm, seed, set, level, step) -> (pass rate, thinking tokens)
Course = Callable[[str, int, str, int, int], tuple[float, float]]

STEPS = 200


def synthetic_study(arms: dict[str, Any], sets: Sequence[str] = ("trained", "level"), **analysis: Any) -> Study:
    raw: dict[str, Any] = {
        "name": "synthetic", "init": "ember", "base": (),
        "recipe": {
            "name": "arm", "tasks": {"hops": {"levels": [1, 1]}}, "optim": {"steps": STEPS, "warmup": 2},
            "run": {"per_decade": 6},
            "eval": [{"name": name, "families": ["hops"], "levels": [1, 2], "prompts": 10, "samples": 16,
                      "ends_prompts": 20, "ends_samples": 32} for name in sets],
        },
        "arms": arms, "start": {"temperatures": [0.5], "votes": 16},
        "analysis": {"window": [3, STEPS], "trained": sets[0], "held_out": sets[1:], "draws": 400, **analysis},
    }  # fmt: skip
    return Study.model_validate(raw)


def write_study(folder: Path, study: Study, course: Course, ways: Sequence[str] = ("chain", "direct")) -> None:
    """Logs of all runs. Every problem's number of right samples is its pass rate times n, rounded so that the mean over problems
    is exact to 1 / (problems x n); samples go about it in turn in each of `ways`, and have as many different solutions."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PLAN).write_text(study.model_dump_json())
    with (folder / START).open("w") as file:
        for t in (1.0, *study.start.temperatures):
            for line in _lines(study, course, ways, next(iter(study.arms)), 0, 0, t):
                file.write(json.dumps(line) + "\n")
    steps = sorted(log_spaced(STEPS, study.recipe.run.per_decade) - {0})
    for arm, part in study.arms.items():
        for seed in part.seeds:
            run = run_folder(folder, arm, seed)
            run.mkdir(parents=True)
            with (run / "held_out.jsonl").open("w") as file:
                for step in steps:
                    for line in _lines(study, course, ways, arm, seed, step, None):
                        file.write(json.dumps(line) + "\n")
            (run / "metrics.jsonl").write_text(
                "".join(json.dumps(metrics(step)) + "\n" for step in range(1, STEPS + 1))
            )


def metrics(step: int) -> dict[str, Any]:
    return {
        "step": step, "pass@1": 0.5, "thinking": 10.0, "grad_norm": 1.0, "entropy": 0.5, "alarms": [], "mismatch_max": 1e-5,
        "filtered": 0.1, "seconds": {"rollout": 1.0, "update": 1.0},
    }  # fmt: skip


def _lines(study: Study, course: Course, ways: Sequence[str], arm: str, seed: int, step: int, t: float | None):
    for part in study.sets:
        ends = step in (0, STEPS) and t in (None, 1.0)
        count, n = (part.ends_prompts, part.ends_samples) if ends else (part.prompts, part.samples)
        assert count and n
        for level in part.levels:
            rate, tokens = course(arm, seed, part.name, level, step)
            # Of each ten problems the same share, so that the first ones are like all of them.
            for start in range(0, count, 10):
                total = round(rate * n * 10)
                for i in range(10):
                    correct = total // 10 + (i < total % 10)
                    yield _line(part.name, level, step, start + i, correct, n, tokens, ways, t)


def _line(
    name: str, level: int, step: int, i: int, correct: int, n: int, tokens: float, ways: Sequence[str], t: float | None
) -> dict[str, Any]:
    rng = random.Random(f"{name}/{level}/{i}")
    right = [int(j < correct) for j in range(n)]
    whole = [int(tokens) + (rng.random() < tokens % 1) for _ in range(n)] if tokens % 1 else [int(tokens)] * n
    line = {
        "step": step, "set": name, "family": "hops", "level": level, "effort": "high", "instance": f"{i:012x}",
        "correct": right, "tokens": [w + 3 for w in whole], "thinking": whole, "finished": [1] * n, "parsed": [1] * n,
        "strategy": [ways[j % len(ways)] for j in range(n)], "solution": [ways[j % len(ways)] for j in range(n)],
    }  # fmt: skip
    if t is not None:
        # Each wrong answer another one: the right one has the majority as soon as it occurs twice.
        line |= {"temperature": t, "answers": ["right" if good else f"wrong {j}" for j, good in enumerate(right)]}
    return line
