"""Weights between two models of the same kind, of which one was trained on from the other (WiSE-FT, Wortsman et al., 2109.01903).

    python tools/average.py THIRD/model FOURTH/model BASE --share 0.75

A stage that teaches something new costs some of what was there; between the two, most of both is kept (docs/LOG.md, section 5).
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch

from favilla.chat.images import ImageProcessor
from favilla.errors import UserError
from favilla.model import load_model
from favilla.show.terminal import complain
from favilla.train.pretrain import export


@torch.no_grad()
def average(first: Path, second: Path, out: Path, share: float) -> None:
    """Write the folder `out`: weights (1 - share) * first + share * second, the rest from the second. Raises UserError for models
    of different shapes or tokenizers, a share that is none, and a folder that is there already."""
    if not 0 < share < 1:
        raise UserError(f"--share {share}: give the share of the second model, between 0 and 1")
    (model, config), (other, theirs) = load_model(first), load_model(second)
    if config.to_dict() != theirs.to_dict():
        raise UserError(
            f"{first} and {second}: different configs; give two models of which one was trained on from the other"
        )
    tokens = [(folder / "tokenizer.json").read_bytes() for folder in (first, second)]
    if tokens[0] != tokens[1] or ImageProcessor.load(first) != ImageProcessor.load(second):
        raise UserError(
            f"{first} and {second}: different tokenizers or image settings; one was not trained on from the other"
        )
    if out.exists():
        raise UserError(f"{out}: is there already; choose another folder")
    for mine, its in zip(model.parameters(), other.parameters(), strict=True):
        mine.copy_(torch.lerp(mine.float(), its.float(), share))
    shutil.copytree(second, out, ignore=shutil.ignore_patterns("*.safetensors", "config.json", "README.md"))
    export(model, out)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--share", type=float, default=0.5, help="of the second")
    given = parser.parse_args()
    try:
        average(given.first, given.second, given.out, given.share)
    except UserError as error:
        complain(str(error))
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
