"""Random short programs, and what their execution looks like line by line.

A program is drawn with the placeholders A, B, C, V, I, J for its variables, so that the names are no part of the facts.
"""

from __future__ import annotations

import random

from favilla.worlds.interpreter import Event, Operation, ProgramError, Run, Value, run
from favilla.worlds.working import worked

# level: largest absolute value, most executed statements
LIMITS = {1: (99, 6), 2: (99, 14), 3: (300, 22), 4: (999, 30)}

NUMBERS = ("a", "b", "c", "x", "y", "z", "n", "k", "m", "s", "total", "count", "left", "best")
LISTS = ("v", "w", "items", "nums", "row")
TURNS = ("i", "j", "h", "t")
PLACEHOLDERS = "ABCVWIJ"
PLAIN = {ord(placeholder): placeholder.lower() for placeholder in PLACEHOLDERS}


def draw(rng: random.Random, level: int) -> tuple[str, Run]:
    """A program of the level that prints something, and its run; names are placeholders."""
    largest, most = LIMITS[level]
    while True:
        source = "\n".join(rng.choice(SHAPES[level])(rng))
        try:
            done = run(named(source, PLAIN))
        except ProgramError:
            continue
        values = [value for event in done.events for value in _numbers(event)]
        if len(done.events) <= most and all(abs(value) <= largest for value in values) and _changes(done):
            return source, done


def names(rng: random.Random) -> dict[int, str]:
    """Names for the placeholders, for `named`."""
    drawn = [*rng.sample(NUMBERS, 3), *rng.sample(LISTS, 2), *rng.sample(TURNS, 2)]
    return {ord(placeholder): name for placeholder, name in zip(PLACEHOLDERS, drawn, strict=True)}


def named(source: str, table: dict[int, str]) -> str:
    return source.translate(table)


def trace(source: str, done: Run) -> list[str]:
    """A line per executed statement: the statement, what is calculated for it, and the new value."""
    lines = [line.strip().removesuffix(":") for line in source.split("\n")]
    return [_traced(lines[event.line - 1], event) for event in done.events]


def states(done: Run) -> list[str]:
    """Only what changes, and what is printed."""
    changes = [event for event in done.events if event.kind in ("assign", "append", "next", "print")]
    return [f"{event.target or 'print'}={event.value}" for event in changes]


def _traced(statement: str, event: Event) -> str:
    operations = [text for operation in event.operations if (text := _calculated(operation))]
    match event.kind:
        case "next":
            return f"{event.target} = {event.value}"
        case "if" | "while":
            return f"{statement}: {', '.join([*operations, 'yes' if event.value else 'no'])}"
        case "for":
            return f"{statement}: {' '.join(map(str, event.value)) if isinstance(event.value, list) else ''}".rstrip()
        case "print":
            return f"{statement}: {', '.join([*operations, str(event.value)])}"
        case _ if not operations and statement.endswith(f"= {event.value}"):
            return statement
        case "assign" if operations and operations[-1].endswith(f"={event.value}"):
            return f"{statement}: {', '.join(operations)}"
    return f"{statement}: {', '.join([*operations, f'{event.target} = {event.value}'])}"


def _calculated(operation: Operation) -> str:
    name, operands, result = operation.name, operation.operands, operation.result
    match name, operands:
        case (("+" | "-" | "*"), (int(a), int(b))):
            easy = abs(b) <= 9 if name != "*" else abs(a) <= 12 and abs(b) <= 12
            return f"{a}{name}{_wrapped(b)}={result}" if easy else worked(name, a, b)
        case (("//" | "%"), (int(a), int(b))):
            return f"{a}{name}{_wrapped(b)}={result}"
        case "[]", (list(items), int(place)):
            return f"[{place}] of {_listed(items)}={result}"
        case "sum", (list(items),):
            running, sums = (items or [0])[0], []
            for item in items[1:]:
                sums.append(f"{running}+{_wrapped(item)}={running + item}")
                running += item
            return ", ".join(sums or [f"sum {_listed(items)}={result}"])
        case _ if name in ("abs", "len", "max", "min"):
            return f"{name} {' '.join(_listed(o) if isinstance(o, list) else str(o) for o in operands)}={result}"
        case _, (int(a), int(b)):
            return f"{a}{name}{b}"
    return ""


def _listed(items: list[int]) -> str:
    return " ".join(map(str, items))


