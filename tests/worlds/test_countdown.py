"""Countdown against Python's fractions and a search through everything; attempts to cheat."""

from __future__ import annotations

import ast
import itertools
import operator
import random
import re
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from favilla.worlds.arithmetic import Tree
from favilla.worlds.base import Problem, Split
from favilla.worlds.countdown import PHRASINGS, TEST_PHRASINGS, infix, read_expression
from favilla.worlds.registry import get
from favilla.worlds.working import results, worked

SPLITS: tuple[Split, ...] = ("train", "dev", "test")
BY_NODE = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def draw(level: int, count: int, split: Split = "train", seed: int = 1) -> list[Problem]:
    rng = random.Random(seed)
    return [get("countdown").sample(rng, level, split) for _ in range(count)]


def by_fractions(text: str) -> tuple[Fraction, list[int], bool]:
    """Value, numbers, and whether every part of the expression is an integer, as Python reads it."""

    def value(node: ast.expr) -> tuple[Fraction, list[int], bool]:
        if isinstance(node, ast.Constant):
            return Fraction(node.value), [node.value], True
        assert isinstance(node, ast.BinOp)
        (a, left, whole_a), (b, right, whole_b) = value(node.left), value(node.right)
        result = BY_NODE[type(node.op)](a, b)
        return result, left + right, whole_a and whole_b and result.denominator == 1

    return value(ast.parse(text, mode="eval").body)


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize("split", SPLITS)
def test_answers_reach_the_target_that_the_prompt_names(level: int, split: Split) -> None:
    for problem in draw(level, 150, split):
        (prompt,) = problem.prompt
        given, target = problem.facts["numbers"], problem.facts["target"]
        value, used, whole = by_fractions(problem.answer)
        assert (value, whole) == (target, True)
        assert all(used.count(n) <= given.count(n) for n in used)
        said = sorted(map(int, re.findall(r"[0-9]+", str(prompt))))
        # For training a rewording may add a number of its own: "Question 7: ".
        assert not Counter([*given, target]) - Counter(said)
        assert split == "train" or said == sorted([*given, target])
        assert target not in given
        assert set(re.findall(r"[-+*/]", problem.answer)) <= set(problem.facts["operations"])
        assert re.search(
            r"once|twice|again|second time|more than one|at most|at the most|one use|one of each|one time|one appearance|single time",
            str(prompt),
        )
        for style in ("terse", "steps"):
            for equation in re.findall(r"[0-9+*/-]+=-?[0-9]+", problem.solutions[style].thinking):
                left, right = equation.split("=")
                assert by_fractions(left)[0] == int(right), equation


def reachable(values: tuple[Fraction, ...], operations: str) -> set[Fraction]:
    """Everything that can be made of the values: all pairs, all operations, both ways round."""
    found = set(values)
    for i, j in itertools.permutations(range(len(values)), 2):
        a, b = values[i], values[j]
        rest = tuple(v for place, v in enumerate(values) if place not in (i, j))
        made = {"+": a + b, "-": a - b, "*": a * b}
        if b and (a / b).denominator == 1:
            made["/"] = a / b
        for op in operations:
            if op in made:
                found |= reachable((made[op], *rest), operations)
    return found


@pytest.mark.parametrize("level", [1, 2])
def test_tries_go_through_everything_until_they_hit(level: int) -> None:
    """The tries before the hit miss, and each is an operation on what is there."""
    searched = 0
    for problem in draw(level, 200):
        given, target = problem.facts["numbers"], problem.facts["target"]
        assert target in reachable(tuple(map(Fraction, given)), problem.facts["operations"])
        tries = results(problem.solutions["steps"].thinking)
        assert str(target) not in tries[:-1] and tries[-1] == str(target)
        assert problem.solutions["steps"].thinking.endswith(" yes")
        for line in problem.solutions["steps"].thinking.splitlines():
            first, *more = line.removesuffix(" yes").split(", ")
            numbers = sorted(map(int, re.findall(r"[0-9]+", first.split("=")[0])))
            left = list(given)
            for n in numbers:
                left.remove(n)
            for again in more:
                assert sorted(map(int, re.findall(r"[0-9]+", again.split("=")[0]))) == sorted(
                    [int(first.split("=")[1]), *left]
                )
        searched += len(tries) > 2
    assert searched > 50


def trees(depth: int) -> st.SearchStrategy[Tree]:
    leaf = st.integers(1, 30)
    return st.recursive(leaf, lambda inner: st.tuples(st.sampled_from("+-*/"), inner, inner), max_leaves=depth)


@given(trees(6), st.booleans())
def test_the_reader_agrees_with_fractions(tree: Tree, spaced: bool) -> None:
    text = infix(tree)
    text = re.sub(r"([-+*/])", r" \1 ", text) if spaced else text
    try:
        value, used, whole = by_fractions(text)
    except ZeroDivisionError:
        value, used, whole = Fraction(0), [], False
    read = read_expression(text)
    assert (read is not None) == (whole and len(text) <= 120)
    if read:
        assert (read.value, sorted(read.numbers)) == (value, sorted(used))


