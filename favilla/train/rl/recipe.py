"""Recipes of RL runs, checked field by field before anything starts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from favilla.errors import UserError
from favilla.train.recipe import Beta, ExtraPart, Rate, Seed, Share, Strict
from favilla.train.rl.losses import Clip
from favilla.train.rl.pool import Budgets, Effort, Entry
from favilla.worlds.base import Family, Split
from favilla.worlds.registry import get

Level = Annotated[int, Field(ge=1)]
EffortName = Literal["low", "medium", "high", "xhigh"]
MOST_PROMPTS = 10_000  # a family and level; they are drawn before anything is trained


class TaskPart(Strict):
    """weight: share of the family; levels: relative weight of each level, from level 1; options: arguments of the
    family's constructor."""

    weight: Share = 1.0
    levels: tuple[Share, ...]
    options: dict[str, Any] = {}


class EffortPart(Strict):
    """weight: how often the effort is asked for; penalty: multiple of [length] coefficient under it."""

    weight: Share = 1.0
    penalty: Share = 1.0


class RolloutPart(Strict):
    """prompts x samples a step, each at most max_new_tokens long. pool: prompts to draw from, which leave it at a pass rate
    of `leave`. sampler: weights that the engine generates with; compiled: whether it compiles its step; batch: prompts that
    it gets at a time; max_rows: samples that it writes at once."""

    prompts: int = Field(default=32, ge=1)
    samples: int = Field(default=16, ge=2)
    max_new_tokens: int = Field(default=160, ge=1)
    pool: int = Field(default=1024, ge=1)
    leave: float = Field(default=0.9, gt=0)
    sampler: Literal["float32", "bfloat16"] = "float32"
    compiled: bool = False
    batch: int = Field(default=32, ge=1)
    max_rows: int = Field(default=512, ge=1)

    @model_validator(mode="after")
    def pool_suffices(self) -> RolloutPart:
        if self.pool < self.prompts:
            raise ValueError(f"pool = {self.pool} is smaller than the {self.prompts} prompts of a step")
        return self


class LossPart(Strict):
    """algorithm: see `losses`. clip: low, high and most of `losses.Clip`; high is DAPO's, others have low on both sides. importance: largest weight between sampler and
    trainer. kl: pull towards a reference, which is set to the present weights every `kl_reset` steps (0: never). minibatches:
    updates a step. filter: prompts whose samples are all worth the same do not count in means."""

    algorithm: Literal["reinforce", "maxrl", "grpo", "dapo", "cispo"] = "reinforce"
    clip_low: float = Field(default=0.2, ge=0, le=1)
    clip_high: float = Field(default=0.28, ge=0)
    clip_most: float = Field(default=5.0, ge=1)
    importance: float = Field(default=2.0, ge=1)
    kl: Share = 0.0
    kl_reset: int = Field(default=0, ge=0)
    minibatches: int = Field(default=1, ge=1)
    filter: bool = True

    def clip(self) -> Clip:
        return Clip(self.clip_low, self.clip_high if self.algorithm == "dapo" else self.clip_low, self.clip_most)


class LengthPart(Strict):
    """coefficient: of `advantages.penalty`, the same for the whole run. budgets: token budgets that a share `share` of
    prompts names instead; slope: of `advantages.within_budget`."""

    coefficient: Share = 0.0
    budgets: tuple[Level, ...] = ()
    share: float = Field(default=0.0, ge=0, le=1)
    slope: float = Field(default=0.01, gt=0)

    @model_validator(mode="after")
    def budgets_are_used(self) -> LengthPart:
        if bool(self.budgets) != bool(self.share):
            raise ValueError("give both budgets and share, or neither")
        return self


class EntropyPart(Strict):
    """Alarms, nats a token: below the floor the policy has stopped to explore, above the ceiling it falls apart."""

    floor: Share = 0.02
    ceiling: Share = 1.5


class OptimPart(Strict):
    """As in pretraining; a vision_rate of 0 leaves tower, adapter and projection as they are, and saves their gradients."""

    steps: int = Field(ge=1)
    warmup: int = Field(default=5, ge=0)
    decay: float = Field(default=0.0, ge=0, le=1)
    muon_lr: Rate = 5e-4
    adam_lr: Rate = 1e-4
    adam_betas: tuple[Beta, Beta] = (0.9, 0.98)
    weight_decay: float = Field(default=0.0, ge=0)
    vision_rate: Share = 1.0
    clip: float = Field(default=1.0, gt=0)


