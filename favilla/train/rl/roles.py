"""Prompts that show attempts at a problem: practice in refining and aggregating, beside practice in attempting.

A file of them has a JSON object a line: which problem it is (`worlds.base.numbered`), which attempts are shown how (`text`), in
which role. `favilla roles` writes it. The reward is that of the problem: the right answer (aggregation-aware RL, 2509.26626).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from favilla.chat.messages import ImagePart, Message
from favilla.errors import UserError
from favilla.train.recipe import Strict
from favilla.train.rl.held_out import digest
from favilla.train.rl.pool import WorldTask
from favilla.train.rl.protocols import Prompt, Prompts
from favilla.train.rl.recipe import EffortName, make_family
from favilla.worlds.base import Family, Problem, Split, numbered


class RoleLine(Strict):
    """One line. seed, number, instance: the problem of the train split, and a digest of what it must be."""

    family: str
    options: dict[str, Any] = {}
    level: int
    seed: int
    number: int
    instance: str
    role: str
    text: str
    effort: EffortName

    def prompt(self, key: str) -> Prompt:
        """The prompt. It is counted under its role and family. Raises UserError when the family has changed since."""
        family = make_family(self.family, self.options, "roles")
        problem = redrawn(family, self.level, "train", self.seed, self.number, self.instance)
        pictures = tuple(part for part in problem.prompt if isinstance(part, ImagePart))
        return Prompt(
            f"{self.role} {self.family}", self.level, (Message("user", (*pictures, self.text)),), self.effort, key=key,
            task=WorldTask(family, problem),
        )  # fmt: skip


def redrawn(family: Family, level: int, split: Split, seed: int, number: int, instance: str) -> Problem:
    """A numbered problem once more. Raises UserError when the digest of its instance is not `instance`."""
    problem = numbered(family, level, split, seed, number)
    if digest(problem.instance) != instance:
        raise UserError(
            f"{family.name} level {level}: problem {number} is another one than that which was attempted; the family has "
            "changed since: run favilla roles again, into another folder"
        )
    return problem


class RolePrompts:
    """`Prompts` of a file, `share` of each step's, beside those of `attempts`. leave: a prompt with at least this pass rate
    leaves for good. Raises UserError for a file that cannot be read."""

    def __init__(self, path: Path, attempts: Prompts, share: float, seed: int, leave: float = 0.9):
        self.attempts, self.share, self.seed, self.leave = attempts, share, seed, leave
        self.lines = read_lines(path)
        self.left: set[int] = set()
        self.order: list[int] = []
        self.epoch, self.cursor = 0, 0

    def draw(self, step: int, count: int) -> list[Prompt]:
        """The share first. When all of the file has left, or less than the share is there, attempts take its place."""
        wanted = round(count * self.share)
        if self.cursor + wanted > len(self.order):
            self.order = [number for number in range(len(self.lines)) if number not in self.left]
            random.Random(f"{self.seed}/roles/{self.epoch}").shuffle(self.order)
            self.epoch, self.cursor = self.epoch + 1, 0
        chosen = self.order[self.cursor : self.cursor + wanted]
        self.cursor += wanted
        shown = [self.lines[number].prompt(f"role {number}") for number in chosen if number not in self.left]
        return shown + self.attempts.draw(step, count - len(shown))

    def learn(self, prompts: Sequence[Prompt], pass_rates: Sequence[float]) -> None:
        attempted: list[tuple[Prompt, float]] = []
        for prompt, rate in zip(prompts, pass_rates, strict=True):
            if not prompt.key.startswith("role "):
                attempted.append((prompt, rate))
            elif rate >= self.leave:
                self.left.add(int(prompt.key.removeprefix("role ")))
        self.attempts.learn([prompt for prompt, _ in attempted], [rate for _, rate in attempted])

    def state(self) -> dict[str, Any]:
        return {
            "attempts": self.attempts.state(), "left": sorted(self.left), "order": list(self.order), "epoch": self.epoch,
            "cursor": self.cursor,
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        self.attempts.restore(state["attempts"])
        self.left, self.order = set(state["left"]), list(state["order"])
        self.epoch, self.cursor = state["epoch"], state["cursor"]


def read_lines(path: Path) -> list[RoleLine]:
    """All lines of a file. Raises UserError that names the first faulty one."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error}); favilla roles writes such a file") from None
    lines = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                lines.append(RoleLine.model_validate_json(line))
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(str(part) for part in first["loc"])
                raise UserError(f"{path}: line {number}: {where + ': ' if where else ''}{first['msg']}") from None
    if not lines:
        raise UserError(f"{path}: holds no prompts; favilla roles writes such a file")
    return lines
