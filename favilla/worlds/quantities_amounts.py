"""Questions of the family `quantities` about units and doses, drawn at random and worked out in small steps.

All numbers of doses are made up and belong to no medicine that there is.
"""

from __future__ import annotations

import random

from favilla.worlds.quantities_time import Task, added_lines, clock
from favilla.worlds.working import worked

# large unit, small unit, how many small ones, largest number of large ones
UNITS = (
    ("m", "cm", 100, 40), ("km", "m", 1000, 60), ("cm", "mm", 10, 90), ("kg", "g", 1000, 40), ("l", "ml", 1000, 30),
    ("g", "mg", 1000, 20), ("h", "min", 60, 12), ("min", "s", 60, 12), ("weeks", "days", 7, 12), ("days", "h", 24, 7),
)  # fmt: skip
CHAINS = (("km", "m", "cm", 1000, 100), ("m", "cm", "mm", 100, 10), ("kg", "g", "mg", 1000, 1000), ("h", "min", "s", 60, 60),
          ("days", "h", "min", 24, 60), ("weeks", "days", "h", 7, 24))  # fmt: skip
STRENGTHS = (5, 10, 20, 25, 50, 100)


def convert(rng: random.Random, level: int) -> Task:
    """Level 1: one unit into another, either way. Level 2: two units into the smaller. Level 3: over two steps."""
    if level == 3:
        large, middle, small, first, second = rng.choice(CHAINS)
        n = rng.randint(2, 9 if first in (24, 60, 7) else 40)
        lines = [*_times(n, large, middle, first), *_times(n * first, middle, small, second)]
        return Task("convert", {"amount": f"{n} {large}", "unit": small}, str(n * first * second), tuple(lines))
    large, small, factor, most = rng.choice(UNITS)
    n = rng.randint(2, most)
    if level == 2:
        rest = rng.randint(1, factor - 1)
        amount = f"{n} {large} {rest} {small}"
        lines = [*_times(n, large, small, factor), worked("+", n * factor, rest)]
        return Task("convert", {"amount": amount, "unit": small}, str(n * factor + rest), tuple(lines))
    if rng.random() < 0.5:
        lines = _times(n, large, small, factor)
        return Task("convert", {"amount": f"{n} {large}", "unit": small}, str(n * factor), tuple(lines))
    slots = {"amount": f"{n * factor} {small}", "unit": large}
    return Task("convert", slots, str(n), (_fact(large, small, factor), f"{n * factor}/{factor}={n}"))


def units_sum(rng: random.Random, level: int) -> Task:
    large, small, factor, _ = rng.choice(UNITS[:8])
    amounts, lines, parts = [], [], []
    for _ in range(rng.randint(2, 3)):
        n, rest = rng.randint(0, 4), rng.randint(1, factor - 1)
        amounts.append(f"{n} {large} {rest} {small}" if n else f"{rest} {small}")
        if n:
            lines.append(f"{n}*{factor}={n * factor}, {worked('+', n * factor, rest)}")
        parts.append(n * factor + rest)
    total = parts[0]
    for part in parts[1:]:
        lines.append(worked("+", total, part))
        total += part
    return Task("units_sum", {"amounts": ", ".join(amounts), "unit": small}, str(total), tuple(lines))


