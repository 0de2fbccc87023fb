"""Clocks with hands (picture), and where their hands stand told in words (`clocks_text`).

Level 1: one or two clocks, full, half and quarter hours; read, or find the clock of a time. Level 2: five minutes. Level 3:
any minute, faces with Roman numerals too; also the time so many minutes later or earlier. Level 4: two or three clocks; how
long from the one to the other, and hours and minutes later or earlier.

Answers: a time "H:MM" (720; 48 at level 1, 144 at level 2), a length "H:MM" (0:01 .. 11:59), or a clock's name (24). "05:25" is read
as "5:25".
"""

from __future__ import annotations

import itertools
import random

from PIL import Image, ImageDraw

from favilla.worlds.base import Split
from favilla.worlds.clock_face import Face
from favilla.worlds.clocks_wordings import (
    BETWEEN,
    BETWEEN_TEST,
    EARLIER,
    EARLIER_TEST,
    LATER,
    LATER_TEST,
    READ,
    READ_TEST,
    WHICH,
    WHICH_TEST,
)
from favilla.worlds.drawing import background, degrade, font, ink
from favilla.worlds.drawn import Drawn, Told, ended
from favilla.worlds.marks import Pencil
from favilla.worlds.scenes import Question, Scene
from favilla.worlds.verify import read_time
from favilla.worlds.written_sums import minus, plus

NAMES = (
    "Ann", "Bob", "Eve", "Gus", "Kim", "Leo", "Mia", "Tom", "Oslo", "Rome", "Lima", "Bern", "Cairo", "Paris", "Delhi", "Tokyo",
    "Hall", "Shop", "Bank", "Park", "Gym", "Bar", "Dock", "Mill",
)  # fmt: skip

# level: (fewest, most clocks), minutes that are shown, (least, largest) radius in pixels
SIZES = {
    1: ((1, 2), (0, 15, 30, 30, 45), (48, 55)),
    2: ((1, 2), tuple(range(0, 60, 5)), (48, 56)),
    3: ((1, 2), tuple(range(60)), (58, 70)),
    4: ((2, 3), tuple(range(60)), (58, 68)),
}

# (hand on an hour, hand between two, long hand, long hand past an hour), all of one clock
TOLD = (
    ("the short hand points at {h}", "the short hand is between {h} and {n}", "the long hand points at {m}",
     "the long hand is {x} past {m}"),
    ("the hour hand is on {h}", "the hour hand stands between {h} and {n}", "the minute hand is on {m}",
     "the minute hand stands {x} after {m}"),
    ("short hand at {h}", "short hand between {h} and {n}", "long hand at {m}", "long hand {x} after {m}"),
    ("the little hand shows {h}", "the little hand is past {h}, before {n}", "the big hand shows {m}",
     "the big hand is {x} behind {m}"),
)  # fmt: skip


