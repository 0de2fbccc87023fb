"""Worked solutions of the picture families read back: every line follows from the scene and from the lines above it."""

from __future__ import annotations

import itertools
import random
import re

import pytest

from favilla.worlds.base import Problem
from favilla.worlds.registry import get
from favilla.worlds.screens import KIND_WORDS


def solved(name: str, level: int, count: int, kinds: set[str] | None = None) -> list[Problem]:
    """Problems and their follow-ups, of some kinds of question."""
    rng, family, out = random.Random(f"{name} {level}"), get(name), []
    for _ in range(count):
        problem: Problem | None = family.sample(rng, level, "train")
        for _ in range(4):
            if problem is None:
                break
            if kinds is None or problem.facts["kind"] in kinds:
                out.append(problem)
            problem = family.follow_up(rng, problem)
    assert out
    return out


def lines_of(problem: Problem) -> list[str]:
    """The lines of the steps behind the first one, which says what is wanted."""
    want, *lines = problem.solutions["steps"].thinking.split("\n")
    assert want.startswith("Want: ")
    return lines


def check_equations(line: str) -> None:
    for left, right in re.findall(r"(-?[0-9]+[-+*][0-9]+)=(-?[0-9]+)", line):
        assert eval(left) == int(right), line


def check_best(steps: list[tuple[str, int, str, str]], largest: bool) -> None:
    """steps: name and value that come, and the best before and after, each "name value" ("" before the first)."""
    for name, value, before, after in steps:
        old = int(before.split()[-1]) if before else None
        better = old is None or (value > old if largest else value < old)
        assert after == (f"{name} {value}" if better else before)


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_shapes_are_tallied_one_by_one(level: int) -> None:
    for problem in solved("counting", level, 12):
        scene, kind, slots = problem.facts["scene"], problem.facts["kind"], problem.facts["slots"]
        lines = lines_of(problem)
        shapes = [(column, row, f"{colour} {shape}") for column, row, colour, shape in scene["shapes"]]
        if kind == "half":
            shapes = [s for s in shapes if (s[0] < scene["grid"][0] / 2) == (slots["half"] == "left")]
        rows = [list(group) for _, group in itertools.groupby(shapes, key=lambda s: s[1])]
        told = [[item.split(" ") for item in line.split(", ")] for line in lines[: len(rows)]]
        assert [[" ".join(item[:2]) for item in row] for row in told] == [[s[2] for s in row] for row in rows]
        items = [item for row in told for item in row]
        if kind == "most":
            for place, (colour, _, number) in enumerate(items):
                assert int(number) == [item[0] for item in items[: place + 1]].count(colour)
            assert lines[-1].endswith(f": {problem.answer} {[item[0] for item in items].count(problem.answer)}")
            continue
        wanted = {
            "difference": lambda: [slots["what"], slots["other"]],
            "three": lambda: [f"{slots[key]} shapes" for key in "abc"],
        }.get(kind, lambda: [slots["what"]])()
        counts = ["0"] * len(wanted)
        for colour, shape, *now in items:
            for place, what in enumerate(wanted):
                hit = all(word in (colour, f"{shape}s", f"{shape}es", "shapes") for word in what.split())
                assert int(now[place]) - int(counts[place]) == hit
            counts = now
        if kind == "difference":
            assert lines[len(rows) :] == [f"{counts[0]}-{counts[1]}={problem.answer}"]
        else:
            assert ", ".join(counts) == problem.answer


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_charts_are_read_and_compared_item_by_item(level: int) -> None:
    for problem in solved("charts", level, 8):
        scene, kind, slots = problem.facts["scene"], problem.facts["kind"], problem.facts["slots"]
        lines = lines_of(problem)
        for line in lines:
            check_equations(line)
        if len(scene["series"]) > 1:
            for key, values in scene["series"].items():
                pairs = zip(scene["names"], values, strict=True)
                assert f"{key}: {', '.join(f'{name} {value}' for name, value in pairs)}" in lines
            continue
        values = dict(zip(scene["names"], scene["series"][""], strict=True))
        read = [line.split(":")[0].split(",")[0] for line in lines[: len(values)]]
        order = [name for name in (item.rsplit(" ", 1)[0] for item in read) if name in values]
        assert [item for item in read if item.split(" ")[0] in values][: len(order)] == [
            f"{name} {values[name]}" for name in order
        ]
        if scene["kind"] != "pie":
            assert order == scene["names"][: len(order)]
        if kind == "value":
            assert lines[-1] == f"{slots['item']} {problem.answer}"
        elif kind in ("largest", "smallest"):
            before, steps = "", []
            for line in lines:
                item, _, after = line.partition(": ")
                name, value = item.split(" ")
                steps.append((name, int(value), before, after))
                before = after
            assert sorted(step[0] for step in steps) == sorted(values)
            check_best(steps, kind == "largest")
            assert before.split(" ")[0] == problem.answer
        elif kind in ("sum", "gap"):
            assert lines[-2] == f"{slots['item']} {values[slots['item']]}, {slots['other']} {values[slots['other']]}"
            assert lines[-1].endswith(f"={problem.answer}")
        elif kind == "rank":
            keep = {"second": 2, "third": 3, "fourth": 4}[slots["nth"]]
            for count, line in enumerate(lines, start=1):
                best = sorted(order[:count], key=lambda name: values[name])[::-1][:keep]
                assert line.partition(": ")[2] == ", ".join(f"{name} {values[name]}" for name in best)


