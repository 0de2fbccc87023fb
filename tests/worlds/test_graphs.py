"""Graphs against slow searches over what the twin says, and against where edges and nodes lie in the picture."""

from __future__ import annotations

import itertools
import math
import random
import re

import numpy as np
import pytest

from favilla.chat.messages import ImagePart
from favilla.worlds.base import Problem
from favilla.worlds.drawn import Drawn
from favilla.worlds.registry import get

EDGE = re.compile(
    r"\b([A-Z])(?:->| -> | > | points to | leads to | to | - |-| and | is next to )([A-Z])\b(?: are joined)?(?:\.?(?:: | is |=| )(\d+))?"
)


def told_edges(problem: Problem) -> list[tuple[str, str, int]]:
    """The edges as the text says them; the question is left out."""
    (prompt,) = problem.prompt
    lines = [line for line in str(prompt).split("\n") if not asks(problem, line)]
    return [(a, b, int(w or 0)) for a, b, w in EDGE.findall("\n".join(lines))]


def asks(problem: Problem, line: str) -> bool:
    family = get("graphs")
    assert isinstance(family, Drawn)
    kind, slots = problem.facts["kind"], problem.facts["slots"]
    return line in [words.format(**slots) for words in (*family.phrasings[kind], *family.test_phrasings[kind])]


def worked_out(kind: str, slots: dict[str, str], edges: list[tuple[str, str, int]]) -> list[str]:
    """All right answers by trying everything."""
    a, b = slots["a"], slots.get("b", "")
    both = edges + [(y, x, w) for x, y, w in edges]
    if kind == "lead":
        return [y for x, y, _ in edges if x == a]
    if kind == "source":
        return [x for x, y, _ in edges if y == a]
    if kind == "weight":
        return [str(w) for x, y, w in both if (x, y) == (a, b)]
    if kind == "hops":
        ends = [a]
        for _ in range(int(slots["n"])):
            ends = [y for end in ends for x, y, _ in edges if x == end]
        return ends
    if kind in ("degree", "joined"):
        others = sorted(y for x, y, _ in both if x == a)
        return [str(len(others)) if kind == "degree" else ", ".join(others)]
    if kind == "reach":
        known = {a}
        for _ in edges:
            known |= {y for x, y, _ in edges if x in known}
        return [", ".join(sorted(known - {a}))]
    # Every way without a node twice, by depth.
    weight = {(x, y): w for x, y, w in both}
    ways, found = [[a]], []
    while ways:
        way = ways.pop()
        if way[-1] == b:
            found.append((sum(weight[step] for step in itertools.pairwise(way)), "-".join(way)))
        else:
            ways += [[*way, y] for x, y in weight if x == way[-1] and y not in way]
    least = min(found)[0]
    return [str(least)] if kind == "shortest" else [way for length, way in found if length == least]


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_answers_by_trying_everything(level: int) -> None:
    rng, kinds = random.Random(level), set()
    for _ in range(150):
        problem = get("graphs_text").sample(rng, level, rng.choice(("train", "test")))
        edges = told_edges(problem)
        assert len(edges) == len(problem.facts["scene"]["edges"]), problem.prompt
        kinds.add(problem.facts["kind"])
        answers = worked_out(problem.facts["kind"], problem.facts["slots"], edges)
        assert answers == [problem.answer], (problem.prompt, problem.answer, answers)
    assert len(kinds) >= 3


@pytest.mark.parametrize("level", [3, 4])
def test_workings_add_up(level: int) -> None:
    rng, seen = random.Random(level), 0
    for _ in range(100):
        thinking = get("graphs_text").sample(rng, level, "train").solutions["steps"].thinking
        for a, b, total, sign, old in re.findall(r"(\d+)\+(\d+)=(\d+)(<|>=)?(\d+)?", thinking):
            seen += 1
            assert int(a) + int(b) == int(total)
            assert not sign or (int(total) < int(old)) == (sign == "<")
    assert seen > 100


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_edges_are_drawn_between_their_nodes_and_past_no_other(level: int) -> None:
    rng = random.Random(level)
    for _ in range(25):
        problem = get("graphs").sample(rng, level, "train")
        scene, (image, _) = problem.facts["scene"], problem.prompt
        assert isinstance(image, ImagePart)
        pixels = np.asarray(image.image.convert("L")).astype(int)
        height, width = pixels.shape
        at = {m.label: (m.x * width, m.y * height) for m in problem.marks if m.label in scene["nodes"]}
        assert at.keys() == set(scene["nodes"])
        assert all(math.dist(at[a], at[b]) > 28 for a, b in itertools.combinations(at, 2))
        arrows = [(m.x * width, m.y * height) for m in problem.marks if m.label == "arrow"]
        assert len(arrows) == (len(scene["edges"]) if scene["kind"] in ("arrows", "web") else 0)
        plain = np.median(pixels)
        for a, b, weight in scene["edges"]:
            along = [(at[a][0] + (at[b][0] - at[a][0]) * t, at[a][1] + (at[b][1] - at[a][1]) * t)
                     for t in np.linspace(0, 1, 60)]  # fmt: skip
            for other in at.keys() - {a, b}:
                assert min(math.dist(at[other], p) for p in along) > 20
            x, y = along[22]  # between the source's rim and the weight, or the head
            spot = pixels[int(y) - 1 : int(y) + 3, int(x) - 1 : int(x) + 3]
            assert np.abs(spot - plain).max() > 30, (a, b)
            if arrows:
                ends = [p for p in arrows if min(math.dist(p, q) for q in along) < 2]
                (head,) = [p for p in ends if math.dist(p, at[b]) < 30]
                assert math.dist(head, at[a]) > math.dist(head, at[b])
                tip = pixels[int(head[1]) - 1 : int(head[1]) + 3, int(head[0]) - 1 : int(head[0]) + 3]
                # A head is wider than its line.
                assert (
                    np.abs(tip - plain).max() > 30
                    and (np.abs(tip - plain) > 20).sum() >= (np.abs(spot - plain) > 20).sum()
                )
            if weight:
                numbers = [m for m in problem.marks if m.label == str(weight)]
                middle = ((at[a][0] + at[b][0]) / 2, (at[a][1] + at[b][1]) / 2)
                assert min(math.dist((m.x * width, m.y * height), middle) for m in numbers) < 1


def test_the_order_of_edges_is_no_part_of_an_instance() -> None:
    family, rng = get("graphs"), random.Random(8)
    assert isinstance(family, Drawn)
    for _ in range(50):
        scene = family.scene(rng, 2, "train")
        turned = {**scene, "nodes": scene["nodes"][::-1], "edges": scene["edges"][::-1]}
        assert family.instance(turned) == family.instance(scene)
        backwards = {**scene, "edges": [[b, a, w] for a, b, w in scene["edges"]]}
        assert (family.instance(backwards) == family.instance(scene)) == (scene["kind"] == "lines")


@pytest.mark.parametrize(("level", "fewest", "most"), [(1, 4, 5), (2, 5, 6), (3, 6, 8), (4, 8, 10)])
def test_sizes_over_many_scenes(level: int, fewest: int, most: int) -> None:
    """Also when a scene is drawn again because nothing could be asked about the first."""
    family, rng = get("graphs"), random.Random(level)
    assert isinstance(family, Drawn)
    seen = {len(family.scene(rng, level, "train")["nodes"]) for _ in range(700)}
    assert seen == set(range(fewest, most + 1))