class Clocks(Drawn):
    """Reading clocks; see the module's docstring for levels and answers."""

    name = topic = "clocks"
    twin = "clocks_text"
    levels = 4
    phrasings = {"read": READ, "which": WHICH, "later": LATER, "earlier": EARLIER, "between": BETWEEN}
    test_phrasings = {
        "read": READ_TEST, "which": WHICH_TEST, "later": LATER_TEST, "earlier": EARLIER_TEST, "between": BETWEEN_TEST,
    }  # fmt: skip

    def scene(self, rng: random.Random, level: int, split: Split) -> Scene:
        """clocks: name -> [hour 1..12, minute], all times different."""
        (fewest, most), minutes, _ = SIZES[level]
        names = rng.sample(NAMES, rng.randint(fewest, most))
        times: list[list[int]] = []
        while len(times) < len(names):
            time = [rng.randint(1, 12), rng.choice(minutes)]
            if time not in times:
                times.append(time)
        return {"clocks": dict(zip(names, times, strict=True))}

    def instance(self, scene: Scene) -> str:
        clocks = (f"{name} {told(*time)}" for name, time in sorted(scene["clocks"].items()))
        return f"{self.topic}: {', '.join(clocks)}"

    def transcript(self, scene: Scene) -> str:
        return "\n".join(f"{name}: {_seen(*time)}" for name, time in scene["clocks"].items())

    def tell(self, rng: random.Random, scene: Scene, level: int) -> str:
        on, past, long, long_past = rng.choice(TOLD)
        mark = rng.choice(("mark", "small mark", "minute", "minute mark"))
        capital, between = rng.random() < 0.5, rng.choice(("\n", "\n", " "))
        clocks = list(scene["clocks"].items())
        rng.shuffle(clocks)
        out = []
        for name, (hour, minute) in clocks:
            short = (past if minute else on).format(h=hour, n=hour % 12 + 1)
            five, rest = minute // 5 or 12, minute % 5
            far = long_past.format(m=five, x=f"{rest} {mark}{'s' * (rest > 1)}") if rest else long.format(m=five)
            hands = f"{short}, {far}"
            out.append(f"Clock {name}. {hands[0].upper()}{hands[1:]}." if capital else f"{name}: {hands}.")
        return between.join(out)

    def canonical(self, answer: str) -> str:
        time = read_time(answer)
        return told(*time) if time else answer

    def render(self, rng: random.Random, scene: Scene, level: int) -> Image.Image:
        names = list(scene["clocks"])
        radius = rng.randint(*SIZES[level][2])
        label = font(rng, rng.randint(12, 15))
        paper, line = background(rng), int(label.size * 1.35)
        above = rng.random() < 0.3
        upright = len(names) == 2 and rng.random() < 0.25
        gap = rng.randint(3, 12)
        cell_x, cell_y = 2 * radius + gap, 2 * radius + line + gap
        columns, rows = (1, len(names)) if upright else (len(names), 1)
        width, height = columns * cell_x + rng.randint(2, 8), rows * cell_y + rng.randint(2, 8)
        # Everything but signs is drawn at twice the size and halved, so that thin hands have their true angle.
        large = Image.new("RGB", (2 * width, 2 * height), paper)
        looks = Face(rng, radius, paper, level)
        brush, tips, middles = ImageDraw.Draw(large), [], []
        for index, name in enumerate(names):
            column, row = (0, index) if upright else (index, 0)
            if level == 4 and rng.random() < 0.5:
                looks = Face(rng, radius, paper, level)
            x = column * cell_x + gap // 2 + radius + rng.uniform(0, 2)
            y = row * cell_y + gap // 2 + radius + (line if above else 0) + rng.uniform(0, 2)
            tips += looks.draw(brush, x, y, *scene["clocks"][name])
            middles.append((x, y, looks))
        image = large.reduce(2)
        draw = Pencil(image)
        for name, (x, y, dressed) in zip(names, middles, strict=True):
            dressed.number(draw, x, y)
            at = y - radius - line * 0.5 if above else y + radius + line * 0.5
            draw.text((x, at), name, font=label, fill=ink(paper), anchor="mm")
        for word, x, y in tips:
            draw.note(word, x, y)
        scene["_marks"] = draw.marks
        return degrade(rng, image, (0.0, 0.2, 0.3, 0.5)[level - 1] * rng.random())

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        clocks: dict[str, list[int]] = scene["clocks"]
        out = []
        if level <= 3:
            for name, time in clocks.items():
                out.append(ended("read", {"name": name}, told(*time), _seen(*time), f"{name}: {_reading(*time)}"))
                if len(clocks) > 1:
                    each = "\n".join(f"{n}: {_reading(*t)}" for n, t in clocks.items())
                    terse = ", ".join(f"{n} {told(*t)}" for n, t in clocks.items())
                    out.append(ended("which", {"time": told(*time)}, name, terse, each))
        if level >= 3:
            for name, time in clocks.items():
                hours = rng.randint(1, 3) if level == 4 else 0
                minutes = rng.choice((rng.randrange(5, 60, 5), rng.randint(2, 59)))
                slots = {"name": name, "span": _span(rng, hours, minutes)}
                for kind, sign, move in (("later", "+", _later), ("earlier", "-", _earlier)):
                    moved, work = move(time[0], time[1], hours, minutes)
                    terse = f"{told(*time)} {sign} {hours}:{minutes:02d}"
                    out.append(ended(kind, slots, told(*moved), terse, f"{name}: {_reading(*time)}\n{work}"))
        if level == 4:
            for (a, one), (b, two) in itertools.permutations(clocks.items(), 2):
                length, work = _between(one, two)
                lines = f"{a}: {_reading(*one)}\n{b}: {_reading(*two)}\n{work}"
                terse = f"{told(*one)} to {told(*two)}"
                out.append(ended("between", {"name": a, "other": b}, length, terse, lines))
        return out


