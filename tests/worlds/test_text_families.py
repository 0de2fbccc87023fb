"""Text families: answers worked out again by slow independent ways, attempts to cheat, wordings."""

from __future__ import annotations

import random
import re

import pytest

from favilla.worlds import arithmetic, hops, list_operations, lists
from favilla.worlds.base import Problem, Split
from favilla.worlds.registry import get

NAMES = ("arithmetic", "hops", "lists")
SPLITS: tuple[Split, ...] = ("train", "test")


def draw(name: str, level: int, count: int, split: Split = "train", seed: int = 1) -> list[Problem]:
    rng = random.Random(seed)
    return [get(name).sample(rng, level, split) for _ in range(count)]


def prompt_of(problem: Problem) -> str:
    (prompt,) = problem.prompt
    assert isinstance(prompt, str)
    return prompt


def from_arithmetic_prompt(prompt: str) -> int:
    """The result that a reader of the prompt gets: a story step by step, an expression by Python."""
    step_words = (
        r"(?:add [0-9]+(?: to it)?|plus [0-9]+|subtract [0-9]+|take away [0-9]+|minus [0-9]+|multiply (?:it )?by [0-9]+"
        r"|times [0-9]+|double it|triple it|halve it|divide by 2|take half of it)"
    )
    told = re.search(rf"{step_words}(?:, {step_words}){{4,}}", prompt.lower())
    if told:
        value = int(re.findall(r"[0-9]+", prompt[: told.start()])[-1])
        for step in re.findall(step_words, told[0]):
            number = int((re.findall(r"[0-9]+", step) or ["0"])[0])
            match step.split()[0], step:
                case ("add" | "plus", _):
                    value += number
                case ("subtract" | "minus", _) | (_, "take away") | ("take", _) if "half" not in step:
                    value -= number
                case ("multiply" | "times", _):
                    value *= number
                case ("double", _):
                    value *= 2
                case ("triple", _):
                    value *= 3
                case _:
                    assert value % 2 == 0
                    value //= 2
        return value
    for word, sign in (("divided by", "/"), ("plus", "+"), ("minus", "-"), ("times", "*"), ("×", "*")):
        prompt = prompt.replace(word, sign)
    # What a rewording adds may hold a number of its own: "Question 7: ", "(7) ".
    prompt = re.sub(r"^\(?[0-9]+\) ", "", prompt)
    found = re.findall(r"[0-9(][0-9+\-*/() ]*[0-9)]", prompt)
    (expression,) = [each for each in found if re.search(r"[-+*/]", each)]
    result = eval(expression)
    assert result == int(result)
    return int(result)


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize("split", SPLITS)
def test_arithmetic_answers_are_what_python_says(level: int, split: Split) -> None:
    for problem in draw("arithmetic", level, 300, split):
        assert from_arithmetic_prompt(prompt_of(problem)) == int(problem.answer)
        assert eval(problem.instance.removeprefix("arithmetic: ")) == int(problem.answer)
        want = problem.solutions["steps"].thinking.split("\n")[0].removeprefix("Want: ")
        if " " in want:  # told in words: each operation is done to all before it
            parts = want.split(" ")
            assert eval("(" * len(parts) + ")".join(parts) + ")") == int(problem.answer)
        else:
            assert eval(want) == int(problem.answer)
        for solution in problem.solutions.values():
            for equation in re.findall(r"[-0-9+*/()]+=-?[0-9]+", solution.thinking):
                left, right = equation.split("=")
                assert eval(left) == int(right), equation


@pytest.mark.parametrize("op", ["+", "-", "*"])
def test_small_steps_reach_the_result(op: str) -> None:
    for a in range(-130, 131, 7):
        for b in (-99, -20, -7, 0, 3, 8, 10, 47, 99, 120):
            equations = arithmetic.explain(op, a, b)
            assert equations[-1].endswith(f"={eval(f'{a}{op}({b})')}")
            for equation in equations:
                left, right = equation.split("=")
                assert eval(left) == int(right)


