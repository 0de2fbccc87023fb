"""Written sums: every equation in them holds, and the last number is what Python gets."""

from __future__ import annotations

import re

import pytest

from favilla.worlds.written_sums import minus, pieces, plus, times


def checked(text: str) -> int:
    """The last number of a working whose equations all hold."""
    equations = re.findall(r"(\d+)([-+*])(\d+)=(\d+)", text)
    assert equations
    for a, sign, b, result in equations:
        assert {"+": int(a) + int(b), "-": int(a) - int(b), "*": int(a) * int(b)}[sign] == int(result), text
    return int(re.findall(r"\d+", text)[-1])


@pytest.mark.parametrize("a", [*range(0, 130), 199, 200, 305, 412, 990, 1000, 1024, 5000])
def test_written_sums_hold(a: int) -> None:
    for b in [*range(0, 110), 185, 200, 305, 999, 1000]:
        assert checked(plus(a, b)) == a + b
        if a >= b:
            assert checked(minus(a, b)) == a - b
        if 0 < b < 10:
            assert checked(times(a, b)) == a * b


def test_operands_of_additions_are_single_pieces_until_the_last() -> None:
    assert plus(38, 25) == "38+25: 30+20=50, 8+5=13, 50+13=63"
    assert minus(42, 17) == "42-17: 17+3=20, 20+22=42, 3+22=25"
    assert minus(47, 25) == "47-25: 40-20=20, 7-5=2, 20+2=22"
    assert times(140, 2) == "140*2: 100*2=200, 40*2=80, 200+80=280"
    assert pieces(408) == [400, 8]
