"""Marks: what a picture shows where. Families note them while they draw; training uses them (`train.marks`).

A vision tower that starts from nothing learns to read from them many times faster than from answers alone (docs/LOG.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw


@dataclass(frozen=True)
class Mark:
    """label: a sign or the words for what stands there; x, y: the middle of it, in fractions of width and height."""

    label: str
    x: float
    y: float


class Pencil(ImageDraw.ImageDraw):
    """Draws on an image as `ImageDraw` does, and notes every sign that it writes."""

    def __init__(self, image: Image.Image):
        super().__init__(image)
        self.noted: list[tuple[str, float, float]] = []  # label, and its middle in pixels
        self.width, self.height = image.size

    def note(self, label: str, x: float, y: float) -> None:
        """Something with a name has its middle at (x, y) pixels."""
        self.noted.append((label, x, y))

    def hide(self, left: float, top: float, right: float, bottom: float) -> None:
        """What was noted in this box is covered by what will be drawn there."""
        self.noted = [(t, x, y) for t, x, y in self.noted if not (left <= x <= right and top <= y <= bottom)]

    def text(self, xy: Any, text: Any, *args: Any, **options: Any) -> None:
        """As `ImageDraw.text`, with one of the anchors "lm", "mm", "rm" and a font."""
        super().text(xy, text, *args, **options)
        for sign, x in sign_middles(xy[0], text, options["font"], options["anchor"]):
            self.note(sign, x, xy[1])

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What is noted, as far as it lies within the picture."""
        fractions = [Mark(label, x / self.width, y / self.height) for label, x, y in self.noted]
        return tuple(mark for mark in fractions if 0 <= mark.x < 1 and 0 <= mark.y < 1)


def sign_middles(x: float, text: str, font: Any, anchor: str) -> list[tuple[str, float]]:
    """Where a font sets the middles of a text's signs, spaces left out, in pixels from the left; x: that of the anchor."""
    start = x - {"l": 0.0, "m": 0.5, "r": 1.0}[anchor[0]] * font.getlength(text)
    edges = [start + font.getlength(text[:count]) for count in range(len(text) + 1)]
    return [(sign, (edges[i] + edges[i + 1]) / 2) for i, sign in enumerate(text) if sign != " "]
