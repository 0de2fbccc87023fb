"""Recipes: one TOML file per run, checked field by field before anything starts."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from favilla.data.batches import Shape
from favilla.data.examples import EFFORTS, Mixture, Task
from favilla.errors import UserError
from favilla.home import home
from favilla.model import SparkConfig, TextConfig, VisionConfig
from favilla.model.config import MAX_LAYERS, known_fields
from favilla.worlds.base import Style
from favilla.worlds.registry import get

Share = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=-(2**63), lt=2**63)]  # what PyTorch takes
Rate = Annotated[float, Field(gt=0, le=1e4)]
Beta = Annotated[float, Field(ge=0, lt=1)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ModelPart(Strict):
    """Network. `text` and `vision` take any field of a `config.json`; what a recipe leaves out is derived:
    output_multiplier = 1/sqrt(width/256), vocabulary from the tokenizer."""

    text: dict[str, Any]
    vision: dict[str, Any]
    projector_hidden_size: int
    gate_init: float = Field(default=0.0, ge=-1e4, le=1e4)

    def config(self, vocab_size: int, image_token_id: int, eos: int, pad: int) -> SparkConfig:
        """The config of this network for a tokenizer. Raises UserError naming the field for what no network can have."""
        for section, kind in (("text", TextConfig), ("vision", VisionConfig)):
            for name in getattr(self, section):
                if name not in kind.__dataclass_fields__:
                    raise UserError(f"recipe: [model] {section}.{name} is unknown; give fields that a config.json has")
        for name in ("hidden_size", "num_hidden_layers"):
            if self.text.get(name) is None:
                raise UserError(f"recipe: [model] text.{name} is missing; say how large the network is")
        try:
            stated = known_fields(TextConfig, self.text, "text_config.")
            text = {"vocab_size": vocab_size, "output_multiplier": (stated["hidden_size"] / 256) ** -0.5, **self.text}
            if (layers := stated["num_hidden_layers"]) <= MAX_LAYERS:
                text.setdefault("mlp_layer_types", ["dense"] * layers)
            config = SparkConfig.from_dict(
                {
                    "model_type": "muse_spark", "text_config": text, "vision_config": self.vision,
                    "image_token_id": image_token_id, "projector_hidden_size": self.projector_hidden_size,
                },
                "config",
            )  # fmt: skip
        except (UserError, OverflowError) as error:
            said = str(error).removeprefix("config: ").replace("_config.", ".")
            raise UserError(f"recipe: [model] {said}") from None
        if config.text.vocab_size < vocab_size:
            raise UserError(
                f"recipe: [model] text.vocab_size is {config.text.vocab_size}, the tokenizer's {vocab_size}; leave it out"
            )
        config.extra = {"text_config": {"eos_token_id": eos, "bos_token_id": None, "pad_token_id": pad}}
        # Placeholders of modalities that this model has no tower for must name no real token.
        config.extra |= {"video_token_id": vocab_size + 1, "audio_token_id": vocab_size + 2}
        return config


class TokenizerPart(Strict):
    """Byte-level BPE trained on the mixture's own text: `samples` problems a family and level."""

    vocab_size: int = Field(ge=512, le=8192)
    samples: int = Field(default=400, ge=1)


class TaskPart(Strict):
    """weight: how often the family is drawn, one number or one per stage; levels: relative weight of each level, from
    level 1, one list or one per stage; options: arguments of the family's constructor."""

    weight: Share | tuple[Share, ...] = 1.0
    levels: tuple[Share, ...] | tuple[tuple[Share, ...], ...]
    options: dict[str, Any] = {}


class PracticePart(Strict):
    """Words to read from beside the text, for the loss of marks: `rows` picture rows more, filled from `words` that each
    example brings along; from example number `grown` on they stand anywhere. They are drawn for image tokens of 28 pixels; for
    others they are resized."""

    rows: int = Field(default=0, ge=0)
    words: int = Field(default=0, ge=0)
    grown: int = Field(default=0, ge=0)


