"""Icons (picture): things recognised in the renderings of a dozen open icon and emoji sets.

Level 1: one or two large icons: what is it, which is at a side, which has a colour, where is it. Level 2: 3 to 5; also corners,
counts, the odd one out. Level 3: 6 to 9 in some wear; also neighbours, what is there more than once, what is missing. Level 4: 10
to 16 smaller ones, turned, in wear; also the n-th of a row.

The test split draws things with renderings that no other split has. Answers: a thing (about 110 names), a colour (8), a count
(0 to 9), or a point inside the asked icon, written as in `screens`; the constructor says in which of the two forms it is taught.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from typing import Any, Literal

from PIL import Image, ImageDraw

from favilla.worlds.base import Problem, Split, Verdict
from favilla.worlds.drawing import (
    COLOURS,
    RGB,
    background,
    canvas_size,
    degrade,
    ink,
    luminance,
    mixed,
    shade,
)
from favilla.worlds.icon_pictures import IconPicture, entities, pictures, plural, renderings
from favilla.worlds.icons_wordings import (
    BESIDE,
    BESIDE_TEST,
    COLOUR,
    COLOUR_TEST,
    CORNER,
    CORNER_TEST,
    COUNT,
    COUNT_TEST,
    INK,
    INK_TEST,
    MISSING,
    MISSING_TEST,
    NAME,
    NAME_TEST,
    ODD,
    ODD_TEST,
    PLACE,
    PLACE_TEST,
    POINT,
    POINT_TEST,
    REPEATED,
    REPEATED_TEST,
    SIDE,
    SIDE_TEST,
)
from favilla.worlds.marks import Pencil
from favilla.worlds.scenes import Question, Scene, SceneFamily, key_of, strategy_of
from favilla.worlds.verify import format_point, format_point_locations, read_point

# level: (fewest, most icons), (columns, rows at most), (low, high) of a side in pixels, most image tokens
SIZES = {
    1: ((1, 2), (2, 2), (84, 140), 25),
    2: ((3, 5), (3, 3), (112, 196), 42),
    3: ((6, 9), (4, 3), (168, 252), 81),
    4: ((10, 16), (5, 4), (196, 308), 121),
}
TURN = {1: 0.0, 2: 4.0, 3: 9.0, 4: 14.0}  # degrees at most

NTH = ("first", "second", "third", "fourth", "fifth")
SIDES = {"right of": (1, 0), "left of": (-1, 0), "below": (0, 1), "above": (0, -1)}


class Icons(SceneFamily):
    """Recognising things in icons; see the module's docstring for levels and answers.

    coordinates: how points are taught, "digits" for `(xxx, yyy)`, "locations" for location tokens; both are accepted.
    """

    name = "icons"
    levels = 4
    phrasings = {
        "name": NAME, "side": SIDE, "corner": CORNER, "colour": COLOUR, "ink": INK, "count": COUNT, "point": POINT, "odd": ODD,
        "beside": BESIDE, "repeated": REPEATED, "missing": MISSING, "place": PLACE,
    }  # fmt: skip
    test_phrasings = {
        "name": NAME_TEST, "side": SIDE_TEST, "corner": CORNER_TEST, "colour": COLOUR_TEST, "ink": INK_TEST, "count": COUNT_TEST,
        "point": POINT_TEST, "odd": ODD_TEST, "beside": BESIDE_TEST, "repeated": REPEATED_TEST, "missing": MISSING_TEST,
        "place": PLACE_TEST,
    }  # fmt: skip

    def __init__(self, coordinates: Literal["digits", "locations"] = "digits"):
        forms = {"digits": format_point, "locations": format_point_locations}
        if coordinates not in forms:
            raise ValueError(f"coordinates is {coordinates!r}, not one of {', '.join(forms)}")
        self.point = forms[coordinates]

    def scene(self, rng: random.Random, level: int, split: Split) -> Scene:
        """grid: [columns, rows]; icons: [column, row, thing, rendering, colour, or "" of a coloured rendering] in reading
        order. One thing looks different in each set, so the rendering is among the facts, as a scan is in `digits`."""
        (fewest, most), (widest, highest), _, _ = SIZES[level]
        count = rng.randint(fewest, most)
        shapes = [
            (c, r) for c in range(1, widest + 1) for r in range(1, highest + 1) if count <= c * r <= count + level + 1
        ]
        columns, rows = rng.choice(shapes)
        places = sorted(rng.sample(list(itertools.product(range(rows), range(columns))), count))
        named = self._things(rng, level, count)
        plain = rng.random() < 0.5  # only line icons, whose colours can be asked for
        colours = rng.sample(sorted(COLOURS), min(len(COLOURS), rng.randint(2, 8)))
        icons = []
        for (row, column), thing in zip(places, named, strict=True):
            choices = renderings(thing, split)
            lines = [name for name in choices if not pictures()[thing][name].coloured]
            rendering = rng.choice(lines if plain and lines else choices)
            colour = "" if pictures()[thing][rendering].coloured else rng.choice(colours)
            icons.append([column, row, thing, rendering, colour])
        return {"grid": [columns, rows], "icons": icons}

    @staticmethod
    def _things(rng: random.Random, level: int, count: int) -> list[str]:
        kind = rng.random()
        if level >= 2 and kind < 0.2:
            odd, other = rng.sample(entities(), 2)
            named = [odd, *[other] * (count - 1)]
        elif level >= 2 and kind < 0.6:
            # Few different things, so that counts differ.
            pool = rng.sample(entities(), rng.randint(2, max(2, count - 1)))
            named = [*pool, *rng.choices(pool[: rng.randint(1, 3)], k=count)][:count]
        else:
            named = rng.sample(entities(), count)
        rng.shuffle(named)
        return named

    def render(self, rng: random.Random, scene: Scene, level: int) -> Image.Image:
        columns, rows = scene["grid"]
        _, _, (low, high), tokens = SIZES[level]
        width, height = canvas_size(rng, low, high, tokens)
        if (columns > rows) != (width > height):
            width, height = height, width
        black = any(colour == "black" for *_, colour in scene["icons"])
        paper = background(rng, False if black else None)
        image = Image.new("RGB", (width, height), paper)
        pencil = Pencil(image)
        if level == 4:
            _clutter(rng, pencil, paper)
        cell_x, cell_y = width / columns, height / rows
        fill = rng.uniform(0.72, 0.9)
        tiled, radius = rng.random() < 0.3, rng.choice((0.1, 0.25, 0.5))
        boxes = []
        for column, row, thing, rendering, colour in scene["icons"]:
            side = max(20, round(min(cell_x, cell_y, 76) * fill * rng.uniform(0.85, 1)))
            x = column * cell_x + rng.uniform(0.1, 0.9) * (cell_x - side)
            y = row * cell_y + rng.uniform(0.1, 0.9) * (cell_y - side)
            tone = shade(rng, colour) if colour else None
            picture = pictures()[thing][rendering]
            turn = rng.uniform(-1, 1) * TURN[level]
            _put(rng, image, pencil, picture, (round(x), round(y), side), tone, paper, radius if tiled else None, turn)
            pencil.note(thing, x + side / 2, y + side / 2)
            boxes.append([x / width, y / height, (x + side) / width, (y + side) / height])
        scene["_boxes"] = boxes
        scene["_marks"] = pencil.marks
        return degrade(rng, image, (0.0, 0.2, 0.5, 0.8)[level - 1] * rng.random())

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        icons = scene["icons"]
        tally = Counter(thing for _, _, thing, _, _ in icons)
        seen = _rows(scene)
        out: list[Question] = []

        def ask(kind: str, slots: dict[str, str], answer: str, work: str, above: str = seen) -> None:
            out.append(Question(kind, slots, answer, work, f"{above}\n{work}"))

        if len(icons) == 1:
            out.append(Question("name", {}, icons[0][2], icons[0][2], seen))
        elif level <= 2:
            for side, key in _extremes(icons).items():
                ask("side", {"side": side}, key, f"{side}: {key}")
        if all(colour for *_, colour in icons):
            with_colours = _rows(scene, colours=True)
            inks = Counter(colour for *_, colour in icons)
            for _, _, thing, _, colour in icons:
                if inks[colour] == 1 and len(icons) > 1:
                    ask("colour", {"colour": colour}, thing, f"{colour} {thing}", with_colours)
                if tally[thing] == 1:
                    ask("ink", {"thing": thing}, colour, f"{thing}: {colour}", with_colours)
        for number, (_, _, thing, _, _) in enumerate(icons):
            if tally[thing] == 1:
                out.append(self._point(scene, number))
        if level >= 2:
            _from_two(rng, scene, tally, ask)
        if level >= 3:
            _from_three(rng, scene, tally, ask)
        if level >= 4:
            for row, things in enumerate(_by_row(scene), start=1):
                for place, thing in enumerate(things):
                    listed = ", ".join(f"{n} {t}" for n, t in enumerate(things[: place + 1], start=1))
                    ask("place", {"row": str(row), "nth": NTH[place]}, thing, listed)
        return out

    def _point(self, scene: Scene, number: int) -> Question:
        thing = scene["icons"][number][2]
        centres = [self.point((x0 + x1) / 2, (y0 + y1) / 2) for x0, y0, x1, y1 in scene["_boxes"]]
        # At most six are written down: those nearest to the asked one in reading order.
        first = max(0, min(number - 3, len(centres) - 6))
        near = range(first, min(first + 6, len(centres)))
        listed = "\n".join(f"{scene['icons'][i][2]} {centres[i]}" for i in near)
        terse = f"{thing} {centres[number]}"
        return Question("point", {"thing": thing}, centres[number], terse, f"{listed}\nCheck: {terse}")

    def _ask(self, rng: random.Random, scene: Scene, *args: Any) -> Problem:
        """The box that is pointed at, [left, top, right, bottom] in fractions, is among the problem's facts."""
        problem = super()._ask(rng, scene, *args)
        if problem.facts["kind"] == "point":
            things = [icon[2] for icon in scene["icons"]]
            problem.facts["box"] = scene["_boxes"][things.index(problem.facts["slots"]["thing"])]
        return problem

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        if "box" not in problem.facts:
            return super().verify(problem, text, thinking)
        point, (left, top, right, bottom) = read_point(text.strip()), problem.facts["box"]
        correct = point is not None and left <= point[0] <= right and top <= point[1] <= bottom
        return Verdict(correct, None if point is None else text.strip(), key_of(thinking), strategy_of(thinking))


