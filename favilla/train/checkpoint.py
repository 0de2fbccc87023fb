"""Checkpoints of a run: everything that decides its future, written aside and renamed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from favilla.atomic import written_aside
from favilla.errors import UserError
from favilla.model.folder import INDEX, WEIGHTS

CHECKPOINT = "checkpoint.pt"
PARTS = {"step", "trained", "optimisers", "data", "rng", "recipe"}


def refuse_other_model(run: Path) -> None:
    """Raises UserError where a run's model folder has weights although there is no checkpoint that they could be from: the
    run would write over them."""
    model = run / "model"
    if not (run / CHECKPOINT).exists() and any((model / name).exists() for name in (WEIGHTS, INDEX)):
        raise UserError(
            f"{model}: holds a model that is not this run's, there being no {CHECKPOINT} beside it; choose another --out"
        )


def save_checkpoint(
    folder: Path,
    step: int,
    trained: torch.nn.Module,
    optimisers: list[torch.optim.Optimizer],
    data: list[dict[str, Any]],
    recipe: str,
) -> None:
    """Keep one checkpoint: the last one replaces the one before in a single rename. data: one state per rank, in plain
    types. Raises UserError, with the one before as it was, when it cannot be written."""
    content = {
        "step": step,
        "trained": trained.state_dict(),
        "optimisers": [optimiser.state_dict() for optimiser in optimisers],
        "data": data,
        "rng": torch.get_rng_state(),
        "recipe": recipe,
    }
    with written_aside(folder / CHECKPOINT, "partial") as aside, aside.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())


def load_checkpoint(
    folder: Path,
    trained: torch.nn.Module,
    optimisers: list[torch.optim.Optimizer],
    recipe: str,
    world: int,
    steps: int,
) -> tuple[int, list[dict[str, Any]]] | None:
    """Restore a run in place; (next step, state of every rank's data), or None when there is nothing to resume. steps: of the whole run.

    Raises UserError when the checkpoint is broken, belongs to another recipe or number of processes, or has done more steps.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise UserError(f"{path}: cannot be read ({type(error).__name__}); delete it to start this run anew") from error
    if not isinstance(content, dict) or not content.keys() >= PARTS:
        raise UserError(f"{path}: is no checkpoint of a run; delete it to start this run anew")
    if content["recipe"] != recipe:
        raise UserError(
            f"{path}: belongs to a run with other settings (model, data or recipe); choose another --out or delete the folder"
        )
    if len(content["data"]) != world:
        raise UserError(f"{path}: was written by {len(content['data'])} processes, now there are {world}; use as many")
    if content["step"] > steps:
        raise UserError(
            f"{path}: has done {content['step']} steps, the recipe asks for {steps}; ask for as many at least, or choose another --out"
        )
    trained.load_state_dict(content["trained"])
    for optimiser, state in zip(optimisers, content["optimisers"], strict=True):
        optimiser.load_state_dict(state)
    torch.set_rng_state(content["rng"])
    return content["step"], content["data"]
