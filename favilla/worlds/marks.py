"""Marks: what a picture shows where. Families note them while they draw; training uses them (`train.marks`).

A vision tower that starts from nothing learns to read when its patches are told them, and did not from answers alone
(docs/LOG.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw


@dataclass(frozen=True)
class Mark:
    """label: a sign or the words for what stands there; x, y: the middle of it, in fractions of width and height. Raises
    ValueError for a place outside of the picture."""

    label: str
    x: float
    y: float

    def __post_init__(self) -> None:
        if not (0 <= self.x <= 1 and 0 <= self.y <= 1):
            raise ValueError(
                f"mark {self.label!r} at ({self.x}, {self.y}): x and y are fractions of width and height, 0 to 1"
            )


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

    def text(self, xy: Any, text: Any, *, font: Any, anchor: str, **options: Any) -> None:  # type: ignore[override]
        """As `ImageDraw.text`, with one of the anchors "lm", "mm" and "rm"."""
        if anchor not in ("lm", "mm", "rm"):
            raise ValueError(f"anchor {anchor!r}: a pencil writes at the middle of a line, with lm, mm or rm")
        super().text(xy, text, font=font, anchor=anchor, **options)
        for sign, x in sign_middles(xy[0], text, font, anchor):
            self.note(sign, x, xy[1])

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What is noted, as far as it lies within the picture."""
        return marks_within(self.noted, self.width, self.height)


def marks_within(noted: list[tuple[str, float, float]], width: float, height: float) -> tuple[Mark, ...]:
    """Labels and their middles in pixels as marks; those outside of the picture are left out."""
    return tuple(Mark(t, x / width, y / height) for t, x, y in noted if 0 <= x < width and 0 <= y < height)


def sign_middles(x: float, text: str, font: Any, anchor: str) -> list[tuple[str, float]]:
    """Where a font sets the middles of a text's signs, spaces left out, in pixels from the left; x: that of the anchor."""
    start = x - {"l": 0.0, "m": 0.5, "r": 1.0}[anchor[0]] * font.getlength(text)
    edges = [start + font.getlength(text[:count]) for count in range(len(text) + 1)]
    return [(sign, (edges[i] + edges[i + 1]) / 2) for i, sign in enumerate(text) if sign != " "]
