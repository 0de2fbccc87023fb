"""`favilla eval`: its table is its JSON, interrupted runs go on, results of something else are safe."""

from __future__ import annotations

import json
import os
import random

import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from favilla.cli.evaluate import evaluate, markdown
from favilla.engine.request import Generation, Request, Usage
from favilla.errors import UserError
from favilla.evals.accuracy import Row, constant_answer, draw, wilson
from favilla.evals.accuracy import evaluate as measure
from favilla.worlds import registry
from favilla.worlds.base import Problem
from favilla.worlds.limits import REFUSAL
from favilla.worlds.registry import get
from favilla.worlds.web.shards import SAMPLE, collection


def row(family: str, level: int, accuracy: float, n: int = 100) -> Row:
    low, high = wilson(round(accuracy * n), n)
    return Row(family, level, "test", "low", n, accuracy, low, high, 0.1, 1.0, 2.5, 1.0, 7, 1, accuracy)


def test_the_table_has_a_line_per_row_and_the_mean_of_each_level():
    rows = [row("a", 1, 0.5), row("b", 1, 0.25), row("a", 2, 0.125, 200)]
    settings = {"model": "m", "split": "test", "effort": "low", "seed": 3, "samples": 1}
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in markdown(rows, settings).splitlines()[2:]]
    assert {len(line) for line in table} == {9}
    assert [line[2] for line in table[2:]] == ["0.500", "0.250", "0.125", "0.375", "0.125"]
    assert table[2][3] == "0.404-0.596"  # Wilson's interval of 50 in 100, by hand
    assert [line[6] for line in table[2:]] == ["7", "7", "7", "", ""] and table[0][6] == "refused"
    assert table[5][:2] == ["*mean of 2*", "1"] and table[5][5] == "200"


def test_writes_and_goes_on_and_refuses_to_overwrite(favilla, tiny_folder, tmp_path):
    out = tmp_path / "results"
    command = ["eval", tiny_folder, "--n", 3, "--max-new-tokens", 4, "--levels", 1, "--out", out]
    first = favilla(*command, "--families", "lists")
    assert first.returncode == 0, first.stderr
    assert (out / "results.md").read_text() == first.stdout
    results = json.loads((out / "results.json").read_text())
    (measured,) = results["rows"]
    assert measured["family"] == "lists" and measured["n"] == 3 and 0 <= measured["low"] <= measured["high"] <= 1

    # As an interrupted run would have left it: one row is there, with a mark that shows whether it is computed again.
    measured["thinking_tokens"] = 1234.0
    (out / "results.json").write_text(json.dumps(results))
    second = favilla(*command, "--families", "lists", "arithmetic", "--json")
    rows = json.loads(second.stdout)["rows"]
    assert [(r["family"], r["level"]) for r in rows] == [("lists", 1), ("arithmetic", 1)]
    assert rows[0]["thinking_tokens"] == 1234.0
    assert rows == json.loads((out / "results.json").read_text())["rows"]
    assert sorted(path.name for path in out.iterdir()) == ["results.json", "results.md"]

    with pytest.raises(UserError, match="other settings"):
        evaluate(str(tiny_folder), families=("lists",), levels=(1,), n=4, max_new_tokens=4, out=out)
    old = {**results, "rows": [{key: value for key, value in measured.items() if key != "refused"}]}
    (out / "results.json").write_text(json.dumps(old))
    with pytest.raises(UserError, match=r"refused.*choose another --out"):
        evaluate(str(tiny_folder), families=("lists",), levels=(1,), n=3, max_new_tokens=4, out=out)
    (out / "results.json").write_text("{")
    with pytest.raises(UserError, match="choose another --out"):
        evaluate(str(tiny_folder), families=("lists",), levels=(1,), n=3, max_new_tokens=4, out=out)