def _extremes(icons: list[list[Any]]) -> dict[str, str]:
    """Side -> the one thing that lies farthest there, where it is one alone."""
    found = {}
    for side, axis, pick in (("left", 0, min), ("right", 0, max), ("top", 1, min), ("bottom", 1, max)):
        place = pick(icon[axis] for icon in icons)
        there = [icon[2] for icon in icons if icon[axis] == place]
        if len(there) == 1 and len({icon[axis] for icon in icons}) > 1:
            found[side] = there[0]
    return found


def _from_two(rng: random.Random, scene: Scene, tally: Counter[str], ask: Any) -> None:
    """Corners, counts and the odd one out."""
    columns, rows = scene["grid"]
    at = {(column, row): thing for column, row, thing, _, _ in scene["icons"]}
    if columns > 1 and rows > 1:
        for (y, row), (x, column) in itertools.product(
            (("top", 0), ("bottom", rows - 1)), (("left", 0), ("right", columns - 1))
        ):
            if (column, row) in at:
                ask("corner", {"corner": f"{y} {x}"}, at[column, row], f"{y} {x}: {at[column, row]}")
    absent = rng.choice([thing for thing in entities() if thing not in tally])
    for thing in (*tally, absent):
        numbered = ", ".join(f"{thing} {n}" for n in range(1, tally[thing] + 1)) or f"no {thing}"
        ask("count", {"thing": thing, "things": plural(thing)}, str(tally[thing]), numbered)
    if len(tally) == 2 and min(tally.values()) == 1 and len(at) > 2:
        other, odd = (thing for thing, _ in tally.most_common())
        ask("odd", {}, odd, f"{other}, {other}, {odd}")


