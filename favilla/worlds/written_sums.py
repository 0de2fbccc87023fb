"""Sums as they are worked out on paper: chains of pieces that are each one look-up, for worked solutions."""

from __future__ import annotations


def pieces(number: int) -> list[int]:
    """The places of a number from left to right without zeros: 408 is 400 and 8; 0 is 0."""
    digits = str(number)
    return [int(d) * 10 ** (len(digits) - 1 - i) for i, d in enumerate(digits) if d != "0"] or [0]


def plus(a: int, b: int) -> str:
    """38 and 25: "38+25: 30+20=50, 8+5=13, 50+13=63"; what is one piece each, at once: "7+5=12"."""
    one, two = _places(a), _places(b)
    if not a or not b or max(len(pieces(a)), len(pieces(b))) == 1:
        return f"{a}+{b}={a + b}"
    sums = [(one.get(place, 0), two.get(place, 0)) for place in sorted(one.keys() | two.keys(), reverse=True)]
    parts = [f"{x}+{y}={x + y}" for x, y in sums if x and y]
    return f"{a}+{b}: {', '.join(parts + _chain([x + y for x, y in sums]))}"


def minus(a: int, b: int) -> str:
    """Place by place where nothing is borrowed, "47-25: 40-20=20, 7-5=2, 20+2=22", else counting up from b to a by round
    numbers, "42-17: 17+3=20, 20+22=42, 3+22=25". a >= b >= 0."""
    if a < 20 or b == 0 or a == b:
        return f"{a}-{b}={a - b}"
    one, two = _places(a), _places(b)
    if all(one.get(place, 0) >= piece for place, piece in two.items()):
        gaps = [(piece, two.get(place, 0)) for place, piece in sorted(one.items(), reverse=True)]
        parts = [f"{x}-{y}={x - y}" for x, y in gaps if y]
        left = [x - y for x, y in gaps if x > y]
        if len(parts) + len(left) < 3:
            return f"{a}-{b}={a - b}"
        return f"{a}-{b}: {', '.join(parts + _chain(left))}" + (f", {a - b}" if len(left) == 1 else "")
    ways, at = [], b
    for round_to in (10, 100, 1000, 10_000):
        goal = -(-at // round_to) * round_to
        if at < goal <= a:
            ways.append((at, goal - at))
            at = goal
    if at < a:
        ways.append((at, a - at))
    counted = [f"{start}+{way}={start + way}" for start, way in ways]
    return f"{a}-{b}: {', '.join(counted + _chain([way for _, way in ways]))}" + (
        f", {a - b}" if len(ways) == 1 else ""
    )


def times(a: int, b: int) -> str:
    """A number by a one-digit number, 140 and 2: "140*2: 100*2=200, 40*2=80, 200+80=280"."""
    parts = pieces(a)
    if len(parts) == 1:
        return f"{a}*{b}={a * b}"
    products = [f"{part}*{b}={part * b}" for part in parts]
    return f"{a}*{b}: {', '.join(products + _chain([part * b for part in parts]))}"


def _chain(numbers: list[int]) -> list[str]:
    out, total = [], numbers[0]
    for number in numbers[1:]:
        out.append(f"{total}+{number}={total + number}")
        total += number
    return out


def _places(number: int) -> dict[int, int]:
    return {len(str(piece)): piece for piece in pieces(number)}
