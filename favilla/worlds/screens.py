"""Interface screens (picture): "where is X?", answered by a point.

Level 1: 2 to 4 large widgets. Level 2: 4 to 7, also asked for by colour or by kind. Level 3: 8 to 14 in rows, with nearly
equal labels, also asked for by their neighbours. Level 4: windows with title, menu, side bar, form and a dialog in front,
14 to 25 widgets, also asked for by what a click does.

Answers: a point inside the asked widget, `(xxx, yyy)` in thousandths of width and height (a million cells) or
`<|loc_NN|><|loc_NN|>` in percents (ten thousand); both are always accepted, the constructor says which is taught.
"""

from __future__ import annotations

import itertools
import random
from typing import Any, Literal

from PIL import Image, ImageDraw, ImageFont

from favilla.worlds.base import Problem, Split, Verdict
from favilla.worlds.drawing import COLOURS, RGB, background, degrade, font, ink, luminance, mixed, shade, text_size
from favilla.worlds.marks import Pencil
from favilla.worlds.scenes import Question, Scene, SceneFamily, key_of, strategy_of
from favilla.worlds.screens_wordings import (
    ACTION,
    ACTION_TEST,
    BESIDE,
    BESIDE_TEST,
    COLOUR,
    COLOUR_TEST,
    KIND,
    KIND_TEST,
    LABEL,
    LABEL_TEST,
)
from favilla.worlds.verify import format_point, format_point_locations, read_point

EASY = (
    "Save", "Open", "Cancel", "Close", "Print", "Copy", "Paste", "Undo", "Redo", "Send", "Reply", "Delete", "Edit", "View",
    "Help", "Home", "Back", "Next", "Stop", "Play", "Pause", "Login", "Search", "Share", "Upload", "Sort", "Filter", "Zoom",
    "Add", "Remove", "Yes", "No", "Apply", "Reset", "Start", "Buy", "Cart", "Menu", "Mail", "Chat",
)  # fmt: skip
MORE = (
    *EASY,
    "Name", "Email", "Phone", "City", "Street", "Country", "Date", "Time", "Price", "Total", "Notes", "Title", "Author",
    "Size", "Colour", "Font", "Bold", "Italic", "Left", "Right", "Centre", "Insert", "Table", "Image", "Video", "Music",
    "Photos", "Files", "Folder", "Trash", "Archive", "Spam", "Inbox", "Sent", "Drafts", "Users", "Groups", "Roles", "Logs",
    "Stats", "Report", "Export", "Import", "Backup", "Restore", "Update", "Install", "Sound", "Light", "Dark", "Sync",
    "Wifi", "Map", "Route", "Hotel", "Flight", "Train", "Bus", "Taxi", "News", "Sport", "Weather", "Clock", "Alarm",
    "Timer", "Notes 2", "Page 1", "Page 2", "Page 3", "Tab A", "Tab B", "Row 1", "Row 2",
)  # fmt: skip
NEAR = tuple(
    f"{verb} {what}"
    for verb in ("Save", "Open", "Copy", "Delete", "Print", "Share")
    for what in ("all", "as", "file", "page")
)
KIND_WORDS = {
    "button": "button",
    "check": "check box",
    "field": "text field",
    "link": "link",
    "switch": "switch",
    "icon": "icon",
}
KINDS = tuple(KIND_WORDS)

# Labels that say the same as what an action clicks: with one of them on the screen, the action has two answers.
RIVALS = {"_close": {"Close"}, "_shut": {"Close"}, "Confirm": {"Yes", "Apply"}, "Dismiss": {"No"}}

# level: (fewest, most widgets), columns, (low, high) of a side in pixels, (least, largest) letter height
SIZES = {
    1: ((2, 4), (1, 2), (112, 182), (13, 16)),
    2: ((4, 7), (2, 2), (140, 238), (12, 15)),
    3: ((8, 14), (2, 3), (224, 364), (11, 14)),
    4: ((14, 25), (3, 3), (308, 392), (11, 13)),
}


