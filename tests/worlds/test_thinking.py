"""Worked solutions of the picture families read back: every line follows from the scene and from the lines above it."""

from __future__ import annotations

import itertools
import random
import re

import pytest

from favilla.worlds.base import Problem
from favilla.worlds.registry import get


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
