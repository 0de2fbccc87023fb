"""Things in balance or not: levers, scales, forces along a line."""

from __future__ import annotations

import random

from favilla.worlds.diagrams import Diagram, ended
from favilla.worlds.mechanics_wordings import (
    DOWN,
    DOWN_TEST,
    MOMENT,
    MOMENT_TEST,
    RESULTANT,
    RESULTANT_TEST,
    UNKNOWN_VALUE,
    UNKNOWN_VALUE_TEST,
    WAY,
    WAY_TEST,
)
from favilla.worlds.scenes import Question, Scene
from favilla.worlds.sketch import Sheet
from favilla.worlds.written_products import product, quotient, total
from favilla.worlds.written_sums import minus

UNKNOWN = "abcdkpqrstuvwxyz"
SIDES = ("left", "right")


def compared(one: int, two: int) -> str:
    return f"{one}{'>' if one > two else '<' if one < two else '='}{two}"


class Lever(Diagram):
    """Level 1: mass times distance on one side. 2: a missing mass or distance, or the side that goes down. 3: two masses on one side. 4:
    two on both."""

    name = "lever"
    written = r"\d+|\b[a-z]\b"
    asks = {
        "moment": (MOMENT, MOMENT_TEST),
        "down": (DOWN, DOWN_TEST),
        "missing": (UNKNOWN_VALUE, UNKNOWN_VALUE_TEST),
    }

    def facts(self, rng: random.Random, level: int) -> Scene:
        """left, right: [mass, distance] from the pivot outwards; missing: [side, place, 0 for mass or 1 for distance] or None."""
        form = {1: "moment", 2: rng.choice(("missing", "missing", "down"))}.get(level, "missing")
        far = {1: 9, 2: 8, 3: 9, 4: 9}[level]
        heavy = {1: 9, 2: 9, 3: 12, 4: 15}[level]
        counts = {1: (1, 1), 2: (1, 1), 3: rng.choice(((2, 1), (1, 2))), 4: (2, 2)}[level]
        while True:
            sides = []
            for count in counts:
                distances = sorted(rng.sample(range(2, far + 1), count))
                if count == 1 or distances[1] - distances[0] >= 3:
                    sides.append([[rng.randint(1 if level > 1 else 2, heavy), d] for d in distances])
            if len(sides) < 2:
                continue
            left, right = (sum(m * d for m, d in side) for side in sides)
            facts: Scene = {"left": sides[0], "right": sides[1], "missing": None, "x": ""}
            if form == "moment" or (form == "down" and left != right):
                return facts
            if form == "missing" and left == right and sides[0] != sides[1]:
                side = rng.choice(SIDES)
                if level == 3:
                    side = SIDES[counts.index(1)] if rng.random() < 0.5 else SIDES[counts.index(2)]
                return facts | {"missing": [side, rng.randrange(len(facts[side])), rng.randrange(2) if level < 4 else 0],
                                "x": rng.choice(UNKNOWN)}  # type: ignore[arg-type]  # fmt: skip

    def _values(self, scene: Scene, side: str) -> list[tuple[str, str]]:
        out = []
        for i, pair in enumerate(scene[side]):
            mass, distance = (scene["x"] if scene["missing"] == [side, i, k] else str(v) for k, v in enumerate(pair))
            out.append((mass, distance))
        return out

    def transcript(self, scene: Scene) -> str:
        parts = []
        for side in SIDES:
            values = self._values(scene, side)
            values = values[::-1] if side == "left" else values
            parts.append(f"{side} {', '.join(f'{mass} at {distance}' for mass, distance in values)}")
        return "; ".join(parts)

    def tell(self, rng: random.Random, scene: Scene) -> str:
        one = rng.choice(("{m} kg at {d} m", "{m} kg, {d} m from the pivot"))
        told = [f"{side} " + " and ".join(one.format(m=m, d=d) for m, d in self._values(scene, side)) for side in SIDES]
        state = rng.choice(("A lever in balance", "A balanced lever")) if scene["missing"] else "A lever"
        return f"{state}: {'; '.join(told)}."

    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        many = len(scene["left"]) + len(scene["right"]) > 2
        reach = (104 if many else 70) * grow
        unit = reach / max(d for side in SIDES for _, d in scene[side])
        x, y = reach + 24, 44.0 + rng.uniform(0, 8)
        sheet = Sheet(rng, 2 * x, y + 52, letters)
        sheet.polygon([(x - 11, y + 22), (x + 11, y + 22), (x, y + 2)], fill=sheet.tint)
        sheet.note("pivot", x, y + 12)
        sheet.line((x - reach - 14, y), (x + reach + 14, y), thick=2.5)
        kg, m = rng.choice((("", ""), (" kg", " m"), ("kg", "m"))) if not many else ("", "")
        for side, sign in (("left", -1), ("right", 1)):
            for mass, distance, (_, far) in (
                (*v, p) for v, p in zip(self._values(scene, side), scene[side], strict=True)
            ):
                at = x + sign * far * unit
                text = mass + (kg if mass.isdigit() else "")
                wide, high = sheet.half(text)
                box = max(22, 2 * wide + 8), max(20, 2 * high + 10)
                sheet.box(at, y - 1 - box[1] / 2, *box, fill=sheet.tint if rng.random() < 0.5 else None)
                sheet.label(text, [(at, y - 1 - box[1] / 2)], clear=1)
                sheet.line((at, y), (at, y + 7))
                sheet.label(distance + (m if distance.isdigit() else ""), [(at, y + 18)])
        return sheet

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        seen = self.transcript(scene)
        moments = {side: sum(m * d for m, d in scene[side]) for side in SIDES}
        if not scene["missing"]:
            lines = [f"{side}: {product(*scene[side][0])}" for side in SIDES]
            if level == 1:
                return [
                    ended("moment", {"side": side}, moments[side], f"{seen}: {moments[side]}", line)
                    for side, line in zip(SIDES, lines, strict=True)
                ]
            down = "left" if moments["left"] > moments["right"] else "right"
            rule = f"{compared(moments['left'], moments['right'])}: {down}"
            return [ended("down", {}, down[0].upper(), f"{seen}: {rule}", *lines, rule, down[0].upper())]
        side, place, what = scene["missing"]
        other = SIDES[1 - SIDES.index(side)]
        lines = []
        parts = [m * d for m, d in scene[other]]
        lines += [f"{other}: {product(m, d)}" for m, d in scene[other]]
        if len(parts) > 1:
            lines.append(total(parts))
        left = moments[other]
        for i, (m, d) in enumerate(scene[side]):
            if i != place:
                lines += [f"{side}: {product(m, d)}", minus(left, m * d)]
                left -= m * d
        answer, known = scene[side][place][what], scene[side][place][1 - what]
        lines += [f"{scene['x']}*{known}={left}", quotient(left, known)]
        return [ended("missing", {"x": scene["x"]}, answer, f"{seen}: {left}/{known}={answer}", *lines)]