def _from_three(rng: random.Random, scene: Scene, tally: Counter[str], ask: Any) -> None:
    """Neighbours, the repeated thing, the missing thing."""
    at = {(column, row): thing for column, row, thing, _, _ in scene["icons"]}
    seen = _rows(scene, numbered=True)
    for (column, row), thing in at.items():
        for side, (dx, dy) in SIDES.items():
            beside = at.get((column + dx, row + dy))
            if beside is not None and tally[thing] == 1:
                work = f"{thing} {row + 1}.{column + 1}, {side} {row + dy + 1}.{column + dx + 1}: {beside}"
                ask("beside", {"side": side, "thing": thing}, beside, work, seen)
    repeated = [thing for thing, count in tally.items() if count > 1]
    if len(repeated) == 1 and len(tally) > 2:
        ask("repeated", {}, repeated[0], ", ".join(f"{repeated[0]} {n}" for n in range(1, tally[repeated[0]] + 1)))
    if len(tally) > 1:
        for _ in range(3):
            absent = rng.choice([thing for thing in entities() if thing not in tally])
            three = [absent, *rng.sample(sorted(tally), 2)]
            rng.shuffle(three)
            work = ", ".join(f"{thing} {'no' if thing == absent else 'yes'}" for thing in three)
            ask("missing", dict(zip("abc", three, strict=True)), absent, work)


