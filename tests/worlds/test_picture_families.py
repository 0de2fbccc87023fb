"""The picture families against slow and obvious versions: recounts from pixels, answers worked out again from facts."""

from __future__ import annotations

import copy
import itertools
import json
import random
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from sklearn.datasets import load_digits

from favilla.chat.messages import ImagePart
from favilla.worlds import charts, counting, digits, reading, screens, tables
from favilla.worlds.base import Problem, Split
from favilla.worlds.drawing import COLOURS
from favilla.worlds.registry import get
from favilla.worlds.scenes import SceneFamily
from favilla.worlds.screens import Screens
from favilla.worlds.verify import format_point, format_point_locations, read_point

FAMILIES = ("counting", "charts", "tables", "screens", "digits", "reading")


def problems(name: str, level: int, count: int, split: Split = "train", seed: int = 0) -> Iterator[Problem]:
    rng = random.Random(f"{name}/{level}/{seed}")
    family = get(name)
    for _ in range(count):
        problem = family.sample(rng, level, split)
        yield problem
        for _ in range(3):
            again = family.follow_up(rng, problem)
            if again is not None:
                yield again


def picture(problem: Problem) -> Image.Image:
    (part,) = [part for part in problem.prompt if isinstance(part, ImagePart)]
    return part.image


@pytest.mark.parametrize("module", [counting, charts, tables, screens, digits, reading])
def test_enough_wordings_some_for_the_test_alone(module: object) -> None:
    family = next(get(name) for name in FAMILIES if type(get(name)).__module__ == module.__name__)  # type: ignore[attr-defined]
    assert isinstance(family, SceneFamily)
    assert family.phrasings.keys() == family.test_phrasings.keys()
    train = [words for kind in family.phrasings.values() for words in kind]
    test = [words for kind in family.test_phrasings.values() for words in kind]
    assert len(set(train)) >= 15
    assert len(set(train + test)) >= 20
    assert not set(train) & set(test)


@pytest.mark.parametrize("name", FAMILIES)
def test_held_out_wordings_stay_out_of_training(name: str) -> None:
    family = get(name)
    assert isinstance(family, SceneFamily)
    starts = {words.split("{")[0] for kind in family.test_phrasings.values() for words in kind}
    own = {words.split("{")[0] for kind in family.phrasings.values() for words in kind}
    telling = {start for start in starts - own if len(start) > 12}
    assert telling
    asked = [str(p.prompt[-1]) for level in (1, 2) for p in problems(name, level, 4)]
    assert not [text for text in asked for start in telling if text.startswith(start)]


@pytest.mark.parametrize("name", FAMILIES)
def test_pictures_vary_in_size(name: str) -> None:
    sizes = {picture(p).size for level in (1, 3) for p in problems(name, level, 3) if len(p.prompt) == 2}
    assert len(sizes) >= 5


# Counting: the shapes found again in the pixels.


def found_in_pixels(image: Image.Image) -> list[str]:
    """The named colour nearest to each connected patch that is not the paper."""
    pixels = np.asarray(image).astype(int)
    marks, count = ndimage.label(np.abs(pixels - pixels[0, 0]).sum(2) > 24, structure=np.ones((3, 3)))
    names = []
    for number in range(1, count + 1):
        inside = ndimage.binary_erosion(marks == number, iterations=2)
        tone = np.median(pixels[inside if inside.any() else marks == number], axis=0)
        names.append(min(COLOURS, key=lambda name: float(np.abs(tone - COLOURS[name]).sum())))
    return names


def test_counts_hold_in_the_pixels() -> None:
    family = get("counting")
    rng = random.Random(4)
    for _ in range(40):
        problem = family.sample(rng, 1, "train")
        colours = [colour for _, _, colour, _ in problem.facts["scene"]["shapes"]]
        assert sorted(found_in_pixels(picture(problem))) == sorted(colours)


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_counting_by_hand(level: int) -> None:
    for problem in problems("counting", level, 10):
        scene, kind, slots = problem.facts["scene"], problem.facts["kind"], problem.facts["slots"]
        shapes = scene["shapes"]

        def matching(what: str, among: list) -> int:
            words = what.split()
            colour = words[0] if words[0] in COLOURS else None
            shape = words[-1]
            return sum(
                (colour in (None, s[2])) and (shape == "shapes" or shape.rstrip("es") == s[3].rstrip("es"))
                for s in among
            )

        if kind == "count":
            expected = str(matching(slots["what"], shapes))
        elif kind == "half":
            left = [s for s in shapes if s[0] < scene["grid"][0] / 2]
            half = left if slots["half"] == "left" else [s for s in shapes if s not in left]
            expected = str(matching(slots["what"], half))
        elif kind == "difference":
            expected = str(matching(slots["what"], shapes) - matching(slots["other"], shapes))
        elif kind == "three":
            expected = ", ".join(str(matching(f"{slots[k]} shapes", shapes)) for k in "abc")
        else:
            expected = max(COLOURS, key=lambda colour: matching(f"{colour} shapes", shapes))
        assert problem.answer == expected, (kind, slots, shapes)