def test_arithmetic_levels_grow() -> None:
    for level, (least, most) in {1: (2, 2), 2: (3, 3), 3: (4, 5), 4: (6, 8)}.items():
        for problem in draw("arithmetic", level, 200):
            count = len(re.findall(r"[0-9]+", problem.facts["expression"]))
            assert least <= count <= most
            assert all(abs(result) <= 999 for result in problem.facts["results"])
            assert ("(" in problem.facts["expression"]) or level != 3


def test_arithmetic_keys_and_strategies() -> None:
    family = get("arithmetic")
    problem = next(p for p in draw("arithmetic", 2, 500) if p.facts["expression"].count("+") == 2)
    first, second = problem.facts["results"]
    plain = problem.solutions["terse"].thinking
    reworded = (
        f"First 1+1 is no help.\nThe sum so far = {first}\nand so we get = {second}. Check: {second}-1={second - 1}"
    )
    keyed = [family.verify(problem, problem.answer, thinking) for thinking in (plain, reworded)]
    assert keyed[0].solution_key == keyed[1].solution_key == f"{first} {second}"
    assert [verdict.strategy for verdict in keyed] == ["left-to-right"] * 2
    assert family.verify(problem, problem.answer, "1+1=2, 2+3=5").strategy == "other"
    assert family.verify(problem, problem.answer).strategy == "direct"
    assert family.verify(problem, problem.answer, "hm").strategy is None
    for level in (1, 2, 3, 4):
        for problem in draw("arithmetic", level, 100):
            strategies = {
                style: family.verify(problem, problem.answer, solution.thinking).strategy
                for style, solution in problem.solutions.items()
            }
            assert (strategies["direct"], strategies["terse"]) == ("direct", "left-to-right")
            assert strategies["steps"] in ("decompose", "left-to-right")


ARROW_PATTERNS = (
    (r"(\w+)\s*(?:->|→|points to|leads to|goes to)\s*(\w+)", 1),
    (r"(\w+)\s*(?:<-|comes after)\s*(\w+)", -1),
    (r"\| (?!from )(\w+) \| (\w+) \|", 1),
    (r"^(?!from\t)(\w+)\t(\w+)$", 1),
)


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize("split", SPLITS)
def test_hops_answers_are_what_the_prompt_says(level: int, split: Split) -> None:
    for problem in draw("hops", level, 200, split):
        prompt = prompt_of(problem)
        pairs = [
            pair[::direction]
            for pattern, direction in ARROW_PATTERNS
            for pair in re.findall(pattern, prompt, re.MULTILINE)
        ]
        assert len({a for a, _ in pairs}) == len(pairs)
        arrows, question = problem.instance.removeprefix("hops: ").split(" | ")
        assert sorted(f"{a}>{b}" for a, b in pairs) == arrows.split()
        node, count = question.split()
        assert re.search(rf"\b({count}|{hops.NUMBER_WORDS[int(count)]}) (arrow|hop|step|link)", prompt)
        seen = [node]
        for _ in range(int(count)):
            (node,) = [b for a, b in pairs if a == node]
            seen.append(node)
        assert node == problem.answer
        assert len(set(seen)) == len(seen)
        want, *steps = problem.solutions["steps"].thinking.split("\n")
        assert want.startswith(f"Want: {seen[0]}, {count} hop")
        assert steps == [f"{number}: {seen[number - 1]} -> {seen[number]}" for number in range(1, len(seen))]
        lowest, highest = hops.ARROWS[level]
        assert lowest <= len(pairs) <= highest


def test_hops_keys_do_not_depend_on_words() -> None:
    family = get("hops")
    for problem in draw("hops", 3, 50):
        terse, steps = (problem.solutions[style].thinking for style in ("terse", "steps"))
        told = ", and then to ".join(problem.facts["way"])
        verdicts = [family.verify(problem, problem.answer, thinking) for thinking in (terse, steps, told)]
        assert len({verdict.solution_key for verdict in verdicts}) == 1
        assert {verdict.strategy for verdict in verdicts} == {"chain"}
    assert len(set(hops.CODES) | set(hops.WORDS)) >= 900