class ExtraPart(Strict):
    """Examples of a file beside those of the tasks: conversations (`data.conversations`), or prompts to practise on (`rl.roles`).
    file: a relative path starts from $FAVILLA_HOME; share: of all examples or prompts."""

    file: Path
    share: float = Field(gt=0, lt=1)

    @property
    def path(self) -> Path:
        return home() / self.file


class DataPart(Strict):
    """styles: share of each style of solution, whatever the effort, so that a model knows several ways under one prompt and RL
    can choose; none: the effort decides."""

    rows: int = Field(ge=1)
    tokens: int = Field(ge=32)
    targets: float = Field(default=0.4, gt=0, le=1)  # at most that share of a batch's tokens are targets
    picture_rows: int = Field(ge=1)
    picture_patches: int = Field(ge=4, multiple_of=4)
    max_image_tokens: int = Field(ge=1)
    questions: int = Field(default=3, ge=1)
    conversations: float = Field(default=0.0, ge=0, le=1)
    efforts: dict[Literal["low", "medium", "high", "xhigh"], Share] = {"low": 0.3, "medium": 0.35, "high": 0.35}
    styles: dict[Style, Share] = {}
    # numbers of the examples with which the second, third, ... stage begins
    stages: tuple[Annotated[int, Field(gt=0)], ...] = ()
    tasks: dict[str, TaskPart] = Field(min_length=1)
    practice: PracticePart = PracticePart()
    extra: ExtraPart | None = None
    workers: int = Field(default=1, ge=0)

    def mixture(self) -> Mixture:
        """The mixture this part describes. Raises UserError for unknown families or levels they do not have."""
        tasks = []
        for name, part in self.tasks.items():
            family = get(name)
            if part.options:
                try:
                    family = type(family)(**part.options)
                except (TypeError, ValueError) as error:
                    raise UserError(f"recipe: [data.tasks.{name}] options: {error}") from None
            stages = len(self.stages) + 1
            levels: Any = part.levels if part.levels and isinstance(part.levels[0], tuple) else (part.levels,) * stages
            if len(levels) != stages or any(not 1 <= len(one) <= family.levels or not any(one) for one in levels):
                raise UserError(
                    f"recipe: [data.tasks.{name}] levels is {part.levels}; give at most {family.levels} weights, one per "
                    f"level and one of them above 0, or {stages} such lists, one per stage"
                )
            weights = part.weight if isinstance(part.weight, tuple) else (part.weight,) * stages
            if len(weights) != stages or not any(weights):
                raise UserError(
                    f"recipe: [data.tasks.{name}] weight is {part.weight}; give one number above 0, or "
                    f"{stages} numbers of at least 0, one per stage"
                )
            tasks.append(Task(family, weights, levels))
        if sorted(set(self.stages)) != list(self.stages) or not all(
            map(any, zip(*(t.weights for t in tasks), strict=True))
        ):
            raise UserError("recipe: [data] stages must rise, and every stage needs a task with a weight above 0")
        if not any(self.efforts.values()):
            raise UserError("recipe: [data] efforts: give at least one a weight above 0")
        if self.styles and not any(self.styles.values()):
            raise UserError("recipe: [data] styles: give at least one a weight above 0")
        efforts: dict[str, float] = {name: self.efforts.get(name, 0.0) for name in EFFORTS}  # type: ignore[call-overload]
        return Mixture(
            tuple(tasks), efforts, self.questions, self.conversations, stages=self.stages,
            practice=self.practice.words, practice_grown=self.practice.grown,
            styles=dict(self.styles),
        )  # fmt: skip

    def shape(self, patch_values: int, merge: int) -> Shape:
        """Batches of this part. Raises UserError for rows of pictures that cannot be merged merge x merge."""
        if self.picture_patches % merge**2:
            raise UserError(
                f"recipe: [data] picture_patches is {self.picture_patches}; give a multiple of {merge**2}, since [model] "
                f"vision.merge_size is {merge}"
            )
        targets = int(self.rows * self.tokens * self.targets)
        rows = self.picture_rows, self.practice.rows
        # One mark for every second patch is more than pictures of levels 1 and 2 have; beyond, practice loses the rest.
        marks = sum(rows) * self.picture_patches // 2
        return Shape(
            self.rows, self.tokens, targets, rows[0], self.picture_patches, patch_values, merge, rows[1], marks
        )


