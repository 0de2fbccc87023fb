"""Whole runs through the real openai client against a real server on the loopback interface."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import pickle
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from favilla.contemplate import Budget, Limits, NumberAnswers, Policy, Usage, connect, contemplate, stream
from favilla.contemplate.key import Key
from favilla.contemplate.openai_client import PIXEL, OpenAISolver
from favilla.contemplate.simulated import virtual_run
from favilla.contemplate.simulated_server import Asked, Behaviour, Cut, Fail, Hang, Junk, Pace, Say, Server
from favilla.errors import UserError
from tests.contemplate.sockets import linux, sockets

KEY = "sk-SENTINEL-0123456789"
FAST = Limits(backoff_seconds=0.001, grace_seconds=0.05, call_seconds=20.0, breaker=1000)


async def closed(before: int) -> None:
    """Wait until there are no more sockets than before; the server's ends of them close a little later than ours."""
    async with asyncio.timeout(60):
        while sockets() != before:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_picture_reaches_every_agent_unchanged(api: str, tmp_path: Path) -> None:
    file = tmp_path / "one.png"
    file.write_bytes(PIXEL.data + b"bytes after the end, which decoding would lose")

    async def main() -> None:
        async with Server(lambda asked, n: Say(f"SUMMARY: s\nANSWER: {7 if n < 1 else 42}")) as server:
            result = await contemplate(
                "How many?", endpoint=server.address, model="m", api=api, policy="low", images=[file],
                answers=NumberAnswers(), limits=Limits(quorum=1.0),
            )  # fmt: skip
            assert result.answer == "42" and result.stopped_by == "finished" and result.degraded == {}
            assert result.agreement == 0.75 and result.dissent == {"7": 1} and result.depth == 2
            assert len(server.asked) == 5 and len(result.answers) == 4
            expected = [hashlib.sha256(file.read_bytes()).hexdigest()]
            assert [asked.picture_hashes for asked in server.asked] == [expected] * 5
            used = result.usage
            assert (used.calls, used.input_tokens, used.output_tokens) == (5, 150, 35)
            assert (used.cached_tokens, used.reasoning_tokens, used.unreported) == (100, 15, 0)
            assert sum(u.total_tokens for u in result.usage_by.values()) == 185
            json.dumps(result.json())

    asyncio.run(main())


@linux
@pytest.mark.parametrize("behaviour", [Hang(), Hang(after_text=True)])
def test_cancelling_leaves_no_task_and_no_socket(behaviour: Hang) -> None:
    async def main() -> None:
        async with Server(lambda asked, n: behaviour) as server:
            before, tasks = sockets(), asyncio.all_tasks()
            run = asyncio.create_task(contemplate("Why?", endpoint=server.address, model="m", policy="low"))
            await server.requests(4)
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run
            await closed(before)
            assert asyncio.all_tasks() == tasks

    asyncio.run(main())


@linux
def test_leaving_a_stream_of_events_ends_the_run() -> None:
    async def main() -> None:
        async with Server(lambda asked, n: Hang() if n else Say()) as server:
            before = sockets()
            async with contextlib.aclosing(stream("Why?", endpoint=server.address, model="m", policy="low")) as events:
                kinds = [event.kind async for event in _until(events, "answered")]
            assert kinds[0] == "round" and "tokens" in kinds
            await closed(before)

    asyncio.run(main())


async def _until(events, kind):  # type: ignore[no-untyped-def]
    async for event in events:
        yield event
        if event.kind == kind:
            return


