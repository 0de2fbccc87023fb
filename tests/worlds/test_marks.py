"""Marks against pixels: what is noted stands where something is drawn."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from PIL import Image, ImageDraw

from favilla.chat.messages import ImagePart
from favilla.worlds.drawing import face
from favilla.worlds.marks import Mark, Pencil, sign_middles
from favilla.worlds.practice import CELL, practice_word
from favilla.worlds.registry import get


@pytest.mark.parametrize("anchor", ["lm", "mm", "rm"])
@pytest.mark.parametrize("name", ["DejaVuSans", "STIXGeneral", "DejaVuSansMono-Bold"])
def test_signs_are_where_their_ink_is(name: str, anchor: str) -> None:
    """A sign drawn alone at its mark covers the ink of the word, and covers less of it a few pixels aside."""
    font, word = face(name, 40), "HOMEX"
    image = Image.new("L", (300, 60), 255)
    pencil = Pencil(image)
    pencil.text((150, 30), word, font=font, fill=0, anchor=anchor)
    ink = 255 - np.asarray(image).astype(float)
    assert [mark.label for mark in pencil.marks] == list(word)
    for mark, sign in zip(pencil.marks, word, strict=True):
        covered = {}
        for aside in (-6, -3, 0, 3, 6):
            alone = Image.new("L", (300, 60), 255)
            ImageDraw.Draw(alone).text((mark.x * 300 + aside, mark.y * 60), sign, font=font, fill=0, anchor="mm")
            shape = 255 - np.asarray(alone).astype(float)
            covered[aside] = np.minimum(ink, shape).sum() / shape.sum()
        assert max(covered, key=lambda aside: covered[aside]) == 0, (sign, covered)
        assert covered[0] > 0.6, (sign, covered)


def test_middles_leave_spaces_out() -> None:
    font = face("DejaVuSans", 20)
    (a, x), (b, y) = sign_middles(10, "a b", font, "lm")
    assert (a, b) == ("a", "b")
    assert x == pytest.approx(10 + font.getlength("a") / 2)
    assert y - x == pytest.approx(font.getlength("a ") + (font.getlength("b") - font.getlength("a")) / 2, abs=0.6)


def test_what_is_hidden_is_not_noted() -> None:
    pencil = Pencil(Image.new("RGB", (100, 100)))
    pencil.note("under", 30, 30)
    pencil.note("beside", 80, 30)
    pencil.note("outside", 130, 30)
    pencil.hide(10, 10, 50, 50)
    assert [mark.label for mark in pencil.marks] == ["beside"]


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize("family", ["counting", "charts", "tables", "screens", "digits", "reading"])
def test_families_mark_what_their_scene_holds(family: str, level: int) -> None:
    for seed in range(5):
        problem = get(family).sample(random.Random(seed), level, "train")
        said = Counter(mark.label for mark in problem.marks)
        scene = problem.facts["scene"]
        if family == "counting":
            wanted = Counter(f"{colour} {shape}" for _, _, colour, shape in scene["shapes"])
            assert said == wanted
            continue
        words = {
            "charts": lambda: scene["names"],
            "tables": lambda: [
                *scene["columns"],
                *scene["rows"],
                *(str(v) for row in scene["rows"].values() for v in row),
            ],
            "screens": lambda: [label for _, _, _, label, _ in scene["widgets"] if label in scene["_boxes"]],
            "digits": lambda: scene["numbers"],
            "reading": lambda: [word for line in scene["lines"] for word in line],
        }[family]()
        signs = Counter("".join(words).replace(" ", ""))
        assert not signs - said, f"{family} {level}: {signs - said} not marked"
        assert all(0 <= mark.x < 1 and 0 <= mark.y < 1 for mark in problem.marks)


@pytest.mark.parametrize("off", [0.0, 3.0, 8.0, 14.0])
def test_practice_words_leave_their_cells(off: float) -> None:
    rng = random.Random(1)
    places = []
    for _ in range(200):
        image, marks = practice_word(rng, off)
        assert image.width % CELL == image.height % CELL == 0
        assert 1 <= len(marks) <= 5
        first = marks[0]
        places.append((first.x * image.width, first.y * image.height))
    spread = np.std([y for _, y in places])
    assert spread == 0 if off == 0 else spread > off / 4


@pytest.mark.parametrize(("x", "y"), [(-0.01, 0.5), (0.5, 1.2), (float("nan"), 0.5)])
def test_a_mark_outside_of_the_picture_is_refused(x: float, y: float) -> None:
    with pytest.raises(ValueError, match="fractions of width"):
        Mark("a", x, y)


@pytest.mark.parametrize("kind", ["bar", "barh", "line"])
def test_values_of_charts_are_marked_where_their_colour_ends(kind: str) -> None:
    """Just before the end of a bar is its colour and just behind it is not; of a line's points, colour is all around."""
    seen = 0
    for seed in range(60):
        problem = get("charts").sample(random.Random(seed), 4, "train")
        scene = problem.facts["scene"]
        if scene["kind"] != kind or scene["_printed"]:
            continue
        (part,) = [part for part in problem.prompt if isinstance(part, ImagePart)]
        pixels = np.asarray(part.image).astype(float)
        height, width = pixels.shape[:2]
        values = [str(value) for series in scene["series"].values() for value in series]
        marked = problem.marks[-len(values) :]
        assert [mark.label for mark in marked] == values
        assert len({(mark.x, mark.y) for mark in marked}) == len(values)
        for mark in marked:
            x, y = int(mark.x * width), int(mark.y * height)
            inside, outside = {"bar": ((y + 3, x), (y - 3, x)), "barh": ((y, x - 3), (y, x + 3))}.get(
                kind, ((y, x),) * 2
            )
            if kind != "line" and max(outside) < min(height, width):
                assert np.abs(pixels[inside] - pixels[outside]).max() > 20, (seed, mark)
                seen += 1
        seen += kind == "line"
    assert seen > 5