# Digits: whose hand, and what it wrote.


def test_scans_of_the_splits_never_meet() -> None:
    seen: dict[str, set[bytes]] = {}
    data = load_digits()
    family = get("digits")
    splits: tuple[Split, ...] = ("train", "dev", "test")
    for split in splits:
        rng = random.Random(1)
        used = set()
        for _ in range(60):
            problem = family.sample(rng, rng.randint(1, 4), split)
            for number, row in zip(problem.facts["scene"]["numbers"], problem.facts["scene"]["scans"], strict=True):
                assert [str(data.target[i]) for i in row] == list(number)
                used |= {data.images[i].tobytes() for i in row}
        seen[split] = used
    assert not seen["train"] & seen["test"]
    assert not seen["train"] & seen["dev"]
    assert not seen["dev"] & seen["test"]


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_digits_by_hand(level: int) -> None:
    for problem in problems("digits", level, 8):
        numbers, kind, slots = problem.facts["scene"]["numbers"], problem.facts["kind"], problem.facts["slots"]
        values = [int(n) for n in numbers]
        expected = {
            "read": lambda: numbers[0],
            "place": lambda: numbers[0][int(slots["n"]) - 1],
            "largest": lambda: str(max(int(d) for d in numbers[0])),
            "sum": lambda: str(sum(int(d) for d in numbers[0])),
            "turned": lambda: "".join(reversed(numbers[0])),
            "row": lambda: numbers[int(slots["row"]) - 1],
            "total": lambda: str(sum(values)),
            "gap": lambda: str(max(values) - min(values)),
            "top": lambda: str(max(values)),
        }[kind]()
        assert problem.answer == expected


# Tables and charts: the answer worked out again.


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_tables_by_hand(level: int) -> None:
    for problem in problems("tables", level, 8):
        scene, kind, slots = problem.facts["scene"], problem.facts["kind"], problem.facts["slots"]
        column = {name: row[scene["columns"].index(slots["column"])] for name, row in scene["rows"].items()}
        if kind == "cell":
            expected = str(column[slots["row"]])
        elif kind == "largest":
            expected = max(column, key=lambda name: column[name])
        elif kind == "find":
            (expected,) = [name for name, value in column.items() if str(value) == slots["value"]]
        elif kind == "sum":
            expected = str(column[slots["row"]] + column[slots["other"]])
        elif kind == "gap":
            expected = str(column[slots["row"]] - column[slots["other"]])
        elif kind == "above":
            expected = str(sum(value > int(slots["limit"]) for value in column.values()))
        elif kind == "total":
            expected = str(sum(column.values()))
        else:
            other = {name: row[scene["columns"].index(slots["other"])] for name, row in scene["rows"].items()}
            expected = max(column, key=lambda name: abs(column[name] - other[name]))
        assert problem.answer == expected, (kind, slots, scene)


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_charts_by_hand(level: int) -> None:
    for problem in problems("charts", level, 6):
        scene, kind, slots = problem.facts["scene"], problem.facts["kind"], problem.facts["slots"]
        values = {}
        for series, numbers in scene["series"].items():
            for name, number in zip(scene["names"], numbers, strict=True):
                values[f"{name} in {series}" if series else name] = number
        ranked = sorted(values, key=lambda name: -values[name])
        if kind == "value":
            expected = str(values[slots["item"]])
        elif kind == "series":
            expected = str(values[f"{slots['item']} in {slots['series']}"])
        elif kind == "largest":
            expected = ranked[0]
        elif kind == "smallest":
            expected = ranked[-1]
        elif kind == "sum":
            expected = str(values[slots["item"]] + values[slots["other"]])
        elif kind == "gap":
            expected = str(values[slots["item"]] - values[slots["other"]])
        elif kind == "above":
            expected = str(len([v for v in values.values() if v > int(slots["limit"])]))
        elif kind == "mean":
            expected = str(round(np.mean([values[slots[k]] for k in ("item", "other", "third")])))
        elif kind == "rank":
            expected = ranked[{"second": 1, "third": 2, "fourth": 3}[slots["nth"]]]
        else:
            names = scene["names"]
            rises = [values[b] - values[a] for a, b in itertools.pairwise(names)]
            expected = names[1 + int(np.argmax(rises))]
        assert problem.answer == expected, (kind, slots, scene)


