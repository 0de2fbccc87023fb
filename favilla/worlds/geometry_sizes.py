"""Lengths and areas: rectangles, triangles, L-shapes on labelled sides."""

from __future__ import annotations

import random

from favilla.worlds import geometry_wordings as asking
from favilla.worlds.diagrams import Diagram, ended, wordings
from favilla.worlds.scenes import Question, Scene
from favilla.worlds.sketch import Point, Sheet, fitted, turned
from favilla.worlds.written_products import product, quotient, total
from favilla.worlds.written_sums import minus, plus, times

UNKNOWN = "abcdkmnpqrstuvwxyz"
TEST_FRAMES = ("Tell me #.", "@, please.", "A pupil is asked for #. What is right?")


class Rectangle(Diagram):
    """Level 1: area, or a side from the area. 2: perimeter, or a side from the perimeter. 3: larger; what is left when a smaller
    rectangle is cut out. 4: the same with two-digit sides."""

    name = "rectangle"
    asks = {
        "rect_area": (
            asking.RECT_AREA,
            wordings(("the area of this shape", "the surface of the rectangle"), TEST_FRAMES),
        ),
        "rect_perimeter": (
            asking.RECT_PERIMETER,
            wordings(("the distance around the shape", "the perimeter"), TEST_FRAMES),
        ),
        "rect_side": (
            asking.RECT_SIDE,
            wordings(("{x}", "the unknown side {x}"), TEST_FRAMES),
        ),
        "rect_left": (
            asking.RECT_LEFT,
            wordings(("the area around the hole", "the surface of the frame"), TEST_FRAMES),
        ),
    }  # fmt: skip

    def facts(self, rng: random.Random, level: int) -> Scene:
        """w, h; form: sides, area (one side and the area written), perimeter, or hole (of the size `hole`)."""
        form = rng.choice(
            {1: ("sides", "area"), 2: ("sides", "perimeter"), 3: ("sides", "hole"), 4: ("hole", "perimeter")}[level]
        )
        low, high = {1: (2, 9), 2: (2, 12), 3: (11, 25), 4: (12, 60)}[level]
        w, h = rng.randint(low, high), rng.randint(low, high)
        facts: Scene = {"form": form, "w": w, "h": h}
        if level == 3 and form == "hole":
            facts |= {"w": rng.randint(4, 12), "h": rng.randint(4, 9)}
        if level == 4 and form == "hole":
            facts |= {"w": rng.randint(11, 30), "h": rng.randint(6, 19)}
        if form == "hole":
            facts["hole"] = [rng.randint(2, min(9, facts["w"] - 2)), rng.randint(2, min(9, facts["h"] - 2))]
        if form in ("area", "perimeter"):
            facts["x"] = rng.choice(UNKNOWN)
            facts["given"] = rng.choice("wh")
        return facts

    def _sides(self, scene: Scene) -> tuple[str, str]:
        if scene["form"] in ("area", "perimeter"):
            return tuple(str(scene[key]) if key == scene["given"] else scene["x"] for key in "wh")  # type: ignore[return-value]
        return str(scene["w"]), str(scene["h"])

    def _whole(self, scene: Scene) -> str:
        w, h = scene["w"], scene["h"]
        return {"area": f"area {w * h}", "perimeter": f"perimeter {2 * (w + h)}"}.get(scene["form"], "")

    def transcript(self, scene: Scene) -> str:
        across, down = self._sides(scene)
        hole = f", hole across {scene['hole'][0]}, down {scene['hole'][1]}" if "hole" in scene else ""
        whole = self._whole(scene)
        return f"across {across}, down {down}{hole}{', ' + whole if whole else ''}"

    def tell(self, rng: random.Random, scene: Scene) -> str:
        across, down = self._sides(scene)
        one, two = rng.choice((("width", "height"), ("wide", "high"), ("across", "down")))
        told = f"Rectangle: {one} {across}, {two} {down}"
        if "hole" in scene:
            told += f". In it a hole: {one} {scene['hole'][0]}, {two} {scene['hole'][1]}"
        whole = self._whole(scene)
        return f"{told}{', ' + whole if whole else ''}."

    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        ratio = min(1.7, max(0.6, scene["w"] / scene["h"]))
        area = rng.uniform(8500, 11500) * grow**2 * (1.4 if "hole" in scene else 1)
        wide, high = (area * ratio) ** 0.5, (area / ratio) ** 0.5
        left, top = rng.uniform(24, 34), rng.uniform(18, 26)
        below = scene["form"] == "perimeter"
        sheet = Sheet(rng, wide + left + rng.uniform(24, 34), high + 2 * top + (8 if below else 0), letters)
        x, y = left + wide / 2, top + high / 2
        if "hole" in scene:
            sheet.box(x, y, wide, high, fill=sheet.tint)
            small = wide * rng.uniform(0.36, 0.48), high * rng.uniform(0.34, 0.46)
            sheet.box(x, y, *small, fill=sheet.paper)
            inner = _corners(x, y, *small)
            sheet.side(str(scene["hole"][0]), inner[3], inner[2], (x, y))
            sheet.side(str(scene["hole"][1]), inner[1], inner[2], (x, y))
        else:
            sheet.box(x, y, wide, high, fill=sheet.tint if rng.random() < 0.5 else None)
        outer = _corners(x, y, wide, high)
        across, down = self._sides(scene)
        first, second = rng.choice(((0, 1), (3, 2))), rng.choice(((0, 3), (1, 2)))
        if below:
            first = (0, 1)
        for text, (i, j) in ((across, first), (down, second)):
            sheet.side(text, outer[i], outer[j], (x, y))
        if scene["form"] == "area":
            sheet.label(self._whole(scene).replace("area ", rng.choice(("A=", "A = ", "area "))), [(x, y)])
        if below:
            text = self._whole(scene).replace("perimeter ", rng.choice(("P=", "P = ", "around ")))
            sheet.label(text, [(x, y)])
        return sheet

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        w, h, form = scene["w"], scene["h"], scene["form"]
        out = []
        if form == "sides" and level != 2:
            out.append(ended("rect_area", {}, w * h, f"{w}*{h}={w * h}", "across*down", product(w, h)))
        if form == "sides" and level != 1:
            out.append(ended("rect_perimeter", {}, 2 * (w + h), f"2*({w}+{h})={2 * (w + h)}",
                             "2*(across+down)", plus(w, h), times(w + h, 2)))  # fmt: skip
        if form == "area":
            known, other = (w, h) if scene["given"] == "w" else (h, w)
            out.append(ended("rect_side", {"x": scene["x"]}, other, f"{w * h}/{known}={other}",
                             f"{scene['x']}=area/{known}", quotient(w * h, known)))  # fmt: skip
        if form == "perimeter":
            known, other = (w, h) if scene["given"] == "w" else (h, w)
            out.append(ended("rect_side", {"x": scene["x"]}, other, f"{w + h}-{known}={other}", f"{scene['x']}=perimeter/2-{known}",
                             quotient(2 * (w + h), 2), minus(w + h, known)))  # fmt: skip
        if form == "hole":
            a, b = scene["hole"]
            out.append(ended("rect_left", {}, w * h - a * b, f"{w * h}-{a * b}={w * h - a * b}", "large-hole", product(w, h),
                             product(a, b), minus(w * h, a * b)))  # fmt: skip
        return out


