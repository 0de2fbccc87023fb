"""Longer sums, products and quotients as they are worked out on paper, for worked solutions."""

from __future__ import annotations

from collections.abc import Sequence

from favilla.worlds.written_sums import pieces, plus, times


def total(numbers: Sequence[int]) -> str:
    """A running sum, "4+6=10, 10+3=13"; one number stands for itself."""
    out, running = [], numbers[0]
    for number in numbers[1:]:
        out.append(plus(running, number))
        running += number
    return ", ".join(out) or str(running)


def product(a: int, b: int) -> str:
    """Two numbers of at most two digits, by the places of the smaller one: "12*14: 14*10=140, 14*2: 10*2=20, 4*2=8,
    20+8=28, 140+28: ..."."""
    small, large = sorted((a, b))
    if small < 10:
        return times(large, small)
    tens, ones = small // 10, small % 10
    ten = f"{large}*10={large * 10}" if tens == 1 else f"{times(large, tens)}, {large * tens}*10={large * tens * 10}"
    if not ones:
        return f"{a}*{b}: {ten}"
    return f"{a}*{b}: {ten}, {times(large, ones)}, {plus(large * tens * 10, large * ones)}"


def quotient(a: int, b: int) -> str:
    """A whole quotient; by tens and ones where it is over ten, "84/6: 60/6=10, 84-60=24, 24/6=4, 10+4=14"."""
    q = a // b
    if q <= 10 or b == 1 or len(pieces(q)) == 1:
        return f"{a}/{b}={q}"
    parts = pieces(q)
    out, left = [], a
    for part in parts:
        out.append(f"{part * b}/{b}={part}")
        if left - part * b:
            out.append(f"{left}-{part * b}={left - part * b}")
        left -= part * b
    return f"{a}/{b}: {', '.join(out)}, {total(parts)}"
