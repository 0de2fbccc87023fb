"""How a clock with hands looks: dial, numerals, ticks, hands."""

from __future__ import annotations

import math
import random

from PIL import ImageDraw

from favilla.worlds.drawing import RGB, background, face, ink, luminance, mixed, shade
from favilla.worlds.marks import Pencil

ROMAN = ("XII", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI")


class Face:
    """The looks of one clock. radius: in pixels; paper: what lies behind the dial."""

    def __init__(self, rng: random.Random, radius: int, paper: RGB, level: int):
        self.radius, self.level = radius, level
        bright = mixed(paper, (255, 255, 255), rng.uniform(0.3, 0.9))
        self.dial = rng.choice((paper, bright, background(rng), mixed(shade(rng, "yellow"), (255, 255, 255), 0.8)))
        self.ink = ink(self.dial)
        self.rim = rng.choice((self.ink, shade(rng, rng.choice(("red", "green", "blue", "purple", "grey", "orange")))))
        self.square = rng.random() < 0.2
        self.thick = rng.choice((1, 2, 3, 4))
        self.every = rng.choice((1, 1, 3, 0) if level == 1 else (1, 1, 3, 3, 0))
        self.roman = level >= 3 and rng.random() < 0.4
        name = rng.choice(("DejaVuSerif", "STIXGeneral", "STIXGeneralBol") if self.roman else
                          ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "STIXGeneralBol", "DejaVuSansMono"))  # fmt: skip
        self.letters = face(name, 12 if self.roman or self.every == 1 else rng.randint(12, 15))
        self.minutes = level >= 3 or (self.every != 1 and rng.random() < 0.4)
        # Depth of the hours' ticks; numerals stand within them, and the long hand ends just before the numerals.
        self.depth = radius * (rng.uniform(0.05, 0.07) if self.every else 0.1)
        high = self.letters.size * (0.62 if not self.roman else 0.72)
        self.ring = radius - 2 - self.thick - self.depth - high if self.every else 0.0
        reach = (
            self.ring - high * (0.85 if self.every == 1 else 0.3) if self.every else radius * rng.uniform(0.78, 0.86)
        )
        self.long, self.short = reach, min(reach * 0.64, radius * rng.uniform(0.36, 0.44))
        self.hands = rng.choice(("line", "line", "taper", "arrow", "leaf"))
        self.tones = [self.ink, self.ink]
        if rng.random() < 0.5:
            self.tones = [rng.choice((self.ink, self._strong(rng))), self._strong(rng)]
        self.width = rng.uniform(3.2, 4.6), rng.uniform(1.8, 2.8)
        self.tail = rng.choice((0.0, 0.0, 0.12)) * radius

    def _strong(self, rng: random.Random) -> RGB:
        """A colour that is easily told from the dial."""
        tone = shade(rng, rng.choice(("red", "blue", "purple", "green")))
        dark = luminance(self.dial) > 128
        return mixed(tone, (0, 0, 0) if dark else (255, 255, 255), 0.15 if dark else 0.5)

    def draw(
        self, draw: ImageDraw.ImageDraw, x: float, y: float, hour: int, minute: int
    ) -> list[tuple[str, float, float]]:
        """Draw at twice the size; the tips of the hands, as they will lie when halved."""
        r = self.radius - 1
        box = [2 * v for v in (x - r, y - r, x + r, y + r)]
        if self.square:
            draw.rounded_rectangle(box, r // 3, fill=self.dial, outline=self.rim, width=2 * self.thick)
        else:
            draw.ellipse(box, fill=self.dial, outline=self.rim, width=2 * self.thick)
        for tick in range(0, 60, 1 if self.minutes else 5):
            main = tick % 5 == 0
            outer = r - self.thick - 1
            ends = [_at(x, y, outer - (self.depth if main else 0.6 * self.depth) * k, tick * 6) for k in (0, 1)]
            draw.line([(2 * a, 2 * b) for a, b in ends], fill=self.ink, width=4 if main else 2)
        turns = ((hour % 12 + minute / 60) * 30, minute * 6.0)
        tips = []
        for index, (word, length, turn) in enumerate(
            zip(("short hand", "long hand"), (self.short, self.long), turns, strict=True)
        ):
            self._hand(draw, x, y, length, turn, self.width[index], self.tones[index])
            tips.append((word, *_at(x, y, length, turn)))
        hub = self.width[0] * 0.8
        draw.ellipse([2 * v for v in (x - hub, y - hub, x + hub, y + hub)], fill=self.tones[0])
        return tips

    def number(self, draw: Pencil, x: float, y: float) -> None:
        for hour in range(0, 12, self.every) if self.every else ():
            text = ROMAN[hour] if self.roman else str(hour or 12)
            draw.text(_at(x, y, self.ring, hour * 30), text, font=self.letters, fill=self.ink, anchor="mm")

    def _hand(
        self, draw: ImageDraw.ImageDraw, x: float, y: float, length: float, turn: float, width: float, tone: RGB
    ) -> None:
        def corner(along: float, aside: float) -> tuple[float, float]:
            px, py = _at(x, y, along, turn)
            qx, qy = _at(0, 0, aside, turn + 90)
            return 2 * (px + qx), 2 * (py + qy)

        w = width / 2
        if self.hands == "taper":
            outline = [
                corner(-self.tail, w * 1.5),
                corner(length, 0.6),
                corner(length, -0.6),
                corner(-self.tail, -w * 1.5),
            ]
        elif self.hands == "leaf":
            outline = [corner(0, w * 0.6), corner(length * 0.6, w * 1.5), corner(length, 0.4), corner(length, -0.4),
                       corner(length * 0.6, -w * 1.5), corner(0, -w * 0.6)]  # fmt: skip
        else:
            end = length - (3.5 * w if self.hands == "arrow" else 0)
            outline = [corner(-self.tail, w), corner(end, w), corner(end, -w), corner(-self.tail, -w)]
            if self.hands == "arrow":
                draw.polygon([corner(end - 1, 2.6 * w), corner(length, 0), corner(end - 1, -2.6 * w)], fill=tone)
        draw.polygon(outline, fill=tone)


def _at(x: float, y: float, length: float, turn: float) -> tuple[float, float]:
    """The point so far from (x, y), at a turn in degrees clockwise from twelve."""
    return x + length * math.sin(math.radians(turn)), y - length * math.cos(math.radians(turn))
