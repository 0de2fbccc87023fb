"""Rules that turn one square grid of letters into another: a move of its cells, then a change of its colours.

A grid is a tuple of rows, a row a string of letters; written down it is "R G B / Y O P", a token a cell. Which rules there are at a level is finite and small, so that whether
examples leave only one answer is found by trying all of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import cache

Grid = tuple[str, ...]
ColourMap = tuple[tuple[str, str], ...]  # what becomes what; every other colour stays
Example = tuple[Grid, Grid]

COLOURS = {"R": "red", "G": "green", "B": "blue", "Y": "yellow", "O": "orange", "P": "purple"}


def _turned(grid: Grid) -> Grid:
    """A quarter to the right."""
    return tuple("".join(column) for column in zip(*grid[::-1], strict=True))


MOVES: dict[str, Callable[[Grid], Grid]] = {
    "stay": lambda g: g,
    "left-right": lambda g: tuple(row[::-1] for row in g),
    "up-down": lambda g: g[::-1],
    "right": lambda g: tuple(row[-1] + row[:-1] for row in g),
    "left": lambda g: tuple(row[1:] + row[0] for row in g),
    "down": lambda g: (g[-1], *g[:-1]),
    "up": lambda g: (*g[1:], g[0]),
    "half turn": lambda g: tuple(row[::-1] for row in g[::-1]),
    "turn right": _turned,
    "turn left": lambda g: _turned(_turned(_turned(g))),
    "flip": lambda g: tuple("".join(column) for column in zip(*g, strict=True)),
    **{
        f"row {n} right": lambda g, n=n: tuple(r[-1] + r[:-1] if i == n else r for i, r in enumerate(g, start=1))  # type: ignore[misc]
        for n in (1, 2, 3, 4)
    },
}
SIMPLE = ("left-right", "up-down", "right", "left", "down", "up")
TURNS = ("half turn", "turn right", "turn left")


def written(grid: Grid) -> str:
    return " / ".join(map(spaced, grid))


def read(text: str) -> Grid:
    """The grid that `written` wrote."""
    return tuple(text.replace(" ", "").split("/"))


def spaced(row: str) -> str:
    return " ".join(row)


def recoloured(grid: Grid, colours: ColourMap) -> Grid:
    table = str.maketrans(dict(colours))
    return tuple(row.translate(table) for row in grid)


@cache
def moves_of(level: int, size: int) -> tuple[str, ...]:
    """The moves of a level's rules, in the order in which workings try them."""
    if level == 1:
        return SIMPLE
    if level == 2:
        return (*SIMPLE, *TURNS, *(f"row {n} right" for n in range(1, size + 1)))
    return (*SIMPLE, *TURNS, "flip")


@cache
def maps_of(level: int) -> tuple[ColourMap, ...]:
    """The changes of colour of a level's rules: one colour (1), also two that are exchanged (2, 3), any two (4)."""
    ones: list[ColourMap] = [(pair,) for pair in itertools.permutations(COLOURS, 2)]
    swaps: list[ColourMap] = [((a, b), (b, a)) for a, b in itertools.combinations(COLOURS, 2)]
    if level == 1:
        return tuple(ones)
    if level <= 3:
        return (*ones, *swaps)
    twos = [(one[0], two[0]) for one, two in itertools.combinations(ones, 2) if one[0][0] != two[0][0]]
    return (*ones, *twos)


def rules_of(level: int, size: int) -> Iterator[tuple[str, ColourMap]]:
    """All rules of a level: a move or a change of colour (1, 2), or both of them (3, 4)."""
    if level <= 2:
        yield from (("stay", colours) for colours in maps_of(level))
        yield from ((move, ()) for move in moves_of(level, size))
    else:
        yield from itertools.product(moves_of(level, size), maps_of(level))


def applied(rule: tuple[str, ColourMap], grid: Grid) -> Grid:
    return recoloured(MOVES[rule[0]](grid), rule[1])


def answers(level: int, examples: Iterable[Example], test: Grid) -> set[Grid]:
    """What the rules of the level that explain all examples make of the test."""
    examples = list(examples)
    out: set[Grid] = set()
    moves = ("stay", *moves_of(level, len(test))) if level <= 2 else moves_of(level, len(test))
    for move in moves:
        # A change of colour that explains the examples holds what differs in them, so most moves are ruled out at once.
        seen = {(a, b) for x, y in examples for a, b in zip("".join(MOVES[move](x)), "".join(y), strict=True)}
        if len({a for a, _ in seen}) < len(seen):
            continue
        if level <= 2 and move != "stay":
            candidates: Iterable[ColourMap] = ((),)
        else:
            candidates = maps_of(level)
        for colours in candidates:
            table = dict(colours)
            if all(table.get(a, a) == b for a, b in seen):
                out.add(applied((move, colours), test))
    return out


