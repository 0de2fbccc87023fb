"""Arithmetic as it stands in worked solutions: one small equation after the other, and reading them back."""

from __future__ import annotations

import re
from itertools import groupby

from favilla.worlds.arithmetic import explain

# Quotients up to here are looked up, larger ones are put together from tens and ones.
TABLE = 12
# By these a number is multiplied and divided in one step.
TENS = (10, 100, 1000)

# A result is the number after "=", unless a longer calculation goes on behind it.
_RESULT = re.compile(r"= ?(-?[0-9]{1,9})(?![0-9])(?! ?[-+*/%(=])")
_CHECK = re.compile(r"\bcheck", re.IGNORECASE)


def worked(op: str, a: int, b: int) -> str:
    """`a op b` for one of + - * / (without remainder) as equations of one decimal place each; the last has the result.

    Raises ValueError for a division with a remainder or by zero.
    """
    if op in "*/" and b in TENS and a % (b if op == "/" else 1) == 0:
        return f"{a}{op}{b}={a * b if op == '*' else a // b}"
    if op != "/":
        return ", ".join(explain(op, a, b))
    if b == 0 or a % b:
        raise ValueError(f"{a}/{b} does not come out even")
    left, by, quotient = abs(a), abs(b), abs(a) // abs(b)
    equations, total = [], 0
    while quotient - total > TABLE:
        size = 10 ** (len(str(quotient - total)) - 1)
        part = (quotient - total) // size * size
        equations += [f"{part}*{by}={part * by}", f"{left}-{part * by}={left - part * by}"]
        left, total = left - part * by, total + part
    if left or not total:
        equations.append(f"{left}/{by}={left // by}")
        if total:
            equations.append(f"{total}+{left // by}={quotient}")
    if a < 0 or b < 0 or not left:
        equations.append(f"{a}/{b if b > 0 else f'({b})'}={a // b}")
    return ", ".join(equations)


def results(thinking: str) -> list[str]:
    """The results of the equations in a thinking, up to its check; one that only says the last one again is left out."""
    return [result for result, _ in groupby(_RESULT.findall(_CHECK.split(thinking, maxsplit=1)[0]))]
