"""What stands on a rendered screen: its facts, without any look.

A page is a list of blocks in reading order: {"block": form, "words": what is read only, "controls": [...]}. A control is
[kind, label, row, state, colour]: `label` is written on it ("" for none, a leading underscore for an icon without words),
`row` is what stands beside, above or in it instead ("" for none). Blocks with "over" lie in front of the others.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from favilla.worlds.base import Split
from favilla.worlds.drawing import COLOURS
from favilla.worlds.web.words import COLUMNS, DIALOGS, HEADINGS, ICONS, SENTENCES, Vocabulary

Block = dict[str, Any]
Control = list[str]
# level: fewest and most controls on a screen
COUNTS = {1: (2, 4), 2: (4, 7), 3: (8, 14), 4: (14, 25)}
# Plain buttons may look grey or black.
PAINTS = sorted(set(COLOURS) - {"grey", "black"})


def draw_page(rng: random.Random, level: int, split: Split) -> list[Block]:
    """The blocks of a page with as many controls as its level has, each with a name of its own."""
    fewest, most = COUNTS[level]
    while True:
        page = _Page(rng, level, split).blocks()
        names = {name_of(control) for control in controls(page)}
        if fewest <= len(names) == len(controls(page)) <= most and "" not in names:
            return page


def controls(page: list[Block]) -> list[Control]:
    """All controls of a page in the order of its blocks; their positions here are their numbers everywhere."""
    return [control for block in page for control in block["controls"]]


def name_of(control: Control) -> str:
    """What a control is called: row and label, or the one it has; an icon by what it shows."""
    if control[0] == "icon":
        return f"{control[1].strip('_')} icon" if control[1] else ""
    return " ".join(part for part in (control[2], control[1]) if part)


def instance_of(page: list[Block]) -> str:
    """The facts that decide a page's split."""
    return f"web_screens: {json.dumps(page, separators=(',', ':'))}"


