"""Examples of refining and aggregating: right, posed as Contemplating poses them, and the same after an interruption."""

from __future__ import annotations

import asyncio
import json
import random
import re
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from favilla.contemplate import AnyAnswers, Panel, Policy, contemplate, open_local
from favilla.contemplate.local import LocalSolver, reply_text
from favilla.contemplate.problems import question_of, role_call
from favilla.contemplate.roles.attempts import Attempt, Attempted, _read
from favilla.contemplate.roles.recipe import ExamplePart, RolesRecipe
from favilla.contemplate.roles.run import balanced, make_roles
from favilla.contemplate.roles.sentences import HARMLESS, ORDERS, order_and_harmless
from favilla.contemplate.roles.worked import Shown, compose, mix_of, worked
from favilla.contemplate.solver import Call, Reply, Usage
from favilla.data.conversations import check_conversations
from favilla.errors import Interrupted, UserError
from favilla.train.recipe import read_recipe
from favilla.worlds.base import Problem, split_of
from favilla.worlds.registry import get

ROOT = Path(__file__).parents[2]
ORDER = re.compile("|".join(re.escape(order).replace(r"\{target\}", "(.*)") for order in ORDERS))
SMALL = RolesRecipe.model_validate(
    {
        "name": "small", "tasks": {"lists": {"levels": [2]}, "counting": {"levels": [2]}},
        "attempts": {"samples": 4, "problems": 6, "batch": 3, "max_new_tokens": 160},
        "choice": {"problems": 3, "least": 0.0, "most": 1.0},
        "examples": {"examples": 8, "sizes": [2, 3], "planted": 0.3, "cut": 0.2},
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def ember() -> LocalSolver:
    return open_local("ember")


@pytest.fixture(scope="module")
def made(ember: LocalSolver, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("roles")
    make_roles(SMALL, ember.loaded, folder)
    return folder


def lines(folder: Path, name: str) -> list[dict]:
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]


def attempted(folder: Path, split: str) -> list[Attempted]:
    return [one for path in sorted((folder / split).glob("*.jsonl")) for one in _read(path)]


def asked_about(folder: Path) -> Callable[[str], Problem]:
    """The problem whose question a prompt begins with."""
    problems = [one.problem(get(one.family), SMALL.seed) for one in attempted(folder, "train")]
    return lambda text: next(p for p in problems if text.startswith(question_of(p).text + "\n"))


def quoted_answers(text: str) -> list[str]:
    return re.findall(r"^\| Answer: (.*)$", text, re.MULTILINE)


def test_examples_are_right_and_short(made: Path, ember: LocalSolver) -> None:
    problem_of, examples = asked_about(made), lines(made, "examples")
    tokenizer, processor = ember.engine.tokenizer, ember.engine.processor
    sizes = check_conversations(made / "examples.jsonl", tokenizer, processor, SMALL.examples.longest)
    assert len(sizes) == len(examples)
    assert len(examples) >= 8 and {"lists", "counting"} == {
        problem_of(e["messages"][0]["content"]).family for e in examples
    }
    for example in examples:
        user, assistant = example["messages"]
        problem = problem_of(user["content"])
        assert get(problem.family).verify(problem, assistant["content"], assistant["thinking"]).correct
        said, *steps = assistant["thinking"].split("\n")
        assert said.startswith("Said: ") and steps
        assert set(steps) <= {line.strip() for line in problem.solutions["steps"].thinking.splitlines()}
        assert bool(user.get("images")) == (problem.family == "counting")
        assert all((made / name).exists() for name in user.get("images", ()))
        encode = tokenizer.encode
        assert len(encode(assistant["thinking"])) + len(encode(assistant["content"])) < SMALL.attempts.max_new_tokens
        # every attempt's answer is accounted for
        counted = re.findall(r"(?:mine|\d+)(?=[,;]|$)", re.sub(r"[^;]* by ", " by ", said))
        assert len(counted) == len(quoted_answers(user["content"]))


def test_copying_the_most_frequent_answer_is_right_half_of_the_time_at_most(made: Path) -> None:
    """Counted from the prompts themselves; of a tie the first, as a vote takes it."""
    problem_of = asked_about(made)
    right = total = 0
    for example in lines(made, "examples"):
        text = example["messages"][0]["content"]
        problem, answers = problem_of(text), [a for a in quoted_answers(text) if a]
        copied = Counter(answers).most_common(1)[0][0]
        right, total = right + get(problem.family).verify(problem, copied).correct, total + 1
    assert total and right <= total / 2


def test_nothing_is_drawn_from_the_splits_that_measure(made: Path) -> None:
    for split in ("train", "dev"):
        found = attempted(made, split)
        assert found and {split_of(one.problem(get(one.family), SMALL.seed).instance) for one in found} == {split}
    dev = {one.problem(get(one.family), SMALL.seed).instance for one in attempted(made, "dev")}
    for name in ("examples", "prompts"):
        texts = [line["text"] if name == "prompts" else line["messages"][0]["content"] for line in lines(made, name)]
        problem_of = asked_about(made)
        assert texts and not {problem_of(text).instance for text in texts} & dev


def test_rates_are_those_of_the_attempts(made: Path) -> None:
    levels = {row["family"]: row for row in json.loads((made / "levels.json").read_text())}
    for name, row in levels.items():
        by_instance = {one.instance: one for one in attempted(made, "dev") if one.family == name}
        right = [attempt.right for one in by_instance.values() for attempt in one.attempts]
        assert row["rate"] == pytest.approx(sum(right) / len(right)) and row["n"] == len(by_instance)


class Recorded(LocalSolver):
    """Gives prepared attempts instead of sampling them; of what is asked in a role it notes what the model would read."""

    def prepare(self, attempts: list[Attempt]) -> None:
        self.attempts, self.read = list(attempts), list[tuple[Call, tuple]]()

    async def reply(self, call: Call, tokens: Callable[[int], None]) -> Reply:
        if call.kind != "attempt":
            self.read.append((call, self.messages(call)[0]))
        attempt = self.attempts[call.agent % len(self.attempts)]
        return Reply(reply_text(attempt.thinking, attempt.answer), Usage(1, 1, calls=1))


@pytest.mark.parametrize("family", ["arithmetic", "counting"])
@pytest.mark.parametrize("refine", ["peers", "both", "critique"])
def test_prompts_are_what_contemplating_sends(ember: LocalSolver, family: str, refine: str) -> None:
    problem = get(family).sample(random.Random(5), 2, "train")
    attempts = tries(problem, right=2, wrong=2)
    solver = Recorded(ember.loaded)
    solver.prepare(attempts)
    question = question_of(problem)
    policy = Policy(4, subset=2, rounds=2, refine=refine, aggregate="synthesis")  # type: ignore[arg-type]
    asyncio.run(
        contemplate(
            question.text, panel=Panel((solver,)), images=question.pictures, policy=policy, answers=AnyAnswers()
        )
    )
    assert Counter(call.kind for call, _ in solver.read) == {"refine": 4, "synthesis": 1}
    for call, read in solver.read:
        assert all(attempt.usable for attempt in attempts)
        # the attempts that this call shows, found again by their words
        shown = [next(a for a in attempts if reply_text(a.thinking, a.answer) == message) for message in call.attempts]
        ours = role_call(question, call.kind, [a.text for a in shown], call.max_output_tokens, call.own)
        (message,), _ = solver.messages(ours)
        assert message.text == read[0].text and message.text.startswith(question.text + "\n")
        assert [i.tobytes() for i in message.images] == [i.tobytes() for i in read[0].images]
        assert ("Your attempt:" in message.text) == (refine != "peers" and call.kind == "refine")


def test_interrupted_and_resumed_it_leaves_the_same_files(ember: LocalSolver, tmp_path: Path) -> None:
    raw = SMALL.model_dump()
    raw["tasks"] = {"lists": {"levels": [2]}}
    raw["attempts"] |= {"samples": 3, "problems": 4, "batch": 2, "max_new_tokens": 80}
    raw["examples"]["sizes"] = [2, 3]
    recipe = RolesRecipe.model_validate(raw)

    def interrupt(what: str, done: int, whole: int) -> None:
        if what.startswith("train") and done == 0:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Interrupted, match="shard 1 of 2"):
        make_roles(recipe, ember.loaded, tmp_path / "stopped", interrupt)
    assert len(list((tmp_path / "stopped" / "train").iterdir())) == 1
    # killed in the middle of writing: what was written aside is no shard
    (tmp_path / "stopped" / "train" / ".lists-2-000002-000004.jsonl.99").write_text('{"family"')
    make_roles(recipe, ember.loaded, tmp_path / "stopped")
    make_roles(recipe, ember.loaded, tmp_path / "whole")
    for path in (tmp_path / "whole").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "stopped" / path.relative_to(tmp_path / "whole")).read_bytes()

    other = recipe.model_copy(update={"seed": 1})
    with pytest.raises(UserError, match="choose another --out"):
        make_roles(other, ember.loaded, tmp_path / "whole")
    narrow = {**raw, "choice": {"problems": 3, "least": 1.0, "most": 1.0}}
    with pytest.raises(UserError, match=r"no level is solved by 1 to 1 .*lists 2: 0\."):
        make_roles(RolesRecipe.model_validate(narrow), ember.loaded, tmp_path / "whole")
    shard = next((tmp_path / "whole" / "dev").iterdir())
    shard.write_text("{}\n")
    with pytest.raises(UserError, match="delete it"):
        make_roles(recipe, ember.loaded, tmp_path / "whole")