def test_rows_that_are_done_are_printed_when_a_later_one_fails(favilla, tiny_folder, tmp_path):
    """Also without --out, where they are nowhere else. Level 4 of these shards has no screens."""
    shards = tmp_path / "web_screens"
    shards.mkdir()
    with safe_open(SAMPLE, framework="numpy") as file:
        content = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        content["index"][content["index"][:, 0] == 4, 0] = 3
        save_file(content, shards / "0-00000.safetensors", metadata=file.metadata())
    command = [
        "eval",
        tiny_folder,
        "--families",
        "lists",
        "web_screens",
        "--n",
        2,
        "--max-new-tokens",
        2,
        "--levels",
        4,
    ]
    environment = {**os.environ, "FAVILLA_HOME": str(tmp_path)}
    process = favilla(*command, env=environment)
    assert process.returncode == 2 and "holds no screens of level 4" in process.stderr
    assert [line.split(" | ")[:2] for line in process.stdout.splitlines()[4:5]] == [["| lists", "4"]]
    rows = json.loads(favilla(*command, "--json", env=environment).stdout)["rows"]
    assert [(row["family"], row["n"]) for row in rows] == [("lists", 2)]


def forget_screens() -> None:
    """As a process begins: families, and what lies in folders, are looked at once in each."""
    registry._built_in.cache_clear()
    collection.cache_clear()


def test_fewer_problems_and_other_screens_are_told(tiny_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FAVILLA_HOME", str(tmp_path))
    forget_screens()
    out, common = tmp_path / "results", {"levels": (1,), "n": 3, "max_new_tokens": 2, "out": tmp_path / "results"}
    evaluate(str(tiny_folder), families=("lists",), **common)
    assert "fewer" not in capsys.readouterr().err
    evaluate(str(tiny_folder), families=("lists", "web_screens"), **common)
    assert "fewer than 3 different problems" in (said := capsys.readouterr().err) and "web_screens 1 (" in said
    (tmp_path / "web_screens").mkdir()
    (tmp_path / "web_screens" / "0-00000.safetensors").write_bytes(SAMPLE.read_bytes())
    forget_screens()
    evaluate(str(tiny_folder), families=("lists", "web_screens"), **common)
    (tmp_path / "web_screens" / "0-00001.safetensors").write_bytes(SAMPLE.read_bytes())
    forget_screens()
    with pytest.raises(UserError, match="other rendered screens"):
        evaluate(str(tiny_folder), families=("lists", "web_screens"), **common)
    evaluate(str(tiny_folder), families=("lists",), **common)
    # Results of a time before screens were noted are gone on with.
    results = json.loads((out / "results.json").read_text())
    assert list(results.pop("screens")) == ["web_screens"]
    (out / "results.json").write_text(json.dumps(results))
    evaluate(str(tiny_folder), families=("lists", "web_screens"), **common)
    del results["seconds"]
    (out / "results.json").write_text(json.dumps(results))
    with pytest.raises(UserError, match="choose another --out"):
        evaluate(str(tiny_folder), families=("lists",), **common)
    forget_screens()


class Knowing:
    """Answers as told: the answer of every problem of the draw that is not to be missed, else nonsense or what is said."""

    def __init__(self, problems: list[Problem], missed: set[int], instead: str = "nonsense"):
        self.answers = {p.prompt: instead if i in missed else p.answer for i, p in enumerate(problems)}
        self.asked: list[int] = []

    def generate(self, requests: list[Request]) -> list[list[Generation]]:
        self.asked.append(len(requests))
        return [
            [Generation(self.answers[r.messages[-1].parts], "thought", "stop", Usage(9, 0, 7, 3), (), (), ())] * r.n
            for r in requests
        ]


def test_accuracy_is_the_share_of_right_answers():
    problems = draw(get("lists"), 1, "test", 20, seed=4)
    engine = Knowing(problems, missed={0, 7, 8, 19})
    (measured,) = measure(engine, ["lists"], [1], n=20, seed=4)  # type: ignore[arg-type]
    assert (measured.accuracy, measured.n, measured.thinking_tokens, measured.answer_tokens) == (0.8, 20, 7, 3)
    assert engine.asked == [20]
    constant = constant_answer(get("lists"), 1, 4)
    assert measured.constant == sum(p.answer == constant for p in problems) / 20


class Halting(Knowing):
    """Right in the first sample alone, and not even there where it is to miss."""

    def generate(self, requests: list[Request]) -> list[list[Generation]]:
        assert all(r.temperature == 1.0 for r in requests)
        assert len({r.seed for r in requests}) == len(requests)
        wrong = Generation("nonsense", None, "length", Usage(9, 0, 0, 1), (), (), ())
        return [[made[0], *[wrong] * (len(made) - 1)] for made in super().generate(requests)]


def test_several_samples_give_pass_at_one_and_pass_at_n():
    engine = Halting(draw(get("lists"), 1, "test", 20, seed=4), missed={0, 7, 8, 19})
    (measured,) = measure(engine, ["lists"], [1], n=20, seed=4, samples=4)  # type: ignore[arg-type]
    assert measured.accuracy == pytest.approx(16 / 80) and measured.solved == 0.8 and measured.samples == 4
    assert measured.finished == pytest.approx(1 / 4) and measured.thinking_tokens == pytest.approx(7 / 4)
    assert measured.low < measured.accuracy < measured.high
    # problems that all score alike are no proof that all would
    (alike,) = measure(
        Halting(draw(get("lists"), 1, "test", 6, seed=4), missed=set(range(6))), ["lists"], [1], n=6, seed=4, samples=4
    )  # type: ignore[arg-type]
    assert (alike.accuracy, alike.low) == (0.0, 0.0) and alike.high == pytest.approx(wilson(0, 6)[1])
    settings = {"model": "m", "split": "test", "effort": "low", "seed": 4, "samples": 4}
    table = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in markdown([measured], settings).splitlines()[2:]
    ]
    assert {len(line) for line in table} == {10}
    assert table[0][2:5:2] == ["pass@1", "pass@4"] and table[2][2:5:2] == ["0.200", "0.800"]


