"""Contemplating with a model in this process: one batch a round, what cancelling leaves, and a context that is kept."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from favilla.chat.attempts import TASKS, attempt_text, role_prompt
from favilla.contemplate import AnyAnswers, Budget, Panel, Picture, contemplate
from favilla.contemplate.local import SHORTENED, LocalSolver
from favilla.contemplate.solver import Call
from favilla.contemplate.writer import Writer, engine_thread
from favilla.engine.generate import Engine
from favilla.engine.load import Loaded
from favilla.engine.request import Request
from favilla.errors import UserError
from tests.engine.conftest import BLUE, COLOUR, CONTEXT, SUM, make_engine, make_tokenizer, make_trained, user


class Told:
    """A stream that calls `after` after every piece."""

    def __init__(self, stream, after):  # type: ignore[no-untyped-def]
        self.stream, self.after = stream, after

    def ready(self):  # type: ignore[no-untyped-def]
        for piece in self.stream.ready():
            self.after()
            yield piece

    @property
    def finished(self):  # type: ignore[no-untyped-def]
        return self.stream.finished

    @property
    def result(self):  # type: ignore[no-untyped-def]
        return self.stream.result


class Recorded(Engine):
    """An engine that notes what it was asked, what it answers, and how many rows it wrote together. after: called with the
    number of a request after every piece of its text; waiting for one of `cancels` there keeps the engine from being done
    before that request is cancelled."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine.model, engine.tokenizer, engine.processor)
        self.asked, self.streams, self.rows, self.after = [], [], [], lambda number: None
        self.cancels: list[threading.Event] = []

    def stream(self, request, cancel=None):  # type: ignore[no-untyped-def]
        number = len(self.asked)

        def after() -> None:
            self.rows.append(len(self._batch.rows))
            self.after(number)

        self.asked.append(request)
        self.cancels.append(cancel)
        self.streams.append(Told(super().stream(request, cancel), after))
        return self.streams[-1]


@pytest.fixture(scope="module")
def knowing() -> Engine:
    return make_trained(make_tokenizer())


@pytest.fixture
def engine(knowing: Engine) -> Recorded:
    return Recorded(knowing)


def solver(engine: Engine, **settings: object) -> LocalSolver:
    return LocalSolver(Loaded(engine, Path()), "tiny", **{"effort": "high", **settings})  # type: ignore[arg-type]


def ask(engine: Engine, question: str = SUM, **settings: object):  # type: ignore[no-untyped-def]
    panel = Panel((solver(engine),))
    return contemplate(question, panel=panel, max_output_tokens=90, **settings)  # type: ignore[arg-type]


def test_a_round_is_one_batch_and_a_prompt_is_computed_once(engine: Recorded) -> None:
    pieces = []

    def seen(event) -> None:  # type: ignore[no-untyped-def]
        pieces.extend([event.agent] * event.data["tokens"] if event.kind == "tokens" else [])

    result = asyncio.run(ask(engine, policy="rsa(4,1,2)", temperature=0.0, on_event=seen))
    assert len(engine.asked) == 8 and engine.rows[0] == 4
    first = [stream.result for stream in engine.streams[:4]]
    assert [answer.answer for answer in result.answers[:4]] == ["46"] * 4
    assert "Check: 46-34=12" in result.answers[0].message
    prompt = len(engine._encode(Request(user(SUM), effort="high")).ids)
    usage = [answer.usage for answer in result.answers[:4]]
    assert [u.input_tokens for u in usage] == [prompt] * 4 and [u.cached_tokens for u in usage] == [0, *[prompt] * 3]
    assert [u.output_tokens for u in usage] == [len(sample.ids) for sample in first]
    assert [u.reasoning_tokens for u in usage] == [sample.usage.thinking_tokens for sample in first]
    assert set(pieces[: 4 * 10]) == {0, 1, 2, 3}
    read = sum(stream.result.usage.prompt_tokens for stream in engine.streams)
    assert result.usage.input_tokens == read and result.usage.calls == 8 and result.usage.unreported == 0
    # what peers say reaches the second round, as data
    second = engine.asked[4].messages[0].text
    assert second.startswith(SUM + "\n\nAttempts:\n1:\n| 12+34:") and second.count("| Answer: 46") == 1


def test_pictures_and_places(engine: Recorded) -> None:
    file = io.BytesIO()
    BLUE.save(file, "PNG")
    panel = Panel((solver(engine, effort="low"),))
    picture = Picture(file.getvalue(), "image/png")
    result = asyncio.run(contemplate(COLOUR, panel=panel, images=[picture], policy="low", temperature=0.0))
    assert result.answer == "blue 🙂 (123, 456)" and result.agreement == 1.0
    broken = Picture(b"\x89PNG\r\n\x1a\nnothing", "image/png")
    with pytest.raises(UserError, match="not a picture"):
        asyncio.run(contemplate(COLOUR, panel=panel, images=[broken], policy="low"))
    with pytest.raises(UserError, match="nothing is left for an answer"):
        asyncio.run(contemplate("Why? " * CONTEXT, panel=panel, policy="low"))


