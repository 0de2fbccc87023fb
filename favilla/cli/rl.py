"""`favilla rl`: practise by a recipe."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg


def rl(
    recipe: Annotated[Positional[Path], arg(metavar="RECIPE")],
    out: Annotated[Path | None, arg(metavar="DIR", help_behavior_hint="")] = None,
    device: Literal["cpu", "cuda"] = "cpu",
    init: Annotated[str | None, arg(metavar="MODEL", help_behavior_hint="")] = None,
    json: bool = False,
) -> None:
    """Train a model by reinforcement learning; stopped at any moment, the same command goes on where it was.

    Example: favilla rl recipes/rl-debug.toml --out runs/rl-debug

    Args:
        recipe: A TOML file; see recipes/rl*.toml.
        out: Folder of the run: checkpoint, metrics.jsonl, held_out.jsonl, rl.png and, in model/, the model. Default: a
            folder named like the recipe under $FAVILLA_HOME.
        device: Where to compute.
        init: Start from this model (a shipped one by name, or a folder) instead of the recipe's.
        json: Print one JSON object.
    """
    from favilla.cli.files import output_folder
    from favilla.train.recipe import read_recipe
    from favilla.train.rl.recipe import RLRecipe

    plan = read_recipe(recipe, RLRecipe)
    if out is not None:
        output_folder(out)

    from favilla.train.ranks import first
    from favilla.train.rl.trainer import rl as train

    folder = train(plan, out, device, init)
    if not first():
        return
    if json:
        print(json_format.dumps({"model": str(folder)}))
        return
    print(f"{folder}\n\nmeasure it: favilla eval {folder} --families {' '.join(plan.tasks)}")