@pytest.mark.parametrize(
    "said", [REFUSAL, f"  {REFUSAL.upper()}\n", REFUSAL.rstrip("."), "nonsense", f"Yes. {REFUSAL}"]
)
def test_refusals_are_counted_whether_right_or_not(said: str):
    counted = said not in ("nonsense", f"Yes. {REFUSAL}")
    problems = draw(get("lists"), 2, "test", 20, seed=1)
    engine = Knowing(problems, {2, 3, 11}, said)
    (measured,) = measure(engine, ["lists"], [2], n=20, seed=1)  # type: ignore[arg-type]
    assert (measured.accuracy, measured.refused) == (0.85, 3 * counted)

    problems = draw(get("limits"), 2, "test", 20, seed=1)
    engine = Knowing(problems, {0, 1})
    (measured,) = measure(engine, ["limits"], [2], n=20, seed=1)  # type: ignore[arg-type]
    assert (measured.accuracy, measured.refused, measured.constant) == (0.9, 18, 1.0)


def test_what_was_said_before_is_said_to_the_model():
    problems = draw(get("follow_ups_text"), 1, "test", 12, seed=2)
    by_conversation = {(*[m.parts for m in p.history], p.prompt): p.answer for p in problems}
    assert len({p.prompt for p in problems}) < len(problems) == len(by_conversation)

    class Listening:
        def generate(self, requests: list[Request]) -> list[list[Generation]]:
            said = [by_conversation[tuple(m.parts for m in r.messages)] for r in requests]
            assert all([m.role for m in r.messages] == ["user", "assistant", "user"] for r in requests)
            return [[Generation(answer, "", "stop", Usage(9, 0, 0, 3), (), (), ())] for answer in said]

    (measured,) = measure(Listening(), ["follow_ups_text"], [1], n=12, seed=2)  # type: ignore[arg-type]
    assert measured.accuracy == 1.0


def test_a_constant_answer_is_counted_where_it_pays():
    answers = [get("counting").sample(random.Random(i), 1, "train").answer for i in range(300)]
    constant = constant_answer(get("counting"), 1, seed=0)
    assert answers.count(constant) >= 0.7 * max(answers.count(a) for a in set(answers))
