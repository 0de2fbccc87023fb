"""A model's own attempts at problems, sampled in shards that stay: whoever comes again goes on where it was.

A shard is a JSONL file with a line a problem: which it is (by number, see `worlds.base.numbered`) and what the attempts were.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from favilla.atomic import write_atomically
from favilla.contemplate.local import LocalSolver, reply_text
from favilla.contemplate.places import AnyAnswers
from favilla.contemplate.problems import attempt_call, question_of
from favilla.contemplate.roles.recipe import AttemptPart
from favilla.contemplate.solver import derive
from favilla.engine.request import Request
from favilla.errors import UserError
from favilla.train.rl.held_out import digest
from favilla.train.rl.roles import redrawn
from favilla.worlds.base import Family, Problem, Split, numbered
from favilla.worlds.limits import is_refusal


@dataclass(frozen=True)
class Attempt:
    """What was thought and answered; finished: the turn ended of itself; right: and the verifier takes the answer."""

    thinking: str
    answer: str
    finished: bool
    right: bool

    @property
    def usable(self) -> bool:
        """Whether Contemplating would show it to others."""
        return self.finished and not is_refusal(self.answer) and AnyAnswers().parse(self.text) is not None

    @property
    def text(self) -> str:
        """The reply that it is to Contemplating; of what was cut, without an answer."""
        return reply_text(self.thinking, self.answer.strip() if self.finished else "")


@dataclass(frozen=True)
class Attempted:
    """A problem, by its number and a digest of its instance, with the attempts at it."""

    family: str
    level: int
    split: Split
    number: int
    instance: str
    attempts: tuple[Attempt, ...]

    def problem(self, family: Family, seed: int) -> Problem:
        """The problem. Raises UserError when the family draws another one under this number by now."""
        return redrawn(family, self.level, self.split, seed, self.number, self.instance)


@dataclass(frozen=True)
class Sampling:
    """Attempts of one split in `folder`. seed: of problems and samples."""

    solver: LocalSolver
    part: AttemptPart
    folder: Path
    split: Split
    seed: int

    def shards(self, problems: int) -> list[range]:
        """The numbers of the problems in each shard."""
        return [range(first, min(first + self.part.batch, problems)) for first in range(0, problems, self.part.batch)]

    def path(self, family: Family, level: int, numbers: range) -> Path:
        return self.folder / self.split / f"{family.name}-{level}-{numbers.start:06d}-{numbers.stop:06d}.jsonl"

    def shard(self, family: Family, level: int, numbers: range) -> list[Attempted]:
        """The attempts at these problems, sampled unless they are there."""
        path = self.path(family, level, numbers)
        if not path.exists():
            found = self._sampled(family, level, numbers)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, "".join(json.dumps(asdict(one)) + "\n" for one in found))
        return list(_read(path))

    def _sampled(self, family: Family, level: int, numbers: range) -> list[Attempted]:
        problems = [numbered(family, level, self.split, self.seed, number) for number in numbers]
        requests = []
        for number, problem in zip(numbers, problems, strict=True):
            seed = derive(self.seed, "attempts", self.split, family.name, level, number)
            messages, _ = self.solver.messages(attempt_call(question_of(problem), seed, self.part.max_new_tokens))
            requests.append(
                Request(
                    messages, n=self.part.samples, temperature=self.part.temperature, seed=seed, effort=self.part.effort,
                    max_new_tokens=self.part.max_new_tokens,
                )
            )  # fmt: skip
        found = []
        for number, problem, made in zip(numbers, problems, self.solver.engine.generate(requests), strict=True):
            attempts = []
            for one in made:
                finished = one.finish_reason == "stop"
                right = finished and family.verify(problem, one.answer, one.thinking or "").correct
                attempts.append(Attempt(one.thinking or "", one.answer, finished, right))
            found.append(Attempted(family.name, level, self.split, number, digest(problem.instance), tuple(attempts)))
        return found


def _read(path: Path) -> Iterator[Attempted]:
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            raw = json.loads(line)
            yield Attempted(**{**raw, "attempts": tuple(Attempt(**one) for one in raw["attempts"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{path}: is no shard of attempts ({error}); delete it to have it sampled again") from None
