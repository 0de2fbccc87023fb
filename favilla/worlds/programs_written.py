"""Expressions that meet examples: drawn at random, found again by trying one form after the other, and judged by running them.

Every form is a basis and a number that is added to it, so that one try is a difference per example: equal differences are a hit.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache

from favilla.worlds.interpreter import ProgramError, Value, evaluate, expression, one_line_function

# In the order in which they are tried.
ONE = (
    "x", "x * 2", "x * 3", "x * 4", "x * 5", "x * 6", "x * x", "x // 2", "x // 3", "x // 4", "x % 3", "x % 4", "x % 5",
)  # fmt: skip
TWO = (
    "x + y", "x - y", "y - x", "x * y", "max(x, y)", "min(x, y)", "x * 2 + y", "x + y * 2", "x * 3 - y", "x * x + y", "abs(x - y)",
)  # fmt: skip
LISTS = (
    "len(v)", "sum(v)", "max(v)", "min(v)", "v[0]", "v[-1]", "v[0] + v[-1]", "max(v) - min(v)", "sum(v) - max(v)", "sum(v) * 2",
    "max(v) * 2",
)  # fmt: skip
LONGEST = 60
SIGNS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789 +-*/%(),[]:")


@dataclass(frozen=True)
class Wanted:
    """What is to be written. names: of the variables. examples: values of them, and the result. function: as def, on one line."""

    names: tuple[str, ...]
    examples: tuple[tuple[tuple[Value, ...], int], ...]
    function: bool

    @property
    def lines(self) -> list[str]:
        if self.function:
            return [f"f({', '.join(map(str, values))}) = {result}" for values, result in self.examples]
        return [
            f"{', '.join(f'{name} = {value}' for name, value in zip(self.names, values, strict=True))} -> {result}"
            for values, result in self.examples
        ]

    @property
    def key(self) -> str:
        """The examples in a fixed order, whatever the form."""
        return " ".join(sorted(f"{list(values)}>{result}" for values, result in self.examples)).replace(", ", ",")


def draw(rng: random.Random, level: int) -> Wanted:
    """Examples of one variable at level 3, of two or of a list at level 4."""
    while True:
        kind = "one" if level == 3 else rng.choice(("two", "list"))
        names, bases = {"one": (("x",), ONE), "two": (("x", "y"), TWO), "list": (("v",), LISTS)}[kind]
        text = _with(rng.choice(bases), rng.choice((0, 1, -1)) * rng.randint(1, 12))
        given = [_values(rng, kind) for _ in range(4)]
        if len({str(values) for values in given}) < 4 or text == "x":
            continue
        results = [value_of(text, names, values) for values in given]
        if len(set(results)) > 1:
            return Wanted(names, tuple(zip(given, results, strict=True)), level == 4 and rng.random() < 0.5)


def found(wanted: Wanted) -> tuple[list[str], str]:
    """All tries in their order up to the one that hits, as lines, and the answer."""
    bases = LISTS if wanted.names == ("v",) else TWO if len(wanted.names) == 2 else ONE
    tries = []
    for base in bases:
        differences: list[int] = []
        told = []
        for values, result in wanted.examples:
            value = value_of(base, wanted.names, values)
            differences.append(result - value)
            told.append(f"{result}-{value if value >= 0 else f'({value})'}={result - value}")
            if differences[-1] != differences[0]:
                break
        hit = len(set(differences)) == 1
        tries.append(f"{base}: {', '.join(told)} {'yes' if hit else 'no'}")
        if hit:
            text = _with(base, differences[0])
            return tries, f"def f({', '.join(wanted.names)}): return {text}" if wanted.function else text
    raise ValueError(f"no form meets {wanted.lines}")


def meets(wanted: Wanted, text: str) -> bool | None:
    """Whether an answer gives all examples' results; None when it is not what was asked for, or fails.

    At most 60 signs; no parentheses round the whole expression.
    """
    if len(text) > LONGEST or not set(text) <= SIGNS or _wrapped(text):
        return None
    try:
        tree = (one_line_function if wanted.function else expression)(text, wanted.names)
        return all(
            evaluate(tree, dict(zip(wanted.names, values, strict=True))) == result for values, result in wanted.examples
        )
    except ProgramError:
        return None


def value_of(text: str, names: tuple[str, ...], values: tuple[Value, ...]) -> int:
    value = evaluate(_parsed(text, names), dict(zip(names, values, strict=True)))
    assert isinstance(value, int)
    return value


_parsed = lru_cache(maxsize=4096)(expression)


def _with(base: str, number: int) -> str:
    return base if number == 0 else f"{base} {'+' if number > 0 else '-'} {abs(number)}"


def _values(rng: random.Random, kind: str) -> tuple[Value, ...]:
    if kind == "list":
        return ([rng.randint(0, 12) for _ in range(rng.randint(2, 4))],)
    return tuple(rng.randint(0, 12 if kind == "one" else 9) for _ in range(1 if kind == "one" else 2))


def _wrapped(text: str) -> bool:
    """Whether the first parenthesis is closed by the last sign."""
    if not text.startswith("("):
        return False
    depth = 0
    for place, sign in enumerate(text):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth == 0:
            return place == len(text) - 1
    return False