class Scales(Diagram):
    """Pans in balance. Level 1: one unknown mass alone in its pan. 2: another mass beside it. 3: twice the unknown. 4: the unknown in both."""

    name = "scales"
    written = r"\d+|\b[a-z]\b"
    asks = {"missing": (UNKNOWN_VALUE, UNKNOWN_VALUE_TEST)}

    def facts(self, rng: random.Random, level: int) -> Scene:
        """left, right: masses, 0 for the unknown x."""
        lone, twin = {1: (1, 0), 2: (1, 0), 3: (2, 0), 4: (rng.choice((2, 3)), 1)}[level]
        most = {1: 9, 2: 15, 3: 20, 4: 30}[level]
        while True:
            size = rng.randint(1, {1: 18, 2: 15, 3: 15, 4: 20}[level])
            beside = [rng.randint(1, most) for _ in range(0 if level == 1 else 1)]
            against = [rng.randint(1, most) for _ in range(2 if level == 4 else 1)]
            against.append(sum(beside) + (lone - twin) * size - sum(against))
            if 1 <= against[-1] <= most:
                pans = [[0] * lone + beside, [0] * twin + against]
                for pan in pans:
                    rng.shuffle(pan)
                rng.shuffle(pans)
                return {"left": pans[0], "right": pans[1], "x": rng.choice(UNKNOWN), "size": size}

    def same(self, scene: Scene) -> Scene:
        return {**scene, "left": sorted(scene["left"]), "right": sorted(scene["right"])}

    def transcript(self, scene: Scene) -> str:
        return "; ".join(f"{side} {', '.join(str(v or scene['x']) for v in scene[side])}" for side in SIDES)

    def tell(self, rng: random.Random, scene: Scene) -> str:
        pans = [", ".join(str(v or scene["x"]) for v in scene[side]) for side in SIDES]
        words = rng.choice(
            (
                "Scales in balance: left pan {}; right pan {}.",
                "In balance: left {}; right {}.",
                "Left pan {}, right pan {}: both weigh the same.",
            )
        )
        return words.format(*pans)

    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        box = 24 * grow
        pans = [max(2, len(scene[side])) * (box + 2) + 8 for side in SIDES]
        half = (max(pans) + 12) / 2
        middle, top = 2 * half + 6, 16.0
        drop, column = rng.uniform(44, 52), rng.uniform(26, 36)
        sheet = Sheet(rng, 2 * middle, top + drop + column + 14, letters)
        sheet.line((middle - half, top), (middle + half, top), thick=2.2)
        sheet.line((middle, top), (middle, top + drop + column), thick=2.2)
        sheet.line((middle - 22, top + drop + column), (middle + 22, top + drop + column), thick=3)
        sheet.dot(middle, top, 3.5)
        sheet.note("pivot", middle, top)
        for side, sign, pan in zip(SIDES, (-1, 1), pans, strict=True):
            at, y = middle + sign * half, top + drop
            for edge in (-1, 1):
                sheet.line((at, top), (at + edge * pan / 2, y))
            sheet.line((at - pan / 2, y), (at + pan / 2, y), thick=2.2)
            start = at - (len(scene[side]) - 1) * (box + 2) / 2
            for i, value in enumerate(scene[side]):
                spot = (start + i * (box + 2), y - box * 0.42 - 1)
                sheet.box(*spot, box, box * 0.84, fill=sheet.tint)
                sheet.label(str(value or scene["x"]), [spot], clear=1)
        return sheet

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        x, size = scene["x"], scene["size"]
        heavy, light = sorted(SIDES, key=lambda side: -scene[side].count(0))
        lone, twin = scene[heavy].count(0), scene[light].count(0)
        beside, against = ([v for v in scene[side] if v] for side in (heavy, light))
        lines = [total(against)] if len(against) > 1 else []
        if len(beside) > 1:
            lines.append(total(beside))
        if beside:
            lines.append(minus(sum(against), sum(beside)))
        rest, count = sum(against) - sum(beside), lone - twin
        if twin:
            lines.append(f"{lone}{x}-{x}={count}{x}" if count > 1 else f"{lone}{x}-{x}={x}")
        if count > 1:
            lines += [f"{count}{x}={rest}", quotient(rest, count)]
        else:
            lines.append(f"{x}={rest}")
        return [ended("missing", {"x": x}, size, f"{self.transcript(scene)}: {x}={size}", *lines)]