class OptimPart(Strict):
    """Warm-up, stable, decay (Hu et al. 2024): learning rates rise over `warmup` steps, stay, and fall linearly
    to zero over the last `decay` share of the run. vision_rate: rates of the vision tower, adapter and projection, as
    a multiple of the text's, and that of what reads marks. marks: weight of the loss of marks (`train.marks`)."""

    steps: int = Field(ge=1)
    warmup: int = Field(default=100, ge=0)
    decay: float = Field(default=0.4, ge=0, le=1)
    muon_lr: Rate = 0.02
    adam_lr: Rate = 3e-3
    adam_betas: tuple[Beta, Beta] = (0.9, 0.98)
    weight_decay: float = Field(default=0.01, ge=0)
    vision_rate: float = Field(default=1.0, gt=0)
    marks: Share = 0.0
    clip: float = Field(default=1.0, gt=0)


class RunPart(Strict):
    compile: bool = True
    autocast: bool = True
    log_every: int = Field(default=10, ge=1)
    save_every: int = Field(default=200, ge=1)


class Recipe(Strict):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    seed: Seed = 0
    model: ModelPart
    tokenizer: TokenizerPart
    data: DataPart
    optim: OptimPart
    run: RunPart = RunPart()

    @model_validator(mode="after")
    def practice_is_used(self) -> Recipe:
        p = self.data.practice
        if (p.rows or p.words or p.grown) and not (p.words and self.optim.marks and self.data.picture_patches >= 40):
            raise ValueError(
                "[data.practice] rows are filled from words, for the loss of marks: give words, [optim] marks above 0 and picture_patches of 40 or more, or no practice"
            )
        return self


AnyRecipe = TypeVar("AnyRecipe", bound=Strict)


def load_recipe(path: str | Path) -> Recipe:
    """Read and check a recipe of pretraining. Raises UserError naming file, field and reason in one line."""
    return read_recipe(path, Recipe)


def read_recipe(path: str | Path, kind: type[AnyRecipe]) -> AnyRecipe:
    """Read and check a recipe of a kind. `extends = "other.toml"`, a path from the recipe's folder, starts from that recipe: what
    is said here replaces what is said there, table by table; paths are taken as if they stood here. Raises UserError naming file,
    field and reason in one line."""
    path = Path(path)
    try:
        return kind.model_validate(_stated(path))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise UserError(f"{path}: {field}: {first['msg']}{more}") from None


def _stated(path: Path, extending: tuple[Path, ...] = ()) -> dict[str, Any]:
    """What a file says together with those that it extends. extending: the files that lead here."""
    by = f" (extended by {extending[-1]})" if extending else ""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such recipe{by}; see recipes/ for those that exist") from None
    except (ValueError, OSError) as error:  # TOML, UTF-8, or a name that is none
        raise UserError(f"{path}: not a readable TOML file{by} ({error})") from None
    if (other := raw.pop("extends", None)) is None:
        return raw
    if not isinstance(other, str):
        raise UserError(f"{path}: extends: give the path of one recipe, as a string")
    base, led = path.parent / other, (*extending, path)
    if base.resolve() in {each.resolve() for each in led}:
        raise UserError(f"{path}: extends: {other} extends this recipe itself; one of them must stand alone")
    return _replaced(_stated(base, led), raw)


def _replaced(base: dict[str, Any], by: dict[str, Any]) -> dict[str, Any]:
    """`base` with the values of `by` in their places; tables are gone through, anything else is replaced whole."""
    both = {
        name: _replaced(base[name], value) if isinstance(value, dict) and isinstance(base.get(name), dict) else value
        for name, value in by.items()
    }
    return {**base, **both}