def _wrapped(number: int) -> str:
    return str(number) if number >= 0 else f"({number})"


def _numbers(event: Event) -> list[int]:
    values: list[Value] = [operation.result for operation in event.operations]
    values += [event.value] if isinstance(event.value, int | list) else []
    return [n for value in values for n in (value if isinstance(value, list) else [value])]


def _changes(done: Run) -> bool:
    """What is printed is no constant of the source: something was calculated, and every loop is entered."""
    calculated = any(operation.name not in ("<", ">", "==") for event in done.events for operation in event.operations)
    entered = all(event.value for event in done.events if event.kind == "for")
    return calculated and entered


def _start(rng: random.Random, name: str, largest: int = 20) -> str:
    return f"{name} = {rng.randint(0, largest)}"


def _operation(rng: random.Random, names: str, operators: str = "++-*", largest: int = 9) -> str:
    """`name op number` or `name op name`, small enough."""
    left, op = rng.choice(names), rng.choice(operators)
    number = rng.randint(2, 5) if op == "*" else rng.randint(1, largest)
    right = str(number) if rng.random() < 0.6 else rng.choice(names)
    # A number taken away from itself says nothing.
    return f"{left} {op} {number if (op, right) == ('-', left) else right}"


def _condition(rng: random.Random, name: str, largest: int = 20) -> str:
    return f"{name} {rng.choice(('>', '<'))} {rng.randint(1, largest)}"


def _update(rng: random.Random, name: str, others: str, operators: str = "++-") -> str:
    """A change of a variable by a number or another variable, in one of two forms."""
    op = rng.choice(operators)
    right = str(rng.randint(2, 3) if op == "*" else rng.randint(1, 9))
    if others and op != "*" and rng.random() < 0.6:
        right = rng.choice(others)
    return f"{name} {op}= {right}" if rng.random() < 0.5 else f"{name} = {name} {op} {right}"


def _indent(lines: list[str], depth: int = 1) -> list[str]:
    return ["    " * depth + line for line in lines]


def _straight(rng: random.Random) -> list[str]:
    lines = [_start(rng, "A")]
    if rng.random() < 0.5:
        lines.append(_start(rng, "B"))
        lines.append(f"C = {rng.choice(('A + B', 'A - B', 'B - A', 'B + A'))}")
        shown = "C"
    else:
        lines.append(f"B = {_operation(rng, 'A')}")
        shown = "B"
    if rng.random() < 0.5:
        lines.append(_update(rng, shown, "A"))
    return [*lines, f"print({shown})"]


def _assigned_again(rng: random.Random) -> list[str]:
    first, second = _update(rng, "A", ""), _update(rng, "A", "")
    return [_start(rng, "A"), first, *([second] if rng.random() < 0.6 else []), "print(A)"]


def _loop(rng: random.Random) -> list[str]:
    start = rng.choice((0, 0, 1, 2))
    stop = start + rng.randint(2, 4)
    bounds = str(stop) if start == 0 else f"{start}, {stop}"
    body = [_update(rng, "A", rng.choice(("I", "I", "")), "++-*")]
    return [_start(rng, "A", 9), f"for I in range({bounds}):", *_indent(body), "print(A)"]


def _branch(rng: random.Random) -> list[str]:
    lines = [_start(rng, "A"), f"B = {_operation(rng, 'A', '++-')}", f"if {_condition(rng, rng.choice('AB'))}:"]
    lines += _indent([_update(rng, "B", "A")])
    if rng.random() < 0.7:
        lines += ["else:", *_indent([_update(rng, "B", "A")])]
    return [*lines, "print(B)"]


def _loop_branch(rng: random.Random) -> list[str]:
    test = rng.choice(
        (f"I % {rng.randint(2, 3)} == {rng.randint(0, 1)}", _condition(rng, "I", 4), _condition(rng, "A", 15))
    )
    body = [f"if {test}:", *_indent([_update(rng, "A", "I", "++-*")])]
    if rng.random() < 0.6:
        body += ["else:", *_indent([_update(rng, "A", "I")])]
    start = rng.randint(0, 3)
    return [_start(rng, "A", 9), f"for I in range({start}, {start + rng.randint(3, 5)}):", *_indent(body), "print(A)"]


