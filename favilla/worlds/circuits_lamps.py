"""Lamps and switches: which lamps are lit, and which switch does what."""

from __future__ import annotations

import random

from favilla.worlds.circuit_parts import ladder
from favilla.worlds.circuits_wordings import COUNT, COUNT_TEST, LIT, LIT_TEST, NEEDS, NEEDS_TEST, OUT, OUT_TEST
from favilla.worlds.diagrams import Diagram, ended
from favilla.worlds.scenes import Question, Scene
from favilla.worlds.sketch import Sheet

LETTERS = "BCDEFGHJKLMNPQRSTUWXYZ"  # without A and V, which meters have


class Lamps(Diagram):
    """Branches with lamps and switches beside a battery. Level 1: two or three, one lamp and one switch each. 2: up to two switches in a
    branch, or one in front of all. 3: three or four, up to two lamps in one. 4: switches between the branches too."""

    name = "lamps"
    written = r"\b[A-Z]\b"
    asks = {
        "lit": (LIT, LIT_TEST),
        "lit_count": (COUNT, COUNT_TEST),
        "needs": (NEEDS, NEEDS_TEST),
        "out": (OUT, OUT_TEST),
    }

    def facts(self, rng: random.Random, level: int) -> Scene:
        """branches: parts from top to bottom, [name, "open" | "closed" | "lamp"]; rail: switches on the upper wire in front of a branch,
        [branch, name, state]: no current reaches this and later branches when it is open."""
        count = {1: (2, 3), 2: (2, 3), 3: (3, 4), 4: (4, 4)}[level]
        names = iter(rng.sample(LETTERS, len(LETTERS)))
        closed = {1: 0.5, 2: 0.65, 3: 0.75, 4: 0.8}[level]

        def switch() -> list[str]:
            return [next(names), "closed" if rng.random() < closed else "open"]

        branches = []
        for _ in range(rng.randint(*count)):
            parts = [switch() for _ in range(1 if level == 1 or rng.random() < 0.6 else 2)]
            parts += [
                [next(names), "lamp"] for _ in range(2 if level >= 3 and len(parts) == 1 and rng.random() < 0.5 else 1)
            ]
            rng.shuffle(parts)
            branches.append(parts)
        rail = [[0, *switch()]] if level >= 2 and rng.random() < (0.5 if level == 2 else 0.8) else []
        if level == 4:
            rail += [[i, *switch()] for i in range(1, len(branches)) if rng.random() < 0.6]
        return {"branches": branches, "rail": rail}

    def transcript(self, scene: Scene) -> str:
        lines = []
        for i, parts in enumerate(scene["branches"]):
            lines += [f"wire {name} {state}" for at, name, state in scene["rail"] if at == i]
            lines.append(
                f"{i + 1}: "
                + ", ".join(f"{state} {name}" if state == "lamp" else f"{name} {state}" for name, state in parts)
            )
        return "\n".join(lines)

    def tell(self, rng: random.Random, scene: Scene) -> str:
        out = []
        for i, parts in enumerate(scene["branches"]):
            for at, name, state in scene["rail"]:
                if at == i:
                    later = len(scene["branches"]) - i
                    where = "all branches" if i == 0 else f"branch {i + 1}" + (" and later ones" if later > 1 else "")
                    out.append(f"Before {where}: switch {name}, {state}.")
            listed = "; ".join(
                f"lamp {name}" if state == "lamp" else f"switch {name}, {state}" for name, state in parts
            )
            out.append(f"Branch {i + 1}: {listed}.")
        return f"A battery, branches side by side. {' '.join(out)}"

    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        def part(name: str, state: str) -> tuple[str, str]:
            return (state if state == "lamp" else f"{state} switch", name)

        branches = [[part(*item) for item in parts] for parts in scene["branches"]]
        rail = {at: part(name, state) for at, name, state in scene["rail"]}
        return ladder(rng, letters, grow, "", branches, [], rail)

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        paths, lines = [], []
        state_of: dict[str, str] = {}
        rail: list[list[str]] = []
        for i, parts in enumerate(scene["branches"]):
            rail = [*rail, *([name, state] for at, name, state in scene["rail"] if at == i)]
            path = [*rail, *(part for part in parts if part[1] != "lamp")]
            state_of |= {name: state for name, state in path}
            lamps = [name for name, state in parts if state == "lamp"]
            paths.append(([name for name, _ in path], lamps))
            on = all(state == "closed" for _, state in path)
            lines.append(
                f"{i + 1}: {', '.join(f'{n} {s}' for n, s in path)}: {' '.join(lamps)} {'lit' if on else 'off'}"
            )
        lit = sorted(lamp for path, lamps in paths for lamp in lamps if all(state_of[s] == "closed" for s in path))
        terse = f"lit {' '.join(lit) or 'none'}"
        counted = ", ".join(f"{name} {i}" for i, name in enumerate(lit, start=1)) or "lit 0"
        out = [ended("lit_count", {}, len(lit), terse, *lines, counted)] if lit or level > 1 else []
        if lit:
            answer = ", ".join(lit)
            out.append(
                ended("lit", {}, answer, terse, *lines, *([f"sorted: {answer}"] if len(lit) > 1 else [f"lit {answer}"]))
            )
        for i, (path, lamps) in enumerate(paths):
            broken = [name for name in path if state_of[name] == "open"]
            if len(broken) == 1:
                listed = f"{i + 1}: " + ", ".join(f"{name} {state_of[name]}" for name in path)
                for lamp in lamps:
                    out.append(
                        ended(
                            "needs",
                            {"a": lamp},
                            broken[0],
                            f"{lamp}: {broken[0]} open",
                            f"{lamp} in {i + 1}",
                            listed,
                            f"open {broken[0]}",
                        )
                    )
        if level >= 3:
            for name, state in state_of.items():
                lost = sorted(lamp for path, lamps in paths if name in path for lamp in lamps if lamp in lit)
                if state == "closed" and lost:
                    answer = ", ".join(lost)
                    out.append(
                        ended("out", {"s": name}, answer, f"{name}: {' '.join(lost)}", *lines, f"with {name}: {answer}")
                    )
        return out
