"""Angles that are worked out from others: triangles, rays from a point, parallel lines."""

from __future__ import annotations

import itertools
import math
import random

from favilla.worlds import geometry_wordings as asking
from favilla.worlds.diagrams import Diagram, ended, wordings
from favilla.worlds.scenes import Question, Scene
from favilla.worlds.sketch import Point, Sheet, along, direction, fitted, turned
from favilla.worlds.written_products import quotient, total
from favilla.worlds.written_sums import minus, times

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
UNKNOWN = "abcdkmnpqrstuvwxyz"


def _angle(rng: random.Random, low: int, high: int, step: int) -> int:
    return rng.randrange(-(-low // step) * step, high + 1, step)


class Triangle(Diagram):
    """Level 1: the other acute angle of a right triangle. 2: the third angle, or one of an isosceles triangle. 3: an angle
    outside of the triangle. 4: both."""

    name = "triangle"
    written = r"\b(?!90)(?:\d+|[A-Z])\b"
    asks = {
        "inner": (
            asking.INNER,
            wordings(("angle {v}", "the inner angle at {v}"), ("Tell me #.", "@ has been rubbed out. Find it.", "Please fill in #.")),
        ),
        "outer": (
            asking.OUTER,
            wordings(("the outer angle at {v}", "the outside angle at {v}"), ("Tell me #.", "@ has been rubbed out. Find it.")),
        ),
    }  # fmt: skip

    def facts(self, rng: random.Random, level: int) -> Scene:
        """names of the corners, their angles; form: right, plain, isosceles (equal angles at all corners but `apex`) or outside
        (the side to corner `apex` goes on); shown: which numbers are written, "C+" the one outside at C."""
        names = "".join(sorted(rng.sample(LETTERS, 3)))
        step = 5 if level <= 2 else 1
        forms = {1: ("right",), 2: ("plain", "isosceles"), 3: ("plain", "outside"), 4: ("isosceles", "both")}
        form = rng.choice(forms[level])
        apex = rng.randrange(3)
        while True:
            a, b = _angle(rng, 25, 110, step), _angle(rng, 25, 110, step)
            if form in ("isosceles", "both"):
                b = a
            if form == "right":
                b = 90 - a
            if 25 <= 180 - a - b <= 120 and min(a, b) >= 25 and not (form == "isosceles" and a == 60):
                break
        angles = [a, b]
        angles.insert(apex, 180 - a - b)
        first, second = (names[i] for i in range(3) if i != apex)
        top = names[apex]
        shown = {
            "right": [top, rng.choice((first, second))],
            "plain": [first, second],
            "isosceles": [rng.choice((top, first, second))],
            "outside": rng.choice(([first, second], [f"{top}+", rng.choice((first, second))])),
            "both": rng.choice(([f"{top}+"], [rng.choice((first, second))])),
        }[form]
        return {"names": names, "angles": angles, "form": form, "apex": apex, "shown": shown}

    def transcript(self, scene: Scene) -> str:
        return ", ".join(self._seen(scene))

    def _seen(self, scene: Scene) -> list[str]:
        top = scene["names"][scene["apex"]]
        first, second = (name for name in scene["names"] if name != top)
        equal = [f"{top}{first}={top}{second}"] if scene["form"] in ("isosceles", "both") else []
        return equal + [f"{name} {_value(scene, name)}" for name in scene["shown"]]

    def tell(self, rng: random.Random, scene: Scene) -> str:
        names = scene["names"]
        top = names[scene["apex"]]
        first, second = (name for name in names if name != top)
        out = []
        if scene["form"] in ("isosceles", "both"):
            out.append(f"sides {top}{first} and {top}{second} are equal")
        for name in scene["shown"]:
            if name.endswith("+"):
                out.append(f"outside angle at {name[0]} = {_value(scene, name)}")
            elif _value(scene, name) == 90:
                out.append(rng.choice((f"angle {name} = 90", f"right angle at {name}")))
            else:
                out.append(f"angle {name} = {_value(scene, name)}")
        return f"Triangle {names}: {', '.join(out)}."

    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        names, angles, apex = scene["names"], scene["angles"], scene["apex"]
        # Law of sines: the side from corner 0 to corner 1 has length 1.
        a, b, c = (math.radians(angle) for angle in angles)
        side = math.sin(b) / math.sin(c)
        corners: list[Point] = [(0, 0), (1, 0), (side * math.cos(a), -side * math.sin(a))]
        outside = scene["form"] in ("outside", "both")
        last: list[Point] = []
        if outside:  # the side from another corner to the apex goes on
            far = rng.choice([i for i in range(3) if i != apex])
            longest = max(math.dist(p, q) for p, q in itertools.combinations(corners, 2))
            last = [along(corners[apex], direction(corners[far], corners[apex]), 0.45 * longest)]
        size = rng.uniform(118, 132) * grow * (1.12 if outside else 1)
        around = [*corners, *last]
        points, wide, high = fitted(turned(around, rng.uniform(0, 360), rng.random() < 0.5), size, 19)
        sheet = Sheet(rng, wide, high, letters)
        sheet.polygon(points[:3], fill=sheet.tint if rng.random() < 0.5 else None)
        middle = (sum(x for x, _ in points[:3]) / 3, sum(y for _, y in points[:3]) / 3)
        r = rng.uniform(12, 16)
        if outside:
            sheet.line(points[apex], points[3])
        for i, name in enumerate(names):
            others = [points[j] for j in range(3) if j != i]
            start, sweep = _sector(points[i], others[0], others[1])
            away = direction(middle, points[i])
            if name in scene["shown"]:
                right = angles[i] == 90
                sheet.angle("" if right else str(angles[i]), points[i], start, sweep, r, square=right)
            if i == apex and outside:
                other = next(
                    p for p in others if abs(_turn(direction(points[i], p), direction(points[i], points[3]))) < 179
                )
                start, sweep = _sector(points[i], other, points[3])
                sheet.angle(
                    str(180 - angles[i]) if f"{name}+" in scene["shown"] else "", points[i], start, sweep, r * 0.8
                )
                # Beside the line that goes on, opposite of the angle.
                away = direction((0, 0), along((0, 0), start + sweep / 2 + 180, 1))
                away = direction(middle, points[i]) if abs(_turn(away, direction(points[i], middle))) < 60 else away
            sheet.beyond(name, points[i], away, 2, 14, (0, 15, -15, 30, -30, 45, -45, 60, -60))
        if scene["form"] in ("isosceles", "both"):
            for i in range(3):
                if i != apex:
                    _tick(sheet, points[apex], points[i])
        return sheet

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        names, angles, form = scene["names"], scene["angles"], scene["form"]
        top = names[scene["apex"]]
        low = [name for name in names if name != top]
        size = dict(zip(names, angles, strict=True))
        seen = ", ".join(self._seen(scene))
        out = []

        def ask(kind: str, corner: str, answer: int, *lines: str) -> None:
            out.append(ended(kind, {"v": corner}, answer, f"{seen}, {corner} {answer}", *lines))

        if form == "right":
            (other,) = set(low) - set(scene["shown"])
            (given,) = set(low) & set(scene["shown"])
            ask("inner", other, size[other], f"{other}=90-{given}", minus(90, size[given]))
        elif form in ("plain", "outside") and set(scene["shown"]) == set(low):
            both = size[low[0]] + size[low[1]]
            add = total([size[low[0]], size[low[1]]])
            if form == "plain":
                ask("inner", top, size[top], f"{top}=180-{low[0]}-{low[1]}", add, minus(180, both))
            else:
                ask("outer", top, both, f"{top} outside={low[0]}+{low[1]}", add)
        elif form == "outside":
            (given,) = set(low) & set(scene["shown"])
            (other,) = set(low) - {given}
            ask("inner", other, size[other], f"{other}={top} outside-{given}", minus(180 - size[top], size[given]))
        else:
            lines = []
            if scene["shown"] == [f"{top}+"]:
                lines = [f"{top}=180-{top} outside", minus(180, 180 - size[top])]
            if scene["shown"][0] in (top, f"{top}+"):
                rest = 180 - size[top]
                for name in low:
                    work = [
                        *lines,
                        f"{low[0]}={low[1]}, {low[0]}+{low[1]}=180-{top}",
                        minus(180, size[top]),
                        quotient(rest, 2),
                    ]
                    ask("inner", name, size[name], *work)
            else:
                given = scene["shown"][0]
                other = next(name for name in low if name != given)
                work = [f"{other}={given} {size[given]}"]
                ask("inner", other, size[other], *work)
                twice = 2 * size[given]
                work += [times(size[given], 2)]
                if form == "both":
                    ask("outer", top, twice, f"{top} outside={given}+{other}", *work)
                ask("inner", top, size[top], f"{top}=180-{given}-{other}", *work, minus(180, twice))
        return out


class Fan(Diagram):
    """Angles on a straight line or at a point. Level 1: two on a line. 2: three. 3: four. 4: two of them equal."""

    name = "fan"
    written = r"(?<!^)\b(?:\d+|[a-z])\b"
    asks = {
        "fan": (
            asking.FAN,
            wordings(
                ("{x}", "the unknown {x}"),
                ("Tell me #.", "@ has been left out. How many degrees?", "Please fill in #."),
            ),
        )
    }

    def facts(self, rng: random.Random, level: int) -> Scene:
        """whole: 180 or 360; angles in order, 0 for the unknown."""
        whole = 180 if level == 1 else rng.choice((180, 360))
        count = {1: 2, 2: 3, 3: 4, 4: 4}[level]
        least = 30 if whole == 360 else 25
        step = 5 if level <= 2 else 1
        unknown = rng.sample(range(count), 2 if level == 4 else 1)
        most = 140 if whole == 360 else 155
        while True:
            angles = [_angle(rng, least, most if count == 2 else 120, step) for _ in range(count)]
            rest = whole - sum(v for i, v in enumerate(angles) if i not in unknown)
            if rest % len(unknown) == 0 and least <= rest // len(unknown) <= most:
                return {"whole": whole, "angles": [0 if i in unknown else v for i, v in enumerate(angles)],
                        "x": rng.choice(UNKNOWN)}  # fmt: skip

    def same(self, scene: Scene) -> Scene:
        return {**scene, "angles": sorted(scene["angles"])}

    def transcript(self, scene: Scene) -> str:
        return f"{scene['whole']}: {', '.join(str(v or scene['x']) for v in scene['angles'])}"

    def tell(self, rng: random.Random, scene: Scene) -> str:
        listed = ", ".join(str(v or scene["x"]) for v in scene["angles"])
        if scene["whole"] == 180:
            return rng.choice(
                (
                    "Angles on a straight line: {}.",
                    "On one side of a straight line: {}.",
                    "Together a straight line: {}.",
                )
            ).format(listed)
        return rng.choice(
            ("Angles around a point: {}.", "At a point, all around: {}.", "A full turn is made of {}.")
        ).format(listed)

    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        whole, angles = scene["whole"], scene["angles"]
        given = sum(angles)
        unknown = (whole - given) // angles.count(0)
        sizes = [v or unknown for v in angles]
        # The first angle begins at the left of a line, and at the top of a point: an order to read in.
        start = (180 if whole == 180 else -90) + rng.uniform(-25, 25)
        turns = [start + sum(sizes[:i]) for i in range(len(sizes) + (whole == 180))]
        length = rng.uniform(66, 74) * grow
        rays: list[Point] = [(0, 0), *(along((0, 0), turn, length) for turn in turns)]
        extent = max(max(p[i] for p in rays) - min(p[i] for p in rays) for i in (0, 1))
        points, wide, high = fitted(rays, extent, 12)
        sheet = Sheet(rng, wide, max(high, 70), letters)
        hub = points[0]
        for tip in points[1:]:
            sheet.line(hub, tip)
        r = rng.uniform(13, 18)
        for i, (turn, size) in enumerate(zip(turns, sizes, strict=False)):
            sheet.angle(str(angles[i]) if angles[i] else scene["x"], hub, turn, size, r + (i % 2) * 2.5)
        sheet.dot(*hub, 2)
        return sheet

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        x, whole = scene["x"], scene["whole"]
        known = [v for v in scene["angles"] if v]
        given, count = sum(known), len(scene["angles"]) - len(known)
        rest = whole - given
        lines = [f"{count if count > 1 else ''}{x}={whole}-{'-'.join(map(str, known))}"]
        if len(known) > 1:
            lines.append(total(known))
        lines.append(minus(whole, given))
        if count > 1:
            lines.append(quotient(rest, count))
        answer = rest // count
        return [ended("fan", {"x": x}, answer, f"{'+'.join(map(str, known))}={given}, {x}={answer}", *lines)]


PLACES = ("above left", "above right", "below left", "below right")


class Parallels(Diagram):
    """Two parallel lines and one across. Level 1: an equal angle. 2: the angle beside it. 3: two lines that meet on the upper one
    and make a triangle with the lower one. 4: the same with an angle outside of the triangle."""

    name = "parallel"
    asks = {
        "parallel": (
            asking.PARALLEL,
            wordings(("{x}", "the angle called {x}"), ("Tell me #.", "@ is unknown. How many degrees is it?", "Please fill in #.")),
        )
    }  # fmt: skip

    def facts(self, rng: random.Random, level: int) -> Scene:
        """Levels 1 and 2: size, and where it and the unknown stand, each [crossing, place]. Above: sizes at the left and the right
        of the triangle's tip on the upper line, and the angle that is asked: at its "tip", "left", "right" or outside at the right."""
        x = rng.choice(UNKNOWN)
        if level >= 3:
            while True:
                left, right = _angle(rng, 32, 95, 1), _angle(rng, 32, 95, 1)
                if 30 <= 180 - left - right <= 110:
                    break
            if level == 3:
                shown, asked = rng.choice(((["over left", "over right"], "tip"), (["over left", "right"], "tip"),
                                           (["left", "over right"], "tip"), (["over left", "tip"], "right"),
                                           (["over right", "tip"], "left")))  # fmt: skip
            else:
                shown, asked = rng.choice(((["over left", "tip"], "outside"), (["left", "tip"], "outside"),
                                           (["over left", "outside"], "tip")))  # fmt: skip
            return {"left": left, "right": right, "shown": shown, "asked": asked, "x": x}
        while True:
            one = [rng.randrange(2), rng.randrange(4)]
            two = [rng.randrange(2), rng.randrange(4)]
            equal = (one[1] in (1, 2)) == (two[1] in (1, 2))
            if one != two and equal == (level == 1):
                size = rng.choice([v for v in range(40, 141, 5) if v != 90])
                return {"size": size, "at": one, "asked": two, "x": x}

    def transcript(self, scene: Scene) -> str:
        if "size" in scene:
            marks = [(*scene["at"], str(scene["size"])), (*scene["asked"], scene["x"])]
            return ", ".join(f"{('upper', 'lower')[row]} {PLACES[place]} {text}" for row, place, text in sorted(marks))
        return ", ".join(f"{place} {text}" for place, text in self._marked(scene))

    def _marked(self, scene: Scene) -> list[tuple[str, str]]:
        return [*((place, str(_corner(scene, place))) for place in scene["shown"]), (scene["asked"], scene["x"])]

    def tell(self, rng: random.Random, scene: Scene) -> str:
        if "size" in scene:
            marks = [(*scene["at"], str(scene["size"])), (*scene["asked"], scene["x"])]
            told = "; ".join(
                f"{('upper', 'lower')[row]} crossing, {PLACES[place]}: {text}" for row, place, text in sorted(marks)
            )
            opening = rng.choice(("Two parallel lines, one line across.", "A line crosses two parallel lines."))
            return f"{opening} Angles: {told}."
        words = {
            "over left": "left of the tip, against the upper line", "over right": "right of the tip, against the upper line",
            "tip": "in the triangle at its tip", "left": "in the triangle at the lower left", "right": "in the triangle at the lower right",
            "outside": "outside of the triangle at the lower right",
        }  # fmt: skip
        told = "; ".join(f"{words[place]} {text}" for place, text in self._marked(scene))
        return (
            f"Two parallel lines; a triangle has its tip on the upper one, its base on the lower one. Angles: {told}."
        )

    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        gap = rng.uniform(62, 70) * grow
        if "size" in scene:
            # Above right of a crossing stands `tilt`.
            tilt = scene["size"] if scene["at"][1] in (1, 2) else 180 - scene["size"]
            tip = 42 * grow
            slope = math.cos(math.radians(tilt)) / math.sin(math.radians(tilt))
            wide, high = 2 * 48 * grow + gap * abs(slope), gap + 2 * tip
            sheet = Sheet(rng, wide, high, letters)
            crossings = [(wide / 2 + (0.5 - row) * gap * slope, tip + row * gap) for row in (0, 1)]
            for _, y in crossings:
                sheet.line((5, y), (wide - 5, y))
                _chevron(sheet, wide - 12, y)
            sheet.line(along(crossings[0], -tilt, 40 * grow), along(crossings[1], 180 - tilt, 40 * grow))
            r = rng.uniform(11, 14)
            starts: dict[int, tuple[float, float]] = {
                0: (180, 180 - tilt),
                1: (-tilt, tilt),
                2: (180 - tilt, tilt),
                3: (0, 180 - tilt),
            }
            for (row, place), text in ((scene["at"], str(scene["size"])), (scene["asked"], scene["x"])):
                start, sweep = starts[place]
                sheet.angle(text, crossings[row], start, sweep, r)
            return sheet
        left, right = (math.radians(scene[key]) for key in ("left", "right"))
        gap *= 1.35
        spans = [gap * math.cos(angle) / math.sin(angle) for angle in (left, right)]
        margin = 40 * grow
        foot = [min(0.0, -spans[0]) - margin, max(0.0, spans[1]) + margin]
        shift = -foot[0]
        wide = foot[1] - foot[0]
        top, a, b = (shift, 22.0), (shift - spans[0], 22 + gap), (shift + spans[1], 22 + gap)
        sheet = Sheet(rng, wide, gap + 44, letters)
        for y in (22.0, 22 + gap):
            sheet.line((5, y), (wide - 5, y))
            _chevron(sheet, wide - 12, y)
        sheet.line(a, top, b)
        sizes = {
            place: _corner(scene, place) for place in ("over left", "over right", "tip", "left", "right", "outside")
        }
        corners: dict[str, tuple[Point, float]] = {
            "over left": (top, 180 - sizes["over left"]), "over right": (top, 0), "tip": (top, sizes["over right"]),
            "left": (a, -sizes["left"]), "right": (b, 180), "outside": (b, 180 + sizes["right"]),
        }  # fmt: skip
        for place, text in self._marked(scene):
            at, start = corners[place]
            sheet.angle(text, at, start, sizes[place], rng.uniform(12, 14))
        return sheet

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        x = scene["x"]
        if "size" in scene:
            size, here, there = scene["size"], PLACES[scene["at"][1]], PLACES[scene["asked"][1]]
            if level == 1:
                rule = f"{there}={here}" if here != there else f"both {here}, equal"
                return [ended("parallel", {"x": x}, size, f"equal {size}", rule, f"{x}={size}")]
            return [
                ended(
                    "parallel",
                    {"x": x},
                    180 - size,
                    f"180-{size}={180 - size}",
                    f"{here}+{there}=180",
                    minus(180, size),
                )
            ]
        asked, shown = scene["asked"], scene["shown"]
        answer = _corner(scene, asked)
        terse = ", ".join(f"{place} {text}" for place, text in self._marked(scene)[:-1]) + f", {x}={answer}"
        lines = []
        if asked == "outside":
            if shown[0] == "over left":
                lines.append(f"left=over left {scene['left']}")
            lines += ["outside=left+tip", total([scene["left"], _corner(scene, "tip")])]
        elif "outside" in shown:
            lines += [
                f"left=over left {scene['left']}",
                "tip=outside-left",
                minus(_corner(scene, "outside"), scene["left"]),
            ]
        else:
            one, two = (_corner(scene, place) for place in shown)
            for place in shown:
                if place in ("left", "right") and asked == "tip":
                    lines.append(f"over {place}={place} {_corner(scene, place)}")
            goal = asked if asked == "tip" else f"over {asked}"
            lines += [f"over left+tip+over right=180, {goal}=180-{one}-{two}", total([one, two]), minus(180, one + two)]
            if asked != "tip":
                lines.append(f"{asked}=over {asked} {answer}")
        return [ended("parallel", {"x": x}, answer, terse, *lines)]


def _corner(scene: Scene, place: str) -> int:
    left, right = scene["left"], scene["right"]
    return {"over left": left, "left": left, "over right": right, "right": right, "tip": 180 - left - right,
            "outside": 180 - right}[place]  # fmt: skip


def _value(scene: Scene, name: str) -> int:
    size = scene["angles"][scene["names"].index(name[0])]
    return 180 - size if name.endswith("+") else size


def _turn(a: float, b: float) -> float:
    """From one direction to another, -180 .. 180."""
    return (b - a + 180) % 360 - 180


def _sector(at: Point, p: Point, q: Point) -> tuple[float, float]:
    """Where the angle between two points begins, clockwise, and how wide it is."""
    one, two = direction(at, p), direction(at, q)
    sweep = _turn(one, two)
    return (one, sweep) if sweep > 0 else (two, -sweep)


def _tick(sheet: Sheet, a: Point, b: Point) -> None:
    middle, turn = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), direction(a, b)
    sheet.line(along(middle, turn + 90, 5), along(middle, turn - 90, 5))
    sheet.note("equal", *middle)


def _chevron(sheet: Sheet, x: float, y: float) -> None:
    sheet.line((x - 5, y - 4), (x, y), (x - 5, y + 4))
    sheet.note("parallel", x - 2, y)