def test_a_pie_is_read_clockwise_from_the_top() -> None:
    """The names' first signs, as they are marked in the picture, go round in the order of the working."""
    seen = 0
    for problem in solved("charts", 2, 60, {"largest", "smallest"}):
        scene = problem.facts["scene"]
        initials = {name[0]: name for name in scene["names"]}
        if scene["kind"] != "pie" or len(initials) < len(scene["names"]):
            continue
        (width, height) = problem.prompt[0].image.size if len(problem.prompt) == 2 else (0, 0)  # type: ignore[union-attr]
        marks = [mark for mark in problem.marks if mark.label in initials]
        if not width or len(marks) != len(initials):
            continue
        where = {initials[mark.label]: complex(mark.x * width, -mark.y * height) for mark in marks}
        order = [line.split(" ")[0] for line in lines_of(problem)]
        turns = []
        for a, b, c in zip(order, order[1:], order[2:], strict=False):
            first, second = where[b] - where[a], where[c] - where[b]
            turns.append((first.conjugate() * second).imag)
        assert all(turn < 0 for turn in turns), (order, where)
        seen += bool(turns)
    assert seen >= 3


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_tables_are_read_up_to_the_asked_column(level: int) -> None:
    for problem in solved("tables", level, 10):
        scene, kind, slots = problem.facts["scene"], problem.facts["kind"], problem.facts["slots"]
        lines = lines_of(problem)
        for line in lines:
            check_equations(line)
        if kind == "widest":
            continue
        place = scene["columns"].index(slots["column"])
        column = {name: row[place] for name, row in scene["rows"].items()}

        def read(name: str, scene: dict = scene, place: int = place) -> str:
            cells = [f"{scene['columns'][c]} {scene['rows'][name][c]}" for c in range(place + 1)]
            return f"{name}: {', '.join(cells)}"

        names = {
            "cell": lambda: [slots["row"]],
            "sum": lambda: [slots["row"], slots["other"]],
            "gap": lambda: [slots["row"], slots["other"]],
            "find": lambda: list(column)[: list(column).index(problem.answer) + 1],
        }.get(kind, lambda: list(column))()
        rest = []
        for name, line in zip(names, lines, strict=False):
            assert line.startswith(read(name))
            rest.append(line[len(read(name)) :])
        if kind == "cell":
            assert rest == [""]
            assert lines[0].endswith(f" {problem.answer}")
        elif kind == "find":
            assert rest == [f", {slots['value']}: no"] * (len(rest) - 1) + [f", {slots['value']}: yes"]
        elif kind == "largest":
            steps = []
            for name, part in zip(names, rest, strict=True):
                before, _, after = part.removeprefix("; ").rpartition("; ")
                steps.append((name, column[name], before, after))
            assert [step[2] for step in steps[1:]] == [step[3] for step in steps[:-1]]
            check_best(steps, largest=True)
        elif kind in ("sum", "gap"):
            assert lines[-1].endswith(f"={problem.answer}")
        elif kind == "above":
            count = 0
            for name, part in zip(names, rest, strict=True):
                hit = column[name] > int(slots["limit"])
                count += hit
                assert part == f", {slots['limit']}: {'yes' if hit else 'no'} {count}"
        elif kind == "total":
            assert rest[-1].endswith(f"={problem.answer}")


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_widgets_are_read_down_the_columns_up_to_the_asked_one(level: int) -> None:
    for problem in solved("screens", level, 15):
        scene, kind, slots = problem.facts["scene"], problem.facts["kind"], problem.facts["slots"]
        boxes, columns = scene["_boxes"], scene["grid"][0]
        lines = lines_of(problem)
        assert 1 <= len(lines) <= 6
        assert lines[-1].endswith(f" {problem.answer}")
        looks = {
            label: " ".join(filter(None, (colour, KIND_WORDS[what]))) for _, _, what, label, colour in scene["widgets"]
        }
        labels = []
        for line in lines:
            text = re.sub(r" \([0-9]{3}, [0-9]{3}\)$", "", line)
            if kind in ("colour", "kind"):
                text = next(
                    text.removeprefix(f"{look} ") for look in {*looks.values(), "button"} if label_of(text, look, boxes)
                )
                wanted = slots.get("kind") or f"{slots['colour']} button"
                assert (looks.get(text, "button") == wanted) == (line == lines[-1])
            labels.append(text if text in boxes else f"_{text}")
        # Column, middle and, for words of one menu, left end.
        places = {key: (int((x0 + x1) / 2 * columns), y0 + y1, x0) for key, (x0, y0, x1, y1) in boxes.items()}
        told = [places[key] for key in labels]
        assert told == sorted(told)
        earlier = sum(place < told[-1] for place in places.values())
        assert len(lines) == min(6, earlier + 1), "no widget is left out on the way"