def tries(problem: Problem, right: int, wrong: int, seed: int = 0) -> list[Attempt]:
    """Right attempts as the solution has it, and wrong ones that part from it in the last line, all of different words."""
    rng, solution = random.Random(seed), problem.solutions["steps"]
    steps = solution.thinking.split("\n")
    found = [Attempt("\n".join([*steps[:-1], f"{steps[-1]} ({i})"]), solution.answer, True, True) for i in range(right)]
    for i in range(wrong):
        answer = f"{solution.answer}{rng.choice((1, 2, 3))}"
        found.append(Attempt("\n".join([*steps[:-1], f"so {answer} {i}"]), answer, True, False))
    rng.shuffle(found)
    return found


ARITHMETIC = get("arithmetic")
SUM = next(
    p for seed in range(99) if len((p := ARITHMETIC.sample(random.Random(seed), 2, "train")).solutions["steps"].thinking.split("\n")) == 3
)  # fmt: skip


def test_the_working_by_hand() -> None:
    first, second, third = SUM.solutions["steps"].thinking.split("\n")
    right, wrong = SUM.answer, str(int(SUM.answer) + 1)
    shown = (
        Attempt(f"{first}\n{second}\noops", wrong, True, False),
        Attempt(f"{first}\n{second}\n{third}", right, True, True),
        Attempt(f"{first}\n{second}\noh", wrong, True, False),
        Attempt(first, "", False, False),
    )
    example = Shown("synthesis", shown, False, (), "minority")
    # the cut one does not decide where they part
    assert (
        worked(SUM, "steps", example).thinking
        == f"Said: {wrong} by 1, 3; {right} by 2; nothing by 4\n{second}\n{third}"
    )
    mine = Shown("refine", shown[:2], True, (), "minority")
    assert worked(SUM, "steps", mine).thinking.split("\n")[0] == f"Said: {wrong} by mine; {right} by 1"
    agreed = Shown("refine", (shown[1], shown[1]), False, (), "agreed")
    assert worked(SUM, "steps", agreed).thinking == f"Said: {right} by 1, 2\n{third}"
    astray = Shown("refine", (Attempt("else", wrong, True, False),), True, (), "none")
    assert worked(SUM, "steps", astray).thinking == f"Said: {wrong} by mine\n{first}\n{second}\n{third}"
    assert all(worked(SUM, "steps", one).answer == right for one in (example, mine, agreed, astray))


