"""Questions of the family `quantities` about clocks and calendars, drawn at random and worked out in small steps."""

from __future__ import annotations

import calendar
import datetime
import random
from dataclasses import dataclass

from favilla.worlds.working import worked

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class Task:
    """One question. kind: which wordings ask it, slots: what fills them. lines: its working, one fact each."""

    kind: str
    slots: dict[str, str]
    answer: str
    lines: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"quantities: {self.kind} {' | '.join(f'{name} {value}' for name, value in sorted(self.slots.items()))}"


def clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def span(minutes: int) -> str:
    """A duration as "35 min", "2 h" or "2 h 35 min"."""
    hours, rest = divmod(minutes, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest or not hours else [])])


def clock_later(rng: random.Random, level: int) -> Task:
    """Level 1: minutes alone, the same day. Level 2: hours and minutes. Level 4: past midnight."""
    if level == 1:
        start, later = rng.randint(60, 22 * 60), rng.randint(5, 59)
    elif level == 2:
        start = rng.randint(60, 16 * 60)
        later = rng.randint(61, 7 * 60)
    else:
        start, later = rng.randint(17 * 60, 23 * 60 + 59), rng.randint(7 * 60, 30 * 60)
    slots = {"start": clock(start), "span": span(later)}
    return Task(
        "clock_later", slots, clock(start + later), (f"{slots['start']} + {slots['span']}", *added_lines(start, later))
    )


def clock_between(rng: random.Random, level: int) -> Task:
    """Level 1: up to two hours. Level 2: up to nine."""
    start = rng.randint(60, 14 * 60)
    minutes = rng.randint(10, 120) if level == 1 else rng.randint(121, 9 * 60)
    lines = _between(start, start + minutes)
    return Task("clock_between", {"start": clock(start), "end": clock(start + minutes)}, str(minutes), tuple(lines))


def clock_break(rng: random.Random, level: int) -> Task:
    start, minutes, pause = rng.randint(5 * 60, 13 * 60), rng.randint(4 * 60, 10 * 60), 5 * rng.randint(2, 15)
    lines = _between(start, start + minutes)
    slots = {"start": clock(start), "end": clock(start + minutes), "pause": str(pause)}
    return Task("clock_break", slots, str(minutes - pause), (*lines, worked("-", minutes, pause)))


def weekday_after(rng: random.Random, level: int) -> Task:
    """Level 1: up to 13 days. Level 2: up to 70. Level 3: up to 400."""
    day, days = rng.randrange(7), rng.randint(*{1: (2, 13), 2: (14, 70), 3: (71, 400)}[level])
    lines = weekday_lines(day, days)
    return Task("weekday_after", {"day": WEEKDAYS[day], "days": str(days)}, WEEKDAYS[(day + days) % 7], tuple(lines))


def weekday_lines(day: int, days: int) -> list[str]:
    """Whole weeks away, then day by day."""
    lines = []
    rest = days
    while rest >= 7:
        weeks = rest // 7 if rest < 80 else rest // 70 * 10
        lines.append(f"{weeks}*7={weeks * 7}, {worked('-', rest, weeks * 7)}")
        rest -= weeks * 7
    counted = [f"{n} {WEEKDAYS[(day + n) % 7]}" for n in range(rest + 1)]
    return [*lines, ", ".join(counted)]


def date_after(rng: random.Random, level: int) -> Task:
    """Level 1: within a month. Level 2: into the next one. Level 3: over several, in one year without 29 February."""
    month = rng.randint(3, {1: 12, 2: 11, 3: 8}[level])
    length = _length(month)
    if level == 1:
        day = rng.randint(1, length - 3)
        days = rng.randint(2, length - day)
    elif level == 2:
        day = rng.randint(12, length)
        days = rng.randint(length - day + 1, length - day + _length(month + 1))
    else:
        day, days = rng.randint(1, length), rng.randint(45, 115)
    lines: list[str] = []
    left, there = days, (day, month)
    while there[0] + left > _length(there[1]):
        gone = _length(there[1]) - there[0]
        line = f"{_length(there[1])}-{there[0]}={gone}, " if there[0] else ""
        lines.append(f"{MONTHS[there[1] - 1]} {_length(there[1])}: {line}{worked('-', left, gone)}")
        left, there = left - gone, (0, there[1] + 1)
    answer = f"{there[0] + left} {MONTHS[there[1] - 1]}"
    lines.append(worked("+", there[0], left) if there[0] else answer)
    return Task("date_after", {"date": f"{day} {MONTHS[month - 1]}", "days": str(days)}, answer, tuple(lines))