def _by_row(scene: Scene) -> list[list[str]]:
    """The things of each row that has any, from the left."""
    return [[icon[2] for icon in row] for _, row in itertools.groupby(scene["icons"], key=lambda icon: icon[1])]


def _rows(scene: Scene, colours: bool = False, numbered: bool = False) -> str:
    """All icons, row by row as they stand; with their colours, or with the numbers of row and column."""

    def said(icon: list[Any]) -> str:
        column, row, thing, _, colour = icon
        return f"{colour} {thing}" if colours else f"{row + 1}.{column + 1} {thing}" if numbered else thing

    by_row = itertools.groupby(scene["icons"], key=lambda icon: icon[1])
    lines = [", ".join(map(said, row)) for _, row in by_row]
    return "\n".join(lines if numbered else (f"{n}: {line}" for n, line in enumerate(lines, start=1)))


def _put(
    rng: random.Random, image: Image.Image, pencil: Pencil, picture: IconPicture, place: tuple[int, int, int], tone: RGB | None,
    paper: RGB, radius: float | None, turn: float,
) -> None:  # fmt: skip
    """Draw an icon; place: left, top, side. radius: corners of the tile below it, in shares of its side, or None: no tile,
    unless the icon would hardly be seen on the paper."""
    x, y, side = place
    lightness = picture.lightness if tone is None else luminance(tone)
    if radius is None and abs(lightness - luminance(paper)) < 60:
        radius = 0.2
    inner = side
    if radius is not None:
        tile = tone
        if tile is None:
            bright = picture.lightness < 128
            tile = mixed(
                (245, 245, 245) if bright else (60, 60, 60), shade(rng, rng.choice(("blue", "green", "grey"))), 0.15
            )
        pencil.rounded_rectangle((x, y, x + side, y + side), radius * side, fill=tile)
        inner = round(side * (0.62 if radius == 0.5 else 0.74))
    sized = picture.image.resize((inner, inner), Image.Resampling.BICUBIC)
    if turn:
        sized = sized.rotate(turn, Image.Resampling.BICUBIC)
    corner = (x + (side - inner) // 2, y + (side - inner) // 2)
    if tone is None:
        image.paste(sized, corner, sized)
    else:
        pen = tone if radius is None else ink(tone)
        image.paste(pen, (*corner, corner[0] + inner, corner[1] + inner), sized)


def _clutter(rng: random.Random, draw: ImageDraw.ImageDraw, paper: RGB) -> None:
    """Faint lines and discs behind the icons."""
    width, height = draw.im.size
    for _ in range(rng.randint(0, 8)):
        tone = mixed(paper, shade(rng, rng.choice(sorted(COLOURS))), rng.uniform(0.05, 0.2))
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        if rng.random() < 0.5:
            draw.line((x, y, rng.uniform(0, width), rng.uniform(0, height)), fill=tone, width=rng.randint(1, 3))
        else:
            r = rng.uniform(5, 40)
            draw.ellipse((x - r, y - r, x + r, y + r), fill=tone)