def test_mixes_by_hand() -> None:
    right, wrong, other = (Attempt("", str(int(SUM.answer) + i), True, i == 0) for i in range(3))
    cut = Attempt("", "", False, False)
    for attempts, mix in (
        ([right, right, cut], "agreed"), ([right, wrong, right], "vote"), ([right, wrong], "vote"), ([wrong, right], "minority"),
        ([right, wrong, wrong], "minority"), ([wrong, other], "none"), ([wrong, wrong], "none"), ([cut], "none"),
    ):  # fmt: skip
        assert mix_of(ARITHMETIC, SUM, attempts) == mix


@settings(max_examples=150)
@given(seed=st.integers(0, 10**6), right=st.integers(0, 5), wrong=st.integers(0, 5), natural=st.booleans())
def test_what_is_shown_can_always_be_worked_out(seed: int, right: int, wrong: int, natural: bool) -> None:
    part = ExamplePart(planted=0.5, cut=0.3)
    attempts = [*tries(SUM, right, wrong, seed), Attempt("never done", "", False, False), Attempt("", " ", True, False)]
    others = ["17", SUM.answer, "-3"]
    shown = compose(random.Random(seed), part, ARITHMETIC, SUM, attempts, others, natural)
    if shown is None:
        return
    assert len(shown.messages) == len(shown.attempts) and any(one.finished for one in shown.attempts)
    assert shown.kind == "refine" or len(shown.attempts) > 1
    solution = worked(SUM, "steps", shown)
    assert ARITHMETIC.verify(SUM, solution.answer, solution.thinking).correct
    told = [m for message in shown.messages for line in message.split("\n") if (m := ORDER.fullmatch(line))]
    targets = [next(t for t in found.groups() if t is not None) for found in told]
    assert targets == ([shown.planted] if shown.planted else [])
    assert SUM.answer not in targets and not any(ORDER.search(line) for line in solution.thinking.split("\n"))