class _Page:
    """Draws blocks that share a vocabulary, so that no label stands twice."""

    def __init__(self, rng: random.Random, level: int, split: Split):
        self.rng, self.level = rng, level
        self.words = Vocabulary(rng, split)
        self.paints = rng.sample(PAINTS, len(PAINTS)) if rng.random() < 0.7 else []
        self.cores: tuple[Callable[[int], Block], ...] = (
            self.form, self.login, self.settings, self.choices, self.toolbar, self.menu, self.shop, self.table, self.dialog,
            self.text,
        )  # fmt: skip

    def blocks(self) -> list[Block]:
        rng = self.rng
        cores = rng.sample(self.cores, 3)
        if self.level == 1:
            return [cores[0](rng.randint(2, 4))]
        if self.level == 2:
            page = [cores[0](rng.randint(2, 5))]
            for part in rng.sample((self.nav, self.toolbar, self.buttons), rng.randint(0, 2)):
                page.insert(len(page) if part == self.buttons else 0, part(rng.randint(2, 3)))
            return page
        page = [(self.nav if rng.random() < 0.7 else self.toolbar)(rng.randint(3, 5))]
        if self.level == 3:
            page += [core(rng.randint(3, 6)) for core in cores[: rng.randint(1, 2)]]
            return page + ([self.buttons(rng.randint(1, 3))] if rng.random() < 0.5 else [])
        if rng.random() < 0.6:
            page.append({**self.menu(rng.randint(4, 7)), "side": True})
        page += [core(rng.randint(3, 6)) for core in cores[: rng.randint(2, 3)]]
        if rng.random() < 0.4:
            page.append({**self.dialog(3), "over": True})
        return page

    # Parts of pages; each takes about how many controls it shall have.

    def nav(self, count: int) -> Block:
        tabs = self.rng.random() < 0.5
        shown = self.rng.randrange(count)
        parts = [self.control("tab" if tabs else "link", "place") for _ in range(count)]
        if tabs:
            parts[shown][3] = "open"
        if self.level >= 3 and self.rng.random() < 0.5:
            parts.append(self.icon())
        return _block("nav", parts)

    def toolbar(self, count: int) -> Block:
        parts = [self.button() for _ in range(count)]
        if self.level >= 3:
            parts += [self.icon() for _ in range(self.rng.randint(0, 3))]
        return _block("toolbar", [part for part in parts if part[1]])

    def buttons(self, count: int) -> Block:
        return _block("buttons", [self.button() for _ in range(count)])

    def menu(self, count: int) -> Block:
        return _block(
            "menu", [self.control("entry", self.rng.choice(("place", "place", "action"))) for _ in range(count)]
        )

    def form(self, count: int) -> Block:
        parts = []
        for _ in range(max(1, count - self.rng.randint(0, 2))):
            kind = self.rng.choices(("field", "list", "check"), (6, 2, 2))[0]
            if kind == "check":
                parts.append(self.ticked(self.control("check", "option")))
            else:
                parts.append([kind, "", self.words.label("field"), "", ""])
        return _block("form", parts + [self.button() for _ in range(count - len(parts))], *self.heading())

    def login(self, count: int) -> Block:
        parts = [["field", "", self.words.label("field"), "", ""] for _ in range(1 if count < 3 else 2)]
        if count > 3:
            parts.append(self.ticked(self.control("check", "option")))
        parts.append(self.button())
        if count > 4 or self.rng.random() < 0.3:
            parts.append(self.control("link", "place"))
        return _block("login", parts, *self.heading())

    def settings(self, count: int) -> Block:
        kinds = self.rng.choice((("switch",), ("switch",), ("check",), ("switch", "check")))
        return _block(
            "settings",
            [
                self.ticked([self.rng.choice(kinds), "", self.words.label("option"), "", ""]) for _ in range(count)
            ],
            *self.heading(),
        )  # fmt: skip

    def choices(self, count: int) -> Block:
        parts = [self.control("radio", "option") for _ in range(max(2, count - 1))]
        if self.rng.random() < 0.8:
            self.rng.choice(parts)[3] = "on"
        for part in parts:
            part[3] = part[3] or "off"
        return _block("choices", parts + ([self.button()] if count > 2 else []), *self.heading())

    def shop(self, count: int) -> Block:
        return self.rows("shop", "good", count)

    def table(self, count: int) -> Block:
        return self.rows("table", "person", count, self.words.one(COLUMNS))

    def rows(self, form: str, sort: str, count: int, *words: str) -> Block:
        """Rows that all have the same one or two things to click, and a number each."""
        labels = [self.words.label("action")]
        if count > 3 and self.rng.random() < 0.5:
            labels.append(self.words.label("action"))
        kind = self.rng.choice(("button", "button", "link"))
        paint = self.paint() if kind == "button" and self.rng.random() < 0.3 else ""
        parts, numbers = [], []
        for _ in range(max(2, round(count / len(labels)))):
            row = self.words.label(sort)
            numbers.append(
                str(self.rng.randint(2, 98)) + (self.rng.choice(("", ".50", ".99")) if form == "shop" else "")
            )
            parts += [[kind, label, row, "", paint if label == labels[0] else ""] for label in labels]
        return _block(form, parts, *words, *numbers)

    def dialog(self, count: int) -> Block:
        parts = [self.button() for _ in range(max(1, count - 1))]
        if self.level >= 3 or self.rng.random() < 0.4:
            parts.append(["icon", "_close", "", "", ""])
        return _block("dialog", parts, self.rng.choice(DIALOGS))

    def text(self, count: int) -> Block:
        links = [self.control("link", "place") for _ in range(max(1, count - 2))]
        sentences = [self.rng.choice(SENTENCES) for _ in links]
        return _block("text", links + [self.button() for _ in range(count - len(links))], *sentences)

    # Single controls.

    def control(self, kind: str, sort: str) -> Control:
        label = self.words.label(sort)
        if self.level >= 3 and sort == "action" and self.rng.random() < 0.15:
            label = f"{label} {self.rng.choice(('all', 'as', 'file', 'page'))}"
        return [kind, label, "", "", ""]

    def button(self) -> Control:
        button = self.control("button", "action")
        if self.rng.random() < 0.6:
            button[4] = self.paint()
        return button

    def icon(self) -> Control:
        return ["icon", self.words.one(ICONS), "", "", ""]

    def ticked(self, control: Control) -> Control:
        control[3] = self.rng.choice(("on", "off"))
        return control

    def paint(self) -> str:
        return self.paints.pop() if self.paints else ""

    def heading(self) -> list[str]:
        return [self.words.one(HEADINGS)] if self.rng.random() < 0.5 else []


def _block(form: str, parts: list[Control], *words: str) -> Block:
    return {"block": form, "words": list(words), "controls": parts}