class Heights(Diagram):
    """Triangles with sides and heights. Level 1: the perimeter of small ones. 2: area of a right triangle. 3: area from base and
    height, larger numbers. 4: base or height from the area."""

    name = "heights"
    asks = {
        "tri_area": (
            asking.TRI_AREA,
            wordings(("the area of this shape", "the surface of the triangle"), TEST_FRAMES),
        ),
        "tri_perimeter": (
            asking.TRI_PERIMETER,
            wordings(("the distance around the shape", "the sum of the sides"), TEST_FRAMES),
        ),
        "tri_side": (
            asking.TRI_SIDE,
            wordings(("{x}", "the unknown length {x}"), TEST_FRAMES),
        ),
    }

    def facts(self, rng: random.Random, level: int) -> Scene:
        """form: three (sides from the shortest on), right (base and height are sides), base (height dashed) or area."""
        form = {1: "three", 2: "right", 3: "base", 4: "area"}[level]
        if form == "three":
            while True:
                sides = sorted(rng.randint(2, 9) for _ in range(3))
                if 1.15 * max(sides) < sum(sides) - max(sides) and min(sides) * 2.2 > max(sides):
                    return {"form": form, "sides": sides}
        low, high = {2: (2, 9), 3: (6, 24), 4: (6, 30)}[level]
        while True:
            base, height = rng.randint(low, high), rng.randint(low, high)
            if base * height % 2 == 0:
                facts = {"form": form, "base": base, "height": height}
                if form == "area":
                    facts |= {"x": rng.choice(UNKNOWN), "given": rng.choice(("base", "height"))}
                return facts

    def _values(self, scene: Scene) -> tuple[str, str]:
        pair = (str(scene[key]) if scene.get("given", key) == key else scene["x"] for key in ("base", "height"))
        return tuple(pair)  # type: ignore[return-value]

    def transcript(self, scene: Scene) -> str:
        if scene["form"] == "three":
            return "sides " + ", ".join(map(str, scene["sides"]))
        base, height = self._values(scene)
        whole = f", area {scene['base'] * scene['height'] // 2}" if scene["form"] == "area" else ""
        return f"base {base}, height {height}{whole}"

    def tell(self, rng: random.Random, scene: Scene) -> str:
        if scene["form"] == "three":
            return rng.choice(("Triangle with sides {}.", "The sides of a triangle: {}.")).format(
                ", ".join(map(str, scene["sides"]))
            )
        kind = "Right triangle" if scene["form"] == "right" else "Triangle"
        return f"{kind}: {self.transcript(scene)}."

    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        mirror = rng.random() < 0.5
        if scene["form"] == "three":
            c, a, b = scene["sides"]
            x = (b * b + c * c - a * a) / (2 * c)
            shape: list[Point] = [(0, 0), (c, 0), (x, -(max(0.0, b * b - x * x) ** 0.5))]
            points, wide, high = fitted(turned(shape, rng.uniform(0, 360), mirror), rng.uniform(95, 115) * grow, 24)
        else:
            ratio = min(1.6, max(0.62, scene["base"] / scene["height"]))
            foot = 0.0 if scene["form"] == "right" else rng.uniform(0.25, 0.75)
            shape = [(0, 0), (ratio, 0), (foot * ratio, -1), (foot * ratio, 0)]
            turn = rng.choice((0, 180)) if scene["form"] == "right" else 0
            points, wide, high = fitted(turned(shape, turn, mirror), rng.uniform(100, 120) * grow, 26)
        sheet = Sheet(rng, wide, high, letters)
        sheet.polygon(points[:3], fill=sheet.tint if rng.random() < 0.5 else None)
        middle = (sum(x for x, _ in points[:3]) / 3, sum(y for _, y in points[:3]) / 3)
        if scene["form"] == "three":
            for i, side in enumerate(scene["sides"]):
                sheet.side(str(side), points[i], points[(i + 1) % 3], middle)
            return sheet
        base, height = self._values(scene)
        corner, end, tip, foot_at = points
        sheet.side(base, corner, end, middle)
        if scene["form"] == "right":
            sheet.side(height, corner, tip, middle)
        else:
            sheet.dashes(tip, foot_at)
            sheet.side(height, tip, foot_at, corner if rng.random() < 0.5 else end)
        one = (1 if end[0] > foot_at[0] else -1, 0) if scene["form"] != "right" else _unit(corner, end)
        two = _unit(foot_at, tip)
        square = [(foot_at[0] + 8 * u * one[0] + 8 * v * two[0], foot_at[1] + 8 * u * one[1] + 8 * v * two[1])
                  for u, v in ((1, 0), (1, 1), (0, 1))]  # fmt: skip
        sheet.line(*square, thick=1)
        sheet.note("right angle", *square[1])
        if scene["form"] == "area":
            text = f"{rng.choice(('A=', 'area '))}{scene['base'] * scene['height'] // 2}"
            sheet.label(
                text, [(sheet.width / 2 + dx, y) for y in (12, sheet.height - 12) for dx in (0, -30, 30, -45, 45)]
            )
        return sheet

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        if scene["form"] == "three":
            sides = scene["sides"]
            return [ended("tri_perimeter", {}, sum(sides), f"{'+'.join(map(str, sides))}={sum(sides)}", total(sides))]
        base, height = scene["base"], scene["height"]
        twice = base * height
        if scene["form"] != "area":
            work = (product(base, height), quotient(twice, 2))
            return [ended("tri_area", {}, twice // 2, f"{base}*{height}/2={twice // 2}", "base*height/2", *work)]
        known, other = (base, height) if scene["given"] == "base" else (height, base)
        rule = f"{scene['x']}=2*area/{known}"
        return [
            ended(
                "tri_side",
                {"x": scene["x"]},
                other,
                f"{twice}/{known}={other}",
                rule,
                times(twice // 2, 2),
                quotient(twice, known),
            )
        ]


class LShape(Diagram):
    """Level 1: the side that is not written. 2: the perimeter. 3: area. 4: area, larger."""

    name = "lshape"
    asks = {
        "l_side": (
            asking.L_SIDE,
            wordings(("{x}", "the unknown side {x}"), TEST_FRAMES),
        ),
        "l_perimeter": (
            asking.L_PERIMETER,
            wordings(("the distance around the shape", "the sum of all sides"), TEST_FRAMES),
        ),
        "l_area": (
            asking.L_AREA,
            wordings(("the surface of the L", "the area of this shape"), TEST_FRAMES),
        ),
    }

    def facts(self, rng: random.Random, level: int) -> Scene:
        """wide, high: of the whole; arm: width of the upright part; foot: height of the lying part; x: the name of the inner side,
        which is wide-arm or high-foot ("across" or "down")."""
        low, high = {1: (4, 12), 2: (3, 15), 3: (4, 12), 4: (12, 40)}[level]
        w, h = rng.randint(low, high), rng.randint(low, high)
        arm, foot = (
            rng.randint(max(1, w // 4), max(1, w - w // 4 - 1)),
            rng.randint(max(1, h // 4), max(1, h - h // 4 - 1)),
        )
        if level == 4:
            arm, foot = rng.randint(3, 9), rng.randint(3, 9)
        facts: Scene = {"wide": w, "high": h, "arm": arm, "foot": foot}
        if level == 1:
            facts |= {"x": rng.choice(UNKNOWN), "asked": rng.choice(("across", "down"))}
        return facts

    def transcript(self, scene: Scene) -> str:
        asked = f", {scene['asked']} {scene['x']}" if "x" in scene else ""
        return f"wide {scene['wide']}, high {scene['high']}, arm {scene['arm']}, foot {scene['foot']}{asked}"

    def tell(self, rng: random.Random, scene: Scene) -> str:
        told = f"An L {scene['wide']} wide and {scene['high']} high. Its arm is {scene['arm']} wide, its foot {scene['foot']} high."
        if "x" not in scene:
            return told
        end = (
            "beside the arm, the foot's top is {} long"
            if scene["asked"] == "across"
            else "the arm stands {} above the foot"
        )
        end = end.format(scene["x"])
        return f"{told} {end[0].upper()}{end[1:]}."

    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        ratio = min(1.4, max(0.75, scene["wide"] / scene["high"]))
        arm = min(0.6, max(0.34, scene["arm"] / scene["wide"])) * ratio
        foot = min(0.6, max(0.34, scene["foot"] / scene["high"]))
        shape: list[Point] = [(0, 0), (ratio, 0), (ratio, -foot), (arm, -foot), (arm, -1), (0, -1)]
        points, wide, high = fitted(turned(shape, 0, rng.random() < 0.5), rng.uniform(100, 118) * grow, 26)
        sheet = Sheet(rng, wide, high, letters)
        sheet.polygon(points, fill=sheet.tint if rng.random() < 0.6 else None)
        inside = ((points[0][0] + points[3][0]) / 2, (points[0][1] + points[3][1]) / 2)
        labels = {0: scene["wide"], 1: scene["foot"], 4: scene["arm"], 5: scene["high"]}
        if "x" in scene:
            labels[2 if scene["asked"] == "across" else 3] = scene["x"]
        for i, text in labels.items():
            sheet.side(str(text), points[i], points[(i + 1) % 6], inside)
        return sheet

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        w, h, arm, foot = (scene[key] for key in ("wide", "high", "arm", "foot"))
        if level == 1:
            whole, part, names = (w, arm, "wide-arm") if scene["asked"] == "across" else (h, foot, "high-foot")
            return [
                ended(
                    "l_side",
                    {"x": scene["x"]},
                    whole - part,
                    f"{whole}-{part}={whole - part}",
                    f"{scene['x']}={names}",
                    minus(whole, part),
                )
            ]
        around = ended(
            "l_perimeter", {}, 2 * (w + h), f"2*({w}+{h})={2 * (w + h)}", "2*(wide+high)", plus(w, h), times(w + h, 2)
        )
        if level == 2:
            return [around]
        one, two = arm * h, (w - arm) * foot
        area = ended("l_area", {}, one + two, f"{one}+{two}={one + two}", "arm*high+(wide-arm)*foot", product(arm, h), minus(w, arm),
                     product(w - arm, foot), plus(one, two))  # fmt: skip
        return [area, around] if level == 3 else [area]


def _corners(x: float, y: float, wide: float, high: float) -> list[Point]:
    """Below left, below right, above right, above left."""
    w, h = wide / 2, high / 2
    return [(x - w, y + h), (x + w, y + h), (x + w, y - h), (x - w, y - h)]


def _unit(a: Point, b: Point) -> Point:
    length = ((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5
    return (b[0] - a[0]) / length, (b[1] - a[1]) / length