class RunPart(Strict):
    """Micro-batches of rows x tokens. compile: let `torch.compile` fuse the trainer's pass over the text. autocast: it computes
    in bfloat16. per_decade: held-out measurements at that
    many steps a decade, at the start (unless measure_start is false: several runs may share one) and at the end. snapshots:
    steps after which the model folder is kept as well."""

    rows: int = Field(default=16, ge=1)
    tokens: int = Field(default=384, ge=64)
    compile: bool = False
    autocast: bool = False
    save_every: int = Field(default=20, ge=1)
    per_decade: int = Field(default=5, ge=1)
    measure_start: bool = True
    snapshots: tuple[int, ...] = ()


class EvalPart(Strict):
    """A held-out set: `prompts` different problems of each family and level, `samples` drawn of each; at the first and the
    last measurement `ends_prompts` and `ends_samples`, if given. seed: of the problems, so that runs of several seeds share
    them."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    families: tuple[str, ...] = Field(min_length=1)
    levels: tuple[Level, ...] = Field(min_length=1)
    options: dict[str, Any] = {}
    split: Split = "test"
    effort: EffortName = "high"
    seed: Seed = 0
    prompts: int = Field(default=32, ge=1, le=MOST_PROMPTS)
    samples: int = Field(default=16, ge=1)
    ends_prompts: int | None = Field(default=None, ge=1, le=MOST_PROMPTS)
    ends_samples: int | None = Field(default=None, ge=1)

    def entries(self) -> list[tuple[Family, int]]:
        """Families and levels. Raises UserError for those that there are not."""
        found = [(make_family(name, self.options, "eval"), level) for name in self.families for level in self.levels]
        for family, level in found:
            if level > family.levels:
                raise UserError(f"recipe: [[eval]] {self.name}: {family.name} has {family.levels} levels, not {level}")
        return found


class RLRecipe(Strict):
    """init: a model that is shipped, by name, or a model folder; --init overrides it. roles: prompts of a file that show attempts
    (`roles.RolePrompts`), a share of each step's, beside those of the tasks."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    seed: Seed = 0
    init: str = "ember"
    tasks: dict[str, TaskPart] = Field(min_length=1)
    roles: ExtraPart | None = None
    efforts: dict[EffortName, EffortPart] = Field(default={"high": EffortPart()}, min_length=1)
    rollout: RolloutPart = RolloutPart()
    loss: LossPart = LossPart()
    length: LengthPart = LengthPart()
    entropy: EntropyPart = EntropyPart()
    optim: OptimPart
    run: RunPart = RunPart()
    eval: tuple[EvalPart, ...] = ()

    @model_validator(mode="after")
    def something_to_draw(self) -> RLRecipe:
        if not any(effort.weight for effort in self.efforts.values()):
            raise ValueError("[efforts] give at least one a weight above 0")
        if len({part.name for part in self.eval}) < len(self.eval):
            raise ValueError("[[eval]] two sets have the same name")
        return self

    def entries(self) -> list[Entry]:
        """What the pool is made of. Raises UserError for families or levels that there are not."""
        entries = []
        for name, part in self.tasks.items():
            family = make_family(name, part.options, "tasks")
            if not 1 <= len(part.levels) <= family.levels:
                raise UserError(
                    f"recipe: [tasks.{name}] levels is {part.levels}; give one weight a level, at most {family.levels}"
                )
            total = sum(part.levels)
            entries += [
                Entry(family, level, part.weight * weight / total)
                for level, weight in enumerate(part.levels, 1)
                if weight and part.weight
            ]
        if not entries:
            raise UserError("recipe: [tasks] give at least one family and level a weight above 0")
        return entries

    def check_compiler(self) -> None:
        """Raises UserError where something is to be compiled for a CPU and torch finds no C++ compiler: it would look for one
        only when the first token is written."""
        asked = {"[rollout] compiled": self.rollout.compiled, "[run] compile": self.run.compile}
        fields = " and ".join(name for name, on in asked.items() if on)
        if not fields:
            return
        from favilla.engine.passes import check_compiler

        check_compiler(f"recipe: {fields} = true")

    def effort_weights(self) -> dict[str, Effort]:
        return {name: Effort(part.weight, part.penalty) for name, part in self.efforts.items()}

    def word_budgets(self) -> Budgets:
        return Budgets(self.length.share, self.length.budgets)


def make_family(name: str, options: dict[str, Any], part: str) -> Family:
    """A family with its options. Raises UserError for unknown names and options."""
    family = get(name)
    if not options:
        return family
    try:
        return type(family)(**options)
    except (TypeError, ValueError) as error:
        raise UserError(f"recipe: [{part}] {name}, options: {error}") from None
