"""Held-out measurements while a run is going on: the same problems and the same random numbers every time.

Each writes one line a problem to held_out.jsonl; whatever is reported about a run is computed from these lines.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from favilla.atomic import write_atomically
from favilla.train.progress import drop_lines_after
from favilla.train.ranks import gather
from favilla.train.rl.pool import held_out_problems, world_prompt
from favilla.train.rl.protocols import Prompt, Reward, Rollouts, Sample, Score
from favilla.train.rl.recipe import EvalPart


def log_spaced(steps: int, per_decade: int) -> set[int]:
    """0, 1, and on to `steps` at `per_decade` numbers a decade, as far as there are that many."""
    powers = range(10 * per_decade)
    return {0, steps} | {n for i in powers if (n := round(10 ** (i / per_decade))) <= steps}


class HeldOut:
    """The sets of a recipe. `rank` of `world` processes measures its share of the prompts; rank 0 writes.

    first: the step that a run goes on from, None if it starts anew: later lines are dropped. last: that of the run. batch:
    problems between two looks at whether to stop.
    """

    def __init__(
        self, parts: Sequence[EvalPart], path: Path, seed: int, first: int | None, last: int, batch: int, rank: int,
        world: int,
    ):  # fmt: skip
        self.parts, self.path, self.seed, self.last, self.batch = parts, path, seed, last, batch
        self.rank, self.world = rank, world
        if rank == 0:
            drop_lines_after(path, -1 if first is None else first)

    def measured(self, step: int) -> bool:
        """Whether all sets have been measured after `step` updates; what was left of a measurement that was killed goes."""
        there = False
        if self.rank == 0 and self.path.exists():
            lines = self.path.read_text(encoding="utf-8").splitlines(keepends=True)
            others = [line for line in lines if json.loads(line)["step"] != step]
            counts = Counter(found["set"] for line in lines if (found := json.loads(line))["step"] == step)
            there = all(counts[part.name] >= len(set_prompts(part, self._ends(step))) for part in self.parts)
            if not there and len(others) < len(lines):
                write_atomically(self.path, "".join(others))
        return bool(gather(there, self.world)[0])

    def measure(self, step: int, rollouts: Rollouts, reward: Reward, stopping: Callable[[], bool]) -> bool:
        """Measure all sets after `step` updates; at the first and the last step with their numbers for ends. Returns
        whether it came to its end: it does not once `stopping()`, of which all processes think alike, and then writes
        nothing."""
        everybody: list[dict[str, Any]] = []
        for part in self.parts:
            ends = self._ends(step)
            n = (part.ends_samples or part.samples) if ends else part.samples
            asked = set_prompts(part, ends)
            for start in range(0, len(asked), self.batch * self.world):
                if stopping():
                    return False
                mine = asked[start : start + self.batch * self.world][self.rank :: self.world]
                seeds = [seed_of(self.seed, part.name, prompt.task.problem.instance) for prompt in mine]
                lines = [
                    line(step, part.name, prompt, samples, reward(prompt, samples))
                    for prompt, samples in zip(mine, rollouts(mine, n, seeds), strict=True)
                ]
                everybody += [line for share in gather(lines, self.world) for line in share]
        names = [part.name for part in self.parts]
        everybody.sort(key=lambda line: (names.index(line["set"]), line["family"], line["level"], line["instance"]))
        if self.rank == 0:
            with self.path.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(line) + "\n" for line in everybody)
        return True

    def _ends(self, step: int) -> bool:
        return step in (0, self.last)


def set_prompts(part: EvalPart, ends: bool) -> list[Prompt]:
    """The problems of a set; those of a smaller measurement are the first of a larger one (`ends`)."""
    count = (part.ends_prompts or part.prompts) if ends else part.prompts
    prompts = []
    for family, level in part.entries():
        most = max(part.prompts, part.ends_prompts or 0)
        problems = held_out_problems(family, level, part.split, most, part.seed)
        prompts += [world_prompt(family, problem, part.effort) for problem in problems[:count]]
    return prompts


def line(step: int, name: str, prompt: Prompt, samples: Sequence[Sample], scores: Sequence[Score]) -> dict[str, Any]:
    """What is kept of one problem: per sample whether it is right, its tokens, its thinking, how it went about it and
    (hashed) what its solution was."""
    return {
        "step": step, "set": name, "family": prompt.family, "level": prompt.level, "effort": prompt.effort,
        "instance": digest(prompt.task.problem.instance),
        "correct": [int(score.correct) for score in scores],
        "tokens": [sample.length for sample in samples],
        "thinking": [sample.thinking_tokens for sample in samples],
        "finished": [int(sample.finished) for sample in samples],
        "parsed": [int(score.parsed) for score in scores],
        "strategy": [score.strategy for score in scores],
        "solution": [None if score.solution is None else digest(score.solution) for score in scores],
    }  # fmt: skip


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def seed_of(*parts: object) -> int:
    """A seed that depends on nothing but its parts."""
    return random.Random("/".join(map(str, parts))).getrandbits(62)