def _build(rng: random.Random) -> list[str]:
    item = rng.choice((f"I * {rng.randint(2, 6)} + {rng.randint(1, 9)}", f"I * I - {rng.randint(1, 5)}", f"{rng.randint(9, 20)} - I * {rng.randint(2, 4)}",
                       f"I * {rng.randint(3, 9)} % {rng.randint(4, 9)}"))  # fmt: skip
    count = rng.randint(3, 4)
    shown = rng.choice(("V", "V", "sum(V)", "max(V)", "min(V)", f"V[{rng.randrange(count)}]", "V[-1] - V[0]"))
    return ["V = []", f"for I in range({count}):", f"    V.append({item})", f"print({shown})"]


def _filtered(rng: random.Random) -> list[str]:
    items = [rng.randint(1, 30) for _ in range(rng.randint(3, 5))]
    body = [f"if {_condition(rng, 'I', 25)}:", f"    {rng.choice(('A += I', 'A += 1', 'A = A + I', 'A = A - I'))}"]
    return [f"V = {items}", _start(rng, "A", 3), "for I in V:", *_indent(body), "print(A)"]


def _while(rng: random.Random) -> list[str]:
    shrinking = rng.choice(("A = A // 2", f"A -= {rng.randint(3, 9)}", f"A = A - {rng.randint(3, 9)}", "A //= 3"))
    second = rng.choice(("B += 1", "B += A", f"B = B + {rng.randint(2, 5)}", "B = B * 2"))
    body = [shrinking, second] if rng.random() < 0.6 else [second, shrinking]
    lines = [
        f"A = {rng.randint(15, 60)}",
        f"B = {rng.randint(0, 5)}",
        f"while A > {rng.randint(1, 9)}:",
        *_indent(body),
    ]
    return [*lines, f"print({rng.choice(('A', 'B', 'B', 'A + B'))})"]


def _nested(rng: random.Random) -> list[str]:
    item = rng.choice(("I * J", "I + J", "I - J", f"I * {rng.randint(2, 5)} + J"))
    body = [f"for J in range({rng.choice(('2', '3', 'I'))}):", f"    A += {item}"]
    after = [_update(rng, "A", "I")] if rng.random() < 0.4 else []
    start = rng.randint(1, 2)
    loop = f"for I in range({start}, {start + rng.randint(2, 3)}):"
    return [_start(rng, "A", 9), loop, *_indent([*body, *after]), "print(A)"]


def _shifted(rng: random.Random) -> list[str]:
    """Two numbers that follow each other, as those of Fibonacci do."""
    step = rng.choice(
        (["C = A + B", "A = B", "B = C"], ["C = A", "A = B", "B = C + I"], ["C = B - A", "A = B + C", "B = C"])
    )
    lines = [_start(rng, "A", 9), _start(rng, "B", 9), f"for I in range({rng.randint(3, 5)}):", *_indent(step)]
    return [*lines, f"print({rng.choice(('A, B', 'B, A', 'A', 'B'))})"]


def _changed_items(rng: random.Random) -> list[str]:
    items = [rng.randint(1, 20) for _ in range(rng.randint(3, 5))]
    left, right = rng.choice(
        (("V[I]", "V[I - 1]"), ("V[I]", "I"), ("V[I - 1]", "V[I]"), ("V[I]", str(rng.randint(2, 9))))
    )
    change = f"{left} = {left} {rng.choice('++-*')} {right}"
    shown = rng.choice(("V", "V", "sum(V)", "max(V)", "V[-1], V[0]"))
    return [f"V = {items}", f"for I in range(1, {len(items)}):", f"    {change}", f"print({shown})"]


def _sorted_out(rng: random.Random) -> list[str]:
    items = [rng.randint(1, 30) for _ in range(rng.randint(4, 5))]
    test = rng.choice((f"I % {rng.randint(2, 3)} == 0", _condition(rng, "I", 20)))
    change = rng.choice(("I // 2", "I * 2", f"I - {rng.randint(2, 9)}", "I"))
    body = [f"if {test}:", f"    W.append({change})"]
    body += ["else:", f"    A += {rng.choice(('I', '1'))}"] if rng.random() < 0.6 else []
    shown = rng.choice(("W, A", "W", "sum(W) + A", "len(W), A"))
    return [f"V = {items}", "W = []", _start(rng, "A", 9), "for I in V:", *_indent(body), f"print({shown})"]


SHAPES = {
    1: (_straight, _straight, _assigned_again),
    2: (_loop, _loop, _branch),
    3: (_loop_branch, _build, _filtered, _while),
    4: (_nested, _shifted, _changed_items, _sorted_out),
}