def pieces(rng: random.Random, level: int) -> Task:
    large, small, factor, _ = rng.choice(UNITS[:5])
    n, rest = rng.randint(2, 9), rng.randint(1, factor - 1)
    total = n * factor + rest
    size = rng.randint(12, 95) * {10: 1, 100: 1, 1000: 10}[factor]
    count, left = divmod(total, size)
    if not 2 <= count <= 150:
        return pieces(rng, level)
    lines, found, remaining = [f"{n}*{factor}={n * factor}, {worked('+', n * factor, rest)}"], 0, total
    for step in (100, 10, 1):
        times = remaining // (size * step)
        if times:
            part = times * step
            lines.append(f"{worked('*', part, size)}, {worked('-', remaining, part * size)}")
            remaining, found = remaining - part * size, found + part
    slots = {"amount": f"{n} {large} {rest} {small}", "size": f"{size} {small}", "unit": small}
    if rng.random() < 0.5:
        return Task("pieces_left", slots, str(left), tuple(lines))
    parts = [n for n in (count // 100 * 100, count % 100 // 10 * 10, count % 10) if n]
    sums = [worked("+", sum(parts[:place]), parts[place]) for place in range(1, len(parts))]
    del slots["unit"]
    return Task("pieces", slots, str(count), (*lines, *sums))


def per_kg(rng: random.Random, level: int) -> Task:
    dose, weight = rng.randint(2, 9), rng.randint(5, 60)
    return Task("per_kg", {"dose": str(dose), "weight": str(weight)}, str(dose * weight), (worked("*", weight, dose),))


def tablets(rng: random.Random, level: int) -> Task:
    strength, count = rng.choice((*STRENGTHS, 15, 30, 40, 200)), rng.randint(2, 9)
    slots = {"dose": str(strength * count), "strength": str(strength)}
    return Task("tablets", slots, str(count), (f"{strength}*{count}={strength * count}",))


def millilitres(rng: random.Random, level: int) -> Task:
    strength, volume, times = rng.choice((*STRENGTHS, 4, 8, 12, 15)), rng.randint(2, 10), rng.randint(2, 9)
    slots = {"dose": str(strength * times), "strength": str(strength), "volume": str(volume)}
    lines = (f"{strength * times}/{strength}={times}", worked("*", times, volume))
    return Task("millilitres", slots, str(times * volume), lines)


def per_kg_tablets(rng: random.Random, level: int) -> Task:
    while True:
        strength, dose, weight = rng.choice(STRENGTHS), rng.randint(2, 10), rng.randint(8, 90)
        if dose * weight % strength == 0 and 2 <= dose * weight // strength <= 12:
            break
    slots = {"dose": str(dose), "weight": str(weight), "strength": str(strength)}
    count = dose * weight // strength
    return Task("per_kg_tablets", slots, str(count), (worked("*", weight, dose), f"{dose * weight}/{strength}={count}"))


def daily(rng: random.Random, level: int) -> Task:
    while True:
        dose, weight, times = rng.randint(3, 30), rng.randint(6, 80), rng.randint(2, 4)
        if dose * weight % times == 0:
            break
    slots = {"dose": str(dose), "weight": str(weight), "times": str(times)}
    lines = (worked("*", weight, dose), worked("/", dose * weight, times))
    return Task("daily", slots, str(dose * weight // times), lines)


def drip(rng: random.Random, level: int) -> Task:
    while True:
        rate, hours, drops = rng.randint(5, 80), rng.randint(1, 10), rng.choice((10, 12, 15, 20, 60))
        volume, over = divmod(rate * hours * 60, drops)
        if not over and 50 <= volume <= 3000:
            break
    slots = {"volume": str(volume), "hours": str(hours), "drops": str(drops)}
    lines = (worked("*", volume, drops), worked("*", hours, 60), worked("/", volume * drops, hours * 60))
    return Task("drip", slots, str(rate), lines)


def syrup(rng: random.Random, level: int) -> Task:
    while True:
        dose, weight, strength, volume = (
            rng.randint(2, 12),
            rng.randint(5, 60),
            rng.choice(STRENGTHS),
            rng.choice((1, 2, 4, 5, 10)),
        )
        times, days = rng.randint(2, 4), rng.randint(3, 14)
        if dose * weight % strength == 0 and dose * weight // strength * volume <= 60:
            break
    each = dose * weight // strength * volume
    slots = {
        "dose": str(dose),
        "weight": str(weight),
        "strength": str(strength),
        "volume": str(volume),
        "times": str(times),
        "days": str(days),
    }
    lines = [worked("*", weight, dose), worked("/", dose * weight, strength), worked("*", dose * weight // strength, volume),
             worked("*", each, times), worked("*", each * times, days)]  # fmt: skip
    total = each * times * days
    if rng.random() < 0.5:
        return Task("syrup", slots, str(total), tuple(lines))
    bottle = rng.choice((50, 100, 120, 150, 200, 250))
    counted = [f"{n}*{bottle}={n * bottle}" for n in range(1, -(-total // bottle) + 1)]
    if len(counted) > 12:
        return syrup(rng, level)
    return Task("bottles", {**slots, "bottle": str(bottle)}, str(len(counted)), (*lines, ", ".join(counted)))


def infusion_end(rng: random.Random, level: int) -> Task:
    while True:
        volume, rate, start = 10 * rng.randint(10, 150), 5 * rng.randint(8, 60), rng.randint(0, 24 * 60 - 1)
        minutes, over = divmod(volume * 60, rate)
        if not over and 60 < minutes <= 12 * 60:
            break
    hours, rest = divmod(minutes, 60)
    lines = [
        worked("*", volume, 60),
        worked("/", volume * 60, rate),
        f"{worked('-', minutes, hours * 60)}: {hours} h {rest} min",
    ]
    slots = {"volume": str(volume), "rate": str(rate), "start": clock(start)}
    return Task("infusion_end", slots, clock(start + minutes), (*lines, *added_lines(start, minutes)))


def _times(n: int, large: str, small: str, factor: int) -> list[str]:
    """So many large units in small ones."""
    return [_fact(large, small, factor), worked("*", n, factor)]


def _fact(large: str, small: str, factor: int) -> str:
    return f"1 {large.removesuffix('s') if len(large) > 1 else large} = {factor} {small}"