def test_budget_holds_exactly(engine: Recorded) -> None:
    prompt = len(engine._encode(Request(user(SUM), effort="high")).ids)
    budget = Budget(input_tokens=3 * prompt, output_tokens=10_000)
    result = asyncio.run(ask(engine, policy="vote", budget=budget, temperature=0.0))
    assert result.usage.input_tokens == 3 * prompt and result.stopped_by == "input_tokens" and result.answer == "46"


def test_cancelling_ends_the_batch_and_leaves_no_task() -> None:
    engine = Recorded(make_engine(make_tokenizer()))

    async def main() -> None:
        loop, tasks, started = asyncio.get_running_loop(), asyncio.all_tasks(), asyncio.Event()

        def after(number: int) -> None:
            loop.call_soon_threadsafe(started.set)
            engine.cancels[number].wait(60)

        engine.after = after
        panel = Panel((solver(engine),))
        run = asyncio.create_task(contemplate(SUM, panel=panel, max_output_tokens=200, policy="low"))
        await started.wait()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert asyncio.all_tasks() == tasks
        assert "cancelled" in {stream.result.finish_reason for stream in engine.streams}
        rows = len(engine.rows)
        await asyncio.sleep(0.1)
        assert len(engine.rows) == rows  # the engine has come back

    asyncio.run(main())


def test_who_is_cut_tells_what_was_written() -> None:
    engine = Recorded(make_engine(make_tokenizer()))

    async def main() -> None:
        loop, interrupt = asyncio.get_running_loop(), asyncio.Event()

        def after(number: int) -> None:
            loop.call_soon_threadsafe(interrupt.set)
            engine.cancels[number].wait(60)

        engine.after = after
        panel = Panel((solver(engine),))
        result = await contemplate(SUM, panel=panel, max_output_tokens=200, policy="low", interrupt=interrupt)
        cut = {answer.agent: answer.usage for answer in result.answers if answer.status == "cut"}
        assert cut and result.usage.unreported == 0
        prompt = len(engine._encode(Request(user(SUM), effort="high")).ids)
        for agent, used in cut.items():
            assert used.output_tokens == len(engine.streams[agent].result.ids) < 200 and used.input_tokens == prompt

    asyncio.run(main())


def test_those_who_wait_hear_of_a_step_that_fails() -> None:
    engine, entered, others = make_engine(make_tokenizer()), threading.Event(), threading.Event()

    def step() -> None:
        entered.set()
        others.wait(60)
        raise RuntimeError("no memory")

    engine.step = step  # type: ignore[method-assign]

    async def main() -> None:
        writer = Writer(engine)

        async def ask() -> object:
            return await writer.sample(Request(user(SUM), effort="low", max_new_tokens=9), lambda n: None)

        first = asyncio.create_task(ask())
        await asyncio.to_thread(entered.wait, 60)
        second = asyncio.create_task(ask())
        while not writer._new:
            await asyncio.sleep(0)
        others.set()
        async with asyncio.timeout(60):
            found = await asyncio.gather(first, second, return_exceptions=True)
        assert [str(error) for error in found] == ["no memory"] * 2

    asyncio.run(main())


def test_the_loop_goes_on_while_a_model_is_loaded() -> None:
    """Loading waits for the engine's thread, which waits for the loop."""

    async def main() -> None:
        told = threading.Event()
        waits = engine_thread().submit(told.wait, 60)
        run = asyncio.create_task(contemplate("Why?", model="no-such-model"))
        await asyncio.sleep(0.05)
        told.set()
        with pytest.raises(UserError, match="no such folder"):
            await run
        assert waits.result()

    asyncio.run(main())


def test_a_sample_that_is_complete_survives_being_cancelled(engine: Recorded) -> None:
    short = Request(user(SUM), effort="low", max_new_tokens=100)
    long = Request(user(SUM), effort="high", max_new_tokens=200)

    async def main() -> list[object]:
        loop, writer, written = asyncio.get_running_loop(), Writer(engine), [0, 0]
        jobs = [asyncio.create_task(writer.sample(request, lambda n: None)) for request in (short, long)]

        def after(number: int) -> None:
            written[number] += 1
            if written[1] == 20:
                loop.call_soon_threadsafe(lambda: [job.cancel() for job in jobs])
                engine.cancels[1].wait(60)

        engine.after = after
        return await asyncio.gather(*jobs, return_exceptions=True)

    done, cut = asyncio.run(main())
    assert done.answer == "46" and isinstance(cut, asyncio.CancelledError)  # type: ignore[attr-defined]