def test_bars_are_as_long_as_their_values() -> None:
    """Bars recovered from the pixels by their colour: lengths in proportion to the data."""
    family, rng, done = charts.Charts(), random.Random(3), 0
    while done < 12:
        scene = family.scene(rng, 1, "train")
        if scene["kind"] not in ("bar", "barh"):
            continue
        pixels = np.asarray(family.render(rng, scene, 1)).astype(int)
        # Saturated patches are bars: paper, ink and grid lines are nearly grey.
        vivid = (pixels.max(2) - pixels.min(2)) > 60
        marks, _ = ndimage.label(vivid)
        boxes = [b for b in ndimage.find_objects(marks) if (b[0].stop - b[0].start) * (b[1].stop - b[1].start) > 30]
        across = scene["kind"] == "barh"
        boxes.sort(key=lambda b: b[0].start if across else b[1].start)
        if len(boxes) != len(scene["names"]):
            continue  # grey bars, or printed values that cut through one
        lengths = np.array([b[1].stop - b[1].start if across else b[0].stop - b[0].start for b in boxes], dtype=float)
        values = np.array(scene["series"][""], dtype=float)
        assert np.abs(lengths / lengths.max() - values / values.max()).max() < 0.06, (scene, lengths)
        done += 1


def test_shares_of_a_pie_add_up() -> None:
    for count in range(2, 7):
        for seed in range(50):
            shares = charts._shares(random.Random(seed), count)
            assert len(shares) == count
            assert sum(shares) == 100
            assert min(shares) >= 7


# Screens: points in boxes.


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize("coordinates", ["digits", "locations"])
def test_points_just_inside_and_just_outside(level: int, coordinates: str) -> None:
    family = Screens(coordinates)  # type: ignore[arg-type]
    rng = random.Random(level)
    for _ in range(10):
        problem = family.sample(rng, level, "train")
        left, top, right, bottom = problem.facts["box"]
        middle = ((left + right) / 2, (top + bottom) / 2)
        assert problem.answer == (format_point if coordinates == "digits" else format_point_locations)(*middle)
        for form in (format_point, format_point_locations):
            assert family.verify(problem, form(*middle)).correct, "the centre is right in both forms"
        near = 0.002
        for x, y, inside in [
            (left + near, middle[1], True), (right - near, middle[1], True), (middle[0], top + near, True),
            (middle[0], bottom - near, True), (left - near, middle[1], False), (right + near, middle[1], False),
            (middle[0], top - near, False), (middle[0], bottom + near, False),
        ]:  # fmt: skip
            if 0 <= x < 1 and 0 <= y < 1:
                assert family.verify(problem, format_point(x, y)).correct == inside


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_boxes_hold_something_and_do_not_overlap(level: int) -> None:
    family = Screens()
    rng = random.Random(level)
    for _ in range(12):
        problem = family.sample(rng, level, "train")
        image, scene = picture(problem), problem.facts["scene"]
        assert all(0 <= v <= 1 for box in scene["_boxes"].values() for v in box)
        for (_, a), (_, b) in itertools.combinations(scene["_boxes"].items(), 2):
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
            assert apart, scene
        left, top, right, bottom = problem.facts["box"]
        size = np.array([image.width, image.height] * 2)
        x0, y0, x1, y1 = (np.array([left, top, right, bottom]) * size).astype(int)
        patch = np.asarray(image.crop((x0, y0, x1, y1)).convert("L")).astype(int)
        assert patch.max() - patch.min() > 60, "there is text on something"


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_no_constant_point_pays(level: int) -> None:
    family, rng = Screens(), random.Random(9)
    asked = [family.sample(rng, level, "train") for _ in range(100)]
    for x, y in itertools.product((166, 333, 500, 667, 833), repeat=2):
        assert sum(family.verify(p, f"({x}, {y})").correct for p in asked) / len(asked) < 0.25


# Attempts to be counted as right without being right.


