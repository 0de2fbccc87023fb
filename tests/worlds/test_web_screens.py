"""Rendered screens: the committed sample against its pixels, questions against slow searches, and rendering itself."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from favilla.chat.messages import ImagePart
from favilla.worlds import screens
from favilla.worlds.base import Problem, Split, split_of
from favilla.worlds.drawing import COLOURS
from favilla.worlds.registry import get
from favilla.worlds.scenes import SceneFamily
from favilla.worlds.verify import format_point, format_point_locations
from favilla.worlds.web.pages import COUNTS, controls, draw_page, instance_of, name_of
from favilla.worlds.web.shards import SAMPLE, SPLITS, Shard
from favilla.worlds.web.words import FUNCTIONS, TEST_ONLY, TRAIN
from favilla.worlds.web_screens import WebScreens, neighbours, reading_order
from favilla.worlds.words import WORDS

SHARD = Shard(SAMPLE)
LEVEL_AND_SPLIT = [(int(level), SPLITS[split]) for level, split, _, _ in SHARD.index]
ROWS = range(len(SHARD))


@pytest.fixture(autouse=True)
def no_shards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever has been rendered on this machine, the sample is what is tested."""
    monkeypatch.setenv("FAVILLA_HOME", str(tmp_path / "home"))


def entry(row: int) -> tuple[np.ndarray, dict[str, Any]]:
    picture, record = SHARD.read(row)
    return np.asarray(picture).astype(int), record


def patch(pixels: np.ndarray, box: list[float]) -> np.ndarray:
    left, top, right, bottom = (round(v) for v in box)
    return pixels[top:bottom, left:right]


def problems(level: int, count: int, split: Split = "train") -> Iterator[Problem]:
    """With follow-ups, two a picture."""
    family, rng = WebScreens(), random.Random(level)
    for _ in range(count):
        problem: Problem | None = family.sample(rng, level, split)
        for _ in range(3):
            if problem is not None:
                yield problem
                problem = family.follow_up(rng, problem)


# The sample.