def days_between(rng: random.Random, level: int) -> Task:
    """Level 2: into the next month. Level 3: over several, in one year without 29 February. Level 4: over years."""
    if level == 4:
        return _days_over_years(rng)
    month = rng.randint(3, 11 if level == 2 else 9)
    later = month + 1 if level == 2 else rng.randint(month + 2, min(12, month + 5))
    day, end = rng.randint(1, _length(month)), rng.randint(1, _length(later))
    lines, days = _through_months(day, month, end, later)
    slots = {"date": f"{day} {MONTHS[month - 1]}", "end": f"{end} {MONTHS[later - 1]}"}
    return Task("days_between", slots, str(days), tuple(lines))


def weekday_of_date(rng: random.Random, level: int) -> Task:
    year, month = rng.randint(2001, 2060), rng.randint(3, 8)
    later = rng.randint(month + 2, 12)
    day, end = rng.randint(1, _length(month)), rng.randint(1, _length(later))
    lines, days = _through_months(day, month, end, later)
    known = datetime.date(year, month, day).weekday()
    slots = {"date": f"{day} {MONTHS[month - 1]}", "day": WEEKDAYS[known], "end": f"{end} {MONTHS[later - 1]}"}
    return Task("weekday_of_date", slots, WEEKDAYS[(known + days) % 7], (*lines, *weekday_lines(known, days)))


def _days_over_years(rng: random.Random) -> Task:
    year, years = rng.randint(2001, 2060), rng.randint(1, 3)
    month, day = rng.randint(3, 9), rng.randint(1, 28)
    later, end = rng.randint(month + 1, 12), rng.randint(1, 28)
    lines, total = [], 0
    for n in range(year + 1, year + years + 1):
        length = 366 if calendar.isleap(n) else 365
        lines.append(f"{day} {MONTHS[month - 1]} {n}: {worked('+', total, length) if total else length}")
        total += length
    more, days = _through_months(day, month, end, later)
    slots = {"date": f"{day} {MONTHS[month - 1]} {year}", "end": f"{end} {MONTHS[later - 1]} {year + years}"}
    return Task("days_between", slots, str(total + days), (*lines, *more, worked("+", total, days)))


def _through_months(day: int, month: int, end: int, later: int) -> tuple[list[str], int]:
    """The days from one date to one in a later month of the year, month by month."""
    total = _length(month) - day
    lines = [f"{MONTHS[month - 1]} {_length(month)}: {worked('-', _length(month), day)}"]
    for n in range(month + 1, later + 1):
        days = _length(n) if n < later else end
        lines.append(f"{MONTHS[n - 1]} {days}: {worked('+', total, days)}")
        total += days
    return lines, total


def _length(month: int) -> int:
    """Days of a month other than February: no leap year matters."""
    return calendar.monthrange(2001, month)[1]


def added_lines(start: int, later: int) -> list[str]:
    """A clock time and a duration in minutes: hours, then minutes, then what goes over, and the time."""
    hour, minute = divmod(start, 60)
    hours, minutes = divmod(later, 60)
    lines = [worked("+", hour, hours)] if hours else []
    hour += hours
    if minutes:
        lines.append(worked("+", minute, minutes))
    if minute + minutes >= 60:
        lines.append(f"{worked('-', minute + minutes, 60)}, {hour}+1={hour + 1}")
        hour += 1
    if hour >= 24:
        lines.append(worked("-", hour, hour // 24 * 24))
    return [*lines, clock(start + later)]


def _between(start: int, end: int) -> list[str]:
    """Minutes to the next full hour, full hours, minutes behind the last one."""
    if start // 60 == end // 60:
        return [worked("-", end % 60, start % 60)]
    total, lines, hour = 0, [], start // 60
    if start % 60:
        total, hour = 60 - start % 60, hour + 1
        lines.append(f"{clock(start)} to {clock(hour * 60)}: {worked('-', 60, start % 60)}")
    hours = end // 60 - hour
    if hours:
        full = [worked("-", end // 60, hour), worked("*", hours, 60)]
        if total:
            full.append(worked("+", hours * 60, total))
        total += hours * 60
        lines.append(f"to {clock(end // 60 * 60)}: {', '.join(full)}")
    if end % 60:
        lines.append(f"to {clock(end)}: {worked('+', total, end % 60)}")
    return lines
