"""Icons: what is drawn is what is named, answers worked out again, renderings of the test split kept for it."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from favilla.chat.messages import ImagePart
from favilla.worlds import icons
from favilla.worlds.base import Problem, Split
from favilla.worlds.icon_pictures import DATA, entities, pictures, plural, renderings
from favilla.worlds.icons import Icons
from favilla.worlds.registry import get
from favilla.worlds.verify import format_point, format_point_locations

SPLITS: tuple[Split, ...] = ("train", "dev", "test")
LICENCES = ("MIT", "ISC", "Apache-2.0", "CC-BY-4.0")


def problems(level: int, count: int, split: Split = "train") -> Iterator[Problem]:
    rng, family = random.Random(level), get("icons")
    for _ in range(count):
        problem: Problem | None = family.sample(rng, level, split)
        for _ in range(4):
            if problem is not None:
                yield problem
                problem = family.follow_up(rng, problem)


def test_the_sheets_are_small_and_full() -> None:
    assert sum(path.stat().st_size for path in DATA.iterdir() if path.name.startswith("icon")) <= 300_000
    assert "CC-BY-4.0" in (DATA / "icons.txt").read_text()
    assert len(entities()) >= 100
    for entity, drawn in pictures().items():
        assert len(drawn) >= 5, entity
        for rendering, picture in drawn.items():
            ink = np.asarray(picture.image if not picture.coloured else picture.image.getchannel("A"))
            spans = [np.ptp(places) + 1 for places in np.nonzero(ink > 30)]
            assert max(spans) >= ink.shape[0] - 2, (entity, rendering)  # cut to its ink


def test_every_rendering_is_named_in_the_licences() -> None:
    rows = [re.split(r"\s{2,}", line) for line in (DATA / "icons.txt").read_text().splitlines()]
    named = {name for row in rows if len(row) == 4 and row[2] in LICENCES for name in row[0].split(", ")}
    assert {rendering for drawn in pictures().values() for rendering in drawn} <= named


def test_renderings_of_the_test_split_are_in_no_other() -> None:
    used: dict[str, set[tuple[str, str]]] = {}
    for split in SPLITS:
        rng = random.Random(split)
        drawn = [get("icons").sample(rng, level, split) for level in (1, 2, 3, 4) for _ in range(80)]
        used[split] = {(icon[2], icon[3]) for problem in drawn for icon in problem.facts["scene"]["icons"]}
    assert not used["test"] & (used["train"] | used["dev"])
    assert len(used["test"]) > 150 and len(used["train"]) > 500
    for entity in entities():
        own, held_out = renderings(entity, "train"), renderings(entity, "test")
        assert own == renderings(entity, "dev")
        assert len(own) >= 3 and held_out
        assert set(own) | set(held_out) == set(pictures()[entity])


def picture(problem: Problem) -> Image.Image:
    (part,) = [part for part in problem.prompt if isinstance(part, ImagePart)]
    return part.image


def test_what_is_drawn_looks_like_what_is_named() -> None:
    """Among all icons of all sets, the ink in a box is most like that of the rendering that the facts name."""
    rng, found = random.Random(8), []
    for _ in range(60):
        problem = get("icons").sample(rng, 1, "train")
        scene = problem.facts["scene"]
        image = picture(problem)
        pixels = np.asarray(image).astype(float)
        for (_, _, thing, rendering, colour), box in zip(scene["icons"], scene["_boxes"], strict=True):
            x0, y0, x1, y1 = (round(v * s) for v, s in zip(box, image.size * 2, strict=True))
            ink = np.abs(pixels[y0:y1, x0:x1] - pixels[0, 0]).sum(2)
            if not colour or (ink > 60).mean() > 0.55:  # coloured, or on a tile
                continue
            likeness = {}
            for other, drawn in pictures().items():
                for name, candidate in drawn.items():
                    if not candidate.coloured:
                        mask = np.asarray(candidate.image.resize((x1 - x0, y1 - y0), Image.Resampling.BICUBIC))
                        likeness[other, name] = np.corrcoef(ink.ravel(), mask.ravel().astype(float))[0, 1]
            found.append(max(likeness, key=lambda key: likeness[key]) == (thing, rendering))
    # Some icons on a disc pass for one without.
    assert len(found) > 15 and sum(found) > 0.9 * len(found)


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_answers_by_hand(level: int) -> None:
    kinds = Counter()
    for problem in problems(level, 40):
        scene, kind, slots = problem.facts["scene"], problem.facts["kind"], problem.facts["slots"]
        drawn = scene["icons"]
        names = [icon[2] for icon in drawn]
        cells = {(icon[0], icon[1]): icon[2] for icon in drawn}
        kinds[kind] += 1
        if kind == "name":
            expected = {names[0]}
        elif kind == "side":
            axis, sign = {"left": (0, 1), "right": (0, -1), "top": (1, 1), "bottom": (1, -1)}[slots["side"]]
            ranked = sorted(drawn, key=lambda icon: sign * icon[axis])
            assert ranked[0][axis] != ranked[1][axis]
            expected = {ranked[0][2]}
        elif kind == "corner":
            y, x = slots["corner"].split()
            expected = {
                cells[(0 if x == "left" else scene["grid"][0] - 1), (0 if y == "top" else scene["grid"][1] - 1)]
            }
        elif kind == "colour":
            expected = {icon[2] for icon in drawn if icon[4] == slots["colour"]}
        elif kind == "ink":
            expected = {icon[4] for icon in drawn if icon[2] == slots["thing"]}
        elif kind == "count":
            expected = {str(names.count(slots["thing"]))}
            assert plural(slots["thing"])[:2] == slots["thing"][:2]
        elif kind == "odd":
            expected = {name for name in names if names.count(name) == 1}
            assert len(set(names)) == 2
        elif kind == "beside":
            (column, row), *more = [cell for cell, name in cells.items() if name == slots["thing"]]
            assert not more
            step = {"right of": (1, 0), "left of": (-1, 0), "below": (0, 1), "above": (0, -1)}[slots["side"]]
            expected = {cells[column + step[0], row + step[1]]}
        elif kind == "repeated":
            expected = {name for name in names if names.count(name) > 1}
        elif kind == "missing":
            expected = {slots[key] for key in "abc"} - set(names)
        elif kind == "place":
            rows = sorted({icon[1] for icon in drawn})
            line = [icon[2] for icon in sorted(drawn) if icon[1] == rows[int(slots["row"]) - 1]]
            expected = {line[["first", "second", "third", "fourth", "fifth"].index(slots["nth"])]}
        else:
            assert kind == "point" and names.count(slots["thing"]) == 1
            box = scene["_boxes"][names.index(slots["thing"])]
            expected = {format_point((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)}
        assert expected == {problem.answer}, (kind, slots)
    assert len(kinds) >= (5, 6, 8, 9)[level - 1]


def test_points_inside_the_asked_icon_alone_are_right() -> None:
    family, seen, lucky = get("icons"), 0, 0
    for problem in problems(3, 60):
        if problem.facts["kind"] != "point":
            assert not family.verify(problem, "(500, 500)").correct
            continue
        seen += 1
        things = [icon[2] for icon in problem.facts["scene"]["icons"]]
        for thing, (x0, y0, x1, y1) in zip(things, problem.facts["scene"]["_boxes"], strict=True):
            inside = thing == problem.facts["slots"]["thing"]
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            for text in (format_point(x, y), format_point_locations(x, y), format_point(x0 + 0.01, y1 - 0.01)):
                assert family.verify(problem, text).correct == inside, text
                assert not family.verify(problem, f"{text}.").correct
        lucky += family.verify(problem, "(500, 500)").correct
        assert not family.verify(problem, problem.facts["slots"]["thing"]).correct
    assert seen > 15 and lucky < seen / 3


def test_points_are_taught_as_told() -> None:
    rng = random.Random(0)
    drawn = [Icons(coordinates="locations").sample(rng, 2, "train") for _ in range(40)]
    points = [problem.answer for problem in drawn if problem.facts["kind"] == "point"]
    assert points and all(answer.startswith("<|loc_") for answer in points)
    with pytest.raises(ValueError, match="coordinates"):
        Icons(coordinates="pixels")  # type: ignore[arg-type]


def test_icons_are_marked_where_they_stand_and_large_enough() -> None:
    for level, least in ((1, 20), (2, 20), (3, 20), (4, 20)):
        rng = random.Random(level)
        for _ in range(15):
            problem = get("icons").sample(rng, level, "train")
            scene = problem.facts["scene"]
            assert [mark.label for mark in problem.marks] == [icon[2] for icon in scene["icons"]]
            width, height = picture(problem).size
            assert -(-width // 28) * -(-height // 28) <= (25, 42, 81, 121)[level - 1]
            for mark, (x0, y0, x1, y1) in zip(problem.marks, scene["_boxes"], strict=True):
                assert x0 < mark.x < x1 and y0 < mark.y < y1
                assert (x1 - x0) * width >= least - 0.5
                assert min(x0, y0) >= 0 and max(x1, y1) <= 1


def test_enough_wordings_and_those_of_the_test_split_stay_there() -> None:
    train = [words for kind in icons.Icons.phrasings.values() for words in kind]
    test = [words for kind in icons.Icons.test_phrasings.values() for words in kind]
    assert icons.Icons.phrasings.keys() == icons.Icons.test_phrasings.keys()
    assert len(set(train)) == len(train) >= 40 and len(set(test)) == len(test) >= 20
    assert not set(train) & set(test)
    starts = {words.split("{")[0] for words in test} - {words.split("{")[0] for words in train}
    telling = tuple(start for start in starts if len(start) > 12)
    assert len(telling) > 8
    asked = [str(problem.prompt[-1]) for level in (1, 2, 3, 4) for problem in problems(level, 20)]
    assert not [text for text in asked if text.startswith(telling)]
    assert [p for p in problems(2, 40, "test") if str(p.prompt[-1]).startswith(telling)]
