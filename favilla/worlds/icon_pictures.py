"""Small pictures of everyday things from open icon and emoji sets: the same thing as several sets draw it.

They ship with the package (favilla/worlds/data; licences in icons.txt there). About a fifth of a thing's renderings, by their
hash, are seen in the test split alone; the test split sees no others.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from favilla.worlds.base import Split

DATA = Path(__file__).parent / "data"
_PLURALS = {
    "bus": "buses", "butterfly": "butterflies", "cactus": "cactuses", "cherry": "cherries", "church": "churches", "compass": "compasses", "dice": "dice",
    "fish": "fish", "glasses": "glasses", "headphones": "headphones", "leaf": "leaves", "scissors": "scissors", "tooth": "teeth",
    "wrench": "wrenches",
}  # fmt: skip


@dataclass(frozen=True)
class IconPicture:
    """image: mode "L", the share of ink (0 none, 255 full), or mode "RGBA" for a coloured one; lightness: of a coloured one, the
    mean perceived brightness of what is not transparent, 0..255."""

    image: Image.Image
    coloured: bool
    lightness: float


@cache
def pictures() -> dict[str, dict[str, IconPicture]]:
    """Thing -> rendering -> picture. Read from the package once."""
    index = json.loads((DATA / "icons.json").read_text(encoding="utf-8"))
    side, columns = index["side"], index["columns"]
    found: dict[str, dict[str, IconPicture]] = {}
    for sheet, mode in (("icon_lines", "L"), ("icon_colours", "RGBA")):
        with Image.open(DATA / f"{sheet}.png") as file:
            whole = file.convert(mode)
        for number, name in enumerate(index[sheet]):
            entity, rendering = name.split()
            x, y = number % columns * side, number // columns * side
            image = whole.crop((x, y, x + side, y + side))
            found.setdefault(entity, {})[rendering] = IconPicture(image, mode == "RGBA", _lightness(image))
    return found


def _lightness(image: Image.Image) -> float:
    if image.mode == "L":
        return 0.0
    pixels = np.asarray(image).astype(float)
    seen = pixels[..., 3] > 128
    return float((pixels[..., :3] @ (0.299, 0.587, 0.114))[seen].mean())


@cache
def entities() -> tuple[str, ...]:
    return tuple(sorted(pictures()))


@cache
def renderings(entity: str, split: Split) -> tuple[str, ...]:
    """The renderings of a thing that a split draws with: those of the test split are in no other."""
    known = sorted(pictures()[entity], key=lambda name: hashlib.sha256(f"{entity} {name}".encode()).digest())
    kept = max(1, round(len(known) / 5))
    return tuple(known[:kept] if split == "test" else known[kept:])


def plural(entity: str) -> str:
    return _PLURALS.get(entity, f"{entity}s")
