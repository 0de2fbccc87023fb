"""`favilla contemplate` as a process of its own against a real server."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest

from favilla.cli.contemplate import Kind, answers_of
from favilla.cli.contemplate import contemplate as command
from favilla.contemplate import Limits
from favilla.contemplate.simulated_server import Asked, Behaviour, Fail, Hang, Say, Server


async def favilla(*arguments: str, verb: str = "contemplate") -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "favilla.cli.main", verb, *arguments, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def test_the_command_answers() -> None:
    async def main() -> None:
        async with Server(lambda asked, n: Say(f"ANSWER: 4{n // 3}\x1b[2J")) as server:
            where = ("--endpoint", server.address, "--model", "m", "--policy", "vote", "--agents", "3")
            code, out, err = await favilla("Why?", *where)
            assert (code, out) == (1, "") and "no such answer" in err  # an escape sequence is no printable answer
        async with Server(lambda asked, n: Say(f"ANSWER: 4{n // 3}")) as server:
            where = ("--endpoint", server.address, "--model", "m", "--policy", "rsa(4,2,2)", "--calls", "4")
            code, out, err = await favilla("Why?", *where)
            assert (code, out) == (0, "40\n") and "agent 1 usable: 4" in err and "stopped by: soft calls" in err
            code, out, err = await favilla("Why?", *where, "--json", "--answers", "number")
            assert code == 0 and json.loads(out)["usage"]["calls"] == 4
        async with Server(lambda asked, n: Fail(404)) as server:
            code, out, err = await favilla("Why?", "--endpoint", server.address, "--model", "m")
            assert code == 2 and out == "" and "refuses every request" in err.splitlines()[-1]

    asyncio.run(main())


async def contemplate(*arguments: str) -> dict[str, Any]:
    code, out, err = await favilla(*arguments, "--json")
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def test_our_own_model_answers() -> None:
    """What it answers changes with its weights; that the books are right does not."""

    async def main() -> None:
        found = await contemplate(
            "How many orange circles are there?", "--image", "examples/shapes.png", "--agents", "5"
        )
        given = Counter(answer["answer"].casefold() for answer in found["answers"] if answer["status"] == "usable")
        assert found["answer"].casefold() == given.most_common(1)[0][0] and len(found["answers"]) == 5
        usage = [answer["usage"] for answer in found["answers"]]
        assert [u["cached_tokens"] for u in usage] == [0, *[usage[0]["input_tokens"]] * 4]
        assert found["usage"]["input_tokens"] == 5 * usage[0]["input_tokens"] and found["usage"]["unreported"] == 0
        first = await contemplate("What is 3 + 4?", "--agents", "3", "--seed", "5", "--policy", "rsa(3,2,2)")
        again = await contemplate("What is 3 + 4?", "--agents", "3", "--seed", "5", "--policy", "rsa(3,2,2)")
        assert [a["message"] for a in first["answers"]] == [a["message"] for a in again["answers"]]
        tight = await contemplate("What is 3 + 4?", "--budget", "400", "--max-output-tokens", "200")
        assert tight["usage"]["input_tokens"] + tight["usage"]["output_tokens"] <= 400
        assert tight["stopped_by"] == "total_tokens"

    asyncio.run(main())


def test_a_panel_by_weight_and_a_probe() -> None:
    async def main() -> None:
        all_here = asyncio.Event()

        def behave(asked: Asked, number: int) -> Behaviour:
            # a vote that is decided cuts those who have not been asked yet
            if len(one.asked) + len(other.asked) == 2 * 11 + 8:
                all_here.set()
            return Say(f"SUMMARY: s\nANSWER: {7 if asked.model == 'a' else 42}", hold=all_here)

        async with Server(behave) as one, Server(behave) as other:
            panel = ("--panel", f"a@{one.address}*3", "--panel", f"b@{other.address}", "--policy", "vote")
            found = await contemplate("Why?", *panel, "--agents", "8", "--probe")
            assert len(one.asked) == 6 + 11 and len(other.asked) == 2 + 11 and found["answer"] == "7"
            assert found["usage_by"]["probe"]["calls"] == 22
            mixed = await contemplate("Why?", "--panel", "ember", f"b@{other.address}*3", "--agents", "4")
            assert [answer["model"] for answer in mixed["answers"]].count("ember") == 1

    asyncio.run(main())


def test_the_command_is_as_patient_as_the_library() -> None:
    given = inspect.signature(command).parameters
    names = {"grace": "grace_share"}
    for name in ("quorum", "grace", "grace_seconds", "call_seconds", "retries", "concurrency"):
        assert given[name].default == getattr(Limits(), names.get(name, name)), name


@pytest.mark.parametrize(
    "patience", [("--grace", "0", "--grace-seconds", "0"), ("--quorum", "1", "--call-seconds", "2", "--retries", "0")]
)
def test_an_agent_that_hangs_is_waited_for_as_told(patience: tuple[str, ...]) -> None:
    async def main() -> None:
        async with Server(lambda asked, n: Hang() if n == 1 else Say()) as server:
            where = ("--endpoint", server.address, "--model", "m", "--policy", "low", "--agents", "4")
            found = await contemplate("Why?", *where, *patience)
        assert found["answer"] == "42" and found["degraded"]
        assert [answer["status"] == "usable" for answer in found["answers"][:4]].count(False) == 1

    asyncio.run(main())


def test_the_same_command_with_the_same_log_goes_on(tmp_path: Path) -> None:
    """In a process of its own each time, with the kind of answer that is there by default."""

    async def main() -> None:
        async with Server(lambda asked, n: Say("ANSWER: (1, 2)")) as server:
            where = ("--endpoint", server.address, "--model", "m", "--policy", "single")
            first = await contemplate("Why?", *where, "--log", str(tmp_path / "log.jsonl"))
            again = await contemplate("Why?", *where, "--log", str(tmp_path / "log.jsonl"))
            assert again["answer"] == first["answer"] == "(1, 2)" and len(server.asked) == 1

    asyncio.run(main())


def test_every_kind_of_answer_is_known_in_another_process() -> None:
    for kind in get_args(Kind):
        made, same = (answers_of(kind, (), (), 50.0, 0.5) for _ in range(2))
        assert repr(made.identity) == repr(same.identity) and " at 0x" not in repr(made.identity)
    assert answers_of("point", (), (), 5.0, 0.5).identity != answers_of("point", (), (), 50.0, 0.5).identity


def test_kinds_of_answers() -> None:
    async def main() -> None:
        async def three(said: tuple[str, str, str], *how: str) -> dict[str, Any]:
            async with Server(lambda asked, n: Say(f"ANSWER: {said[n]}")) as server:
                where = ("--endpoint", server.address, "--model", "m", "--policy", "vote", "--agents", "3")
                return await contemplate("Which?", *where, *how)

        point = await three(("(10, 10)", "(14, 10)", "(90, 90)"), "--answers", "point", "--tolerance", "5")
        assert point["agreement"] > 0.6 and point["dissent"] == {"(90, 90)": 1}
        choice = await three(("Blue", "B", "x"), "--answers", "choice", "--options", "red", "blue")
        assert choice["answer"] == "B"
        box = await three(("(0, 0, 9, 9)", "(1, 0, 9, 9)", "(5, 5, 6, 6)"), "--answers", "box", "--iou", "0.8")
        assert box["dissent"] == {"(5, 5, 6, 6)": 1}
        program = "```python\nprint(int(input()) * 2)\n```\nANSWER: PROGRAM"
        async with Server(lambda asked, n: Say(program)) as server:
            where = ("--endpoint", server.address, "--model", "m", "--policy", "vote", "--agents", "2")
            with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
                file.write("21")
                file.flush()
                found = await contemplate("Double it", *where, "--answers", "program", "--inputs", file.name)
        assert found["answer"] == "print(int(input()) * 2)\n" and found["agreement"] == 1.0

    asyncio.run(main())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--endpoint", "http://127.0.0.1:1/v1"), "needs --model"),
        (("--panel", "a", "--model", "b"), "takes the place of"),
        (("--panel", "a*0"), "a number above 0"),
        (("--options", "a", "b"), "belong to --answers choice"),
        (("--probe",), "probe is for endpoints"),
        (("--key-file", "key"), "--key-file: is for an endpoint"),
        (("--temperature", "nan"), "temperature nan: give a number"),
        (("--model", "no-such-model"), "no such folder"),
        (("--policy", "vote", "--agents", "0"), "1 to 1024"),
        (("--quorum", "0"), "a share above 0"),
        (("--call-seconds", "0"), "a number above 0"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(arguments: tuple[str, ...], says: str) -> None:
    code, out, err = asyncio.run(favilla("Why?", *arguments))
    assert code == 2 and out == "" and says in err and len(err.splitlines()) == 1


def test_ask_with_agents() -> None:
    async def main() -> None:
        where = ("--image", "examples/screen.png", "--agents", "4", "--effort", "high", "--json")
        code, out, err = await favilla("Point at Cancel.", *where, verb="ask")
        assert code == 0, err
        found = json.loads(out)
        assert len(found["answers"]) == 4 and len(found["points"]) == found["answer"].count("<|loc_") // 2

    asyncio.run(main())