@pytest.mark.parametrize(("op", "sign"), [("+", 1), ("-", 1), ("*", 1), ("/", 1), ("/", -1)])
def test_small_steps_end_in_the_result(op: str, sign: int) -> None:
    for a in range(-300, 301, 7):
        for b in (1, 2, 7, 10, 13, 40):
            dividend, divisor = (a * b, b * sign) if op == "/" else (a, b)
            text = worked(op, dividend, divisor)
            expected = {"+": a + b, "-": a - b, "*": a * b, "/": a * sign}[op]
            assert text.endswith(f"={expected}")
            for equation in text.split(", "):
                left, right = equation.split("=")
                assert eval(left) == int(right)
    with pytest.raises(ValueError, match="does not come out even"):
        worked("/", 7, 2)


PROBLEM = Problem(
    "countdown", 4, "train", ("",), "25*4+7", {}, "", {"numbers": (4, 7, 8, 25, 50, 2), "target": 107, "operations": "+-*/"}
)  # fmt: skip
RIGHT = (
    "25*4+7", "25 * 4 + 7", "7+4*25", "(25*4)+7", "7+(4*25)", "50*2+7", "50*(4-2)+7", "(25*8+7-7*0)/2+7", "8/4*50+7",
    "2*50+(8+7-8)", "(2-4)*(7-50)+25-4", "(50+4)*2-8+7", "50+50/2*2+7", "50*8/4+7", "((25))*4+7", "(25*4+7)", "((25*4)+7)",
)  # fmt: skip


def test_every_right_expression_is_accepted() -> None:
    family = get("countdown")
    accepted = [text for text in RIGHT if family.verify(PROBLEM, text).correct]
    for text in RIGHT:
        value, used, whole = by_fractions(text)
        right = value == 107 and whole and all(used.count(n) <= (4, 7, 8, 25, 50, 2).count(n) for n in used)
        assert (text in accepted) == right, text
    assert len(accepted) >= 9 and "(25*4+7)" in accepted
    assert family.verify(PROBLEM, " 25 * 4 + 7\n").parsed == "25*4+7"


EXPLOITS = (
    "107", "100+7", "25*4+7=107", "107=25*4+7", "25*4+7 ", "254/2", "25*4+7+8-8", "50+50+7", "25*(2+2)+7", "2 5*4+7",
    "25*4+07", "+25*4+7", "-(-25*4)+7", "25*4--7", "25**1*4+7", "50*4//2+7", "50<<1+7", "25*4+7.0", "25*4+7e0", "25×4+7",
    "25*4+7#", "25(4)+7", "(25*4+7", "25*4+7)", "(25*4)(+7)", "25*4+7;", "25*4,+7", "25*4\n+7", "25*4\t+7", "25/2*8+7", "7/2*4+50",
    "50/0+7", "50/(4-4)+7", "25*4+7\u200b", "٢٥*4+7", "２５*4+7", "__import__('os')", "lambda: 107", "int('107')", "max(25*4+7)",
    "25*4+7 or 25*4+7", "[25*4+7]", "25*4+7 25*4+7", "", "()", "25*4+", "*25*4+7", "(" * 60 + "25*4+7" + ")" * 60, "(" * 100_000,
    "9" * 100_000, "25*4+7" + "+8-8" * 40, "25*4+7\x00", "target", "25*4+seven", "1+106", "50*2+7+1-1", "0+25*4+7", "25*4+7-0",
    "25%4+106", "25*4+7!", "0x19*4+7", "2_5*4+7",
)  # fmt: skip


def test_exploits_fail() -> None:
    family = get("countdown")
    assert len(EXPLOITS) > 40
    accepted = [text for text in EXPLOITS if family.verify(PROBLEM, text).correct]
    # A space at the end is white space around an answer, and 8 is given once: 25*4+7+8-8 uses it twice.
    assert accepted == ["25*4+7 "]


def test_only_the_operations_of_the_level() -> None:
    facts = {"numbers": (3, 4, 5), "target": 12, "operations": "+-"}
    problem = Problem("countdown", 1, "train", ("",), "3+4+5", {}, "", facts)
    verify = get("countdown").verify
    assert verify(problem, "3+4+5").correct
    assert not verify(problem, "3*4").correct
    assert verify(problem, "3*4").parsed == "3*4"


def test_key_and_strategy() -> None:
    verify = get("countdown").verify
    steps = verify(PROBLEM, "25*4+7", "25+4=29, 29*7=203 no\n25*4=100, 100+7=107 yes")
    assert (steps.solution_key, steps.strategy) == ("29 203 100 107", "search")
    terse = verify(PROBLEM, "25*4+7", "First 25*4=100, and 100+7=107.")
    assert (terse.solution_key, terse.strategy) == ("100 107", "straight")
    assert verify(PROBLEM, "25*4+7", "hm").strategy is None
    assert verify(PROBLEM, "25*4+7").strategy == "direct"


def test_order_of_the_numbers_does_not_change_the_split() -> None:
    seen: dict[tuple[tuple[int, ...], int], set[str]] = {}
    orders = set()
    for split in SPLITS:
        for problem in draw(1, 800, split):
            seen.setdefault((problem.facts["numbers"], problem.facts["target"]), set()).add(split)
            orders.add(tuple(re.findall(r"[0-9]+", str(problem.prompt[0]))))
    assert all(len(splits) == 1 for splits in seen.values())
    assert len(orders) > len(seen)


def test_wordings() -> None:
    assert len(set(PHRASINGS)) >= 12 and len(set(TEST_PHRASINGS)) >= 4 and not set(PHRASINGS) & set(TEST_PHRASINGS)
    for words in (*PHRASINGS, *TEST_PHRASINGS):
        assert all(slot in words for slot in ("{numbers}", "{target}", "{ops}"))
