"""Symbols of electric circuits, set on wires."""

from __future__ import annotations

import random
from collections.abc import Sequence

from favilla.worlds.sketch import Point, Sheet

HALF = 13  # pixels from a part's middle to its ends


class Wiring:
    """Draws parts on a sheet, all in one style: boxes or zigzags for resistors, levers that open up or down."""

    def __init__(self, rng: random.Random, sheet: Sheet):
        self.sheet = sheet
        self.zigzag = rng.random() < 0.4
        self.lever = rng.choice((1, -1))
        self.flip = rng.choice((1, -1))

    def wire(self, *points: Point) -> None:
        self.sheet.line(*points)

    def node(self, x: float, y: float) -> None:
        self.sheet.dot(x, y, 2.2)

    def part(self, kind: str, x: float, y: float, upright: bool, text: str = "", turn: float = 0) -> None:
        """A part in the middle of a wire, with a label seen from it in a direction. kind: battery, resistor, lamp, ammeter,
        open switch, closed switch."""
        sheet = self.sheet

        def at(along: float, aside: float) -> Point:
            return (x + aside, y + along) if upright else (x + along, y + aside)

        def line(*points: Point, thick: float | None = None) -> None:
            sheet.line(*(at(*point) for point in points), thick=thick)

        def clear(half: float) -> None:
            ends = (at(-half, -half), at(half, half))
            sheet.brush.rectangle([2 * v for p in ends for v in p], fill=sheet.paper)

        aside = 8.0
        if kind == "battery":
            clear(3)
            line((-3, -10), (-3, 10), thick=1.2)
            line((3, -5), (3, 5), thick=3)
            aside = 10
        elif kind == "resistor" and self.zigzag:
            clear(HALF)
            steps = [(HALF * (i / 4 - 1) + 0.0, 6.0 if i % 2 else -6.0) for i in range(1, 8)]
            line((-HALF, 0), *steps, (HALF, 0))
        elif kind == "resistor":
            clear(HALF)
            corners = [at(s * HALF, t * 6) for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
            sheet.polygon(corners)
        elif kind == "lamp":
            sheet.circle(x, y, 9, fill=sheet.paper)
            line((-6.3, -6.3), (6.3, 6.3))
            line((-6.3, 6.3), (6.3, -6.3))
            aside = 10
        elif kind == "ammeter":
            sheet.circle(x, y, 12, fill=sheet.paper)
            sheet.label("A", [(x, y)], clear=0)
            aside = 13
        else:
            clear(HALF - 3)
            end = 10.0
            # A lever opens away from its label.
            side = -1 if (turn in (0, 90)) else 1
            line(
                (-end, 0),
                (end, 0) if kind == "closed switch" else (end * 0.75, side * 10.0),
                thick=max(1.3, sheet.thick),
            )
            for s in (-1, 1):
                sheet.dot(*at(s * end, 0), 2.4)
            aside = 4
        sheet.note(kind, x, y)
        if text:
            sheet.beyond(text, (x, y), turn, aside, aside + 10, (0, 20, -20, 35, -35))


def spread(start: Point, end: Point, count: int) -> list[Point]:
    """The middles of so many equal parts of a wire."""
    shares: Sequence[float] = [(i + 0.5) / count for i in range(count)]
    return [(start[0] + (end[0] - start[0]) * s, start[1] + (end[1] - start[1]) * s) for s in shares]


def ladder(
    rng: random.Random, letters: int, grow: float, battery: str, branches: list[list[tuple[str, str]]],
    before: list[tuple[str, str]], rail: dict[int, tuple[str, str]] | None = None,
) -> Sheet:  # fmt: skip
    """A battery at the left, parts on the upper wire before all branches, and the branches, each with its parts from top to bottom.
    Parts are (kind, label); rail: those on the upper wire in front of a branch."""
    rail = rail or {}
    widest = max(len(text) for parts in branches for _, text in parts) * 0.62 * letters
    pitch = (widest + 33) * rng.uniform(1, 1.12)
    tall = max(len(parts) for parts in branches)
    high = max(76.0, 36.0 * tall + 12) * rng.uniform(1, 1.1) * grow
    x, top = 20.0, 30.0
    lead = (62 * len(before) + 22 if before else 52) * grow
    steps = [(pitch if i == 0 or i not in rail else max(pitch, 58)) * grow for i in range(len(branches))]
    places = [x + lead + sum(steps[1 : i + 1]) for i in range(len(branches))]
    sheet = Sheet(rng, places[-1] + (widest + 20) * grow, top + high + 14, letters)
    wiring = Wiring(rng, sheet)
    bottom = top + high
    # Wires first: symbols then stand on them.
    wiring.wire((x, top), (places[-1], top), (places[-1], bottom), (x, bottom), (x, top), (places[-1], top))
    for place in places[:-1]:
        wiring.wire((place, top), (place, bottom))
        for y in (top, bottom):
            wiring.node(place, y)
    wiring.part("battery", x, (top + bottom) / 2, True, battery, 0)
    if before:
        for (kind, text), spot in zip(before, spread((x + 6, top), (places[0] - 6, top), len(before)), strict=True):
            wiring.part(kind, *spot, False, text, -90)
    for i, (kind, text) in rail.items():
        start = x if i == 0 else places[i - 1]
        wiring.part(kind, (start + places[i]) / 2, top, False, text, -90)
    for place, parts in zip(places, branches, strict=True):
        for (kind, text), spot in zip(parts, spread((place, top + 4), (place, bottom - 4), len(parts)), strict=True):
            wiring.part(kind, *spot, True, text, 0)
    return sheet