class Forces(Diagram):
    """Forces along a line. Level 1: one to each side. 2: two against one. 3: two against two. 4: three against two, one unknown."""

    name = "forces"
    written = r"\d+|\b[a-z]\b"
    asks = {
        "resultant": (RESULTANT, RESULTANT_TEST),
        "way": (WAY, WAY_TEST),
        "missing": (UNKNOWN_VALUE, UNKNOWN_VALUE_TEST),
    }

    def facts(self, rng: random.Random, level: int) -> Scene:
        """left, right: newtons from top to bottom; missing: [side, place] or None."""
        counts = {1: [1, 1], 2: [2, 1], 3: [2, 2], 4: [3, 2]}[level]
        rng.shuffle(counts)
        most = {1: 20, 2: 20, 3: 60, 4: 99}[level]
        while True:
            left, right = ([rng.randint(1, most) for _ in range(count)] for count in counts)
            facts: Scene = {"left": left, "right": right, "missing": None, "x": ""}
            if level < 4 and sum(left) != sum(right):
                return facts
            if level == 4 and sum(left) == sum(right):
                side = rng.choice(SIDES)
                return facts | {"missing": [side, rng.randrange(len(facts[side]))], "x": rng.choice(UNKNOWN)}

    def _values(self, scene: Scene, side: str) -> list[str]:
        return [scene["x"] if scene["missing"] == [side, i] else str(v) for i, v in enumerate(scene[side])]

    def transcript(self, scene: Scene) -> str:
        return "; ".join(f"{side} {', '.join(self._values(scene, side))}" for side in SIDES)

    def tell(self, rng: random.Random, scene: Scene) -> str:
        pulls = [" and ".join(f"{v} N" for v in self._values(scene, side)) for side in SIDES]
        state = " It stays at rest." if scene["missing"] else ""
        return (
            rng.choice(
                (
                    "A box is pulled to the left by {}, to the right by {}.",
                    "Forces on a box: to the left {}; to the right {}.",
                )
            ).format(*pulls)
            + state
        )

    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        rows = max(len(scene["left"]), len(scene["right"]))
        line = 27.0 * grow
        high, wide = rows * line + 4, rng.uniform(34, 44)
        longest = max(v for side in SIDES for v in scene[side])
        reach = rng.uniform(54, 62) * grow
        x, y = reach + wide / 2 + 8, 8 + high / 2
        sheet = Sheet(rng, 2 * x, high + 24, letters)
        sheet.box(x, y, wide, high, fill=sheet.tint)
        sheet.note("box", x - wide / 2, y)
        sheet.line((4, y + high / 2 + 1), (2 * x - 4, y + high / 2 + 1), thick=1)
        unit = rng.choice(("N", " N"))
        for side, sign in (("left", -1), ("right", 1)):
            count = len(scene[side])
            for i, (text, value) in enumerate(zip(self._values(scene, side), scene[side], strict=True)):
                at = y - high / 2 + (i + 0.5) * high / count + 6
                length = reach * (0.62 + 0.38 * value / longest)
                start, end = x + sign * wide / 2, x + sign * (wide / 2 + length)
                sheet.arrow((start, at), (end, at), 7)
                sheet.note("arrow", end, at)
                sheet.label(
                    text + (unit if text.isdigit() else ""),
                    [((start + end) / 2 - sign * s, at - 10) for s in (0, 4, 8)],
                )
        if scene["missing"]:
            sheet.label("at rest", [(x, sheet.height - 7)], clear=0)
        return sheet

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        seen = self.transcript(scene)
        sums = {side: sum(scene[side]) for side in SIDES}
        if scene["missing"]:
            side, place = scene["missing"]
            other = SIDES[1 - SIDES.index(side)]
            rest = [v for i, v in enumerate(scene[side]) if i != place]
            lines = [f"{other}: {total(scene[other])}"] + ([f"{side}: {total(rest)}"] if len(rest) > 1 else [])
            lines.append(f"{scene['x']}: {minus(sums[other], sum(rest))}")
            return [
                ended("missing", {"x": scene["x"]}, scene[side][place], f"{seen}: {sums[other]}-{sum(rest)}", *lines)
            ]
        lines = [f"{side}: {total(scene[side])}" for side in SIDES]
        more, less = sorted(SIDES, key=lambda side: -sums[side])
        rule = f"{compared(sums['left'], sums['right'])}: {more}"
        gap = sums[more] - sums[less]
        return [
            ended("way", {}, more[0].upper(), f"{seen}: {rule}", *lines, rule, more[0].upper()),
            ended(
                "resultant",
                {},
                gap,
                f"{seen}: {sums[more]}-{sums[less]}={gap}",
                *lines,
                rule,
                minus(sums[more], sums[less]),
            ),
        ]
