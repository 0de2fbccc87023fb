"""Practice in reading: words and numbers on their way out of their cells, with marks and without a question.

A sign that may stand anywhere gives a fresh vision tower no gradient to begin with; in the middle of a cell it is learned at
once, and at growing distance from there it is learned too (docs/LOG.md, `benchmarks/tower_start.py`).
"""

from __future__ import annotations

import random

from PIL import Image

from favilla.worlds.drawing import background, degrade, font, tinted_ink
from favilla.worlds.marks import Mark, Pencil

SIGNS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
CELL = 28  # pixels a side of an image token
FREE = 14.0  # pixels off its place from which a word may stand anywhere
SET_BY_FONT = 4.0  # from here on signs stand as the font sets them; before, one in the middle of every half cell


def practice_word(rng: random.Random, off: float) -> tuple[Image.Image, tuple[Mark, ...]]:
    """One to five signs up to `off` pixels off their place, two in five of them numbers; picture and marks. Before FREE words
    stay in the upper part of their picture; from there on they stand anywhere in it."""
    signs = SIGNS[-10:] if rng.random() < 0.4 else SIGNS
    word = "".join(rng.choices(signs, k=rng.randint(1, 5)))
    letters, set_by_font = font(rng, rng.randint(11, 18)), off >= SET_BY_FONT
    length = letters.getlength(word) if set_by_font else len(word) * CELL / 2
    columns, rows = -(-int(length + 2 * off + 2) // CELL), 1 if off < 6 else 2
    slack = columns * CELL - length
    x = rng.uniform(0, slack if off >= FREE else min(off, slack))
    middle = rows * CELL / 2
    far = middle - 9 if off >= FREE else min(off, middle - 9)
    y = (middle if off >= FREE else CELL / 2) + rng.uniform(-1, 1) * far
    y = min(max(y, 9.0), rows * CELL - 9.0)
    paper = background(rng)
    pen = tinted_ink(rng, paper)
    image = Image.new("RGB", (columns * CELL, rows * CELL), paper)
    pencil = Pencil(image)
    if set_by_font:
        pencil.text((x, y), word, font=letters, fill=pen, anchor="lm")
    else:
        for place, sign in enumerate(word):
            pencil.text((x + (place + 0.5) * CELL / 2, y), sign, font=letters, fill=pen, anchor="mm")
    return degrade(rng, image, 0.2 * rng.random()), pencil.marks
