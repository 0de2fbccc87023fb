"""Recipes of roles: which problems are attempted, and what examples are made of the attempts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from favilla.errors import UserError
from favilla.train.recipe import Seed, Share, Strict
from favilla.train.rl.recipe import make_family
from favilla.worlds.base import Family

Level = Annotated[int, Field(ge=1)]
Probability = Annotated[float, Field(ge=0, le=1)]


class TaskPart(Strict):
    """levels: those that may be chosen; options: arguments of the family's constructor."""

    levels: tuple[Level, ...] = Field(min_length=1)
    options: dict[str, Any] = {}


class AttemptPart(Strict):
    """samples: attempts at a problem; problems: of each family and level that is chosen; batch: problems at the same time, which
    make one shard. effort, temperature, max_new_tokens: as agents attempt a question."""

    samples: int = Field(default=8, ge=2)
    problems: int = Field(default=400, ge=1)
    batch: int = Field(default=20, ge=1)
    effort: Literal["low", "medium", "high", "xhigh"] = "high"
    temperature: float = Field(default=0.8, gt=0, allow_inf_nan=False)
    max_new_tokens: int = Field(default=512, ge=1)


class ChoicePart(Strict):
    """A family's level is chosen when `problems` of its dev split are solved by least .. most of the attempts."""

    problems: int = Field(default=40, ge=1)
    least: Probability = 0.2
    most: Probability = 0.6

    @model_validator(mode="after")
    def in_order(self) -> ChoicePart:
        if self.least > self.most:
            raise ValueError(f"least = {self.least} is more than most = {self.most}")
        return self


class ExamplePart(Strict):
    """examples, prompts: worked examples, and prompts to practise on, drawn for each problem. sizes: how many attempts are shown.
    longest: tokens of a whole example. planted: share of examples with a planted instruction in one attempt, and of as many
    more with a harmless sentence there. cut: share of attempts that are shown cut or empty."""

    examples: int = Field(default=4, ge=0)
    prompts: int = Field(default=1, ge=0)
    sizes: tuple[Annotated[int, Field(ge=2)], ...] = Field(default=(2, 3, 4, 6, 8), min_length=1)
    longest: int = Field(default=1024, ge=64)
    planted: float = Field(default=0.15, ge=0, le=0.5)
    cut: Share = Field(default=0.05, le=1)


class RolesRecipe(Strict):
    """model: one that is shipped, by name, or a folder; --model overrides it."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    seed: Seed = 0
    model: str = "ember"
    tasks: dict[str, TaskPart] = Field(min_length=1)
    attempts: AttemptPart = AttemptPart()
    choice: ChoicePart = ChoicePart()
    examples: ExamplePart = ExamplePart()

    @model_validator(mode="after")
    def enough_attempts(self) -> RolesRecipe:
        if min(self.examples.sizes) > self.attempts.samples:
            raise ValueError(f"sizes = {self.examples.sizes}: all are more than samples = {self.attempts.samples}")
        return self

    def entries(self) -> list[tuple[Family, int]]:
        """Families and levels that may be chosen. Raises UserError for those that there are not."""
        found = []
        for name, part in self.tasks.items():
            family = make_family(name, part.options, "tasks")
            if max(part.levels) > family.levels:
                raise UserError(
                    f"recipe: [tasks.{name}] levels is {part.levels}; the family has levels 1 to {family.levels}"
                )
            found += [(family, level) for level in dict.fromkeys(part.levels)]
        return found