def slowly(key: str, items: list[str], numbers: bool) -> list[str]:
    """One list operation, done the long way."""
    name, _, argument = key.rpartition(" ")
    less = (lambda a, b: int(a) < int(b)) if numbers else (lambda a, b: a < b)
    ordered: list[str] = []
    for item in items:  # insertion sort
        place = 0
        while place < len(ordered) and less(ordered[place], item):
            place += 1
        ordered.insert(place, item)
    if key in ("max", "min"):
        return [ordered[-1] if key == "max" else ordered[0]]
    if key in ("sort", "sort down"):
        return ordered if key == "sort" else [ordered[-1 - place] for place in range(len(ordered))]
    if key == "reverse":
        return [items[-1 - place] for place in range(len(items))]
    if key == "dedupe" or key == "count different":
        kept = [item for place, item in enumerate(items) if items.index(item) == place]
        return kept if key == "dedupe" else [str(len(kept))]
    if key == "capitals":
        return ["".join(chr(ord(letter) - 32) for letter in item) for item in items]
    if key == "swap ends":
        changed = list(items)
        changed[0], changed[-1] = changed[-1], changed[0]
        return changed
    if key in ("drop first", "drop last"):
        return [item for place, item in enumerate(items) if place != (0 if key == "drop first" else len(items) - 1)]
    if name == "nth":
        return [items[int(argument) - 1]]
    if name == "every second from":
        return [item for place, item in enumerate(items, start=1) if place % 2 == int(argument) % 2]
    assert name == "count", key
    return [str(sum(1 for item in items if item == argument))]


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize("split", SPLITS)
def test_list_answers_done_the_long_way(level: int, split: Split) -> None:
    for problem in draw("lists", level, 400, split):
        kind, given, keys = problem.instance.removeprefix("lists: ").split(" | ")
        items, numbers = given.split(), kind == "numbers"
        lowest, highest = lists.LENGTHS[level]
        assert lowest <= len(items) <= highest
        joint = "" if kind == "letters" else ", "
        assert joint.join(items) in prompt_of(problem)
        assert len(keys.split("; ")) == lists.OPERATION_COUNTS[level]
        for key in keys.split("; "):
            items = slowly(key, items, numbers)
        assert joint.join(items) == problem.answer
        for style in ("terse", "steps"):
            results = re.findall(r"=> (.*)", problem.solutions[style].thinking)
            assert len(results) == len(keys.split("; "))
            assert results[-1] == problem.answer


@pytest.mark.parametrize("level", [1, 2])
def test_every_step_of_a_list_is_small(level: int) -> None:
    """Read back: an insertion adds one item, a look-up says what stands there, a tally grows by at most one."""
    seen = set()
    for problem in draw("lists", level, 600):
        key = problem.facts["operations"][0]
        items = [str(item) for item in problem.facts["items"]]
        (line,) = problem.solutions["steps"].thinking.split("\n")
        work = line.partition(": ")[2].partition(" =>")[0]
        name = key.split()[0]
        seen.add(name)
        if problem.facts["kind"] == "letters" and name in ("reverse", "dedupe", "every", "capitals"):
            work, _, grown = work.rpartition(" | ") if "/" in work else (work, "", problem.answer)
            assert [len(part) for part in grown.split("/")] == list(
                range(1, len(problem.answer) + 1)
            ) or "/" not in grown
            assert all(problem.answer.startswith(part) for part in grown.split("/"))
        if name == "sort":
            before: list[str] = []
            for part, item in zip(work.split(" | "), items, strict=True):
                new, _, after = part.partition(": ")
                assert new == item
                without = after.split()
                without.remove(new)
                assert without == before
                before = after.split()
        elif name in ("nth", "reverse", "every"):
            pairs = re.findall(r"([0-9]+): ?(\w+)", work)
            assert all(items[int(place) - 1] == item for place, item in pairs)
            asked = [int(place) for place, _ in pairs][0 if name == "nth" else len(items) :]
            expected = {
                "nth": lambda: range(1, int(key.split()[1]) + 1),
                "reverse": lambda: range(len(items), 0, -1),
                "every": lambda: range(int(key.split()[-1]), len(items) + 1, 2),
            }[name]()
            assert asked == list(expected)
        elif name in ("max", "min", "count"):
            pairs = [part.split(": ") for part in work.split(", ")]
            assert [item for item, _ in pairs] == items
            best = pairs[0][1]
            for item, now in pairs[1:]:
                if name == "count":
                    assert int(now) - int(best) == (item == key.split()[1])
                else:
                    assert now == (item if (int(item) > int(best)) == (name == "max") else best)
                best = now
    assert {"sort", "nth", "reverse", "max", "min"} <= seen


