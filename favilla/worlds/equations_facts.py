"""What the families `equations` and `equations_text` ask: linear equations, drawn at random and solved in small steps.

A line of an equation is text with fractions as {top|bottom}; `as_text` writes it on one line.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from favilla.worlds.working import TABLE, worked

LETTERS = "xxxxyzntkmpabc"
PAIRS = ("xy", "xy", "xy", "ab", "mn", "pq", "st", "uv")

_FRACTION = re.compile(r"\{([^|{}]*)\|([^|{}]*)\}")
_PLACEHOLDERS = "XY"


@dataclass(frozen=True)
class Posed:
    """An equation, or a system of two.

    key: canonical text of its kind and numbers, whatever the letters and the order on the page. lines: how it is
    written. unknowns: one letter or two, and values of them. working: its solution in small steps.
    """

    key: str
    lines: tuple[str, ...]
    unknowns: str
    values: tuple[int, ...]
    working: tuple[str, ...]

    @property
    def answer(self) -> str:
        return ", ".join(map(str, self.values))

    @property
    def text(self) -> tuple[str, ...]:
        """The lines without built-up fractions."""
        return tuple(map(as_text, self.lines))

    @property
    def calculations(self) -> list[str]:
        """The working's lines of pure numbers, before its check."""
        return [line for line in self.working if re.fullmatch(r"[-+*/=(), 0-9]+", line)]


def as_text(line: str) -> str:
    """{top|bottom} as top/bottom, with parentheses where there is more than one term."""
    return _FRACTION.sub(lambda m: f"{_wrapped(m[1])}/{_wrapped(m[2])}", line)


def draw(rng: random.Random, level: int) -> Posed:
    """An equation of the level with an integer solution."""
    kind = rng.choice(KINDS[level])
    while True:
        numbers, lines, working = kind(rng)
        if all(abs(n) <= 199 for n in numbers):
            break
    if level == 4:
        unknowns = rng.choice(PAIRS)
        values, facts = numbers[:2], numbers[2:]
    else:
        unknowns = rng.choice(LETTERS)
        values, facts = numbers[:1], numbers[1:]
        # Either side may come first.
        if rng.random() < 0.25:
            lines = [" = ".join(reversed(lines[0].split(" = ")))]
    letters = str.maketrans(_PLACEHOLDERS[: len(unknowns)], unknowns)
    return Posed(
        f"equations: {kind.__name__.strip('_')} {' '.join(map(str, facts))}",
        tuple(line.translate(letters) for line in lines),
        unknowns,
        tuple(values),
        tuple(line.translate(letters) for line in working),
    )


# A drawn equation: the solution and then its numbers, its lines, its working; the unknowns are X and Y.
Drawn = tuple[list[int], list[str], list[str]]


def term(factor: int, unknown: str = "X") -> str:
    return {1: unknown, -1: f"-{unknown}"}.get(factor, f"{factor}{unknown}")


def plus(left: str, number: int, unknown: str = "") -> str:
    """`left` with a number, or a multiple of an unknown, added: "3X - 4"."""
    size = term(abs(number), unknown) if unknown else str(abs(number))
    return f"{left} {'+' if number >= 0 else '-'} {size}"


def _moved(left: str, c: int, b: int) -> list[str]:
    """left + b = c with b taken to the right, the last line again an equation."""
    return [f"{left} = {plus(str(c), -b)}", worked("-" if b > 0 else "+", c, abs(b)), f"{left} = {c - b}"]


def _divided(a: int, c: int) -> list[str]:
    """aX = c: what is left to do."""
    return [] if a == 1 else [f"X = {c} / {a if a > 0 else f'({a})'}", worked("/", c, a)]


def _isolated(a: int, b: int, c: int) -> list[str]:
    """aX + b = c: what is left to do."""
    return [*_moved(term(a), c, b), *_divided(a, c - b)]


def _put_in(a: int, b: int, x: int, c: int) -> str:
    product = f"{a}*{_seen(x)}={a * x}, " if a != 1 else ""
    return f"Check: {product}{a * x}{'+' if b >= 0 else '-'}{abs(b)}={c}"