class Screens(SceneFamily):
    """Finding widgets; see the module's docstring for levels and answers. coordinates: the form that solutions use."""

    name = "screens"
    levels = 4
    phrasings = {"label": LABEL, "colour": COLOUR, "kind": KIND, "beside": BESIDE, "action": ACTION}
    test_phrasings = {
        "label": LABEL_TEST,
        "colour": COLOUR_TEST,
        "kind": KIND_TEST,
        "beside": BESIDE_TEST,
        "action": ACTION_TEST,
    }

    def __init__(self, coordinates: Literal["digits", "locations"] = "digits"):
        forms = {"digits": format_point, "locations": format_point_locations}
        if coordinates not in forms:
            raise ValueError(f"coordinates is {coordinates!r}, not one of {', '.join(forms)}")
        self.point = forms[coordinates]

    def scene(self, rng: random.Random, level: int, split: Split) -> Scene:
        """grid: [columns, rows]; widgets: [column, row, kind, label, colour or ""] in reading order; at level 4 also the
        window's title, and the dialog's words and buttons."""
        (fewest, most), (least, largest), _, _ = SIZES[level]
        count = rng.randint(fewest, most)
        columns = rng.randint(least, largest)
        rows = -(-count // columns) + (rng.randint(0, 2) if level <= 2 else rng.randint(0, 1))
        places = sorted(rng.sample(list(itertools.product(range(rows), range(columns))), count))
        words = list({1: EASY, 2: MORE, 3: MORE + NEAR, 4: MORE + NEAR}[level])
        labels = rng.sample(words, count)
        # Plain buttons may look grey or black.
        colours = rng.sample(sorted(set(COLOURS) - {"grey", "black"}), 6)
        kinds = KINDS[:1] if level == 1 and rng.random() < 0.3 else KINDS
        widgets = []
        for (row, column), label in zip(places, labels, strict=True):
            kind = rng.choice(kinds) if rng.random() < 0.7 else "button"
            colour = colours.pop() if kind == "button" and colours and rng.random() < 0.5 else ""
            widgets.append([column, row, kind, label, colour])
        scene: Scene = {"grid": [columns, rows], "widgets": widgets}
        if level == 4:
            # A side bar's and a menu's words stand on the screen as widgets of their own.
            rest = [word for word in words if word not in labels and " " not in word]
            scene["title"], *scene["menu"] = rng.sample(rest, 1 + rng.randint(2, 4))
            if rng.random() < 0.5:
                scene["dialog"] = [rng.choice(("Are you sure?", "Save changes?", "Leave page?")), "Confirm", "Dismiss"]
        return scene

    def render(self, rng: random.Random, scene: Scene, level: int) -> Image.Image:
        columns, rows = scene["grid"]
        _, _, (low, high), (least, largest) = SIZES[level]
        letters = font(rng, rng.randint(least, largest))
        theme = Theme(rng, letters)
        ruler = ImageDraw.Draw(Image.new("RGB", (1, 1)))
        widest = max(theme.size(ruler, kind, label)[0] for _, _, kind, label, _ in scene["widgets"]) + 6
        lowest = letters.size * 2.2
        top = int(letters.size * 3.6) if level == 4 else 0
        width = max(rng.randint(low, high), int(columns * widest) + 4)
        height = max(rng.randint(low, high), int(rows * lowest) + top + 4)
        image = Image.new("RGB", (width, height), theme.paper)
        draw = Pencil(image)
        # label -> (left, top, right, bottom) in pixels of what can be clicked
        boxes: dict[str, list[float]] = {}
        cell_x, cell_y = width / columns, (height - top) / rows
        for column, row, kind, label, colour in scene["widgets"]:
            w, h = theme.size(draw, kind, label)
            w = min(w + rng.uniform(0, 0.5) * max(0.0, cell_x - w - 4), cell_x - 4)
            h = min(h + rng.uniform(0, 0.35) * max(0.0, cell_y - h - 4), cell_y - 4, 3.2 * letters.size)
            x = column * cell_x + 2 + rng.uniform(0, max(0.0, cell_x - w - 4))
            y = top + row * cell_y + 2 + rng.uniform(0, max(0.0, cell_y - h - 4)) * (1 if level <= 2 else 0.3)
            boxes[label] = [x, y, x + w, y + h]
            theme.widget(draw, kind, label, shade(rng, colour) if colour else None, x, y, w, h)
            draw.note(f"{colour} {KIND_WORDS[kind]}".strip(), x + w / 2, y + h / 2)
        if level == 4:
            theme.window(draw, scene, width, boxes)
            if "dialog" in scene:
                theme.dialog(draw, scene, width, height, boxes)
        scene["_boxes"] = {
            label: [x0 / width, y0 / height, x1 / width, y1 / height] for label, (x0, y0, x1, y1) in boxes.items()
        }
        scene["_marks"] = draw.marks
        return degrade(rng, image, (0.0, 0.2, 0.4, 0.7)[level - 1] * rng.random())

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        boxes = scene["_boxes"]
        widgets = [w for w in scene["widgets"] if w[3] in boxes]
        out = [self._question("label", {"label": label}, label, scene) for label in boxes if not label.startswith("_")]
        if level >= 2:
            for _, _, _, label, colour in widgets:
                # A dialog's first button has the theme's colour.
                if colour and "dialog" not in scene:
                    out.append(self._question("colour", {"colour": colour}, label, scene))
            for kind, word in KIND_WORDS.items():
                same = [w for w in scene["widgets"] if w[2] == kind]
                if len(same) == 1 and same[0][3] in boxes and kind != "button":
                    out.append(self._question("kind", {"kind": word}, same[0][3], scene))
        if level >= 3 and "dialog" not in scene:
            at = {(w[0], w[1]): w[3] for w in widgets}
            for (column, row), label in at.items():
                for side, place in (("below", (column, row + 1)), ("above", (column, row - 1)),
                                    ("right of", (column + 1, row)), ("left of", (column - 1, row))):  # fmt: skip
                    if place in at:
                        out.append(self._question("beside", {"side": side, "label": label}, at[place], scene))
        if level == 4:
            actions = {
                "_close": "close the window",
                "_shut": "close the dialog",
                "Confirm": "agree",
                "Dismiss": "say no",
            }
            out += [
                self._question("action", {"action": action}, label, scene)
                for label, action in actions.items()
                if label in boxes and not RIVALS[label] & boxes.keys()
            ]
        return out

    def _question(self, kind: str, slots: dict[str, str], label: str, scene: Scene) -> Question:
        boxes, columns = scene["_boxes"], scene["grid"][0]
        looks = {w[3]: f"{w[4]} {KIND_WORDS[w[2]]}".strip() for w in scene["widgets"]}
        answer = self._centre(boxes[label])

        def place(key: str) -> tuple[int, float, float]:
            """Column by column, each from top to bottom: within a row, who can tell which of two stands higher?"""
            left, top, right, bottom = boxes[key]
            return int((left + right) / 2 * columns), top + bottom, left

        listed = sorted(boxes, key=place)
        # Up to the asked one, and at most six: on a full screen those just before it.
        last = listed.index(label) + 1
        listed = listed[max(0, last - 6) : last]
        words = [key.strip("_") for key in listed]
        if kind in ("colour", "kind"):
            # What it looks like comes first, for it decides; only one place is needed.
            want = f"{slots['colour']} button" if kind == "colour" else slots["kind"]
            lines = [f"{looks.get(key, 'button')} {word}" for key, word in zip(listed, words, strict=True)]
            lines[-1] += f" {answer}"
        else:
            want = " ".join(slots.values())
            lines = [f"{word} {self._centre(boxes[key])}" for key, word in zip(listed, words, strict=True)]
        steps = "\n".join([f"Want: {want}", *lines])
        return Question(kind, slots, answer, ", ".join(words), steps)

    def _centre(self, box: list[float]) -> str:
        return self.point((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)

    def _ask(self, rng: random.Random, scene: Scene, *args: Any) -> Problem:
        """The box that is asked for, [left, top, right, bottom] in fractions, is among the problem's facts."""
        problem = super()._ask(rng, scene, *args)
        asked = read_point(problem.answer)
        assert asked is not None
        boxes = [box for box in scene["_boxes"].values() if _inside(asked, box)]
        # A dialog lies in front of what it hides, so of two boxes the later one is seen.
        problem.facts["box"] = boxes[-1]
        return problem

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        point = read_point(text.strip())
        correct = point is not None and _inside(point, problem.facts["box"])
        return Verdict(correct, None if point is None else text.strip(), key_of(thinking), strategy_of(thinking))


def _inside(point: tuple[float, float], box: list[float]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


class Theme:
    """How a screen's widgets look: colours, font, corners, outlines."""

    def __init__(self, rng: random.Random, letters: ImageFont.FreeTypeFont):
        self.rng, self.letters = rng, letters
        self.paper = background(rng)
        self.ink = ink(self.paper)
        self.radius = rng.choice((0, 0, 3, 6, 10))
        self.face = mixed(self.paper, self.ink, rng.uniform(0.08, 0.2))
        self.edge = mixed(self.paper, self.ink, rng.uniform(0.3, 0.7))
        self.accent = shade(rng, rng.choice(("blue", "green", "purple", "orange", "red")))
        self.outlined = rng.random() < 0.6

    def size(self, draw: ImageDraw.ImageDraw, kind: str, label: str) -> tuple[float, float]:
        """Least width and height in pixels of a widget."""
        w, _ = text_size(draw, label, self.letters)
        em = self.letters.size
        if kind in ("check", "switch", "icon"):
            return w + {"check": 1.5, "switch": 2.4, "icon": 1.6}[kind] * em + 4, 1.5 * em
        return w + (2 if kind == "link" else 0.9 * em), (1.3 if kind == "link" else 1.7) * em

    def widget(
        self,
        draw: Pencil,
        kind: str,
        label: str,
        colour: RGB | None,
        x: float,
        y: float,
        w: float,
        h: float,
    ) -> None:
        """Draw a widget into its box."""
        em, middle = self.letters.size, y + h / 2
        if kind == "button":
            fill = colour or self.face
            edge = self.edge if self.outlined or abs(luminance(fill) - luminance(self.paper)) < 24 else None
            draw.rounded_rectangle((x, y, x + w, y + h), min(self.radius, h / 2), fill=fill, outline=edge)
            draw.text((x + w / 2, middle), label, font=self.letters, fill=ink(fill), anchor="mm")
        elif kind == "field":
            inner = mixed(self.paper, (255, 255, 255), 0.6 if luminance(self.paper) > 128 else 0.06)
            draw.rectangle((x, y, x + w, y + h), fill=inner, outline=self.edge)
            draw.text(
                (x + 0.35 * em, middle), label, font=self.letters, fill=mixed(ink(inner), inner, 0.25), anchor="lm"
            )
            draw.line((x + 2, y + 3, x + 2, y + h - 3), fill=self.accent)
        elif kind == "check":
            draw.rectangle((x, middle - em / 2, x + em, middle + em / 2), outline=self.edge, fill=self.face)
            if self.rng.random() < 0.5:
                tick = [(x + 0.2 * em, middle), (x + 0.45 * em, middle + 0.3 * em), (x + 0.85 * em, middle - 0.35 * em)]
                draw.line(tick, fill=self.accent, width=2)
            draw.text((x + 1.5 * em, middle), label, font=self.letters, fill=self.ink, anchor="lm")
        elif kind == "switch":
            on = self.rng.random() < 0.5
            draw.rounded_rectangle(
                (x, middle - em / 2, x + 2 * em, middle + em / 2), em / 2, fill=self.accent if on else self.edge
            )
            knob = x + (em if on else 0)
            draw.ellipse((knob + 1, middle - em / 2 + 1, knob + em - 1, middle + em / 2 - 1), fill=(250, 250, 250))
            draw.text((x + 2.4 * em, middle), label, font=self.letters, fill=self.ink, anchor="lm")
        elif kind == "icon":
            self.glyph(draw, x, middle - 0.6 * em, 1.2 * em)
            draw.text((x + 1.6 * em, middle), label, font=self.letters, fill=self.ink, anchor="lm")
        else:
            blue = (40, 90, 220) if luminance(self.paper) > 128 else (120, 170, 255)
            draw.text((x + w / 2, middle), label, font=self.letters, fill=blue, anchor="mm")
            half = text_size(draw, label, self.letters)[0] / 2
            draw.line((x + w / 2 - half, middle + 0.6 * em, x + w / 2 + half, middle + 0.6 * em), fill=blue)

    def glyph(self, draw: ImageDraw.ImageDraw, x: float, y: float, size: float) -> None:
        """A small coloured sign."""
        draw.rounded_rectangle((x, y, x + size, y + size), size / 5, fill=self.accent)
        mark = self.rng.randrange(3)
        a, b = x + size * 0.3, x + size * 0.7
        c, d = y + size * 0.3, y + size * 0.7
        if mark == 0:
            draw.ellipse((a, c, b, d), fill=(255, 255, 255))
        elif mark == 1:
            draw.line((a, d, b, c), fill=(255, 255, 255), width=2)
        else:
            draw.rectangle((a, c, b, d), outline=(255, 255, 255))

    def window(self, draw: Pencil, scene: Scene, width: int, boxes: dict[str, list[float]]) -> None:
        """Title bar with a closing cross, and a menu bar below it."""
        em = self.letters.size
        bar = int(1.8 * em)
        draw.rectangle((0, 0, width, bar), fill=self.accent)
        draw.text((0.5 * em, bar / 2), scene["title"], font=self.letters, fill=ink(self.accent), anchor="lm")
        self.cross(draw, width - bar, 0, bar, self.accent)
        boxes["_close"] = [width - bar, 0, width, bar]
        draw.rectangle((0, bar + 1, width, 2 * bar - 2), fill=self.face)
        x = 0.5 * em
        for word in scene["menu"]:
            w = text_size(draw, word, self.letters)[0]
            if x + w > width - 4:
                break
            draw.text((x, bar * 1.5), word, font=self.letters, fill=self.ink, anchor="lm")
            boxes[word] = [x - 0.3 * em, bar + 1, x + w + 0.3 * em, 2 * bar - 2]
            x += w + 1.3 * em

    def dialog(self, draw: Pencil, scene: Scene, width: int, height: int, boxes: dict[str, list[float]]) -> None:
        """A box in front of the rest; what it hides, even in part, cannot be asked for."""
        em = self.letters.size
        words, yes, no = scene["dialog"]
        w, h = max(13.5 * em, text_size(draw, words, self.letters)[0] + 4 * em), 6 * em
        x = self.rng.uniform(2, max(3.0, width - w - 2))
        y = self.rng.uniform(0.25 * height, max(0.26 * height, height - h - 2))
        for label in [
            name for name, box in boxes.items() if box[0] < x + w and box[2] > x and box[1] < y + h and box[3] > y
        ]:
            del boxes[label]
        draw.hide(x, y, x + w, y + h)
        draw.rectangle((x, y, x + w, y + h), fill=self.paper, outline=self.ink, width=2)
        draw.text((x + 0.7 * em, y + 1.2 * em), words, font=self.letters, fill=self.ink, anchor="lm")
        self.cross(draw, x + w - 1.8 * em, y + 0.3 * em, 1.6 * em, self.paper)
        boxes["_shut"] = [x + w - 1.9 * em, y + 0.2 * em, x + w - 0.1 * em, y + 2 * em]
        left = x + 0.7 * em
        for label, colour in ((yes, self.accent), (no, None)):
            wide, tall = self.size(draw, "button", label)
            self.widget(draw, "button", label, colour, left, y + 3.4 * em, wide, tall)
            draw.note(KIND_WORDS["button"], left + wide / 2, y + 3.4 * em + tall / 2)
            boxes[label] = [left, y + 3.4 * em, left + wide, y + 3.4 * em + tall]
            left += wide + 0.8 * em

    def cross(self, draw: ImageDraw.ImageDraw, x: float, y: float, size: float, paper: RGB) -> None:
        a, b = 0.3 * size, 0.7 * size
        draw.line((x + a, y + a, x + b, y + b), fill=ink(paper), width=2)
        draw.line((x + a, y + b, x + b, y + a), fill=ink(paper), width=2)
