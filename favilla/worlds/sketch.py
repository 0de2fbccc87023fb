"""A sheet for technical drawings: lines at twice the size, labels beside them where nothing else is.

A label names the spots where it may stand, best first; it takes the first where the drawing is plain and no other label
stands. Where there is none, `NoRoomError` asks for a larger sheet.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence

from PIL import Image, ImageDraw

from favilla.worlds.drawing import COLOURS, RGB, background, face, ink, mixed, shade, tinted_ink
from favilla.worlds.marks import Mark, Pencil

Point = tuple[float, float]

FACES = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSansMono", "STIXGeneralBol")
CLEAR = 2  # pixels around a label that stay plain


class NoRoomError(Exception):
    """A label finds no plain spot."""


class Sheet:
    """Lengths are pixels of the finished picture, angles degrees clockwise from the right (y points down)."""

    def __init__(self, rng: random.Random, width: float, height: float, letters: int):
        self.width, self.height = round(width), round(height)
        self.paper = background(rng)
        self.pen = tinted_ink(rng, self.paper)
        self.ink = self.pen if rng.random() < 0.5 else ink(self.paper)
        self.tint = mixed(self.paper, shade(rng, rng.choice(sorted(COLOURS))), rng.uniform(0.12, 0.3))
        self.faint = mixed(self.paper, ink(self.paper), rng.uniform(0.25, 0.4))
        self.letters = face(rng.choice(FACES), letters)
        self.thick = rng.uniform(1, 2)
        self.large = Image.new("RGB", (2 * self.width, 2 * self.height), self.paper)
        self.brush = ImageDraw.Draw(self.large)
        self._labels: list[tuple[str, list[Point], int]] = []
        self._notes: list[tuple[str, float, float]] = []

    # Lines.

    def line(self, *points: Point, thick: float | None = None, fill: RGB | None = None) -> None:
        width = max(1, round(2 * (self.thick if thick is None else thick)))
        self.brush.line([(2 * x, 2 * y) for x, y in points], fill=fill or self.pen, width=width, joint="curve")

    def dashes(self, a: Point, b: Point, dash: float = 4) -> None:
        count = max(1, round(math.dist(a, b) / dash))
        for i in range(0, count, 2):
            self.line(between(a, b, i / count), between(a, b, min(1, (i + 1) / count)), thick=1)

    def polygon(self, points: Sequence[Point], fill: RGB | None = None) -> None:
        if fill is not None:
            self.brush.polygon([(2 * x, 2 * y) for x, y in points], fill=fill)
        self.line(*points, *points[:2])

    def box(self, x: float, y: float, wide: float, high: float, fill: RGB | None = None) -> None:
        """A rectangle around its middle."""
        x, y, wide, high = x, y, wide / 2, high / 2
        self.polygon([(x - wide, y - high), (x + wide, y - high), (x + wide, y + high), (x - wide, y + high)], fill)

    def circle(self, x: float, y: float, r: float, fill: RGB | None = None) -> None:
        at = [2 * v for v in (x - r, y - r, x + r, y + r)]
        self.brush.ellipse(at, fill=fill, outline=self.pen, width=max(1, round(2 * self.thick)))

    def dot(self, x: float, y: float, r: float = 2.5, fill: RGB | None = None) -> None:
        self.brush.ellipse([2 * v for v in (x - r, y - r, x + r, y + r)], fill=fill or self.pen)

    def arc(self, x: float, y: float, r: float, start: float, end: float) -> None:
        """Clockwise from start to end."""
        at = [2 * v for v in (x - r, y - r, x + r, y + r)]
        self.brush.arc(at, start, end, fill=self.pen, width=max(2, round(1.4 * self.thick)))

    def arrow(self, a: Point, b: Point, head: float = 6, thick: float | None = None) -> None:
        turn = direction(a, b)
        self.line(a, along(b, turn, -head * 0.7), thick=thick)
        self.head(b, turn, head)

    def head(self, tip: Point, turn: float, head: float = 6) -> None:
        wings = [along(along(tip, turn, -head), turn + side, head * 0.5) for side in (90, -90)]
        self.brush.polygon([(2 * x, 2 * y) for x, y in (tip, *wings)], fill=self.pen)

    def half(self, text: str) -> tuple[float, float]:
        """Half the width and height of a text's ink."""
        left, top, right, bottom = self.letters.getbbox(text, anchor="mm")
        return (right - left) / 2, (bottom - top) / 2

    def plate(self, text: str, x: float, y: float) -> None:
        """Paper under a label, where lines run everywhere."""
        wide, high = (half + CLEAR + 1 for half in self.half(text))
        self.brush.rectangle([2 * v for v in (x - wide, y - high, x + wide, y + high)], fill=self.paper)
        self.label(text, [(x, y)])

    # Labels and notes.

    def note(self, label: str, x: float, y: float) -> None:
        """What stands at a place, for the marks."""
        self._notes.append((label, x, y))

    def label(self, text: str, spots: Iterable[Point], clear: int = CLEAR) -> None:
        """A text with its middle at the first of the spots that is free when everything is drawn; clear: pixels around it."""
        self._labels.append((text, list(spots), clear))

    def beyond(
        self, text: str, at: Point, turn: float, near: float = 2, reach: float = 12,
        spread: Sequence[float] = (0, 12, -12, 25, -25, 40, -40),
    ) -> None:  # fmt: skip
        """A label seen from a point in a direction, `near` to `reach` pixels from it."""
        self.label(text, self._around(text, at, turn, near, reach, spread))

    def side(self, text: str, a: Point, b: Point, away: Point) -> None:
        """A label beside the line from a to b, on the side that is turned away from a point."""
        turn = direction(a, b) + 90
        middle = between(a, b, 0.5)
        if math.dist(along(middle, turn, 1), away) < math.dist(middle, away):
            turn += 180
        spots = [
            spot
            for distance in range(2, 11, 2)
            for share in (0.5, 0.42, 0.58, 0.35, 0.65)
            for spot in self._around(text, between(a, b, share), turn, distance, distance, (0,))
        ]
        self.label(text, spots)

    def angle(self, text: str, at: Point, start: float, sweep: float, r: float, square: bool = False) -> None:
        """The mark of an angle, clockwise from a direction, with its size or name within it, if any."""
        if square:
            one, two = along(at, start, r * 0.7), along(at, start + 90, r * 0.7)
            self.line(one, along(one, start + 90, r * 0.7), two, thick=1)
        else:
            self.arc(*at, r, start, start + sweep)
        self.note("right angle" if square else "angle", *along(at, start + sweep / 2, r))
        if text:
            self.label(text, self._around(text, at, start + sweep / 2, r * 0.6, 62, (0, 4, -4, 8, -8)))

    def _around(
        self, text: str, at: Point, turn: float, near: float, reach: float, spread: Sequence[float]
    ) -> Iterator[Point]:
        wide, high = self.half(text)
        distance = near
        while distance <= reach:
            for aside in spread:
                x, y = math.cos(math.radians(turn + aside)), math.sin(math.radians(turn + aside))
                # so far that the box of the text, seen in this direction, begins at `distance`
                half = min(wide / abs(x) if abs(x) > 1e-6 else 1e9, high / abs(y) if abs(y) > 1e-6 else 1e9)
                yield at[0] + (distance + half) * x, at[1] + (distance + half) * y
            distance += 2

    def finish(self) -> tuple[Image.Image, tuple[Mark, ...]]:
        """The picture and its marks. Raises NoRoomError."""
        taken: list[tuple[float, float, float, float]] = []
        written = []
        for text, spots, clear in self._labels:
            left, top, right, bottom = self.letters.getbbox(text, anchor="mm")
            wide, high = (right - left) / 2 + clear, (bottom - top) / 2 + clear
            for x, y in spots:
                box = (x - wide, y - high, x + wide, y + high)
                if self._plain(box) and not any(_overlap(box, other) for other in taken):
                    break
            else:
                raise NoRoomError(text)
            taken.append(box)
            under = self.large.getpixel((round(2 * x), round(2 * y)))
            assert isinstance(under, tuple)
            local: RGB = (int(under[0]), int(under[1]), int(under[2]))
            written.append(
                (text, x - (left + right) / 2, y - (top + bottom) / 2, self.ink if local == self.paper else ink(local))
            )
        pencil = Pencil(image := self.large.reduce(2))
        for text, x, y, fill in written:
            pencil.text((x, y), text, font=self.letters, fill=fill, anchor="mm")
        for label, x, y in self._notes:
            pencil.note(label, x, y)
        return image, pencil.marks

    def _plain(self, box: tuple[float, float, float, float]) -> bool:
        left, top, right, bottom = box
        if left < 1 or top < 1 or right > self.width - 1 or bottom > self.height - 1:
            return False
        inside = self.large.crop(
            (math.floor(2 * left), math.floor(2 * top), math.ceil(2 * right), math.ceil(2 * bottom))
        )
        return all(low == high for low, high in inside.getextrema())  # type: ignore[misc]


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def along(at: Point, turn: float, length: float) -> Point:
    """The point so far from another in a direction."""
    return at[0] + length * math.cos(math.radians(turn)), at[1] + length * math.sin(math.radians(turn))


def between(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


def direction(a: Point, b: Point) -> float:
    """Degrees from a to b."""
    return math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))


def fitted(points: Sequence[Point], size: float, margin: float) -> tuple[list[Point], float, float]:
    """The points moved and scaled so that their longer side is `size`; with margins: also width and height of a sheet."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    scale = size / max(max(xs) - min(xs), max(ys) - min(ys))
    moved = [((x - min(xs)) * scale + margin, (y - min(ys)) * scale + margin) for x, y in points]
    return moved, (max(xs) - min(xs)) * scale + 2 * margin, (max(ys) - min(ys)) * scale + 2 * margin


def turned(points: Sequence[Point], degrees: float, mirror: bool = False) -> list[Point]:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [(x * c - y * s, x * s + y * c) for x, y in ((-x if mirror else x, y) for x, y in points)]