# Workings: what a hypothesis would make, compared row by row, until a row differs.


def searched(level: int, examples: list[Example], test: Grid) -> tuple[str, Grid]:
    """Try rules in a fixed order, write each trial down, and apply the first that explains the examples."""
    size = len(test)
    lines = []
    if level <= 2:
        for name, rule in _single_trials(level, examples, size):
            tried, right = _tried(examples, rule)
            lines.append(f"{name}: {tried}")
            if right:
                break
        else:
            raise ValueError("no rule explains the examples")
        out = applied(rule, test)
        return "\n".join([*lines, *_row_by_row(rule[0], test, MOVES[rule[0]](test), out)]), out
    for move in moves_of(level, size):
        tried, table = _tried_with_map(level, move, examples)
        lines.append(f"{move}: {tried}")
        if table is not None:
            moved = MOVES[move](test)
            out = recoloured(moved, tuple(table.items()))
            return "\n".join([*lines, *_row_by_row(move, test, moved, out)]), out
    raise ValueError("no rule explains the examples")


def _single_trials(level: int, examples: list[Example], size: int) -> Iterator[tuple[str, tuple[str, ColourMap]]]:
    before, after = (("".join(grid)) for grid in examples[0])
    a, b = next((x, y) for x, y in zip(before, after, strict=True) if x != y)
    yield f"{a} to {b}", ("stay", ((a, b),))
    if level == 2:
        yield f"swap {a} {b}", ("stay", ((a, b), (b, a)))
    first = next(n for n, (x, y) in enumerate(zip(*examples[0], strict=True), start=1) if x != y)
    for move in moves_of(level, size):
        # Of the moves of one row, only that of the first row that differs can be right.
        if not move.startswith("row") or move == f"row {first} right":
            yield move, (move, ())


def _tried(examples: list[Example], rule: tuple[str, ColourMap]) -> tuple[str, bool]:
    said: list[str] = []
    for before, after in examples:
        rows = []
        for made, there in zip(applied(rule, before), after, strict=True):
            rows.append(made)
            if made != there:
                return ", ".join([*said, f"{written(tuple(rows))} no"]), False
        said.append(f"{written(tuple(rows))} yes")
    return ", ".join(said), True


def _tried_with_map(level: int, move: str, examples: list[Example]) -> tuple[str, dict[str, str] | None]:
    """Rows as moved beside rows as they are, "B G R ~ B G Y R>Y", with the change of colour that each new one tells."""
    table: dict[str, str] = {}
    said: list[str] = []
    for before, after in examples:
        for made, there in zip(MOVES[move](before), after, strict=True):
            fresh = {}
            for a, b in zip(made, there, strict=True):
                if table.get(a, b) != b:
                    return ", ".join([*said, f"{spaced(made)} ~ {spaced(there)} no"]), None
                if a not in table and a != b:
                    fresh[a] = b
                table[a] = b
            told = "".join(f" {a}>{b}" for a, b in fresh.items())
            said.append(f"{spaced(made)} ~ {spaced(there)}{told}")
            changed = {a: b for a, b in table.items() if a != b}
            swapped = changed.keys() == set(changed.values())
            if len(changed) > 2 or (level == 3 and len(changed) == 2 and not swapped):
                return f"{', '.join(said)} no", None
    return f"{', '.join(said)} yes", {a: b for a, b in table.items() if a != b}


def _row_by_row(move: str, test: Grid, moved: Grid, out: Grid) -> list[str]:
    """Where each row of the outcome comes from, "row 3: G B O", and its colours changed, "row 3: G B O > G B R"."""
    size = len(test)
    sources = {
        "up-down": lambda i: f"row {size - i}",
        "down": lambda i: f"row {(i - 1) % size + 1}",
        "up": lambda i: f"row {(i + 1) % size + 1}",
        "half turn": lambda i: f"row {size - i} back",
        "turn right": lambda i: f"column {i + 1} up",
        "turn left": lambda i: f"column {size - i}",
        "flip": lambda i: f"column {i + 1}",
    }
    lines = []
    for i, (before, between, after) in enumerate(zip(test, moved, out, strict=True)):
        first = sources[move](i) if move in sources else spaced(before)
        chain = [between, after] if (moved != out and move != "stay") else [after]
        lines.append(f"{first}: {' > '.join(map(spaced, chain))}")
    return lines