@pytest.mark.parametrize("name", FAMILIES)
def test_exploits_fail(name: str) -> None:
    family = get(name)
    for level in (1, 2):
        for problem in problems(name, level, 2):
            right = problem.answer
            point = read_point(right)
            attempts = [
                f"{right}, {right}", f"{right}\n{right}", f"{right} ", f"{right}.", f" or {right}", f"0{right}", f"+{right}",
                f"{right}.0", f"{right}%", f"~{right}", f"about {right}", f"({right})", f"<{right}>", f"{right}\u00a0x",
                f"{right};", f"1 {right}", f"{right}/1", f"{right} and more", right.replace("1", "\u0661") + "\u200b",
                f"answer: {right}", f"{right}\t{right}", "0..100", "[0, 999]", "any", "(000, 000, 999, 999)",
                "(000, 000)-(999, 999)", "(-500, 500)", "(500, 500) (250, 250)", "<|loc_50|>", "<|loc_50|><|loc_50|><|loc_50|>",
                right.upper() + "?", f"not {right}",
            ]  # fmt: skip
            for text in attempts:
                if text.strip() == right:
                    assert family.verify(problem, text).correct
                elif point is None or read_point(text.strip()) is None:
                    assert not family.verify(problem, text).correct, text


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_reading_by_hand(level: int) -> None:
    for problem in problems("reading", level, 10):
        lines, kind, slots = problem.facts["scene"]["lines"], problem.facts["kind"], problem.facts["slots"]
        words = [word for line in lines for word in line]
        expected = {
            "read": lambda: " ".join(words),
            "place": lambda: words[int(slots["n"]) - 1],
            "line": lambda: " ".join(lines[int(slots["n"]) - 1]),
        }[kind]()
        assert problem.answer == expected


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_words_stand_whole_inside_the_picture(level: int) -> None:
    """No ink at the rim, but for boxes, and for wear, which is everywhere."""
    rng, looked_at = random.Random(level), 0
    for _ in range(80):
        problem = get("reading").sample(rng, level, "train")
        pixels = np.asarray(picture(problem)).astype(int)
        rim = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        if not problem.facts["scene"]["_boxed"] and len(np.unique(pixels.reshape(-1, 3), axis=0)) < 300:
            looked_at += 1
            assert np.abs(rim - np.median(rim, axis=0)).max() < 60
    assert looked_at >= 5


@pytest.mark.parametrize(
    ("name", "turned"), [("tables", "rows"), ("tables", "columns"), ("charts", "kind"), ("charts", "names")]
)
def test_the_same_facts_in_other_dress_share_a_split(name: str, turned: str) -> None:
    family = get(name)
    assert isinstance(family, SceneFamily)
    rng, changed = random.Random(9), 0
    for _ in range(200):
        scene = family.scene(rng, rng.choice((1, 2, 3)), "train")
        other = copy.deepcopy(scene)
        if turned == "rows":
            other["rows"] = dict(reversed(scene["rows"].items()))
        elif turned == "columns":
            other["columns"] = scene["columns"][::-1]
            other["rows"] = {key: row[::-1] for key, row in scene["rows"].items()}
        elif turned == "kind":
            other["kind"] = {"bar": "barh", "barh": "line", "line": "bar", "pie": "bar"}[scene["kind"]]
        else:
            other["names"] = scene["names"][::-1]
            other["series"] = {key: values[::-1] for key, values in scene["series"].items()}
        changed += json.dumps(other) != json.dumps(scene)
        assert family.instance(other) == family.instance(scene)
    assert changed > 100


def test_an_action_has_one_answer() -> None:
    """Where a widget says what the action does, the action is not asked for."""
    rng, asked = random.Random(3), 0
    for _ in range(150):
        scene = get("screens").scene(rng, 4, "train")
        get("screens").render(rng, scene, 4)
        for question in get("screens").questions(rng, scene, 4):
            if question.kind == "action":
                asked += 1
                same = {
                    "close the window": {"Close"},
                    "close the dialog": {"Close"},
                    "agree": {"Yes", "Apply"},
                    "say no": {"No"},
                }
                assert not same[question.slots["action"]] & scene["_boxes"].keys()
    assert asked > 50


def test_no_question_is_asked_twice_about_a_picture() -> None:
    for name in FAMILIES:
        family, rng = get(name), random.Random(2)
        for level in (1, 2):
            for _ in range(5):
                problem: Problem | None = family.sample(rng, level, "train")
                asked = []
                while problem is not None and len(asked) < 6:
                    asked.append((problem.facts["kind"], sorted(problem.facts["slots"].items())))
                    problem = family.follow_up(rng, problem)
                assert all(asked.count(one) == 1 for one in asked)