def label_of(text: str, look: str, boxes: dict[str, list[float]]) -> bool:
    label = text.removeprefix(f"{look} ")
    return label != text and (label in boxes or f"_{label}" in boxes)


def test_what_a_widget_is_can_be_read_from_the_marks() -> None:
    """Every kind and colour that a working names is marked inside the widget's box, a dialog's buttons too."""
    dialogs = 0
    for level in (1, 2, 3, 4):
        for problem in solved("screens", level, 15):
            scene, boxes = problem.facts["scene"], problem.facts["scene"]["_boxes"]
            looks = {w[3]: " ".join(filter(None, (w[4], KIND_WORDS[w[2]]))) for w in scene["widgets"]}
            looks |= {label: "button" for label in ("Confirm", "Dismiss") if "dialog" in scene}
            dialogs += "dialog" in scene
            for label, look in looks.items():
                if label in boxes:
                    left, top, right, bottom = boxes[label]
                    inside = [m.label for m in problem.marks if left <= m.x <= right and top <= m.y <= bottom]
                    assert look in inside, (label, look, inside)
    assert dialogs


def test_check_boxes_are_no_check() -> None:
    """A solution's key goes up to its check; one that names a check box goes on behind it."""
    seen = 0
    for problem in solved("screens", 2, 60, {"kind"}):
        thinking = problem.solutions["steps"].thinking
        key = get("screens").verify(problem, problem.answer, f"{thinking}\nCheck: 1 2 3").solution_key
        assert key == " ".join(re.findall(r"[a-z0-9]+", thinking.lower()))
        seen += "check box" in thinking
    assert seen > 3


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_digits_are_worked_out_digit_by_digit(level: int) -> None:
    for problem in solved("digits", level, 15):
        numbers, kind, slots = problem.facts["scene"]["numbers"], problem.facts["kind"], problem.facts["slots"]
        lines = lines_of(problem)
        for line in lines:
            check_equations(line)
        if kind == "place":
            told = [line.split(" ")[1] for line in lines]
            assert "".join(told) == numbers[0][: int(slots["n"])]
            continue
        if level <= 2:
            assert lines[0] == " ".join(numbers[0])
        else:
            rows = [f"row {n}: {number}" for n, number in enumerate(numbers, start=1)]
            assert lines[: len(rows)] == rows[: int(slots["row"])] if kind == "row" else lines[: len(rows)] == rows
        if kind in ("largest", "top", "gap"):
            values = [int(value) for value in (numbers[0] if level <= 2 else numbers)]
            for line in lines:
                word, _, rest = line.partition(" ")
                if word in ("largest", "smallest"):
                    best = None
                    pairs = [pair.split(": ") for pair in rest.split(", ")]
                    assert [int(value) for value, _ in pairs] == values
                    for value, now in ((int(a), int(b)) for a, b in pairs):
                        best = value if best is None or (value > best) == (word == "largest") else best
                        assert now == best
        if kind in ("sum", "total", "gap"):
            assert lines[-1].endswith(f"={problem.answer}")
        if kind == "turned":
            assert lines[-1].replace(" ", "") == problem.answer


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_words_are_read_up_to_the_asked_one(level: int) -> None:
    for problem in solved("reading", level, 15):
        scene, kind, slots = problem.facts["scene"], problem.facts["kind"], problem.facts["slots"]
        lines = lines_of(problem)
        words = [word for line in scene["lines"] for word in line]
        if level == 2:
            (word,) = words
            assert lines[0] == " ".join(word)
            grown = lines[1].split("/")
            assert [len(part) for part in grown] == list(range(1, len(word) + 1))
            assert all(word.startswith(part) for part in grown)
        elif kind == "read":
            assert lines == [" ".join(line) for line in scene["lines"]]
        elif kind == "place":
            count = int(slots["n"])
            assert lines == [", ".join(f"{n} {word}" for n, word in enumerate(words[:count], start=1))]
        else:
            told = [f"{n}: {' '.join(line)}" for n, line in enumerate(scene["lines"], start=1)]
            assert lines == told[: int(slots["n"])]
