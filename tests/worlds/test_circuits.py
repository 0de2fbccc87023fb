"""Circuits against Kirchhoff's laws: the text is read again, and node potentials are solved for."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import numpy as np
import pytest

from favilla.worlds.base import Problem
from favilla.worlds.registry import get

LEVELS = pytest.mark.parametrize("level", [1, 2, 3, 4])
Edge = tuple[str, int, int, float]  # name, from, to, ohms


def problems(kind: str, level: int, count: int = 60) -> Iterator[tuple[Problem, str]]:
    rng, family = random.Random(f"{kind}/{level}"), get("circuits_text")
    found = 0
    while found < count:
        problem = family.sample(rng, level, "train")
        if problem.facts["scene"]["kind"] == kind:
            found += 1
            yield problem, next(line for line in str(problem.prompt[0]).split("\n") if "attery, " in line)


def currents(edges: list[Edge], volts: float) -> dict[str, float]:
    """The current in each edge when node 0 is the battery's one pole and the highest node the other."""
    count = max(max(a, b) for _, a, b, _ in edges) + 1
    conductances = np.zeros((count, count))
    for _, a, b, ohms in edges:
        conductances[a, a] += 1 / ohms
        conductances[b, b] += 1 / ohms
        conductances[a, b] -= 1 / ohms
        conductances[b, a] -= 1 / ohms
    potentials = np.zeros(count)
    potentials[0] = volts
    free = list(range(1, count - 1))
    if free:
        inner = conductances[np.ix_(free, free)]
        potentials[free] = np.linalg.solve(inner, -conductances[free, 0] * volts)
    return {name: (potentials[a] - potentials[b]) / ohms for name, a, b, ohms in edges}


def resistors(kind: str, ohms: dict[str, float]) -> list[Edge]:
    names = list(ohms)
    if kind == "series":
        return [(name, i, i + 1, ohms[name]) for i, name in enumerate(names)]
    if kind == "side_by_side":
        return [(name, 0, 1, ohms[name]) for name in names]
    return [(names[0], 0, 1, ohms[names[0]]), *((name, 1, 2, ohms[name]) for name in names[1:])]


@LEVELS
@pytest.mark.parametrize("kind", ["series", "side_by_side", "mixed"])
def test_ohms_and_kirchhoffs_laws(kind: str, level: int) -> None:
    if kind == "mixed" and level < 3:
        return
    words = {"series": ("series", "one after the other", "one resistor"), "side_by_side": ("parallel", "side by side")}
    for problem, text in problems(kind, level):
        assert any(word in text for word in words.get(kind, ("then in series with it",)))
        given = {name: float(value) for name, value in re.findall(r"(R\d?) = (\d+) ohm", text)}
        unknown = re.findall(r"(R\d?) \(unknown\)", text)
        volts = [float(v) for v in re.findall(r"A (\d+) V battery", text)]
        amps = [float(v) for v in re.findall(r"reads (\d+) A", text)]
        asked, slots, answer = problem.facts["kind"], problem.facts["slots"], float(problem.answer)
        if asked == "resistance":
            assert unknown == [slots["r"]]
            names = sorted([*given, *unknown])
            fits = []
            for tried in range(1, 400):
                ohms = {name: given.get(name, float(tried)) for name in names}
                edges = resistors(kind, ohms)
                flow = currents(edges, volts[0])
                if sum(flow[name] for name, a, _, _ in edges if a == 0) == pytest.approx(amps[0]):
                    fits.append(tried)
            assert fits == [answer]
            continue
        assert not unknown
        edges = resistors(kind, given)
        unit = sum(currents(edges, 1.0)[name] for name, a, _, _ in edges if a == 0)
        pressure = volts[0] if volts else amps[0] / unit if amps else 1.0
        flow = currents(edges, pressure)
        expected = {
            "total": lambda: 1 / unit,
            "current": lambda: unit * pressure,
            "voltage": lambda: pressure,
            "through": lambda: flow[slots["r"]],
            "across": lambda: flow[slots["r"]] * given[slots["r"]],
        }[asked]()
        assert answer == pytest.approx(expected), text


def lamps(text: str, states: dict[str, str]) -> dict[str, float]:
    """Currents in the lamps: a lamp has 1 ohm, a closed switch almost none, an open one very many."""
    nodes, upper = 1, 0
    edges: list[tuple[str, int, int | None, float]] = []
    for where, body in re.findall(r"(Before [a-z0-9 ]+|Branch \d+): ([^.]+)\.", text):
        below: int | None
        at = upper
        parts = re.findall(r"(lamp|switch) ([A-Z])", body)
        for i, (part, name) in enumerate(parts):
            ohms = 1.0 if part == "lamp" else 1e-4 if states[name] == "closed" else 1e7
            if where.startswith("Before"):
                below = upper = nodes
                nodes += 1
            elif i == len(parts) - 1:
                below = None  # the battery's other pole
            else:
                below, nodes = nodes, nodes + 1
            edges.append((name, at, below, ohms))
            at = at if below is None else below
    flow = currents([(name, a, nodes if b is None else b, ohms) for name, a, b, ohms in edges], 100.0)
    return {name: flow[name] for name in re.findall(r"lamp ([A-Z])", text)}


@LEVELS
def test_lamps_are_lit_by_current(level: int) -> None:
    asked = set()
    for problem, text in problems("lamps", level, 100):
        states = dict(re.findall(r"switch ([A-Z]), (open|closed)", text))

        def lit(states: dict[str, str]) -> list[str]:
            return sorted(name for name, amps in lamps(text, states).items() if amps > 1)

        kind, slots, now = problem.facts["kind"], problem.facts["slots"], lit(states)
        asked.add(kind)
        if kind == "lit":
            assert problem.answer == ", ".join(now)
        elif kind == "lit_count":
            assert problem.answer == str(len(now))
        elif kind == "needs":
            assert slots["a"] not in now
            closes = [name for name in states if slots["a"] in lit({**states, name: "closed"})]
            assert closes == [problem.answer]
        else:
            assert states[slots["s"]] == "closed"
            after = lit({**states, slots["s"]: "open"})
            assert problem.answer == ", ".join(name for name in now if name not in after)
    assert asked == ({"lit", "lit_count", "needs"} if level < 3 else {"lit", "lit_count", "needs", "out"})


@LEVELS
def test_drawn_symbols_are_those_of_the_facts(level: int) -> None:
    rng, seen = random.Random(level), 0
    while seen < 20:
        problem = get("circuits").sample(rng, level, "train")
        scene = problem.facts["scene"]
        if scene["kind"] != "lamps":
            continue
        seen += 1
        switches = [state for parts in scene["branches"] for _, state in parts if state != "lamp"]
        switches += [state for _, _, state in scene["rail"]]
        marked = [mark.label for mark in problem.marks]
        for state in ("open", "closed"):
            assert marked.count(f"{state} switch") == switches.count(state)
        assert marked.count("lamp") == sum(state == "lamp" for parts in scene["branches"] for _, state in parts)
        # A name stands beside its own part: the nearest one.
        (wide, high) = problem.prompt[0].image.size  # type: ignore[union-attr]
        places = {m.label: (m.x * wide, m.y * high) for m in problem.marks if len(m.label) == 1}
        kinds = {name: state for parts in scene["branches"] for name, state in parts}
        for name, state in kinds.items():
            x, y = places[name]
            near = min(
                (m for m in problem.marks if len(m.label) > 1), key=lambda m: np.hypot(m.x * wide - x, m.y * high - y)
            )
            assert near.label.startswith(state), (name, state, near)