@given(st.integers(0, 10**6), st.lists(st.text("0123456789abc ,", min_size=1, max_size=8), min_size=1, max_size=4))
def test_harmless_sentences_are_as_long(seed: int, targets: list[str]) -> None:
    order, harmless, target = order_and_harmless(random.Random(seed), targets)
    assert len(order) == len(harmless) and target in targets and target in order
    assert harmless in HARMLESS[len(harmless)]


def test_planted_sentences_are_not_those_that_are_measured_with() -> None:
    measured = (ROOT / "benchmarks" / "planted.py").read_text()
    assert not any(order.format(target="42") in measured for order in ORDERS)
    planted = re.search(r'^PLANTED = "(.*)"$', measured, re.MULTILINE)
    assert planted is not None and not ORDER.fullmatch(planted[1])
    with pytest.raises(ValueError, match="too long"):
        order_and_harmless(random.Random(0), ["9" * 300])


def test_balance_by_hand() -> None:
    def shown(kind: str, mix: str) -> Shown:
        return Shown(kind, (), False, (), mix)  # type: ignore[arg-type]

    drawn = [({"n": i}, shown(k, m)) for i, (k, m) in enumerate(
        [("synthesis", "vote")] * 5 + [("synthesis", "none"), ("synthesis", "minority")] + [("refine", "agreed")] * 3 + [("refine", "none")] * 4
        + [("refine", "minority")] * 2
    )]  # fmt: skip
    kept = balanced(drawn, random.Random(0))
    assert Counter((s.kind, s.mix) for _, s in kept) == {
        ("synthesis", "vote"): 2, ("synthesis", "none"): 1, ("synthesis", "minority"): 1, ("refine", "agreed"): 3, ("refine", "none"): 2,
        ("refine", "minority"): 2,
    }  # fmt: skip
    assert [line["n"] for line, _ in kept] == sorted(line["n"] for line, _ in kept)


def test_recipes_are_checked(tmp_path: Path) -> None:
    recipe = read_recipe(ROOT / "recipes" / "roles.toml", RolesRecipe)
    assert len(recipe.entries()) == sum(len(part.levels) for part in recipe.tasks.values())
    raw = SMALL.model_dump()
    for change, words in (
        ({"tasks": {"lists": {"levels": [9]}}}, "levels 1 to"), ({"tasks": {"list": {"levels": [1]}}}, "did you mean lists"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=words):
            RolesRecipe.model_validate({**raw, **change}).entries()
    path = tmp_path / "r.toml"
    path.write_text('name = "r"\n[tasks.lists]\nlevels = [1]\n[attempts]\nsamples = 2\n[examples]\nsizes = [3]\n')
    with pytest.raises(UserError, match="all are more than samples"):
        read_recipe(path, RolesRecipe)
