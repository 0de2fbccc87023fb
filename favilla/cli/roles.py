"""`favilla roles`: examples of refining and aggregating, made of a model's own attempts."""

from __future__ import annotations

import json as json_format
import sys
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg


def roles(
    recipe: Annotated[Positional[Path], arg(metavar="RECIPE")],
    out: Annotated[Path | None, arg(metavar="DIR", help_behavior_hint="")] = None,
    model: Annotated[str | None, arg(metavar="NAME|FOLDER", help_behavior_hint="")] = None,
    device: Literal["cpu", "cuda"] = "cpu",
    dtype: Literal["float32", "bfloat16"] | None = None,
    compiled: bool = False,
    json: bool = False,
) -> None:
    """Let a model attempt problems, and make of its attempts what it learns to refine and aggregate from; stopped at any
    moment, the same command goes on where it was.

    Example: favilla roles recipes/roles.toml --model runs/ember-third/model

    Args:
        recipe: A TOML file; see recipes/roles.toml.
        out: Folder for attempts, pictures, examples.jsonl (for `favilla pretrain`), prompts.jsonl (for `favilla rl`) and
            summary.json. Default: a folder named like the recipe under $FAVILLA_HOME.
        model: Whose attempts: a shipped model's name or a model folder. Default: the recipe's.
        device: Where to compute.
        dtype: What to compute in. Default: float32 for small models, else what the model's config says.
        compiled: Compile the step that writes a token: half a minute first, faster afterwards.
        json: Print one JSON object.
    """
    from favilla.cli.files import output_folder
    from favilla.contemplate.roles.recipe import RolesRecipe
    from favilla.home import home
    from favilla.train.recipe import read_recipe

    plan = read_recipe(recipe, RolesRecipe)
    plan.entries()
    folder = output_folder(out or home() / plan.name)

    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from favilla.contemplate.roles.run import make_roles
    from favilla.engine.load import DTYPES, load

    loaded = load(
        model or plan.model, DTYPES[dtype] if dtype else None, device, compiled=compiled, any_rows=True,
        max_rows=plan.attempts.batch * plan.attempts.samples,
    )  # fmt: skip
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=Console(file=sys.stderr), transient=True, disable=not sys.stderr.isatty()
    ) as progress:
        task = progress.add_task("", total=None)
        summary = make_roles(
            plan,
            loaded,
            folder,
            lambda what, done, whole: progress.update(task, description=what, completed=done, total=whole),
        )
    if json:
        print(json_format.dumps({"folder": str(folder), **summary}))
        return
    chosen = ", ".join(f"{family} {level}" for family, level in summary["chosen"])
    mixes = ", ".join(f"{name} {count}" for name, count in summary["mixes"].items())
    print(
        f"{folder}\n{summary['problems']} problems ({chosen}); {summary['examples']} examples ({mixes}), {summary['planted']} of "
        f"them with a planted instruction; {summary['prompts']} prompts"
    )
