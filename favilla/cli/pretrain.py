"""`favilla pretrain`: train a recipe."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg


def pretrain(
    recipe: Annotated[Positional[Path], arg(metavar="RECIPE")],
    out: Annotated[Path | None, arg(metavar="DIR", help_behavior_hint="")] = None,
    device: Literal["cpu", "cuda"] = "cpu",
    init: Annotated[str | None, arg(metavar="NAME|FOLDER", help_behavior_hint="")] = None,
    json: bool = False,
) -> None:
    """Train a model by a recipe; stopped at any moment, the same command goes on where it was.

    Example: favilla pretrain recipes/debug.toml --out runs/debug

    Args:
        recipe: A TOML file; see recipes/.
        out: Folder of the run: checkpoint, metrics.jsonl, loss.png and, in model/, the model. Default: a folder named
            like the recipe under $FAVILLA_HOME.
        device: Where to compute.
        init: Start from this model (a shipped one's name or a folder), with its tokenizer and image processor, instead of
            from random weights. The recipe's [model] must say what that model is; [tokenizer] is not used.
        json: Print one JSON object.
    """
    from favilla.cli.files import output_folder
    from favilla.train.recipe import load_recipe

    plan = load_recipe(recipe)

    from favilla.engine.load import find_folder
    from favilla.train.pretrain import pretrain as train
    from favilla.train.ranks import first

    start = None if init is None else find_folder(init)
    if out is not None:
        output_folder(out)
    folder = train(plan, out, device, start)
    if not first():
        return
    if json:
        print(json_format.dumps({"model": str(folder)}))
        return
    print(f'{folder}\n\nask it: favilla ask "What is 3 + 4?" --model {folder}')
