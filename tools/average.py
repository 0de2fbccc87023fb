"""Weights half way between two models of the same kind, of which one was trained on from the other (WiSE-FT, Wortsman et al., 2109.01903).

    python tools/average.py THIRD/model ROLES/model BASE

A short stage that teaches something new costs some of what was there; half way between, most of both is kept (docs/LOG.md, section 5).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import torch

from favilla.errors import UserError
from favilla.model import load_model
from favilla.show.terminal import complain
from favilla.train.pretrain import export

SAME = ("tokenizer.json", "processor_config.json")


@torch.no_grad()
def average(first: Path, second: Path, out: Path) -> None:
    """Write the folder `out`: the mean of both models' weights, the rest from the second. Raises UserError for models of different
    shapes or tokenizers, and for a folder that is there already."""
    (model, config), (other, theirs) = load_model(first), load_model(second)
    if config.to_dict() != theirs.to_dict():
        raise UserError(
            f"{first} and {second}: different configs; give two models of which one was trained on from the other"
        )
    for name in SAME:
        if (first / name).read_bytes() != (second / name).read_bytes():
            raise UserError(
                f"{first / name} and {second / name} differ; give models with the same tokenizer and processor"
            )
    if out.exists():
        raise UserError(f"{out}: is there already; choose another folder")
    for mine, its in zip(model.parameters(), other.parameters(), strict=True):
        mine.lerp_(its, 0.5)
    shutil.copytree(second, out, ignore=shutil.ignore_patterns("*.safetensors", "config.json"))
    export(model, out)


if __name__ == "__main__":
    try:
        average(*map(Path, sys.argv[1:4]))
    except UserError as error:
        complain(str(error))
        raise SystemExit(2) from None
