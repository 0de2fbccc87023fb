"""What a study's runs have logged, as arrays. Everything a report says is computed from here, without a model.

Axes: S runs (seeds), P problems, K steps.
"""

from __future__ import annotations

import json
import logging
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from favilla.errors import UserError
from favilla.evals.samples import majority, pass_at_k
from favilla.studies.plan import START, Study, declared, run_folder
from favilla.train.rl.recipe import EvalPart

log = logging.getLogger(__name__)
T = TypeVar("T")

Key = tuple[str, int, str]  # family, level, instance


@dataclass(frozen=True)
class Tally:
    """The samples of one problem at one measurement. correct among n; thinking, tokens: means a sample; thinking_right:
    a right sample's, NaN without any; parsed, finished: shares; strategies of all samples; solutions of the right ones; votes: probability that a majority of answers is right, if
    answers were kept."""

    n: int
    correct: int
    thinking: float
    thinking_right: float
    tokens: float
    parsed: float
    finished: float
    strategies: dict[str, int]
    solutions: tuple[str, ...]
    votes: float | None = None

    def pass_at(self, k: int) -> float:
        return pass_at_k(self.n, self.correct, k)


# set -> step -> problem
Measurements = dict[str, dict[int, dict[Key, Tally]]]


@dataclass
class Run:
    """One run. steps: done so far; metrics: the lines of metrics.jsonl."""

    arm: str
    seed: int
    steps: int
    held_out: Measurements
    metrics: list[dict[str, Any]] = field(repr=False, default_factory=list)


@dataclass
class Logs:
    """A study, its start by temperature (set -> problem), and its runs by arm. asked: (arm, seed) of all runs of the plan."""

    study: Study
    start: dict[float, dict[str, dict[Key, Tally]]]
    arms: dict[str, list[Run]]
    asked: list[tuple[str, int]]

    def finished(self, arm: str) -> list[Run]:
        """Runs that were measured at their last step, on all sets that are looked at."""
        last, sets = self.study.recipe.optim.steps, self.study.analysis.sets
        return [r for r in self.arms.get(arm, []) if all(last in r.held_out.get(name, {}) for name in sets)]


def read_logs(folder: Path) -> Logs:
    """Raises UserError when the folder holds no study."""
    study = declared(folder)
    asked = [(arm, seed) for arm, part in study.arms.items() for seed in part.seeds]
    start: dict[float, dict[str, dict[Key, Tally]]] = {}
    for t, name, key, found in read_records(
        folder / START,
        lambda line: (float(line["temperature"]), line["set"], key_of(line), tally(line, study.start.votes)),
    ):
        start.setdefault(t, {}).setdefault(name, {})[key] = found
    for t, by_set in start.items():
        for part in study.sets:
            # Half a set is another set.
            if len(by_set.get(part.name, ())) < set_size(part, t == 1.0):
                by_set.pop(part.name, None)
    arms: dict[str, list[Run]] = {}
    for arm, seed in asked:
        run = read_run(run_folder(folder, arm, seed), arm, seed, study)
        if run is not None:
            arms.setdefault(arm, []).append(run)
    return Logs(study, start, arms, asked)


def set_size(part: EvalPart, ends: bool) -> int:
    """How many problems of a set are measured: at a run's ends, which the start at temperature 1 is one of, or between them."""
    return len(part.families) * len(part.levels) * ((part.ends_prompts if ends else None) or part.prompts)


def read_run(folder: Path, arm: str, seed: int, study: Study) -> Run | None:
    """A run as far as it has come; None before its first step. A measurement that was still being written when the run was
    stopped, or that is being written now, is no measurement: half a set is another set."""
    metrics = list(read_records(folder / "metrics.jsonl", logged_step))
    if not metrics:
        return None
    steps = metrics[-1]["step"]
    held_out: Measurements = {}
    for step, name, key, found in read_records(folder / "held_out.jsonl", measured):
        if found.n < study.analysis.k:
            raise UserError(
                f"{folder / 'held_out.jsonl'}: {found.n} samples of a problem of {name}, but k is {study.analysis.k}"
            )
        if step <= steps:
            held_out.setdefault(name, {}).setdefault(step, {})[key] = found
    ends = (0, study.recipe.optim.steps)
    for part in study.sets:
        by_step = held_out.get(part.name, {})
        held_out[part.name] = {s: found for s, found in by_step.items() if len(found) >= set_size(part, s in ends)}
    return Run(arm, seed, steps, held_out, metrics)


def read_records(path: Path, made: Callable[[dict[str, Any]], T]) -> Iterator[T]:
    """What `made` makes of each line of a JSONL file; nothing of a file that is not there. A line that was cut off is left out, and
    said. Raises UserError, naming the line, for one that is JSON but not what it should be."""
    if not path.exists():
        return
    try:
        file = path.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    with file:
        for number, text in enumerate(file, start=1):
            try:
                line = json.loads(text)
            except ValueError:
                log.warning("%s, line %d: cut off, left out", path, number)
                continue
            try:
                record = made(line)
            except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
                raise UserError(
                    f"{path}, line {number}: is no line of a run's log ({type(error).__name__}: {error}); delete it"
                ) from None
            yield record


