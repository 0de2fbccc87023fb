"""Study files: one TOML file for an experiment of many RL runs, with what will be looked at declared before anything runs.

    favilla study rl recipes/study-rl.toml --out runs/study

A study's folder holds `study.json` (the file as it was when the study began), `base/` (pretraining of the model that all
runs start from; of several stages the last, those before it in `base-1/`, `base-2/`, ...), `start.jsonl` (that model's measurements) and `runs/ARM/SEED/`, each an ordinary folder of `favilla rl`.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from favilla.atomic import write_atomically
from favilla.engine.load import find_folder
from favilla.errors import UserError
from favilla.model.folder import WEIGHTS
from favilla.train.recipe import Recipe, Share, Strict, read_recipe
from favilla.train.rl.held_out import set_prompts
from favilla.train.rl.recipe import EvalPart, RLRecipe

PLAN, START, BASE, RUNS = "study.json", "start.jsonl", "base", "runs"
NAME = r"^[a-z0-9][a-z0-9._-]*$"


class Arm(Strict):
    """What an arm changes in the recipe of all. coefficient: of the length penalty. rate: multiple of both learning rates,
    since estimators have advantages of different size. seeds: one run each."""

    coefficient: Share = 0.0
    algorithm: Literal["reinforce", "maxrl", "grpo", "dapo", "cispo"] = "reinforce"
    rate: float = Field(default=1.0, gt=0)
    seeds: tuple[int, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def seeds_differ(self) -> Arm:
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds {list(self.seeds)}: give each once")
        return self


class StartPart(Strict):
    """Measurements of the model that all runs start from: at temperature 1 as at a run's ends, at the others as between
    them. votes: samples that a majority is taken of."""

    temperatures: tuple[float, ...] = (0.3, 0.5, 0.7, 0.85, 1.2)
    votes: int = Field(default=16, ge=1)

    @model_validator(mode="after")
    def temperatures_are_others(self) -> StartPart:
        if any(not 0 < t < math.inf or t == 1 for t in self.temperatures):
            raise ValueError("temperatures: give numbers above 0 and other than 1, which is measured in any case")
        return self


class Thresholds(Strict):
    """What a claim asks for, declared with the study. Shares and pass rates are 0 to 1, so a point is 0.01."""

    r2: float = 0.95
    decades: float = 1.5
    extrapolation: float = 0.03
    diversity: float = 0.8
    gain: float = 0.5
    drawdown: float = 0.03
    equal: float = 0.02
    fewer_tokens: float = 0.3
    compressed: float = 0.25
    seeds_agree: float = 0.8


class AnalysisPart(Strict):
    """What the report looks at. headline: the arm of growth, diversity and generalisation, and the one that penalised arms
    are compared with. trained: the set of what is practised; held_out: the other sets. window: first and last step that
    growth is fitted on. k: of pass@k. solutions: right ones among which different ones are counted. draws: of the
    bootstrap."""

    headline: str = "none"
    trained: str = "trained"
    held_out: tuple[str, ...] = ()
    window: tuple[int, int]
    k: int = Field(default=16, ge=2)
    solutions: int = Field(default=4, ge=2)
    draws: int = Field(default=2000, ge=100)
    thresholds: Thresholds = Thresholds()

    @property
    def sets(self) -> tuple[str, ...]:
        """All sets that are looked at."""
        return (self.trained, *self.held_out)

    @model_validator(mode="after")
    def window_rises(self) -> AnalysisPart:
        if not 1 <= self.window[0] < self.window[1]:
            raise ValueError(f"window {list(self.window)}: give a first step of at least 1 and a later last one")
        return self


class StudyFile(Strict):
    """base: recipe of the pretraining that makes the model all runs start from, or several, each of which goes on from the
    one before; or init: a model that is there, by name or folder. recipe: the RL recipe that all arms share. Paths are relative to
    the study file."""

    name: str = Field(pattern=NAME)
    base: tuple[Path, ...] = ()
    init: str | None = None
    recipe: Path
    arms: dict[Annotated[str, Field(pattern=NAME)], Arm] = Field(min_length=1)
    start: StartPart = StartPart()
    analysis: AnalysisPart

    @field_validator("base", mode="before")
    @classmethod
    def one_or_several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def one_start(self) -> StudyFile:
        if (not self.base) == (self.init is None):
            raise ValueError("give base (one or several pretraining recipes) or init (a model), one of the two")
        return self


class Study(Strict):
    """A study with its recipes read: all that decides what it does."""

    name: str
    init: str | None
    base: tuple[Recipe, ...]
    recipe: RLRecipe
    arms: dict[str, Arm]
    start: StartPart
    analysis: AnalysisPart

    @model_validator(mode="after")
    def parts_fit(self) -> Study:
        analysis, sets = self.analysis, {part.name: part for part in self.recipe.eval}
        if analysis.headline not in self.arms:
            raise ValueError(f"[analysis] headline {analysis.headline!r} is no arm; there are {', '.join(self.arms)}")
        if self.arms[analysis.headline].coefficient:
            raise ValueError(
                f"[analysis] headline {analysis.headline!r} has a length penalty; name an arm without, with which those that have "
                "one are compared"
            )
        for name in analysis.sets:
            if name not in sets:
                raise ValueError(f"[analysis] {name!r} is no [[eval]] of the RL recipe; there are {', '.join(sets)}")
        for part in sets.values():
            fewest = min(part.samples, part.ends_samples or part.samples)
            if fewest < analysis.k:
                raise ValueError(f"[[eval]] {part.name}: {fewest} samples do not give pass@{analysis.k}")
            if fewest < self.start.votes:
                raise ValueError(f"[[eval]] {part.name}: {fewest} samples are no {self.start.votes} votes")
        if analysis.window[1] > self.recipe.optim.steps:
            raise ValueError(f"[analysis] window ends at {analysis.window[1]}, the run at {self.recipe.optim.steps}")
        return self

    @property
    def sets(self) -> tuple[EvalPart, ...]:
        return self.recipe.eval

    def arm_recipe(self, arm: str, seed: int) -> RLRecipe:
        """The recipe of one run. Its start is measured once for all runs, so it does not do that itself."""
        changed, r = self.arms[arm], self.recipe
        optim = {"muon_lr": r.optim.muon_lr * changed.rate, "adam_lr": r.optim.adam_lr * changed.rate}
        return r.model_copy(
            update={
                "name": f"{self.name}-{arm}-{seed}",
                "seed": seed,
                "loss": r.loss.model_copy(update={"algorithm": changed.algorithm}),
                "length": r.length.model_copy(update={"coefficient": changed.coefficient}),
                "optim": r.optim.model_copy(update=optim),
                "run": r.run.model_copy(update={"measure_start": False}),
            }
        )


def read_study(path: Path) -> Study:
    """Read and check a study file and the recipes it names. Raises UserError naming file, field and reason in one line."""
    file = read_recipe(path, StudyFile)
    recipe = read_recipe(path.parent / file.recipe, RLRecipe)
    for part in recipe.eval:
        # A set that has too few problems is told now, not after the pretraining.
        set_prompts(part, True)
    recipe.entries()
    base = tuple(read_recipe(path.parent / each, Recipe) for each in file.base)
    init = file.init
    if init is not None:
        beside = path.parent / init
        init = str(beside.resolve()) if beside.is_dir() else init
        find_folder(init)
    try:
        return Study(
            name=file.name, init=init, base=base, recipe=recipe, arms=file.arms, start=file.start,
            analysis=file.analysis,
        )  # fmt: skip
    except ValidationError as error:
        raise UserError(f"{path}: {error.errors()[0]['msg']}") from None


def declare(study: Study, folder: Path) -> None:
    """Keep the study beside its runs before the first one starts. Raises UserError when the folder holds another: what is
    looked at is decided before there is anything to see. Arms and seeds may be added."""
    path = folder / PLAN
    if path.exists():
        before = declared(folder)
        others = {"arms"}
        if before.model_dump(exclude=others) != study.model_dump(exclude=others):
            raise UserError(f"{path}: holds a study with other recipes or another analysis; choose another --out")
        study = study.model_copy(update={"arms": _joined(before.arms, study.arms, path)})
    write_atomically(path, study.model_dump_json(indent=1) + "\n")


def _joined(before: dict[str, Arm], now: dict[str, Arm], path: Path) -> dict[str, Arm]:
    arms = dict(before)
    for name, arm in now.items():
        old = arms.get(name, arm)
        if arm.model_dump(exclude={"seeds"}) != old.model_dump(exclude={"seeds"}):
            raise UserError(f"{path}: arm {name!r} was another one; give the new one another name")
        arms[name] = arm.model_copy(update={"seeds": tuple(dict.fromkeys((*old.seeds, *arm.seeds)))})
    return arms


def declared(folder: Path) -> Study:
    """The study of a folder. Raises UserError when there is none."""
    path = folder / PLAN
    try:
        return Study.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(f"{folder}: holds no study (no {PLAN}); give the --out of favilla study") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: not a study ({' '.join(str(error).split())[:200]})") from None


def base_folders(study: Study, folder: Path) -> list[Path]:
    """Where the stages of the pretraining are; the last one's model is what all runs start from."""
    return [folder / f"{BASE}-{number}" for number in range(1, len(study.base))] + [folder / BASE]


def run_folder(folder: Path, arm: str, seed: int) -> Path:
    return folder / RUNS / arm / str(seed)


def finished(run: Path) -> bool:
    """Whether a run of `favilla rl` or `favilla pretrain` has come to its end: its weights are written then."""
    return (run / "model" / WEIGHTS).exists()


def to_toml(recipe: Strict) -> str:
    """A recipe as a TOML file that reads as the same recipe."""
    tables = recipe.model_dump(mode="json", exclude_none=True)
    return "".join(f"{key} = {_toml(value)}\n" for key, value in tables.items())


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(v)}" for key, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    # JSON's strings are TOML's, but for this one sign.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
