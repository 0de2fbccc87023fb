"""Screens that a real browser has rendered (picture): "where is X?", answered by a point.

Level 1: 2 to 4 things to click or fill in, asked for by what is written on them or beside them. Level 2: 4 to 7, also by
colour and by kind. Level 3: 8 to 14, also by their neighbours and by their state. Level 4: 14 to 25, with side menus, and
dialogs in front, also by what they are for. Pages are forms, sign-in pages, settings, choices, tool bars, menus, lists of
goods, tables with buttons, dialogs and texts with links, in looks of many kinds.

Answers: a point inside what is asked for, as in `screens`: `(xxx, yyy)` in thousandths of width and height (a million
cells) or `<|loc_NN|><|loc_NN|>` in percents (ten thousand); both are always accepted, the constructor says which is taught.

Pictures and boxes come from shards (`favilla worlds --render-screens`); where there are none, from a small sample in the
package. Half of the labels in pictures of the test split are words that stand in no other split.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from favilla.errors import UserError
from favilla.worlds import screens
from favilla.worlds.base import Split
from favilla.worlds.drawing import degrade
from favilla.worlds.marks import marks_within
from favilla.worlds.scenes import Question, Scene
from favilla.worlds.web.pages import Control, controls, instance_of, name_of
from favilla.worlds.web.shards import SAMPLE, collection, default_folder, shards_in
from favilla.worlds.web.words import functions

KIND_WORDS = {
    "button": "button", "link": "link", "tab": "tab", "entry": "menu entry", "check": "check box", "radio": "radio button",
    "switch": "switch", "field": "text field", "list": "list box", "icon": "icon",
}  # fmt: skip
# Kinds that a person could take for another one, or that never stand alone.
COMMON = {"button", "tab", "entry", "radio"}
STATE_WORDS = {
    ("check", "on"): "ticked", ("check", "off"): "not ticked", ("radio", "on"): "chosen", ("switch", "on"): "on",
    ("switch", "off"): "off", ("tab", "open"): "open",
}  # fmt: skip
SIDES = {"below": (1, 1), "above": (1, -1), "right of": (0, 1), "left of": (0, -1)}  # axis and direction
NEAR = 40.0  # pixels within which something is a neighbour
LISTED = {1: 8, 2: 8, 3: 6, 4: 6}  # at most so many places are written down

CONTROL = (
    "Where is the {kind} for {label}?",
    "Point at the {kind} for {label}.",
    "Click the {kind} that belongs to {label}.",
    "Find the {kind} of {label}.",
    "{label} has a {kind}. Where is it?",
    "Tap the {kind} for {label}.",
    'Press the {kind} that goes with "{label}".',
    'Use the {kind} of "{label}".',
    'With the word "{label}" comes a {kind}. Click it.',
    "I need the {kind} for {label}. Where do I click?",
    "Give a point on the {kind} of {label}.",
    'Move the mouse to the {kind} for "{label}".',
    'What are the coordinates of the {kind} for "{label}"?',
    'Select the {kind} labelled "{label}".',
    'Look for "{label}" and click its {kind}.',
    "As for {label}: where is the {kind}?",
    'Which {kind} is for "{label}"? Answer with a point.',
    'Show me the {kind} described as "{label}".',
    'There may be more than one {kind}. I want that of "{label}".',
    'The {kind} of "{label}", please: where on the screen?',
    'Someone would like to use the {kind} for "{label}". Where is it?',
    "Choose the {kind} of {label}.",
    'Put the cursor on the {kind} that stands with "{label}".',
    '"{label}": position of its {kind}?',
    "Touch the {kind} of {label}.",
    'Where should the finger go for the {kind} of "{label}"?',
    'Indicate the {kind} assigned to "{label}".',
    'Could you click the {kind} for "{label}"?',
    'The word is "{label}", its control a {kind}. Where?',
    'Hit the {kind} that has "{label}" as its name.',
)
CONTROL_TEST = ("Locate the {kind} beside the word {label}.", "Which point is on the {kind} for {label}?")
TYPE = (
    "Where do I type the {label}?",
    "Where does the {label} go?",
    "I want to fill in {label}. Where do I click?",
    "Point at the place for writing the {label}.",
    "Click where the {label} is entered.",
    'Which box takes the "{label}"? Give a point.',
    'Enter the "{label}": where do I click first?',
    'The form asks for "{label}". Click the field for it.',
    'Fill in "{label}". Where is that?',
    'Find the field "{label}".',
    'Put the cursor into the field for "{label}".',
    'I have to give my "{label}". Where can I type it?',
    'Tap the input for "{label}".',
    'What are the coordinates of the "{label}" box?',
    'Where on the screen can "{label}" be entered?',
    'Someone wants to write down "{label}". Where does the text go?',
    'Select the text field named "{label}".',
    'Position of the input "{label}"?',
    'My "{label}" is wrong. Where do I correct it?',
    'Move the mouse to where "{label}" is filled in.',
    'Let me type the "{label}". Click in the right field.',
    'Please touch the field in which "{label}" is put.',
    'Data for "{label}" must be inserted. Where?',
    'Choose the blank for "{label}".',
    'Look for the field that wants the "{label}" and point to it.',
    'The keyboard is ready for "{label}". Which box do I tap?',
    'Indicate where the "{label}" is supposed to stand.',
    'Give a point inside the box for "{label}".',
    'Before I type anything into "{label}", where must I press?',
    '"{label}" is still to be completed. Where is its field?',
)
TYPE_TEST = ("Which point must I click before I type my {label}?", "Show where {label} is to be written.")
ROW = (
    "Where is {label} for {row}?",
    'Click "{label}" in the row of {row}.',
    "Point at {label} beside {row}.",
    "Find {label} of {row}.",
    "In the row {row}, where is {label}?",
    'Press "{label}" in the line that says "{row}".',
    'Tap the "{label}" of "{row}".',
    'For "{row}", click "{label}".',
    'Look for "{row}". Where is its "{label}"?',
    'Each row may have "{label}". I want the one of "{row}".',
    'Give a point on "{label}" in row "{row}".',
    'What are the coordinates of "{label}" for "{row}"?',
    'Move the mouse to "{label}", in the same row as "{row}".',
    '"{row}": where do I press "{label}"?',
    'I would like to use "{label}" for "{row}". Where do I click?',
    'Select "{label}" for the entry "{row}".',
    'Only "{row}" matters. Click its "{label}".',
    'Choose "{label}" with "{row}", not with another row.',
    'Position of the "{label}" that goes with "{row}"?',
    'Put the cursor on "{label}" in the line of "{row}".',
    'Somebody needs "{label}" for "{row}". Where on the screen?',
    'Touch "{label}" next to "{row}".',
    'Go along the row "{row}" until you reach "{label}", and click.',
    'Where should the finger go for "{label}" if the row is "{row}"?',
    'Indicate the "{label}" assigned to "{row}".',
    'Could you hit "{label}" in the "{row}" row?',
    'The row is "{row}", the button or link "{label}". Where?',
    'Show me "{label}" for "{row}".',
    'Take "{row}" and press "{label}" there.',
)
ROW_TEST = ("Which point is on the {label} that belongs to {row}?", "Locate {label}, but the one for {row}.")
STATE = (
    "Where is the {kind} that is {state}?",
    "Point at the one {kind} that is {state}.",
    "Only one {kind} is {state}. Click it.",
    "Find the {kind} which is {state}.",
    "Just a single {kind} is {state}. Where is it?",
    "Tap the {kind} that is {state}.",
    "Which {kind} is {state}? Answer with a point.",
    "Give a point on the {kind} that is {state}.",
    "What are the coordinates of the {kind} that is {state}?",
    "Touch the one {kind} found to be {state}.",
    "I am looking for the {kind} that is {state}. Where do I click?",
    "Move the mouse to the {kind} that is {state}.",
    "Look at each {kind}. Press the one that is {state}.",
    "Of every {kind} here, one alone is {state}. Point to it.",
    "Select the {kind} whose state is: {state}.",
    "{kind}, {state}: where?",
    "One {kind} is {state}, unlike the rest. Where is that?",
    "Someone asks which {kind} is {state}. Show the spot.",
    "Put the cursor on the {kind} that is {state}.",
    "Check every {kind} and click the one that is {state}.",
    "Position of the {kind} that is {state}, please.",
    "Indicate the single {kind} that is {state}.",
    "Choose the {kind} that is {state}.",
    "Is a {kind} {state}? Yes, one. Click it.",
    "Where on the screen do I see the {kind} that is {state}?",
    "Where should the finger go for the {kind} that is {state}?",
    "Could you press the {kind} that is {state}?",
    "There is more than one {kind}, but one of them is {state}. Go to that one.",
)
STATE_TEST = ("Locate the {state} {kind}.", "Which point is on the {kind} that is {state} now?")


class WebScreens(screens.Screens):
    """Finding things on rendered screens; see the module's docstring for levels and answers.

    coordinates: the form that solutions use. shards: the folder of shards, by default `web_screens` in $FAVILLA_HOME.
    """

    name = "web_screens"
    levels = 4
    phrasings = {
        **screens.Screens.phrasings,
        "control": CONTROL,
        "type": TYPE,
        "row": ROW,
        "state": STATE,
    }
    test_phrasings = {
        **screens.Screens.test_phrasings,
        "control": CONTROL_TEST,
        "type": TYPE_TEST,
        "row": ROW_TEST,
        "state": STATE_TEST,
    }

    def __init__(self, coordinates: Literal["digits", "locations"] = "digits", shards: str | Path | None = None):
        super().__init__(coordinates)
        self.shards = None if shards is None else Path(shards)
        if self.shards is not None and not shards_in(self.shards):
            raise ValueError(
                f"{shards} holds no shards; make them: favilla worlds --render-screens 3000 --out {shards}"
            )

    @functools.cached_property
    def folder(self) -> Path | None:
        """The folder that screens come from; None for the sample in the package."""
        folder = self.shards or default_folder()
        return folder if shards_in(folder) else None

    def scene(self, rng: random.Random, level: int, split: Split) -> Scene:
        """page: as in `favilla.worlds.web.pages`. Raises UserError when there is no such screen among the shards."""
        found = collection(self.folder).read(level, split, rng.random())
        if found is None:
            where = self.folder or SAMPLE
            raise UserError(f"{where}: holds no screens of level {level} for the split {split}; render more of them")
        picture, record = found
        return {"page": record.pop("page"), "_picture": picture, "_record": record}

    def instance(self, scene: Scene) -> str:
        return instance_of(scene["page"])

    def render(self, rng: random.Random, scene: Scene, level: int) -> Image.Image:
        """The screen, cut somewhere outside of all that is on it, so that it seldom lies on the same pixels twice."""
        record, parts = scene["_record"], controls(scene["page"])
        image = scene.pop("_picture")
        seen = [box for box in record["boxes"] if box] + [
            [x - 9, y - 9, x + 9, y + 9] for _, x, y, _ in record["signs"]
        ]
        # Two pixels are left for outlines and shadows.
        spare = [min(box[0] for box in seen), min(box[1] for box in seen)]
        spare += [image.width - max(box[2] for box in seen), image.height - max(box[3] for box in seen)]
        left, top, right, bottom = (rng.randint(0, max(0, int(pixels) - 2)) for pixels in spare)
        image = image.crop((left, top, image.width - right, image.height - bottom))
        width, height = image.size
        scene["_boxes"], noted = {}, [(sign, x - left, y - top) for sign, x, y, _ in record["signs"]]
        for control, box in zip(parts, record["boxes"], strict=True):
            if box:
                x0, y0, x1, y1 = box[0] - left, box[1] - top, box[2] - left, box[3] - top
                scene["_boxes"][name_of(control)] = [x0 / width, y0 / height, x1 / width, y1 / height]
                noted.append((f"{control[4]} {KIND_WORDS[control[0]]}".strip(), (x0 + x1) / 2, (y0 + y1) / 2))
        scene["_marks"] = marks_within(noted, width, height)
        return degrade(rng, image, (0.0, 0.2, 0.4, 0.7)[level - 1] * rng.random())

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        parts, boxes = controls(scene["page"]), scene["_boxes"]
        seen = [control for control in parts if name_of(control) in boxes]
        seen = [seen[n] for n in reading_order([boxes[name_of(control)] for control in seen])]
        listed = LISTED[level]
        out = []
        for control in seen:
            kind, label, row, _, _ = control
            slots = {"kind": KIND_WORDS[kind], "label": label or row, "row": row}
            asked = "row" if row and label else "control" if row else "label"
            if kind == "icon":
                continue
            out.append(self._asked(asked, slots, control, seen, scene, listed))
            if kind == "field":
                out.append(self._asked("type", slots, control, seen, scene, listed))
        if level >= 2:
            for control in seen:
                kind, colour = control[0], control[4]
                if kind == "button" and colour and _only(parts, control, 0, 4):
                    out.append(self._asked("colour", {"colour": colour}, control, seen, scene, listed, _coloured))
                if kind not in COMMON and _only(parts, control, 0):
                    out.append(self._asked("kind", {"kind": KIND_WORDS[kind]}, control, seen, scene, listed, _kind))
        if level >= 3:
            for control in seen:
                word = STATE_WORDS.get((control[0], control[3]))
                if word and _only(parts, control, 0, 3) and not _only(parts, control, 0):
                    slots = {"kind": KIND_WORDS[control[0]], "state": word}
                    out.append(self._asked("state", slots, control, seen, scene, listed, _stated))
            if len(seen) == len(parts):
                out += self._neighbours(scene, parts)
        if level == 4:
            by_label = {control[1]: control for control in seen}
            for purpose, label in functions([control[1] or control[2] for control in parts]):
                if label in by_label and not by_label[label][2]:
                    out.append(self._asked("action", {"action": purpose}, by_label[label], seen, scene, listed))
        return out

    def _asked(
        self, kind: str, slots: dict[str, str], control: Control, seen: list[Control], scene: Scene, most: int,
        told: Any = None,
    ) -> Question:  # fmt: skip
        """A question for a control. seen: all that are visible, in reading order; most: so many of them are written down;
        told: what is written down of each beside its place."""
        boxes = scene["_boxes"]
        first = max(0, min(seen.index(control) - most // 2, len(seen) - most))
        order = seen[first : first + most]
        name, answer = name_of(control), self._centre(boxes[name_of(control)])
        lines = [
            " ".join(filter(None, (name_of(c), told(c) if told else "", self._centre(boxes[name_of(c)]))))
            for c in order
        ]
        if told or kind == "action":
            lines.append(f"{told(control) if told else slots['action']}: {name}")
        terse = f"{', '.join(map(name_of, order))}: {name}"
        return Question(kind, slots, answer, terse, "\n".join([*lines, f"Check: {name} {answer}"]))

    def _neighbours(self, scene: Scene, parts: list[Control]) -> Iterator[Question]:
        boxes = scene["_boxes"]
        for side, one, other in neighbours(scene["_record"]):
            if not all(c[1] and not c[2] and c[0] != "icon" for c in (parts[one], parts[other])):
                continue
            label, name = name_of(parts[one]), name_of(parts[other])
            answer = self._centre(boxes[name])
            steps = (
                f"{label} {self._centre(boxes[label])}\n{side} {label}: {name}\n{name} {answer}\nCheck: {name} {answer}"
            )
            yield Question("beside", {"side": side, "label": label}, answer, f"{side} {label}: {name}", steps)


def reading_order(boxes: list[list[float]]) -> list[int]:
    """Positions of the boxes line by line: a box whose middle lies within the first one of a line belongs to that line."""
    lines: list[list[int]] = []
    for n in sorted(range(len(boxes)), key=lambda n: boxes[n][1] + boxes[n][3]):
        if lines and boxes[n][1] + boxes[n][3] < 2 * boxes[lines[-1][0]][3]:
            lines[-1].append(n)
        else:
            lines.append([n])
    return [n for line in lines for n in sorted(line, key=lambda n: boxes[n][0])]


def neighbours(record: dict[str, Any]) -> Iterator[tuple[str, int, int]]:
    """(side, number of a control, number of the one control directly on that side of it), where nothing else comes into
    question: it is opposite by half of the smaller one at least, near, and no other control lies opposite as near, nor any
    writing before it. All controls must be visible."""
    boxes, signs = record["boxes"], record["signs"]
    for one, here in enumerate(boxes):
        for side, (axis, direction) in SIDES.items():
            opposite = []
            for other, there in enumerate(boxes):
                gap = there[axis] - here[axis + 2] if direction > 0 else here[axis] - there[axis + 2]
                if other != one and gap > -1 and _overlap(here, there, 1 - axis) > 0:
                    opposite.append((gap, other))
            if not opposite:
                continue
            gap, other = min(opposite)
            there = boxes[other]
            far = gap + there[axis + 2] - there[axis]
            half = min(box[3 - axis] - box[1 - axis] for box in (here, there)) / 2
            between = sorted((here[axis + 2], there[axis])) if direction > 0 else sorted((there[axis + 2], here[axis]))
            if (
                gap > NEAR or _overlap(here, there, 1 - axis) < half
                or any(more < far - 1 for more, number in opposite if number != other)
            ):  # fmt: skip
                continue
            start, end = here[1 - axis] - 4, here[3 - axis] + 4
            written = any(
                between[0] - 2 < place[axis] < between[1] + 2
                and start < place[1 - axis] < end
                and owner not in (one, other)
                for _, *place, owner in signs
            )
            if not written:
                yield side, one, other


def _overlap(a: list[float], b: list[float], axis: int) -> float:
    return min(a[axis + 2], b[axis + 2]) - max(a[axis], b[axis])


def _only(parts: list[Control], control: Control, *which: int) -> bool:
    """Whether no other control has the same in these places."""
    return sum(all(other[i] == control[i] for i in which) for other in parts) == 1


# What is written down of a control beside its name; an icon's name says that it is one.


def _kind(control: Control) -> str:
    return "" if control[0] == "icon" else KIND_WORDS[control[0]]


def _coloured(control: Control) -> str:
    return f"{control[4]} {_kind(control)}".strip()


def _stated(control: Control) -> str:
    return f"{_kind(control)} {STATE_WORDS.get((control[0], control[3]), '')}".strip()