def test_those_who_come_later_join(engine: Recorded) -> None:
    """Somebody who asks while others are written does not wait for them."""

    async def main() -> list[str]:
        writer, order = Writer(engine), []
        joined = asyncio.Event()

        async def ask(effort: str, tokens: int) -> None:
            request = Request(user(SUM), effort=effort, max_new_tokens=tokens)
            await writer.sample(request, lambda n: joined.set())
            order.append(effort)

        first = asyncio.create_task(ask("high", 100))
        await joined.wait()
        await asyncio.gather(first, ask("low", 100))
        return order

    assert asyncio.run(main()) == ["low", "high"] and max(engine.rows) == 2


def test_interrupted_gives_the_best_answer_so_far(engine: Recorded) -> None:
    async def main() -> None:
        interrupt = asyncio.Event()
        loop = asyncio.get_running_loop()

        def after(number: int) -> None:
            if len(engine.asked) > 4:
                loop.call_soon_threadsafe(interrupt.set)
                engine.cancels[number].wait(60)

        engine.after = after
        result = await ask(engine, policy="rsa(4,2,3)", interrupt=interrupt, temperature=0.0)
        assert result.answer == "46" and result.stopped_by == "interrupted" and len(engine.asked) == 8

    asyncio.run(main())


def test_a_failing_engine_is_told_in_one_line(engine: Recorded) -> None:
    weight = engine.model.lm_head.weight
    kept = weight.detach().clone()
    with torch.no_grad():
        weight.fill_(float("nan"))
    try:
        with pytest.raises(UserError, match="logits are not finite"):
            asyncio.run(ask(engine, policy="low"))
    finally:
        with torch.no_grad():
            weight.copy_(kept)


@pytest.mark.parametrize("count", [1, 4, 40])
@pytest.mark.parametrize("size", [5, 60, 500])
def test_the_context_is_kept_and_told(engine: Recorded, count: int, size: int) -> None:
    working = "\n".join(f"{i}+1={i + 1}" for i in range(size))
    messages = tuple(f"SUMMARY: {working}\nANSWER: {i}6" for i in range(count))
    call = Call("synthesis", 1, 0, "", "long", (), 0, 64, 0.0, SUM, messages)
    local = solver(engine)
    reply = asyncio.run(local.reply(call, lambda tokens: None))
    (request,) = engine.asked
    length = len(engine._encode(request).ids)
    whole = len(engine.tokenizer.encode("\n".join(messages)))
    assert length <= CONTEXT - 64 and local.input_limit(call) == length
    assert reply.note == (SHORTENED if whole > CONTEXT - 100 else "")
    text = request.messages[0].text
    assert text.startswith(SUM) and text.endswith(TASKS["aggregate"])
    shown = text.count("| Answer: ")
    assert shown == count if count <= 4 else 4 < shown < 40
    for number in range(shown):
        assert f"| Answer: {number}6" in text  # an answer is the last thing that is given up


def test_an_unknown_aggregation_may_fill_the_context(engine: Recorded) -> None:
    call = Call("synthesis", 1, 0, "", "x" * 100_000, (), 0, 64, 0.0, SUM)
    assert solver(engine).input_limit(call) == CONTEXT


@given(st.lists(st.text(), min_size=1, max_size=4), st.booleans())
def test_attempts_cannot_leave_their_quotes(attempts: list[str], own: bool) -> None:
    written = role_prompt("Why?", "refine", attempts, own).removeprefix("Why?\n\n")
    frame = [line for line in written.splitlines() if not line.startswith("| ")]
    expected = ["Your attempt:"] if own else []
    others = len(attempts) - own
    expected += (["Attempts:"] if others else []) + [f"{i}:" for i in range(1, others + 1)] + [TASKS["refine"]]
    assert frame == expected
    assert attempt_text("", " 4 ") == "Answer: 4"


def test_places_written_with_location_tokens_vote_together() -> None:
    kind = AnyAnswers()
    said = ["<|loc_45|><|loc_12|>", "<|loc_46|><|loc_12|>", "(455, 125)", "Save", "save.", "(100, 200, 300, 400)",
            "<|loc_10|><|loc_20|><|loc_30|><|loc_40|>", "<|loc_90|><|loc_12|>"]  # fmt: skip
    parsed = [kind.parse(f"SUMMARY: x\nANSWER: {text}") for text in said]
    groups = kind.group(parsed)  # type: ignore[arg-type]
    assert len(set(groups[:3])) == 1 and groups[3] == groups[4] and groups[5] == groups[6]
    assert len({groups[0], groups[3], groups[5], groups[7]}) == 4
    assert kind.show([parsed[0]]) == "<|loc_45|><|loc_12|>"  # type: ignore[list-item]
    assert parsed[0][1] == (455.0, 125.0)  # type: ignore[index]


def test_importing_loads_no_torch() -> None:
    code = (
        "import sys, favilla.contemplate, favilla.cli.main, favilla.cli.contemplate, favilla.chat.attempts\n"
        "from favilla.contemplate import PointAnswers\n"
        "assert PointAnswers(1.0).parse('<|loc_01|><|loc_02|>') == (15.0, 25.0)\n"
        "print([m for m in sys.modules if m == 'torch' or m.startswith('torch.')])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert found.stdout == "[]\n", found