def _sum(rng: random.Random) -> Drawn:
    x, a = rng.randint(1, 40), rng.randint(1, 40)
    left = rng.choice((f"X + {a}", f"{a} + X"))
    return [x, a, x + a], [f"{left} = {x + a}"], [f"X = {x + a} - {a}", worked("-", x + a, a), _put_in(1, a, x, x + a)]


def _less(rng: random.Random) -> Drawn:
    x, a = rng.randint(2, 60), rng.randint(1, 40)
    b = x - a
    if b < 0:
        return _less(rng)
    return [x, a, b], [f"X - {a} = {b}"], [f"X = {b} + {a}", worked("+", b, a), _put_in(1, -a, x, b)]


def _from(rng: random.Random) -> Drawn:
    x, b = rng.randint(1, 40), rng.randint(0, 40)
    a = x + b
    return [x, a, b], [f"{a} - X = {b}"], [f"X = {a} - {b}", worked("-", a, b), f"Check: {a}-{x}={b}"]


def _times(rng: random.Random) -> Drawn:
    a, x = rng.randint(2, 12), rng.randint(1, 12)
    return [x, a, a * x], [f"{a}X = {a * x}"], [*_divided(a, a * x), f"Check: {a}*{x}={a * x}"]


def _linear(rng: random.Random) -> Drawn:
    a, x, b = rng.randint(2, 9), rng.randint(1, 12), rng.choice((1, -1)) * rng.randint(1, 30)
    c = a * x + b
    if c < 0:
        return _linear(rng)
    left = f"{b} + {a}X" if b > 0 and rng.random() < 0.3 else plus(term(a), b)
    return [x, a, b, c], [f"{left} = {c}"], [*_isolated(a, b, c), _put_in(a, b, x, c)]


def _linear_from(rng: random.Random) -> Drawn:
    a, x = rng.randint(2, 9), rng.randint(1, 12)
    c = rng.randint(0, 30)
    b = a * x + c
    working = [f"{a}X = {b} - {c}", worked("-", b, c), f"{a}X = {b - c}", *_divided(a, b - c)]
    return [x, a, b, c], [f"{b} - {a}X = {c}"], [*working, f"Check: {a}*{x}={a * x}, {b}-{a * x}={c}"]


def _bracket(rng: random.Random) -> Drawn:
    a, x, b = rng.randint(2, 9), rng.randint(1, 12), rng.choice((1, -1)) * rng.randint(1, 9)
    if x + b < 0:
        return _bracket(rng)
    inner, c = plus("X", b), a * (x + b)
    working = [f"{inner} = {c} / {a}", worked("/", c, a), f"{inner} = {x + b}", *_moved("X", x + b, b)[:2]]
    sign = "+" if b > 0 else "-"
    return [x, a, b, c], [f"{a}({inner}) = {c}"], [*working, f"Check: {x}{sign}{abs(b)}={x + b}, {a}*{x + b}={c}"]


def _both(rng: random.Random) -> Drawn:
    a, c = rng.sample([-5, -4, -3, -2, -1, *range(1, 10)], 2)
    x, b = _signed(rng, 20), _signed(rng, 30)
    d = (a - c) * x + b
    right = plus(str(d), c, "X") if c < 0 or rng.random() < 0.3 else plus(term(c), d)
    return [x, a, b, c, d], [f"{plus(term(a), b)} = {right}"], [*_gathered(a, b, c, d), _put_in(a, b, x, a * x + b)]


def _gathered(a: int, b: int, c: int, d: int) -> list[str]:
    """aX + b = cX + d: what is left to do."""
    factor = worked("-" if c > 0 else "+", a, abs(c))
    return [
        f"{plus(term(a), -c, 'X')} = {plus(str(d), -b)}",
        factor,
        worked("-" if b > 0 else "+", d, abs(b)),
        f"{term(a - c)} = {d - b}",
        *_divided(a - c, d - b),
    ]


def _bracket_both(rng: random.Random) -> Drawn:
    a, c = rng.randint(2, 9), rng.choice((-3, -2, -1, *range(1, 10)))
    x, b = _signed(rng, 20), _signed(rng, 9)
    d = a * (x + b) - c * x
    if a == c:
        return _bracket_both(rng)
    right = plus(term(c), d)
    working = [worked("*", a, b), f"{plus(term(a), a * b)} = {right}", *_gathered(a, a * b, c, d)]
    return [x, a, b, c, d], [f"{a}({plus('X', b)}) = {right}"], [*working, _put_in(a, a * b, x, a * x + a * b)]


