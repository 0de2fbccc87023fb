"""Second turns: what the ellipsis leaves out is taken from the first turn, and the answers are worked out again from there."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest

from favilla.chat.messages import ImagePart
from favilla.worlds.base import Problem, Split
from favilla.worlds.counting import PLURAL
from favilla.worlds.drawing import COLOURS
from favilla.worlds.ellipsis_wordings import ELLIPSES
from favilla.worlds.follow_ups import SOURCES
from favilla.worlds.follow_ups_text import WORDINGS
from favilla.worlds.registry import get

SENSIBLE = {"colour": tuple(COLOURS), "shape": tuple(PLURAL.values()), "half": ("left", "right")}
PLACES = ("largest", "second", "third", "fourth")


def problems(name: str, level: int, count: int, split: Split = "train") -> Iterator[Problem]:
    rng, family = random.Random(f"{name} {level}"), get(name)
    for _ in range(count):
        problem: Problem | None = family.sample(rng, level, split)
        for _ in range(3):
            if problem is not None:
                yield problem
                problem = family.follow_up(rng, problem)


def gaps(question: str, wordings: tuple[tuple[str, ...], tuple[str, ...]]) -> set[str]:
    """All that may fill {new} in the wordings, so that they read like the question."""
    found = set()
    for wording in (*wordings[0], *wordings[1]):
        pattern = (
            re.escape(wording)
            .replace(r"\{new\}", "(?P<new>.+)", 1)
            .replace(r"\{new\}", ".+")
            .replace(r"\{before\}", ".+")
        )
        if match := re.fullmatch(pattern, question):
            found.add(match["new"] if "new" in match.groupdict() else "")
    assert found, question
    return found


@pytest.mark.parametrize("name", ["follow_ups", "follow_ups_text"])
def test_the_history_is_a_question_and_its_answer_without_thinking(name: str) -> None:
    for level in (1, 2, 3, 4):
        for problem in problems(name, level, 5):
            question, answer = problem.history
            assert (question.role, answer.role, answer.thinking) == ("user", "assistant", None)
            pictures = [part for part in question.parts if isinstance(part, ImagePart)]
            assert len(pictures) == (name == "follow_ups") and question.text.strip()
            assert all(isinstance(part, str) for part in (*answer.parts, *problem.prompt))
            assert len(problem.prompt) == 1 and len(str(problem.prompt[0])) < 130


def test_first_answers_are_right() -> None:
    for problem in problems("follow_ups_text", 2, 40):
        source = get(problem.facts["source"])
        # Drawn again by its own family: its verifier accepts what the history says.
        first = Problem(source.name, 2, "train", (), problem.facts["first"], {}, "", problem.facts)
        assert source.verify(first, problem.history[1].text).correct
    for problem in problems("follow_ups", 2, 25):
        kind, slots, answer = problem.facts["first"]
        scene, source = problem.facts["scene"], problem.facts["source"]
        assert problem.history[1].text == answer == solve(source, scene, kind, slots)


def matching(scene: dict, what: str, half: str = "") -> int:
    *colour, noun = what.split()
    middle = scene["grid"][0] / 2
    return sum(
        (not colour or colour[0] == c) and (noun == "shapes" or noun.rstrip("es") == s.rstrip("es"))
        and (not half or (x < middle) == (half == "left"))
        for x, _, c, s in scene["shapes"]
    )  # fmt: skip


def solve(source: str, scene: dict, kind: str, slots: dict[str, str]) -> str:
    """The slow and obvious way."""
    if source == "counting":
        if kind == "most":
            return max({s[2] for s in scene["shapes"]}, key=lambda colour: matching(scene, f"{colour} shapes"))
        return str(matching(scene, slots["what"], slots.get("half", "")))
    if source == "tables":
        column = {name: row[scene["columns"].index(slots["column"])] for name, row in scene["rows"].items()}
        if kind == "find":
            return next(name for name, value in column.items() if str(value) == slots["value"])
        if kind == "widest":
            other = scene["columns"].index(slots["other"])
            return max(scene["rows"], key=lambda name: abs(column[name] - scene["rows"][name][other]))
        values = column
        slots = {"item": slots.get("row", ""), **slots}
        kind = "value" if kind == "cell" else kind
    else:
        series = {name: dict(zip(scene["names"], row, strict=True)) for name, row in scene["series"].items()}
        if kind == "series":
            return str(series[slots["series"]][slots["item"]])
        if "" not in series:  # of two series, a value is told by "item in series"
            values = {f"{item} in {name}": value for name, row in series.items() for item, value in row.items()}
        else:
            values = series[""]
    ranked = sorted(values, key=lambda name: -values[name])
    if kind == "value":
        return str(values[slots["item"]])
    if kind in ("sum", "gap"):
        return str(values[slots["item"]] + (1 if kind == "sum" else -1) * values[slots["other"]])
    if kind == "above":
        return str(sum(value > int(slots["limit"]) for value in values.values()))
    if kind == "total":
        return str(sum(values.values()))
    if kind == "rank":
        return ranked[PLACES.index(slots["nth"])]
    return {"largest": ranked[0], "smallest": ranked[-1]}[kind]


def resolved(problem: Problem, new: str) -> set[str]:
    """Answers to the first question with the ellipsis put in, worked out from the first turn and the words of the second."""
    scene, source, ellipsis = (problem.facts[key] for key in ("scene", "source", "ellipsis"))
    kind, slots, answer = problem.facts["first"]
    if ellipsis in ("smallest", "largest"):
        return {solve(source, scene, ellipsis, slots)}
    if ellipsis == "second":
        if source == "tables":
            smaller = {**scene, "rows": {name: row for name, row in scene["rows"].items() if name != answer}}
        else:
            keep = [i for i, name in enumerate(scene["names"]) if name != answer]
            smaller = {
                "names": [scene["names"][i] for i in keep],
                "series": {"": [scene["series"][""][i] for i in keep]},
            }
        return {solve(source, smaller, "largest", slots)}
    if ellipsis == "value":
        return {solve(source, scene, "value", {**slots, "row": answer, "item": answer})}
    if ellipsis == "many":
        return {solve(source, scene, "count", {"what": f"{answer} shapes"})}
    if ellipsis == "colour":
        return {solve(source, scene, kind, {"what": f"{new} {slots['what'].split()[-1]}"})}
    if ellipsis == "shape":
        return {solve(source, scene, kind, {"what": new})}
    if ellipsis == "half":
        return {solve(source, scene, kind, {**slots, "half": new})}
    # One slot changes: whichever takes the new word.
    fits = set()
    for slot in slots:
        try:
            fits.add(solve(source, scene, kind, {**slots, slot: new}))
        except (KeyError, ValueError, StopIteration):
            continue
    return fits


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_ellipses_by_hand(level: int) -> None:
    kinds = Counter()
    for problem in problems("follow_ups", level, 30):
        question, ellipsis = str(problem.prompt[0]), problem.facts["ellipsis"]
        kinds[problem.facts["source"], ellipsis] += 1
        fits = set(SENSIBLE.get(ellipsis, ())) or None
        # "And how many stars?" can be read as "And {new}?", too.
        said = {new for new in gaps(question, ELLIPSES[ellipsis]) if fits is None or new in fits}
        answers = {a for new in said for a in resolved(problem, new)}
        assert problem.answer in answers, (question, problem.facts)
        assert len(answers) == 1 or ellipsis in ("instead", "above"), (question, answers)
    assert len(kinds) >= (8, 11, 10, 10)[level - 1], kinds


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_arrows_and_items_by_hand(level: int) -> None:
    kinds = Counter()
    for problem in problems("follow_ups_text", level, 120):
        question, kind = str(problem.prompt[0]), problem.facts["ellipsis"]
        kinds[kind] += 1
        told = problem.history[0].text
        if problem.facts["source"] == "hops":
            arrows = problem.facts["arrows"]
            first = problem.history[1].text
            hops = len(problem.facts["way"]) - 1
            if kind == "further":
                start, count = first, 2 if "two" in question else 1
            elif kind == "less":
                start, count = problem.facts["way"][0], hops - 1
            else:
                (start,), count = [new for new in gaps(question, WORDINGS["from"]) if new in arrows], hops
            for _ in range(count):
                start = arrows[start]
            assert problem.answer == start
            assert start in told
            continue
        items = list(problem.facts["items"])
        if kind == "then":
            first = problem.history[1].text
            parts = list(first) if problem.facts["kind"] == "letters" else first.split(", ")
            items = [int(part) for part in parts] if problem.facts["kind"] == "numbers" else parts
        sep = "" if problem.facts["kind"] == "letters" else ", "
        expected = {
            "^(?!.*(?:sort|order|arrange|line|rank)).*(?:largest number|biggest|maximum)": lambda: str(max(items)),
            "^(?!.*(?:sort|order|arrange|line|rank)).*(?:smallest number|least|minimum)": lambda: str(min(items)),
            "^(?!.*(?:alphabet|sort)).*(?:reverse|back to front|backwards)": lambda: sep.join(map(str, items[::-1])),
            "capital|uppercase": lambda: sep.join(map(str, items)).upper(),
            "duplicates|only the first time": lambda: sep.join(map(str, dict.fromkeys(items))),
        }
        for words, work in expected.items():
            if re.search(words, question) and "number of different" not in question:
                kinds[words] += 1
                assert problem.answer == work(), (question, items)
    assert all(kinds[kind] > 3 for kind in ("further", "from", "instead", "then"))
    assert (kinds["less"] > 0) == (level > 1)
    assert sum(count for words, count in kinds.items() if "|" in words) > 4


def test_the_first_turn_is_needed() -> None:
    """The same words get many answers: without what was said before, there is nothing to go by."""
    for name in ("follow_ups", "follow_ups_text"):
        answers = defaultdict(set)
        for level in (1, 2):
            for problem in problems(name, level, 40 if name == "follow_ups" else 400):
                answers[str(problem.prompt[0])].add(problem.answer)
        often = sorted(answers.values(), key=len)[-5:]
        assert min(map(len, often)) >= 3, often


def test_another_pair_about_the_same_picture_brings_the_same_picture() -> None:
    rng, family = random.Random(4), get("follow_ups")
    for _ in range(15):
        problem = family.sample(rng, 2, "train")
        again = family.follow_up(rng, problem)
        assert again is not None
        (one,), (two,) = ([p for p in q.history[0].parts if isinstance(p, ImagePart)] for q in (problem, again))
        assert one.image is two.image
        assert again.facts["asked"][0] == problem.facts["asked"][0] != again.facts["asked"][1]
        assert again.instance == problem.instance and again.marks == problem.marks


def test_wordings_and_splits() -> None:
    for wordings in (ELLIPSES, WORDINGS):
        train, test = ([w for pair in wordings.values() for w in pair[part]] for part in (0, 1))
        assert len(set(train)) >= 12 and len(set(test)) >= 4 and not set(train) & set(test)
        assert all(train for train, _ in wordings.values()) and all(test for _, test in wordings.values())
    held_out = {w.split("{")[0] for part in (ELLIPSES, WORDINGS) for _, test in part.values() for w in test}
    own = {w.split("{")[0] for part in (ELLIPSES, WORDINGS) for train, _ in part.values() for w in train}
    telling = tuple(start for start in held_out - own if len(start) > 9)
    assert len(telling) > 12
    for name, count in (("follow_ups", 6), ("follow_ups_text", 60)):
        asked = {s: [str(p.prompt[0]) for p in problems(name, 2, count, s)] for s in ("train", "dev", "test")}  # type: ignore[arg-type]
        assert not [text for text in asked["train"] + asked["dev"] if text.startswith(telling)]
        assert [text for text in asked["test"] if text.startswith(telling)]
    # The facts are the source's, and so is their split.
    for problem in problems("follow_ups", 1, 6, "test"):
        assert SOURCES[problem.facts["source"]].instance(problem.facts["scene"]) == problem.instance


def test_cheats_do_not_pass() -> None:
    for name in ("follow_ups", "follow_ups_text"):
        family = get(name)
        for problem in problems(name, 2, 12):
            first = problem.history[1].text
            for text in (
                f"{first}, {problem.answer}",
                f"{first}\n{problem.answer}",
                f"And {problem.answer}",
                f"{problem.answer}?",
            ):
                assert not family.verify(problem, text).correct
            assert family.verify(problem, first).correct == (first == problem.answer)