def logged_step(line: dict[str, Any]) -> dict[str, Any]:
    """A line of metrics.jsonl, with a step and the numbers that reports read."""
    numbers = [line[name] for name in ("grad_norm", "entropy", "mismatch_max", "filtered")]
    if not all(isinstance(number, int | float) for number in (*numbers, *line["seconds"].values())):
        raise ValueError("a number is none")
    len(line["alarms"])
    return {**line, "step": int(line["step"])}


def measured(line: dict[str, Any]) -> tuple[int, str, Key, Tally]:
    """A line of held_out.jsonl: step, set, problem and its samples."""
    return int(line["step"]), str(line["set"]), key_of(line), tally(line)


def key_of(line: dict[str, Any]) -> Key:
    return line["family"], int(line["level"]), line["instance"]


def tally(line: dict[str, Any], votes: int = 0) -> Tally:
    """A line of held_out.jsonl or start.jsonl; votes: size of the majorities, taken of disjoint blocks of its samples."""
    right, n = line["correct"], len(line["correct"])
    for name in ("thinking", "tokens", "parsed", "finished", "strategy", "solution"):
        if len(line[name]) != n:
            raise ValueError(f"{len(line[name])} of {name}, {n} samples")
    answers = line.get("answers") or []
    blocks = range(0, n - votes + 1, votes) if answers and votes else ()
    thought_right = [t for t, good in zip(line["thinking"], right, strict=True) if good]
    voted = [majority(answers[at : at + votes], right[at : at + votes]) for at in blocks]
    return Tally(
        n, sum(right), _mean(line["thinking"]), _mean(thought_right) if thought_right else math.nan, _mean(line["tokens"]), _mean(line["parsed"]), _mean(line["finished"]),
        dict(Counter(str(label) for label in line["strategy"])),
        tuple(str(solution) for solution, good in zip(line["solution"], right, strict=True) if good),
        _mean(voted) if voted else None,
    )  # fmt: skip


def common(measured: Sequence[dict[Key, Tally]]) -> list[Key]:
    """The problems that all measurements have, in a fixed order: a mean moves when problems come and go."""
    return sorted(set.intersection(*(set(part) for part in measured))) if measured else []


@dataclass(frozen=True)
class Curves:
    """Runs of an arm on a set, at the steps all of them have, on the problems that all measurements share, the start
    included if it was measured (as step 0). tallies: [run][step][problem]."""

    steps: tuple[int, ...]
    problems: tuple[Key, ...]
    tallies: list[list[list[Tally]]]

    def values(self, of: Any) -> np.ndarray:
        """(S, P, K) of a function of a tally."""
        return np.array([[[of(t) for t in step] for step in run] for run in self.tallies], dtype=float).swapaxes(1, 2)

    def cell(self, family: str, level: int) -> Curves:
        """The problems of one level of one family."""
        at = [i for i, key in enumerate(self.problems) if key[:2] == (family, level)]
        tallies = [[[step[i] for i in at] for step in run] for run in self.tallies]
        return Curves(self.steps, tuple(self.problems[i] for i in at), tallies)


def curves(logs: Logs, arm: str, name: str, runs: Sequence[Run] | None = None) -> Curves | None:
    """None when no run of the arm has measured the set."""
    runs = [run for run in (logs.arms.get(arm, []) if runs is None else runs) if run.held_out.get(name)]
    if not runs:
        return None
    start = logs.start.get(1.0, {}).get(name, {})
    steps = sorted(set.intersection(*(set(run.held_out[name]) for run in runs)))
    measured = [[run.held_out[name][step] for step in steps] for run in runs]
    if start and 0 not in steps:
        steps, measured = [0, *steps], [[start, *run] for run in measured]
    problems = common([part for run in measured for part in run])
    if not problems or not steps:
        return None
    return Curves(
        tuple(steps), tuple(problems), [[[part[key] for key in problems] for part in run] for run in measured]
    )


def ends(logs: Logs, arm: str, name: str) -> Curves | None:
    """Start and last step of the finished runs, on all problems of the larger measurements there; None when one lacks."""
    start, last = logs.start.get(1.0, {}).get(name), logs.study.recipe.optim.steps
    runs = [run for run in logs.finished(arm) if last in run.held_out.get(name, {})]
    if not start or not runs:
        return None
    measured = [[start, run.held_out[name][last]] for run in runs]
    problems = common([part for run in measured for part in run])
    if not problems:
        return None
    return Curves((0, last), tuple(problems), [[[part[key] for key in problems] for part in run] for run in measured])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