def test_list_keys_do_not_depend_on_words() -> None:
    family = get("lists")
    for problem in draw("lists", 4, 50):
        verdicts = [
            family.verify(problem, problem.answer, problem.solutions[style].thinking) for style in ("terse", "steps")
        ]
        assert verdicts[0].solution_key == verdicts[1].solution_key is not None
        assert {verdict.strategy for verdict in verdicts} == {"stepwise"}


def test_all_list_operations_occur() -> None:
    seen = {
        key.split()[0] for level in (1, 2, 3, 4) for p in draw("lists", level, 400) for key in p.facts["operations"]
    }
    assert seen == {"max", "min", "nth", "reverse", "sort", "dedupe", "every", "drop", "swap", "capitals", "count"}
    assert len(list_operations.OPERATIONS) >= 14


@pytest.mark.parametrize("name", NAMES)
def test_exploits_fail(name: str) -> None:
    family = get(name)
    for level in (1, 2, 3, 4):
        for problem in draw(name, level, 20, "test"):
            right = problem.answer
            digits = right.translate({ord("0") + n: ord("٠") + n for n in range(10)})
            wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in right)
            attempts = [
                "", " \t\n", right + " " + right, right + ",", "," + right, right + ", 0", right + " (or 7)",
                "0" + right, "+" + right, "--" + right, right + ".0", right + "e0", right + "\u200b", "\ufeff" + right,
                right + "\u0301", wide, prompt_of(problem), problem.instance,
                ", ".join(str(n) for n in range(-999, 1000)),
                right[:-1], right + right[-1], "any of " + right, "None", "nan", "-inf", "True", right + "\x00",
                right + "\n\nignore the rest", "9" * 200_000, f"{right}={right}", "=> " + right, right + ";",
            ]  # fmt: skip
            attempts += [digits] if digits != right else [right.swapcase()] if right.swapcase() != right else []
            attempts += [right.replace(", ", ","), right.replace(", ", " ")] if ", " in right else []
            assert len(attempts) >= 20
            for text in attempts:
                assert not family.verify(problem, text).correct, (text[:100], right)


@pytest.mark.parametrize("name", NAMES)
def test_thinking_of_any_length_is_keyed_quickly(name: str) -> None:
    family = get(name)
    (problem,) = draw(name, 2, 1)
    for thinking in ("=" * 200_000, "=> " * 50_000, "1+1=" * 50_000, "9" * 200_000, "AB->" * 50_000, "\n" * 200_000):
        assert family.verify(problem, problem.answer, thinking).correct


PHRASINGS = {
    "arithmetic": [
        (arithmetic.PHRASINGS, arithmetic.TEST_PHRASINGS),
        (arithmetic.STORY_PHRASINGS, arithmetic.STORY_TEST_PHRASINGS),
    ],
    "hops": [(hops.PHRASINGS, hops.TEST_PHRASINGS)],
    "lists": [(lists.PHRASINGS, lists.TEST_PHRASINGS)],
}


def as_pattern(phrasing: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "(?s:.+)", re.escape(phrasing)))


@pytest.mark.parametrize("name", NAMES)
def test_wordings_are_many_and_some_are_kept_for_the_test(name: str) -> None:
    train = [phrasing for kind, _ in PHRASINGS[name] for phrasing in kind]
    held_out = [phrasing for _, kind in PHRASINGS[name] for phrasing in kind]
    assert len(set(train) | set(held_out)) == len(train) + len(held_out)
    assert len(held_out) >= 5
    assert all(len(usual) >= 30 and len(kept) >= 2 for usual, kept in PHRASINGS[name])

    patterns = [as_pattern(phrasing) for phrasing in held_out]
    shares = {}
    for split in SPLITS:
        prompts = [prompt_of(problem) for level in (1, 4) for problem in draw(name, level, 300, split)]
        shares[split] = sum(any(pattern.fullmatch(prompt) for pattern in patterns) for prompt in prompts) / len(prompts)
    assert shares["train"] == 0
    assert 0.4 < shares["test"] < 0.6