class ClocksText(Told, Clocks):
    """Clocks told in words; see the module's docstring."""

    name = "clocks_text"
    twin = "clocks"


def told(hour: int, minute: int) -> str:
    return f"{hour}:{minute:02d}"


def _seen(hour: int, minute: int) -> str:
    """Where the hands stand: "short 3-4, long 7", with small marks "long 7+3"."""
    short = f"{hour}-{hour % 12 + 1}" if minute else f"{hour}"
    return f"short {short}, long {minute // 5 or 12}" + (f"+{minute % 5}" if minute % 5 else "")


def _reading(hour: int, minute: int) -> str:
    """From the hands to the time, "short 3-4: 3, long 7+3: 35+3=38, 3:38"."""
    short, long = _seen(hour, minute).split(", ")
    five, rest = minute - minute % 5, minute % 5
    minutes = f"{five:02d}" if not rest else f"{five}+{rest}={minute}"
    return f"{short}: {hour}, {long}: {minutes}, {told(hour, minute)}"


def _span(rng: random.Random, hours: int, minutes: int) -> str:
    if not hours:
        words = {30: "half an hour", 15: "a quarter of an hour"}
        return words[minutes] if minutes in words and rng.random() < 0.5 else f"{minutes} minutes"
    whole = f"{hours} hour{'s' * (hours > 1)}"
    return rng.choice((f"{whole} and {minutes} minutes", f"{whole} {minutes} minutes", f"{hours} h {minutes} min"))


def _later(hour: int, minute: int, hours: int, minutes: int) -> tuple[tuple[int, int], str]:
    total, lines = minute + minutes, [plus(minute, minutes)]
    if hours:
        lines.append(f"{hour}+{hours}={hour + hours}")
    at = hour + hours
    if total >= 60:
        lines.append(f"{minus(total, 60)}, {at}+1={at + 1}")
        total, at = total - 60, at + 1
    if at > 12:
        lines.append(f"{at}-12={at - 12}")
        at -= 12
    return (at, total), "\n".join(lines)


def _earlier(hour: int, minute: int, hours: int, minutes: int) -> tuple[tuple[int, int], str]:
    lines, at = [], hour
    if at <= hours + (minute < minutes):
        lines.append(f"{at}+12={at + 12}")
        at += 12
    if hours:
        lines.append(f"{at}-{hours}={at - hours}")
        at -= hours
    if minute < minutes:
        lines.append(f"{at}-1={at - 1}, {plus(minute, 60)}")
        at, minute = at - 1, minute + 60
    lines.append(minus(minute, minutes))
    if at > 12:
        lines.append(f"{at}-12={at - 12}")
        at -= 12
    return (at, minute - minutes), "\n".join(lines)


def _between(one: list[int], two: list[int]) -> tuple[str, str]:
    """From the first time on to the next full hour, whole hours, and the rest."""
    (hour, minute), (end, rest) = one, two
    lines = []
    if (end, rest) < (hour, minute):
        lines.append(f"{end}+12={end + 12}")
        end += 12
    if minute <= rest:
        lines += [minus(end, hour), minus(rest, minute)]
        length = told(end - hour, rest - minute)
    else:
        lines += [f"{end}-1={end - 1}, {plus(rest, 60)}", minus(end - 1, hour), minus(rest + 60, minute)]
        length = told(end - 1 - hour, rest + 60 - minute)
    return length, "\n".join([*lines, length])