def _over(rng: random.Random) -> Drawn:
    a, quotient, b = rng.randint(2, 9), _signed(rng, 12), _signed(rng, 20)
    x, c = a * quotient, quotient + b
    line = f"{plus(f'{{X|{a}}}', b)} = {c}"
    working = [*_moved(f"X/{a}", c, b), f"X = {quotient} * {a}", worked("*", quotient, a)]
    sign = "+" if b > 0 else "-"
    return [x, a, b, c], [line], [*working, f"Check: {x}/{a}={quotient}, {quotient}{sign}{abs(b)}={c}"]


def _fraction(rng: random.Random) -> Drawn:
    c, d = rng.randint(2, 9), _signed(rng, 15)
    a, x = rng.randint(1, 9), _signed(rng, 20)
    b = c * d - a * x
    if b == 0:
        return _fraction(rng)
    top = plus(term(a), b)
    working = [f"{top} = {d} * {c}", worked("*", d, c), f"{top} = {c * d}", *_isolated(a, b, c * d)]
    return [x, a, b, c, d], [f"{{{top}|{c}}} = {d}"], [*working, _put_in(a, b, x, c * d)]


def _system(rng: random.Random) -> Drawn:
    while True:
        x, y = _signed(rng, 9), _signed(rng, 9)
        rows = [[_signed(rng, 5), _signed(rng, 5)] for _ in range(2)]
        explicit = rng.random() < 0.3
        if explicit:
            rows[1][1] = 1
        if rows[0][0] * rows[1][1] != rows[0][1] * rows[1][0]:
            break
    rows = [[a, b, a * x + b * y] for a, b in rows]
    lines = [f"{plus(term(a), b, 'Y')} = {c}" for a, b, c in rows]
    working = [f"{place}: {line}" for place, line in enumerate(lines, start=1)]
    if explicit:
        a, _, c = rows[1]
        lines[1] = f"Y = {plus(term(-a), c)}"
    # The same two equations make the same problem in either order.
    facts = [n for row in sorted(rows) for n in row]
    return [x, y, *facts], lines, [*working, *_eliminated(rows, x, y)]


def _eliminated(rows: list[list[int]], x: int, y: int) -> list[str]:
    """Both equations times what makes the first factors equal, their difference, and back into the first one."""
    working, scaled = [], []
    factors = (rows[1][0], rows[0][0]) if abs(rows[0][0]) != abs(rows[1][0]) else (1, rows[0][0] // rows[1][0])
    for place, ((a, b, c), by) in enumerate(zip(rows, factors, strict=True), start=1):
        scaled.append([a * by, b * by, c * by])
        if by != 1:
            if abs(c) > TABLE:
                working.append(worked("*", c, by))
            working.append(f"{place} * {by}: {plus(term(a * by), b * by, 'Y')} = {c * by}")
    (_, b1, c1), (_, b2, c2) = scaled
    working += [worked("-" if b2 > 0 else "+", b1, abs(b2)), worked("-" if c2 > 0 else "+", c1, abs(c2))]
    working.append(f"{term(b1 - b2, 'Y')} = {c1 - c2}")
    if b1 - b2 != 1:
        working.append(worked("/", c1 - c2, b1 - b2))
    a, b, c = rows[0]
    product = [worked("*", b, y)] if abs(b) > 1 else []
    working += [f"Y = {y}", *product, f"{plus(term(a), b * y)} = {c}", *_isolated(a, b * y, c)]
    a, b, c = rows[1]
    return [
        *working,
        f"Check: {a}*{_seen(x)}={a * x}, {b}*{_seen(y)}={b * y}, {a * x}{'+' if b * y >= 0 else '-'}{abs(b * y)}={c}",
    ]


def _seen(number: int) -> str:
    return str(number) if number >= 0 else f"({number})"


def _signed(rng: random.Random, largest: int) -> int:
    return rng.choice((1, -1)) * rng.randint(1, largest)


def _wrapped(text: str) -> str:
    return f"({text})" if " " in text else text


KINDS = {
    1: (_sum, _less, _from, _times),
    2: (_linear, _linear, _linear_from, _bracket),
    3: (_both, _both, _bracket_both, _over, _fraction),
    4: (_system,),
}
