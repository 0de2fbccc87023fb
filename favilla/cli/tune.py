"""`favilla tune`: go on training a model on one's own conversations."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg


def tune(
    model: Annotated[Positional[str], arg(metavar="NAME|FOLDER")],
    data: Annotated[Path, arg(metavar="JSONL")],
    out: Annotated[Path | None, arg(metavar="DIR", help_behavior_hint="")] = None,
    passes: float = 3.0,
    rate: float = 1e-3,
    batch_tokens: Annotated[int | None, arg(help_behavior_hint="")] = None,
    seed: int = 0,
    device: Literal["cpu", "cuda"] = "cpu",
    json: bool = False,
) -> None:
    """Train a copy of a model on your own conversations with pictures; stopped, the same command goes on.

    Example: favilla tune ember --data pairs.jsonl --out runs/mine

    Args:
        model: A shipped model's name or a model folder.
        data: One conversation a line: {"messages": [{"role": "user", "content": "What is this?", "images": ["tea.png"]},
            {"role": "assistant", "content": "Tea."}]}. Picture paths start from this file's folder; see docs/tune.md.
        out: Folder of the run: checkpoint, metrics.jsonl, loss.png and, in model/, the model. Default: a folder under
            $FAVILLA_HOME, named after the model.
        passes: How often every conversation is seen at least.
        rate: Peak learning rate.
        batch_tokens: About as many tokens make a step. Default: 2048, fewer where a file is small.
        seed: Order of the conversations.
        device: Where to compute.
        json: Print one JSON object.
    """
    from favilla.cli.files import output_folder

    if out is not None:
        output_folder(out)

    from favilla.engine.load import find_folder
    from favilla.train.ranks import first
    from favilla.train.tune import tune as train

    folder = train(
        find_folder(model), data, out, passes=passes, rate=rate, batch_tokens=batch_tokens, seed=seed, device=device
    )
    if not first():
        return
    if json:
        print(json_format.dumps({"model": str(folder)}))
        return
    print(f'{folder}\n\nask it: favilla ask "..." --model {folder}')