def test_key_is_sent_and_shown_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog, capfd) -> None:  # type: ignore[no-untyped-def]
    caplog.set_level("DEBUG")
    file, log = tmp_path / "key", tmp_path / "log.jsonl"
    file.write_text(KEY + "\n")
    monkeypatch.setenv("OPENAI_API_KEY", KEY + "-other")

    def echo(asked: Asked, number: int) -> Behaviour:
        said = asked.headers["authorization"]
        status = (500, 429, 503, 401, 400)[number]
        return Fail(status, {"message": f"bad header {said}", "param": said, "code": said}, {"x-echo": said})

    seen: list[str] = []

    async def main() -> None:
        async with Server(lambda a, n: echo(a, n) if n < 5 else Say(f"SUMMARY: {KEY}\nANSWER: {KEY}")) as server:
            result = await contemplate(
                "Why?", endpoint=server.address, model="m", policy="low", key_file=file, limits=FAST, log=log,
                on_event=lambda event: seen.append(repr(event)),
            )  # fmt: skip
            assert {asked.headers["authorization"] for asked in server.asked} == {f"Bearer {KEY}"}
            seen.append(repr(result) + json.dumps(result.json()))
        async with Server(lambda asked, n: echo(asked, 3)) as server:
            with pytest.raises(UserError) as caught:
                await contemplate("Why?", endpoint=server.address, model="m", policy="low", key_file=file)
            seen.append(f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}")
            assert "[key]" in str(caught.value)
            solver = OpenAISolver(server.address, "m", Key(KEY))
            with pytest.raises(UserError) as caught:
                await solver.probe()
            seen.append(f"{caught.value} {solver!r} {solver.__dict__!r}")
            await solver.close()

    asyncio.run(main())
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(Key(KEY))
    said = capfd.readouterr()
    for text in (*seen, log.read_text(), caplog.text, said.out, said.err, f"{Key(KEY)} {Key(KEY)!r}"):
        assert KEY not in text


def test_an_unknown_host_gets_no_key_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("FAVILLA_API_KEY", raising=False)

    async def main() -> None:
        async with Server() as server:
            await contemplate("Why?", endpoint=server.address, model="m", policy="single")
            assert KEY not in str(server.asked[0].headers)

    asyncio.run(main())


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_faults_are_named_and_retried_only_where_that_helps(api: str) -> None:
    faults: list[Behaviour] = [Fail(503), Fail(429, headers={"retry-after": "0"}), Cut(), Say()]

    async def main() -> None:
        async with Server(lambda asked, n: faults[n]) as server:
            events = []
            result = await contemplate(
                "Why?",
                endpoint=server.address,
                model="m",
                api=api,
                policy="single",
                limits=FAST,
                on_event=events.append,
            )
            whys = [event.data["why"] for event in events if event.kind == "retry"]
            assert whys[:2] == ["server", "rate limit"] and whys[2] in ("cut", "connection")
            assert result.answer == "42" and result.usage.calls == 4 and result.usage.unreported == 1
        for bad in (Junk(), Fail(404)):
            async with Server(lambda asked, n, bad=bad: bad if n == 0 else Say()) as server:
                result = await contemplate(
                    "Why?", endpoint=server.address, model="m", api=api, policy="low", limits=replace(FAST, quorum=1.0)
                )
                statuses = sorted(answer.status for answer in result.answers)
                assert result.answer == "42" and statuses == ["failed", "usable", "usable", "usable"]
                assert len(server.asked) == 4 and result.usage.calls == 4

    asyncio.run(main())


def test_a_rejected_parameter_is_left_out_and_the_request_counted() -> None:
    def behave(asked: Asked, number: int) -> Behaviour:
        return Fail(400, {"message": "no seed here", "param": "seed"}) if "seed" in asked.body else Say()

    async def main() -> None:
        async with Server(behave) as server:
            result = await contemplate("Why?", endpoint=server.address, model="m", policy="single")
            assert result.answer == "42" and result.usage.calls == len(server.asked) == 2
        async with Server(behave) as server:
            result = await contemplate(
                "Why?", endpoint=server.address, model="m", policy="single", budget=Budget(calls=1)
            )
            assert len(server.asked) == 1 and result.answer is None and result.stopped_by == "calls"

    asyncio.run(main())


def test_a_probe_of_nobody_costs_nothing() -> None:
    solver = connect("http://127.0.0.1:9/v1", "m")

    async def main() -> None:
        found = await solver.probe()
        assert (found.n, found.logprobs, found.images, found.efforts) == (None, None, None, ())
        assert found.usage == Usage(calls=1)

    asyncio.run(main())


