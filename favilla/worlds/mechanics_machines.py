"""Simple machines: pulleys, gears, springs."""

from __future__ import annotations

import math
import random

from favilla.worlds.diagrams import Diagram, ended
from favilla.worlds.mechanics_balance import UNKNOWN
from favilla.worlds.mechanics_wordings import (
    CLOCKWISE,
    CLOCKWISE_TEST,
    FORCE,
    FORCE_TEST,
    LOAD,
    LOAD_TEST,
    ROPE,
    ROPE_TEST,
    STRANDS,
    STRANDS_TEST,
    STRETCH,
    STRETCH_TEST,
    TURNS,
    TURNS_TEST,
    UNKNOWN_VALUE,
    UNKNOWN_VALUE_TEST,
)
from favilla.worlds.scenes import Question, Scene
from favilla.worlds.sketch import Point, Sheet, along, direction
from favilla.worlds.written_products import product, quotient, total
from favilla.worlds.written_sums import minus, plus

LETTERS = "ABCDEFGHJKLMNPRSTUVW"


class Pulley(Diagram):
    """A block and tackle. Level 1: strands, force or load, two to four strands. 2: the lower block weighs something, or rope is pulled.
    3: up to six strands, larger loads. 4: the load from the force."""

    name = "pulley"
    written = r"(?<=load )\w+|(?<=block )\w+|(?<=pull )\w+"
    asks = {
        "strands": (STRANDS, STRANDS_TEST),
        "force": (FORCE, FORCE_TEST),
        "load": (LOAD, LOAD_TEST),
        "rope": (ROPE, ROPE_TEST),
    }

    def facts(self, rng: random.Random, level: int) -> Scene:
        """strands; load, block (weight of the lower block, or 0) and pull in newtons; asked: which of load and pull is unknown."""
        strands = rng.randint(2, {1: 4, 2: 4, 3: 6, 4: 6}[level])
        block = {1: 0, 2: rng.choice((0, rng.randint(1, 9))), 3: rng.randint(2, 20), 4: rng.randint(2, 30)}[level]
        most = {1: 9, 2: 12, 3: 30, 4: 60}[level]
        pull = rng.randint(2 + block // strands, most + block)
        load = strands * pull - block
        asked = {1: rng.choice(("pull", "load")), 2: "pull", 3: "pull", 4: "load"}[level]
        return {
            "strands": strands,
            "load": load,
            "block": block,
            "pull": pull,
            "asked": asked,
            "x": rng.choice(UNKNOWN),
        }

    def _values(self, scene: Scene) -> tuple[str, str]:
        return tuple(scene["x"] if scene["asked"] == key else str(scene[key]) for key in ("load", "pull"))  # type: ignore[return-value]

    def transcript(self, scene: Scene) -> str:
        load, pull = self._values(scene)
        block = f", block {scene['block']}" if scene["block"] else ""
        counted = " ".join(str(i) for i in range(1, scene["strands"] + 1))
        return f"strands {counted}, load {load}{block}, pull {pull}"

    def tell(self, rng: random.Random, scene: Scene) -> str:
        load, pull = (f"{v} N" if v.isdigit() else v for v in self._values(scene))
        block = f" The lower block weighs {scene['block']} N." if scene["block"] else ""
        return rng.choice((
            f"A load of {load} hangs on a pulley block with {scene['strands']} strands of rope; the pull is {pull}.",
            f"Block and tackle: {scene['strands']} strands carry the lower block; load {load}, pull {pull}.",
        )) + block  # fmt: skip

    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        n = scene["strands"]
        gap = 15.0 * grow
        left = 30 * grow if n > 2 else 40 * grow
        xs = [left + i * gap for i in range(n + 1)]  # the carrying strands, and the end that is pulled
        top, low = 26.0, 26 + rng.uniform(48, 60) * grow
        load, pull = self._values(scene)
        sheet = Sheet(rng, xs[-1] + (24 + 4.2 * letters) * grow, low + 62, letters)
        r = gap / 2
        sheet.line((xs[0] - 12, 7), (xs[-1] + 6, 7), thick=3)
        sheet.note("ceiling", (xs[0] + xs[-1]) / 2, 7)
        lower: list[float] = []
        upper: list[float] = []
        for i in range(n):
            # The rope turns at the bottom and at the top by turns, the last time at the top.
            middle = (xs[i] + xs[i + 1]) / 2
            (upper if (n - i) % 2 else lower).append(middle)
        for x in upper:
            sheet.line((x, 7), (x, top))
        if n % 2 == 0:
            sheet.line((xs[0], 7), (xs[0], low))
        for i, x in enumerate(xs[:-1]):
            sheet.line((x, top if i or n % 2 else 7), (x, low))
            sheet.note("strand", x, (top + low) / 2)
        beam = low + r + 5
        for x in lower:
            sheet.line((x, low), (x, beam))
        if n % 2:
            sheet.line((xs[0], low), (xs[0], beam))
        for x, y in [*((x, top) for x in upper), *((x, low) for x in lower)]:
            sheet.circle(x, y, r, fill=sheet.tint)
            sheet.dot(x, y, 1.6)
            sheet.note("pulley", x, y)
        ends = [*lower, *([xs[0]] if n % 2 else [])]
        middle = (min(ends) + max(ends)) / 2
        sheet.line((min(ends) - 5, beam), (max(ends) + 5, beam), thick=2.5)
        sheet.line((middle, beam), (middle, beam + 8))
        unit = rng.choice(("N", " N"))
        text = load + (unit if load.isdigit() else "")
        wide = max(30, 2 * sheet.half(text)[0] + 10)
        sheet.box(middle, beam + 18, wide, 20, fill=sheet.tint)
        sheet.label(text, [(middle, beam + 18)], clear=1)
        end = (xs[-1], low - rng.uniform(2, 10))
        sheet.arrow((xs[-1], top), end, 7)
        sheet.note("arrow", *end)
        sheet.beyond(pull + (unit if pull.isdigit() else ""), end, 0, 5, 16)
        if scene["block"]:
            sheet.label(
                f"block {scene['block']}",
                [
                    (max(ends) + 12 + sheet.half(f"block {scene['block']}")[0] + s, beam - d)
                    for d in (0, -3, 3)
                    for s in (0, 4, 8)
                ],
            )
        return sheet

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        n, load, block, pull, x = (scene[key] for key in ("strands", "load", "block", "pull", "x"))
        seen = f"{n} strands"
        out = [ended("strands", {}, n, seen, seen)] if level == 1 else []
        if scene["asked"] == "pull":
            add = [plus(load, block)] if block else []
            out.append(
                ended(
                    "force", {"x": x}, pull, f"{seen}, {load + block}/{n}={pull}", seen, *add, quotient(load + block, n)
                )
            )
        else:
            less = [minus(n * pull, block)] if block else []
            out.append(ended("load", {"x": x}, load, f"{seen}, {n}*{pull}={n * pull}", seen, product(n, pull), *less))
        if level in (2, 3):
            h = rng.randint(2, 9 if level == 2 else 25)
            out.append(ended("rope", {"h": str(h)}, n * h, f"{seen}, {n}*{h}={n * h}", seen, product(n, h)))
        return out


class Gears(Diagram):
    """Gears in a row. Level 1: which turn clockwise, two or three. 2: four; turns of one of two. 3: five; turns in a row of three. 4: six;
    turns of the last of four."""

    name = "gears"
    written = r"\b[A-Z]\b(?! c)|(?<=[A-Z] )\d+"
    asks = {
        "clockwise": (CLOCKWISE, CLOCKWISE_TEST),
        "turns": (TURNS, TURNS_TEST),
    }

    def facts(self, rng: random.Random, level: int) -> Scene:
        """names and teeth in order, drive: which gear has an arrow, clockwise or not. Level 1: no teeth are written (0)."""
        count = rng.randint(*{1: (2, 3), 2: (2, 4), 3: (3, 5), 4: (4, 6)}[level])
        names = rng.sample(LETTERS, count)
        teeth = [0] * count if level == 1 else [rng.choice((6, 8, 9, 10, 12, 15, 16, 18, 20, 24, 30)) for _ in names]
        return {"names": names, "teeth": teeth, "drive": rng.randrange(count), "clockwise": rng.random() < 0.5}

    def transcript(self, scene: Scene) -> str:
        gears = ", ".join(
            f"{name} {teeth}" if teeth else name for name, teeth in zip(scene["names"], scene["teeth"], strict=True)
        )
        return f"{gears}; {scene['names'][scene['drive']]} {self._way(scene['clockwise'])}"

    def _way(self, clockwise: bool) -> str:
        return "clockwise" if clockwise else "counterclockwise"

    def tell(self, rng: random.Random, scene: Scene) -> str:
        gears = ", ".join(
            f"{name} ({teeth} teeth)" if teeth else name
            for name, teeth in zip(scene["names"], scene["teeth"], strict=True)
        )
        opening = rng.choice(
            ("Gears in a row, each driving the next: {}.", "A chain of gears: {}.", "Gears, neighbours touch: {}.")
        )
        return f"{opening.format(gears)} {scene['names'][scene['drive']]} turns {self._way(scene['clockwise'])}."

    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        count = len(scene["names"])
        radii = [(rng.uniform(19, 25) if not t else 18 + t * 0.42) * grow for t in scene["teeth"]]
        places: list[Point] = [(0, 0)]
        bend = rng.choice((1, -1))
        for i in range(1, count):
            turn = bend * (-1) ** i * rng.uniform(15, 38 if count > 2 else 25)
            places.append(along(places[-1], turn, radii[i - 1] + radii[i] + 4))
        left, top = (min(p[k] - r for p, r in zip(places, radii, strict=True)) for k in (0, 1))
        right, bottom = (max(p[k] + r for p, r in zip(places, radii, strict=True)) for k in (0, 1))
        margin = 18.0
        sheet = Sheet(rng, right - left + 2 * margin, bottom - top + 2 * margin, letters)
        for i, (name, teeth, r, (px, py)) in enumerate(zip(scene["names"], scene["teeth"], radii, places, strict=True)):
            x, y = px - left + margin, py - top + margin
            cogs = max(8, teeth or round(r * 0.6))
            start = rng.uniform(0, 360)
            rim = [
                along((x, y), start + 360 / cogs * (k + edge), r + out)
                for k in range(cogs)
                for edge, out in ((0, -2.5), (0.12, 2.5), (0.5, 2.5), (0.62, -2.5))
            ]
            sheet.polygon(rim, fill=sheet.tint)
            sheet.note("gear", x, y)
            if teeth:
                high = sheet.half("0")[1]
                sheet.label(name, [(x, y - high - 2)], clear=1)
                sheet.label(str(teeth), [(x, y + high + 3)], clear=1)
            else:
                sheet.label(name, [(x, y)], clear=1)
            if i == scene["drive"]:
                # Above or below, where no neighbour is.
                near = [direction((px, py), places[j]) for j in (i - 1, i + 1) if 0 <= j < count]
                free = max((-90, 90), key=lambda t: min((abs((t - n + 180) % 360 - 180) for n in near), default=0))
                reach = r + 9
                sheet.arc(x, y, reach, free - 45, free + 45)
                tip_turn = free + 45 if scene["clockwise"] else free - 45
                tip = along((x, y), tip_turn, reach)
                sheet.head(
                    along(tip, tip_turn + (90 if scene["clockwise"] else -90), 5),
                    tip_turn + (90 if scene["clockwise"] else -90),
                    8,
                )
                sheet.note(self._way(scene["clockwise"]), *along((x, y), free, reach))
        return sheet

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        names, teeth, drive = scene["names"], scene["teeth"], scene["drive"]
        turning = {name: scene["clockwise"] == ((i - drive) % 2 == 0) for i, name in enumerate(names)}
        out = []
        # From the driven gear to both ends.
        order = [names[drive], *names[drive + 1 :], *names[:drive][::-1]]
        lines = ", ".join(f"{name} {self._way(turning[name])}" for name in order)
        for clockwise in (True, False):
            found = sorted(name for name in names if turning[name] == clockwise)
            if found:
                answer = ", ".join(found)
                out.append(ended("clockwise", {"way": self._way(clockwise)}, answer, f"{self._way(clockwise)}: {' '.join(found)}", lines,
                                 f"{self._way(clockwise)}: {answer}"))  # fmt: skip
        for i in range(len(names)):
            for j in range(len(names)):
                if i == j or not teeth[i] or (level == 2 and abs(i - j) > 1) or (level == 4 and abs(i - j) < 2):
                    continue
                step = teeth[j] // math.gcd(teeth[i], teeth[j])
                fits = [n for n in range(1, 10 if level == 2 else 41) if n % step == 0]
                if fits:
                    n = rng.choice(fits)
                    moved = n * teeth[i]
                    out.append(ended("turns", {"a": names[i], "b": names[j], "n": str(n)}, moved // teeth[j], f"{n}*{teeth[i]}={moved}, {moved}/{teeth[j]}",
                                     f"{names[i]} {teeth[i]}, {names[j]} {teeth[j]}", product(n, teeth[i]), quotient(moved, teeth[j])))  # fmt: skip
        return out


class Springs(Diagram):
    """Springs that stretch in proportion to their load. Level 1: how far one is stretched. 2: how far by another load. 3: how long it is then.
    4: the load for a length."""

    name = "springs"
    written = r"\d+|\b[a-z]\b"
    asks = {
        "stretch": (STRETCH, STRETCH_TEST),
        "missing": (UNKNOWN_VALUE, UNKNOWN_VALUE_TEST),
    }

    def facts(self, rng: random.Random, level: int) -> Scene:
        """bare: length without a load (0: only extensions are written); rows: [load, length or extension]; missing: "load" or "size" of the
        last, or None."""
        per = rng.randint(1, {1: 4, 2: 9, 3: 6, 4: 9}[level])
        loads = rng.sample(range(1, {1: 9, 2: 10, 3: 13, 4: 20}[level]), 2)
        bare = {1: rng.randint(5, 30), 2: 0, 3: rng.randint(5, 20), 4: rng.randint(8, 40)}[level]
        if level == 1:
            loads = loads[:1]
        missing = {1: None, 2: rng.choice(("size", "size", "load")), 3: "size", 4: "load"}[level]
        return {"bare": bare, "rows": [[load, bare + per * load] for load in loads], "missing": missing,
                "x": rng.choice(UNKNOWN) if missing else ""}  # fmt: skip

    def _values(self, scene: Scene) -> list[tuple[str, str]]:
        rows = [(str(load), str(size)) for load, size in scene["rows"]]
        if scene["missing"]:
            load, size = rows[-1]
            rows[-1] = (scene["x"], size) if scene["missing"] == "load" else (load, scene["x"])
        return rows

    def transcript(self, scene: Scene) -> str:
        bare = f"bare {scene['bare']}; " if scene["bare"] else ""
        word = "long" if scene["bare"] else "more"
        return bare + "; ".join(f"load {load}, {size} {word}" for load, size in self._values(scene))

    def tell(self, rng: random.Random, scene: Scene) -> str:
        rows = [
            (load + " N" if load.isdigit() else load, size + " cm" if size.isdigit() else size)
            for load, size in self._values(scene)
        ]
        if not scene["bare"]:
            return "A spring: " + ", ".join(f"a load of {load} stretches it by {size}" for load, size in rows) + "."
        bare = rng.choice(("A spring is {} cm long without a load", "A spring without a load: {} cm long")).format(
            scene["bare"]
        )
        return f"{bare}; " + "; ".join(f"with {load} it is {size} long" for load, size in rows) + "."

    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        values = self._values(scene)
        springs: list[tuple[float, str, str]] = []
        longest = max(size for _, size in scene["rows"])
        natural = 30.0 if not scene["bare"] else max(24.0, 88 * scene["bare"] / longest)
        if scene["bare"]:
            springs.append((natural, "", str(scene["bare"])))
        for (_, size), (load, text) in zip(scene["rows"], values, strict=True):
            length = (
                natural + max(14, 58 * size / longest) if not scene["bare"] else max(natural + 10, 88 * size / longest)
            )
            springs.append((length, load, text))
        pitch = (52 if len(springs) < 3 else 54) * grow
        top = 12.0
        wide, high = pitch * len(springs) + 14, top + max(length for length, *_ in springs) + 34
        sheet = Sheet(rng, wide, high, letters)
        sheet.line((6, top - 3), (wide - 6, top - 3), thick=3)
        cm, unit = rng.choice((("", "N"), ("cm", "N"), ("", " N")))
        if not scene["bare"]:
            sheet.dashes((8, top + natural), (wide - 6, top + natural))
        for i, (length, load, text) in enumerate(springs):
            x = 22 + i * pitch
            body = length - 10
            coils = max(3, min(7, int(body / 5)))
            points: list[Point] = [(x, top - 2), (x, top + 5)]
            points += [(x + (8 if k % 2 else -8), top + 5 + body * (k + 0.5) / (2 * coils)) for k in range(2 * coils)]
            points += [(x, top + 5 + body), (x, top + length)]
            sheet.line(*points, thick=1)
            sheet.note("spring", x, top + length / 2)
            if load:
                label = load + (unit if load.isdigit() else "")
                half = max(13.0, sheet.half(label)[0] + 5)
                sheet.box(x, top + length + 9, 2 * half, 18, fill=sheet.tint)
                sheet.label(label, [(x, top + length + 9)], clear=1)
            # A measure beside the spring: of its length, or of what it is longer.
            side, start = x + 16, top if scene["bare"] else top + natural
            sheet.line((side - 3, start), (side + 3, start), thick=1)
            sheet.line((side - 3, top + length), (side + 3, top + length), thick=1)
            sheet.line((side, start), (side, top + length), thick=1)
            sheet.beyond(
                text + (cm if text.isdigit() else ""),
                (side, (start + top + length) / 2),
                0,
                2,
                8,
                (0, 25, -25, 50, -50),
            )
        return sheet

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        bare, rows, x = scene["bare"], scene["rows"], scene["x"]
        seen = self.transcript(scene)
        if not scene["missing"]:
            size = rows[0][1]
            return [ended("stretch", {}, size - bare, f"{size}-{bare}={size - bare}", "long-bare", minus(size, bare))]
        (load, size), (other, goal) = rows
        per = (size - bare) // load
        lines = [minus(size, bare)] if bare else []
        lines.append(f"per 1: {quotient(size - bare, load)}")
        if scene["missing"] == "size":
            lines += [f"load {other}: {product(other, per)}", *([total([bare, per * other])] if bare else [])]
            return [ended("missing", {"x": x}, goal, f"{seen}: {per}*{other}={per * other}", *lines)]
        lines += [minus(goal, bare)] if bare else []
        lines.append(f"{x}: {quotient(goal - bare, per)}")
        return [ended("missing", {"x": x}, other, f"{seen}: {goal - bare}/{per}={other}", *lines)]
