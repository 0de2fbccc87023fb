"""Programs: the prompt's code run by Python, traces read again, written code judged; attempts to cheat."""

from __future__ import annotations

import contextlib
import io
import random
import re
import sys

import pytest

from favilla.worlds import programs
from favilla.worlds.base import Problem, Split
from favilla.worlds.programs_drawn import LIMITS
from favilla.worlds.programs_written import LISTS, ONE, TWO, Wanted, found, meets
from favilla.worlds.registry import get

LEVELS = pytest.mark.parametrize("level", [1, 2, 3, 4])
SPLITS: tuple[Split, ...] = ("train", "dev", "test")


def some(level: int, count: int, split: Split = "train", seed: int = 1, kind: str = "") -> list[Problem]:
    rng = random.Random(seed)
    drawn: list[Problem] = []
    while len(drawn) < count:
        problem = get("programs").sample(rng, level, split)
        if problem.facts["kind"].startswith(kind):
            drawn.append(problem)
    return drawn


def prompt_of(problem: Problem) -> str:
    (prompt,) = problem.prompt
    assert isinstance(prompt, str)
    return prompt


def by_python(source: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(source, {})
    return printed.getvalue()


@LEVELS
@pytest.mark.parametrize("split", SPLITS)
def test_answers_are_what_python_prints(level: int, split: Split) -> None:
    for problem in some(level, 120, split, kind="print"):
        code = re.search(r"^[a-z]+ = (?:.|\n)*^print\(.*\)$", prompt_of(problem), re.MULTILINE)
        assert code and code[0] == problem.facts["source"]
        assert by_python(code[0]) == problem.answer + "\n"
        assert "\n" not in problem.answer


@LEVELS
def test_traces_follow_what_python_does(level: int) -> None:
    """Python's own line tracing gives the same lines in the same order, and the same values after them."""
    for problem in some(level, 60, kind="print"):
        source = problem.facts["source"]
        lines = source.split("\n")
        seen: list[int] = []

        def watch(frame, event, argument, seen=seen):  # type: ignore[no-untyped-def]
            if frame.f_code.co_filename == "<drawn>" and event == "line":
                seen.append(frame.f_lineno)
            return watch

        before = sys.gettrace()
        with contextlib.redirect_stdout(io.StringIO()):
            sys.settrace(watch)
            try:
                exec(compile(source, "<drawn>", "exec"), {})
            finally:
                sys.settrace(before)
        told = problem.solutions["steps"].thinking.split("\n")
        # A loop's line is met again for each turn and once more at its end; the trace names turns by their variable.
        expected = [lines[n - 1].strip().rstrip(":") for n in seen if not lines[n - 1].strip().startswith("for ")]
        turns = {line.split()[1] for line in map(str.strip, lines) if line.startswith("for ")}
        named = [line for line in told if not line.startswith("for ")]
        named = [line for line in named if not (re.fullmatch(r"[a-z]+ = -?[0-9]+", line) and line.split()[0] in turns)]
        assert len(named) == len(expected)
        assert all(line.startswith(statement) for line, statement in zip(named, expected, strict=True))
        for line in told:
            for equation in re.findall(r"(?<![\w\])] )(?<![\w.])([-0-9]+(?:[-+*]|//|%)[-0-9()]+=-?[0-9]+)", line):
                left, right = equation.split("=")
                assert eval(left) == int(right), line
        assert told[-1].endswith(problem.answer)


def test_traces_are_short_at_the_first_levels() -> None:
    for level, most in ((1, 300), (2, 500), (3, 1000), (4, 1100)):
        for problem in some(level, 200):
            assert len(prompt_of(problem)) + len(problem.solutions["steps"].thinking) < most
            if problem.facts["kind"] == "print":
                values = [abs(int(n)) for n in re.findall(r"[0-9]+", problem.answer)]
                assert max(values) <= LIMITS[level][0]


def test_levels_hold_what_they_should() -> None:
    sources = {level: [p.facts["source"] for p in some(level, 300, kind="print")] for level in (1, 2, 3, 4)}
    assert not any("for" in source or "if" in source for source in sources[1])
    assert all("for " in source or "if " in source for source in sources[2])
    assert any("while" in source for source in sources[3]) and any("append" in source for source in sources[3])
    assert any(source.count("for ") == 2 for source in sources[4])
    shares = [sum(p.facts["kind"] == "write" for p in some(level, 300)) / 300 for level in (1, 2, 3, 4)]
    assert shares[:2] == [0, 0]
    assert all(0.2 < share < 0.45 for share in shares[2:])


def examples_in(prompt: str) -> list[tuple[dict[str, object], int]]:
    """The examples that a reader of the prompt sees."""
    told = re.findall(r"^(.*) -> (-?[0-9]+)$", prompt, re.MULTILINE)
    if told:
        return [
            (dict((n, eval(v)) for n, v in re.findall(r"([a-z]) = (\[.*?\]|-?[0-9]+)", given)), int(result))
            for given, result in told
        ]
    names = re.search(r"def f\((.*?)\)", prompt)
    assert names
    read = []
    for given, result in re.findall(r"^f\((.*)\) = (-?[0-9]+)$", prompt, re.MULTILINE):
        values = eval(f"({given},)")
        read.append((dict(zip(names[1].split(", "), values, strict=True)), int(result)))
    return read


@pytest.mark.parametrize("level", [3, 4])
@pytest.mark.parametrize("split", SPLITS)
def test_written_answers_meet_the_examples_of_the_prompt(level: int, split: Split) -> None:
    for problem in some(level, 80, split, kind="write"):
        examples = examples_in(prompt_of(problem))
        assert len(examples) == 4
        for given, result in examples:
            if problem.facts["wanted"].function:
                scope: dict[str, object] = {}
                exec(problem.answer, scope)
                assert scope["f"](**given) == result  # type: ignore[operator]
            else:
                assert eval(problem.answer, {}, dict(given)) == result
        tries = problem.solutions["steps"].thinking.split("\n")
        assert [line.endswith(" yes") for line in tries] == [False] * (len(tries) - 1) + [True]
        for line in tries:
            base, differences = line.split(": ")
            for (given, result), told in zip(examples, differences.rsplit(" ", 1)[0].split(", "), strict=False):
                value = eval(base, {}, dict(given))
                assert told == f"{result}-{value if value >= 0 else f'({value})'}={result - value}"


ONE_WANTED = Wanted(("x",), (((1,), 5), ((2,), 7), ((4,), 11), ((7,), 17)), function=False)
FUNCTION = Wanted(("x", "y"), (((1, 2), 5), ((3, 3), 8), ((0, 4), 6), ((5, 1), 8)), function=True)
LIST = Wanted(("v",), ((([1, 5],), 4), (([2, 9, 4],), 7), (([3, 3],), 0), (([8, 1, 0],), 8)), function=False)


def written(wanted: Wanted) -> Problem:
    _, answer = found(wanted)
    return Problem("programs", 4, "train", ("",), answer, {}, "", {"kind": "write", "wanted": wanted})


def test_every_expression_that_meets_the_examples_is_right() -> None:
    verify = get("programs").verify
    for text in ("x * 2 + 3", "x*2+3", "3 + 2 * x", "x + x + 3", "(x + 1) * 2 + 1", "abs(x * 2 + 3)", "max(x, 2 * x) + 3", "-(-x) + x + 3",
                 "(x * 6 + 9) // 3", " x * 2 + 3\n"):  # fmt: skip
        assert verify(written(ONE_WANTED), text).correct, text
    for text in ("def f(x, y): return x + y + 2", "def f(x,y):return 2+x+y", "def f(x, y): return sum([x])"):
        assert verify(written(FUNCTION), text).correct == ("sum" not in text), text
    for text in ("max(v) - min(v)", "max(v)-min(v)", "abs(min(v) - max(v))"):
        assert verify(written(LIST), text).correct, text
    assert verify(written(ONE_WANTED), "x * 2 + 3").parsed == "x*2+3"
    assert verify(written(ONE_WANTED), "x * 3").parsed == "x*3" and not verify(written(ONE_WANTED), "x * 3").correct


WRITE_EXPLOITS = (
    "", "x", "5", "[5, 7, 0, 11][x]", "{1: 5, 2: 7, 4: 11, 7: 17}[x]", "5 if x < 2 else 7 if x < 3 else 11 if x < 5 else 17",
    "(x < 2) * 5 + (x > 1) * (x * 2 + 3)", "x * 2 + 3 or 0", "not x", "(x * 2 + 3)", "((x * 2) + 3)", "x * 2 + 3.0", "x * 2.0 + 3",
    "x * 2 + 3 # right", "x * 2 + 3;", "x * 2 + 3\nx", "x * 2 + 3, 0", "lambda x: x * 2 + 3", "def f(x): return x * 2 + 3",
    "return x * 2 + 3", "y = x * 2 + 3", "f(x)", "eval('x * 2 + 3')", "__import__('os')", "x.__class__", "int(x * 2 + 3)", "x ** 1 * 2 + 3",
    "x << 1 + 3", "(x << 1) + 3", "x * 2 + 0x3", "x * 2 + True * 3", "x * 2 + 3" + " + 0" * 20, "9" * 100_000, "-" * 100_000, "(" * 50_000,
    "x * 2 + 3\x00", "x * 2 + 3\u200b", "х * 2 + 3", "x * 2 + ３", "x / 1 * 2 + 3", "x * 2 + z", "x * 2 + 3 if x else 0", "*x", "x := 3",
    "x * 2 + 3 = y", "= x * 2 + 3", "f'{x}'", "'x * 2 + 3'", "[x * 2 + 3]", "[x * 2 + 3][0]", "sum(x * 2 + 3)", "max([x * 2 + 3])", "pow(x, 1) * 2 + 3",
    "x * 2 + 3 // (x - x)", "x * 2 + 3 + x % 0", "1 == 1", "...", "None", "x\\\n * 2 + 3", "x * 2 \t+ 3", "print(x * 2 + 3)", "exec('1')",
)  # fmt: skip


def test_exploits_of_written_code_fail() -> None:
    verify = get("programs").verify
    assert len(WRITE_EXPLOITS) > 50
    for text in WRITE_EXPLOITS:
        assert not verify(written(ONE_WANTED), text).correct, text
    for text in (
        "x + y + 2", "lambda x, y: x + y + 2", "def g(x, y): return x + y + 2", "def f(y, x): return x + y + 2", "def f(x, y=2): return x + y + 2",
        "def f(*v): return sum(v) + 2", "def f(x, y): return f(x, y)", "def f(x, y): return x + y + 2; x", "def f(x, y):\n    return x + y + 2",
        "def f(x, y): print(x); return x + y + 2", "def f(x, y): return x + y + 2 or 0", "(def f(x, y): return x + y + 2)",
        "def f(x, y): return [x + y + 2]", "def f(x, y): return (x, y)", "def f(x, y): yield x + y + 2",
    ):  # fmt: skip
        assert not verify(written(FUNCTION), text).correct, text
    for text in (
        "v",
        "v[9]",
        "sum(v)",
        "v.pop() - v[0]",
        "v[0:1]",
        "max(v) - min(v) + v",
        "len(v) * 1000000 ** 9",
        "max(v) - min(w)",
    ):
        assert not verify(written(LIST), text).correct, text


def test_bases_are_found_in_their_order() -> None:
    assert found(ONE_WANTED)[1] == "x * 2 + 3"
    assert found(FUNCTION)[1] == "def f(x, y): return x + y + 2"
    assert found(LIST)[1] == "max(v) - min(v)"
    for bases, names in ((ONE, ("x",)), (TWO, ("x", "y")), (LISTS, ("v",))):
        for base in bases:
            scope = {"x": 7, "y": 4, "v": [3, 9, 1]}
            wanted = Wanted(
                names, ((tuple(scope[name] for name in names), eval(base, {}, dict(scope))),), function=False
            )  # type: ignore[misc]
            assert meets(wanted, base) is True


@LEVELS
def test_exploits_of_predictions_fail(level: int) -> None:
    family = get("programs")
    for problem in some(level, 15, "test", kind="print"):
        right = problem.answer
        attempts = [
            "", right + "0", "0" + right, "+" + right, right + ".0", right + ".", f"{right} {right}", f"{right}\n{right}", f"print({right})",
            f"({right})", f"'{right}'", f"= {right}", f"{right} or 0", right + "\u200b", right + "\x00", "None", "True", "[" + right, right + "]",
            problem.facts["source"], "print(" + right, "9" * 100_000, ", ".join(map(str, range(-999, 1000))), right + ",", "output: " + right,
            right.replace(", ", ",") + " ", right.replace(" ", "  "), right.translate({ord("0") + n: ord("٠") + n for n in range(10)}),
        ]  # fmt: skip
        assert len(attempts) >= 20
        for text in attempts:
            if text.strip() != right:
                assert not family.verify(problem, text).correct, text[:80]


def test_keys_and_strategies() -> None:
    family = get("programs")
    for level in (1, 2):
        for problem in some(level, 40):
            terse, steps = (
                family.verify(problem, problem.answer, problem.solutions[s].thinking) for s in ("terse", "steps")
            )
            assert (terse.strategy, steps.strategy) == ("states", "trace")
            assert terse.solution_key and steps.solution_key
    problem = written(LIST)
    tries, answer = found(LIST)
    assert family.verify(problem, answer, "\n".join(tries)).strategy == "search"
    assert family.verify(problem, answer, tries[-1]).strategy == "straight"
    assert family.verify(problem, answer).strategy == "direct"


def test_names_and_forms_do_not_change_the_split() -> None:
    seen: dict[str, set[str]] = {}
    shown: dict[str, set[str]] = {}
    for split in SPLITS:
        for problem in [*some(1, 600, split, kind="print"), *some(4, 60, split, kind="write")]:
            seen.setdefault(problem.instance, set()).add(split)
            shown.setdefault(problem.instance, set()).add(problem.facts.get("source", problem.answer))
    assert all(len(splits) == 1 for splits in seen.values())
    assert sum(len(ways) > 1 for ways in shown.values()) > 20
    assert not any(re.search(r"\b(total|count|best|items)\b", instance) for instance in seen)


def test_wordings() -> None:
    for train, held_out in ((programs.PRINTED, programs.PRINTED_TEST), (programs.ASKED, programs.ASKED_TEST)):
        assert len(set(train)) >= 12 and len(set(held_out)) >= 4 and not set(train) & set(held_out)
    starts = tuple(
        words.split("{")[0] for words in (*programs.PRINTED_TEST, *programs.ASKED_TEST) if not words.startswith("{")
    )
    share = [sum(prompt_of(p).startswith(starts) for p in some(3, 200, split)) / 200 for split in ("train", "test")]
    assert share[0] == 0 and 0.2 < share[1] < 0.6