def test_probe_counts_its_calls_and_keeps_to_the_budget() -> None:
    def behave(asked: Asked, number: int) -> Behaviour:
        refused = asked.body.get("reasoning_effort") == "none" or "n" in asked.body
        return Fail(400, {"message": "not that"}) if refused else Say()

    async def main() -> None:
        async with Server(behave) as server:
            solver = OpenAISolver(server.address, "m")
            found = await solver.probe()
            assert found.n is False and found.images and found.logprobs is False and found.tool_choice is False
            assert found.efforts == ("minimal", "low", "medium", "high", "xhigh", "max")
            assert found.usage.calls == len(server.asked) == 11 and found.usage.output_tokens == 2 * 9
            await solver.close()
        async with Server(behave) as server:
            result = await contemplate("Why?", endpoint=server.address, model="m", policy="single", probe=True)
            assert result.usage.calls == len(server.asked) == 12 and result.usage_by["probe"].calls == 11
        async with Server(behave) as server:
            with pytest.raises(UserError, match="calls"):
                await contemplate(
                    "Why?", endpoint=server.address, model="m", policy="single", probe=True, budget=Budget(calls=5)
                )
            assert len(server.asked) <= 5

    asyncio.run(main())


SCRIPT = """
import sys
from favilla.contemplate import Limits, contemplate_sync
result = contemplate_sync("Why?", endpoint=sys.argv[1], model="m", policy="low", log=sys.argv[2],
                          limits=Limits(quorum=1.0))
print(result.answer, result.usage.calls, result.usage.unreported, any(m == "torch" or m.startswith("torch.") for m in sys.modules))
"""


def test_killed_in_the_middle_and_resumed_without_torch(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"

    async def start(address: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", SCRIPT, address, str(log), stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )  # fmt: skip

    async def main() -> None:
        killed = False

        def behave(asked: Asked, number: int) -> Behaviour:
            return Hang() if not killed and number >= 2 else Say(f"SUMMARY: s\nANSWER: {asked.body['seed']}")

        async with Server(behave) as server:
            process = await start(server.address)
            await server.requests(4)
            while log.read_text().count('"event": "reply"') < 2:
                await asyncio.sleep(0.01)
            process.kill()
            await process.wait()
            await server.quiet.wait()
            finished = {json.dumps(asked.body) for asked in server.asked[:2]}
            killed = True
            process = await start(server.address)
            out, _ = await process.communicate()
            assert process.returncode == 0
            again = [json.dumps(asked.body) for asked in server.asked[4:]]
            assert len(again) == 3 and not finished & set(again)  # the two that hung, and the synthesis
            answer, calls, unreported, torch = out.decode().split()
            assert answer.isdigit() and calls == "7" and unreported == "2" and torch == "False"
            process = await start(server.address)
            assert (await process.communicate())[0] == out and len(server.asked) == 7

    asyncio.run(main())


def test_a_log_belongs_to_one_kind_of_answer(tmp_path: Path) -> None:
    from favilla.contemplate import PointAnswers

    async def main() -> None:
        async with Server(lambda asked, n: Say("ANSWER: (1, 2)")) as server:
            for tolerance, good in ((1.0, True), (1.0, True), (2.0, False)):
                settings = {"endpoint": server.address, "model": "m", "policy": "single", "log": tmp_path / "log"}
                if good:
                    await contemplate("Where?", answers=PointAnswers(tolerance), **settings)
                else:
                    with pytest.raises(UserError, match="belongs to another"):
                        await contemplate("Where?", answers=PointAnswers(tolerance), **settings)
            assert len(server.asked) == 1

    asyncio.run(main())


def test_slots_are_shared_and_freed_by_those_who_leave() -> None:
    """In virtual time, so that seconds are exact: what a benchmark of latency relies on."""

    async def seconds(slots: int, limits: Limits, *first: float) -> list[tuple[str, float]]:
        def behave(asked: Asked, number: int) -> Behaviour:
            return Say(pace=Pace(first[number], 0.25, 5))

        async with Server(behave, slots) as server:
            result = await contemplate("Why?", endpoint=server.address, model="m", policy=Policy(4), limits=limits)
        return sorted((answer.status, round(answer.seconds, 6)) for answer in result.answers)

    whole = Limits(quorum=1.0, retries=0)
    found = virtual_run(seconds(2, whole, 1.0, 1.0, 1.0, 1.0), 0.05)
    assert found == [("usable", 2.0), ("usable", 2.0), ("usable", 4.0), ("usable", 4.0)]
    # one at a time, and the first is given up after 10 s
    patient = Limits(quorum=1.0, retries=0, call_seconds=10.0, concurrency=1)
    found = virtual_run(seconds(1, patient, 99.0, 1.0, 1.0, 1.0), 0.05)
    assert found == [("failed", 10.0), ("usable", 12.0), ("usable", 14.0), ("usable", 16.0)]