def test_the_sample_is_small_and_has_every_level_and_split() -> None:
    assert SAMPLE.stat().st_size <= 300_000
    assert 12 <= len(SHARD) <= 24
    assert set(LEVEL_AND_SPLIT) == {(level, split) for level in (1, 2, 3, 4) for split in SPLITS}
    for row, (level, split) in enumerate(LEVEL_AND_SPLIT):
        pixels, record = entry(row)
        assert split_of(instance_of(record["page"])) == split
        assert COUNTS[level][0] <= len(controls(record["page"])) == len(record["boxes"]) <= COUNTS[level][1]
        height, width, _ = pixels.shape
        assert [width, height] == record["size"]
        assert -(-width // 28) * -(-height // 28) <= (64 if level <= 2 else 196)


@pytest.mark.parametrize("row", ROWS)
def test_boxes_hold_what_differs_from_their_surroundings(row: int) -> None:
    pixels, record = entry(row)
    height, width, _ = pixels.shape
    for control, box in zip(controls(record["page"]), record["boxes"], strict=True):
        if box is None:
            assert any(block.get("over") for block in record["page"]), "hidden, with nothing in front"
            continue
        assert 0 <= box[0] < box[2] <= width and 0 <= box[1] < box[3] <= height
        inside = patch(pixels, box)
        contrast = np.abs(inside - np.median(inside, axis=(0, 1))).sum(2).max()
        assert contrast > 60, (control, "a label, an outline or a sign")


def test_painted_buttons_have_their_colour_up_to_the_edge_of_their_box() -> None:
    seen = 0
    for row in ROWS:
        pixels, record = entry(row)
        for control, box in zip(controls(record["page"]), record["boxes"], strict=True):
            if not box or not control[4]:
                continue
            middle = round((box[0] + box[2]) / 2)
            for y in (round(box[1]) + 2, round(box[3]) - 3):
                tone = pixels[y, middle]
                assert min(COLOURS, key=lambda name: np.abs(tone - COLOURS[name]).sum()) == control[4]
            for y in (round(box[1]) - 3, round(box[3]) + 2):
                if 0 <= y < len(pixels):
                    assert np.abs(pixels[y, middle] - pixels[round(box[1]) + 2, middle]).sum() > 40
            seen += 1
    assert seen >= 15


@pytest.mark.parametrize("row", ROWS)
def test_signs_are_where_ink_is(row: int) -> None:
    """Letters and digits: contrast at the mark. Over a whole screen, more in its column of pixels than between two."""
    pixels, record = entry(row)
    grey, inked, total = pixels.mean(2), 0, 0
    for sign, x, y, _ in record["signs"]:
        if not sign.isalnum():
            continue
        area = grey[max(0, round(y) - 7) : round(y) + 7, max(0, round(x) - 4) : round(x) + 5]
        inked += bool(area.max() - area.min() > 50)
        total += 1
    assert total > 5
    assert inked >= 0.98 * total, (inked, total)


def test_tall_signs_stand_at_their_marks_and_not_aside() -> None:
    """ "l" and "I" are one stroke: the pixel column of the mark differs most from the paper."""
    off = []
    for row in ROWS:
        pixels, record = entry(row)
        grey = pixels.mean(2)
        for sign, x, y, _ in record["signs"]:
            if sign == "l" and 6 < x < grey.shape[1] - 6:
                area = grey[round(y) - 4 : round(y) + 4, round(x) - 3 : round(x) + 3]
                paper = np.median(grey[round(y) - 4 : round(y) + 4, round(x) - 14 : round(x) + 14])
                off.append(abs(int(np.abs(area - paper).mean(0).argmax()) + round(x) - 3 + 0.5 - x))
    assert len(off) > 20
    assert np.mean(np.array(off) <= 1.5) > 0.8, off


@pytest.mark.parametrize("row", ROWS)
def test_labels_are_spelt_by_the_signs_in_their_boxes(row: int) -> None:
    _, record = entry(row)
    everything = "".join(sign for sign, *_ in record["signs"])
    for number, (control, box) in enumerate(zip(controls(record["page"]), record["boxes"], strict=True)):
        if box is None:
            continue
        own = [(sign, x, y) for sign, x, y, owner in record["signs"] if owner == number]
        if control[1] and control[0] != "icon":
            assert "".join(sign for sign, _, _ in own) == control[1].replace(" ", "")
        assert all(box[0] <= x <= box[2] and box[1] <= y <= box[3] for _, x, y in own)
        assert control[2].replace(" ", "") in everything


def test_knobs_are_on_the_side_that_their_state_says() -> None:
    seen = Counter[str]()
    for row in ROWS:
        pixels, record = entry(row)
        for control, box in zip(controls(record["page"]), record["boxes"], strict=True):
            if control[0] == "switch" and box:
                line = patch(pixels, box)[len(patch(pixels, box)) // 2].min(1)
                places = np.flatnonzero(line >= 245)
                assert len(places) > 4
                knob = np.median(places) / len(line)
                assert (knob > 0.5) == (control[3] == "on"), (row, control)
                seen[control[3]] += 1
    assert min(seen["on"], seen["off"]) >= 1


# Words and splits.


def test_some_labels_stand_in_no_other_split_and_no_other_family() -> None:
    kept = {word for words in TEST_ONLY.values() for word in words}
    known = {word for words in TRAIN.values() for word in words}
    others = {word.lower() for word in (*screens.MORE, *screens.NEAR, *WORDS)}
    assert len(kept) >= 40
    assert not kept & known
    assert not {word.lower() for word in kept} & others
    for split, allowed in (("train", False), ("dev", False), ("test", True)):
        rng, found, total = random.Random(1), 0, 0
        for _ in range(200):
            words = {w for c in controls(draw_page(rng, rng.randint(1, 4), split)) for w in (c[1], c[2]) if w}  # type: ignore[arg-type]
            found += len({word.removesuffix(" page").split(" ")[0] for word in words} & kept)
            total += len(words)
        assert (found > 0.25 * total) if allowed else found == 0


def test_labels_are_known_and_stand_once() -> None:
    rng = random.Random(2)
    for level in (1, 2, 3, 4):
        for _ in range(100):
            page = draw_page(rng, level, rng.choice(SPLITS))
            parts = controls(page)
            names = [name_of(control) for control in parts]
            assert len(set(names)) == len(names)
            # A label that is asked for alone is written nowhere else, as a word that cannot be clicked neither.
            alone = Counter(control[1] or control[2] for control in parts if not (control[1] and control[2]))
            rows = {control[2] for control in parts if control[1] and control[2]}
            read = {word for block in page for words in block["words"] for word in words.split()}
            assert max(alone.values(), default=1) == 1 or set(w for w, n in alone.items() if n > 1) <= {"_close"}
            assert not set(alone) & (rows | read)


def test_functions_name_labels_that_there_are() -> None:
    known = {word for words in (*TRAIN.values(), *TEST_ONLY.values()) for word in words}
    for asked, rivals in FUNCTIONS.values():
        assert all(label.startswith("_") or label in known for label in asked)
        assert not set(asked) & set(rivals)


# Questions.


def test_at_every_level_the_questions_that_are_promised() -> None:
    kinds = {level: {p.facts["kind"] for p in problems(level, 60)} for level in (1, 2, 3, 4)}
    assert kinds[1] <= {"label", "control", "type", "row"} and "label" in kinds[1]
    assert kinds[2] <= {"label", "control", "type", "row", "colour", "kind"} and "colour" in kinds[2]
    assert {"beside", "state"} <= kinds[3] and "action" not in kinds[3]
    assert {"beside", "action"} <= kinds[4]


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_the_asked_control_is_the_only_one_that_fits(level: int) -> None:
    """Worked out again from the facts: all controls that a question fits, of which there must be one, the right one."""
    words = {
        "check box": "check",
        "text field": "field",
        "list box": "list",
        "radio button": "radio",
        "menu entry": "entry",
    }
    states = {"ticked": "on", "not ticked": "off", "chosen": "on", "on": "on", "off": "off", "open": "open"}
    for problem in problems(level, 25):
        scene, kind, slots = problem.facts["scene"], problem.facts["kind"], problem.facts["slots"]
        parts, boxes = controls(scene["page"]), scene["_boxes"]
        sort = words.get(slots.get("kind", ""), slots.get("kind"))
        if kind == "label":
            fitting = [c for c in parts if slots["label"] in (c[1], c[2])]
        elif kind in ("control", "type"):
            fitting = [c for c in parts if c[2] == slots["label"]]
            assert fitting[0][0] == (sort if kind == "control" else "field")
        elif kind == "row":
            fitting = [c for c in parts if (c[1], c[2]) == (slots["label"], slots["row"])]
        elif kind == "colour":
            fitting = [c for c in parts if c[4] == slots["colour"]]
        elif kind == "kind":
            fitting = [c for c in parts if c[0] == sort]
        elif kind == "state":
            fitting = [c for c in parts if (c[0], c[3]) == (sort, states[slots["state"]])]
        elif kind == "action":
            asked, rivals = FUNCTIONS[slots["action"]]
            fitting = [c for c in parts if {c[1], c[2]} & {*asked, *rivals}]
        else:
            continue
        (control,) = fitting
        assert problem.facts["box"] == boxes[name_of(control)]
        assert problem.solutions["steps"].thinking.endswith(f"Check: {name_of(control)} {problem.answer}")


def test_neighbours_are_the_first_thing_met_on_the_way() -> None:
    """Rays from every pixel of the reference's side, over a map of boxes and signs: the first things met are the neighbour,
    or lie farther away than it."""
    found = 0
    for row in ROWS:
        _, record = entry(row)
        if None in record["boxes"]:
            continue
        width, height = record["size"]
        field = np.full((height, width), -1)
        for sign in record["signs"]:
            if sign[3] < 0:
                field[round(sign[2]) - 3 : round(sign[2]) + 3, round(sign[1]) - 2 : round(sign[1]) + 2] = 1000
        for number, box in enumerate(record["boxes"]):
            patch(field, box)[:] = number
        for side, one, other in neighbours(record):
            left, top, right, bottom = (round(v) for v in record["boxes"][one])
            rays = {
                "below": field[bottom + 1 :, left:right].T, "above": field[: max(0, top - 1), left:right][::-1].T,
                "right of": field[top:bottom, right + 1 :], "left of": field[top:bottom, : max(0, left - 1)][:, ::-1],
            }[side]  # fmt: skip
            met = [(int(np.flatnonzero(ray >= 0)[0]), int(ray[ray >= 0][0])) for ray in rays if (ray >= 0).any()]
            reached = [distance for distance, number in met if number == other]
            assert len(reached) >= 3, (row, side, one, other)
            assert all(distance >= min(reached) for distance, number in met if number != other), (row, side, one, other)
            found += 1
    assert found >= 10


def test_reading_order_goes_line_by_line() -> None:
    boxes = [[50, 11, 90, 29], [0, 40, 30, 60], [0, 12, 40, 30], [95, 14, 99, 26], [40, 38, 60, 62]]
    assert reading_order(boxes) == [2, 0, 3, 1, 4]


# Answers.


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize("coordinates", ["digits", "locations"])
def test_points_inside_are_right_and_points_elsewhere_are_not(level: int, coordinates: str) -> None:
    family, rng = WebScreens(coordinates), random.Random(level)  # type: ignore[arg-type]
    form = format_point if coordinates == "digits" else format_point_locations
    for _ in range(10):
        problem = family.sample(rng, level, "train")
        left, top, right, bottom = box = problem.facts["box"]
        x, y = (left + right) / 2, (top + bottom) / 2
        assert problem.answer == form(x, y)
        for right_form in (format_point, format_point_locations):
            assert family.verify(problem, right_form(x, y)).correct
        for other in problem.facts["scene"]["_boxes"].values():
            if other != box:
                for wrong in (format_point, format_point_locations):
                    assert not family.verify(
                        problem, wrong((other[0] + other[2]) / 2, (other[1] + other[3]) / 2)
                    ).correct
        for dx, dy in ((left - 0.002, y), (right + 0.002, y), (x, top - 0.002), (x, bottom + 0.002)):
            if 0 <= dx < 1 and 0 <= dy < 1:
                assert not family.verify(problem, format_point(dx, dy)).correct
        for dx, dy in ((left + 0.002, y), (right - 0.002, y), (x, top + 0.002), (x, bottom - 0.002)):
            assert family.verify(problem, format_point(dx, dy)).correct


def test_exploits_fail() -> None:
    family = WebScreens()
    for problem in problems(2, 3):
        right = problem.answer
        attempts = [
            f"{right}, {right}", f"{right}\n{right}", f"{right}.", f"[{right}]", f"about {right}", right[1:-1],
            right.replace(", ", ","), f"{right} or (500, 500)", "(000, 000, 999, 999)", "(000, 000)-(999, 999)",
            problem.solutions["steps"].thinking, name_of(controls(problem.facts["scene"]["page"])[0]), "<|loc_50|>",
            right.translate({48 + n: 0x660 + n for n in range(10)}), "",
        ]  # fmt: skip
        assert not [text for text in attempts if family.verify(problem, text).correct]


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_marks_are_signs_and_kinds_inside_the_picture(level: int) -> None:
    family, rng = WebScreens(), random.Random(level)
    for _ in range(8):
        problem = family.sample(rng, level, "train")
        (part,) = [part for part in problem.prompt if isinstance(part, ImagePart)]
        scene = problem.facts["scene"]
        signs = [mark for mark in problem.marks if len(mark.label) == 1]
        assert len(signs) == len(scene["_record"]["signs"]), "cutting the picture leaves every sign in it"
        assert len(problem.marks) - len(signs) == len(scene["_boxes"])
        grey = np.asarray(part.image.convert("L")).astype(int)
        for mark in problem.marks:
            if len(mark.label) > 1 and mark.label.split()[0] in COLOURS:
                x, y = mark.x, mark.y
                assert any(box[0] < x < box[2] and box[1] < y < box[3] for box in scene["_boxes"].values())
        inked = 0
        for mark in signs:
            x, y = round(mark.x * part.image.width), round(mark.y * part.image.height)
            area = grey[max(0, y - 7) : y + 7, max(0, x - 4) : x + 5]
            inked += bool(area.max() - area.min() > 40)
        assert inked > 0.9 * len(signs)


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_prompt_and_solution_are_short(level: int) -> None:
    for problem in problems(level, 20):
        text = str(problem.prompt[-1]) + problem.solutions["steps"].thinking + problem.answer
        assert len(text) < (500 if level <= 2 else 1000)


def test_enough_wordings_some_for_the_test_alone() -> None:
    family = get("web_screens")
    assert isinstance(family, SceneFamily)
    assert family.phrasings.keys() == family.test_phrasings.keys()
    for kind, words in family.phrasings.items():
        assert len(set(words)) >= 4 and len(set(family.test_phrasings[kind])) >= 2
        assert not set(words) & set(family.test_phrasings[kind])
