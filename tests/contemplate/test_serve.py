"""Whole runs against an independent server: `transformers serve` with SmolLM2-135M-Instruct, on the loopback interface."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from favilla.contemplate import Budget, Event, Limits, Panel, Policy, Result, contemplate, rsa
from favilla.contemplate.answers import EqualAnswers
from favilla.contemplate.openai_client import API, OpenAISolver
from favilla.contemplate.solver import Call, Reply
from tests.contemplate.smollm2 import Served, missing, model_folder, serving

pytestmark = pytest.mark.skipif(
    bool(missing()), reason=f"an independent server needs {', '.join(missing())}; `make test` installs that"
)
ALL = Limits(quorum=1.0)


class LastNumber(EqualAnswers):
    """A model this small does not keep to the form that it is asked for: the last number of whatever it says."""

    form = "the final number alone"

    def parse(self, text: str) -> tuple[Hashable, str] | None:
        numbers = re.findall(r"\d+", text)
        return (int(numbers[-1]), numbers[-1]) if numbers else None


class WholeText(EqualAnswers):
    form = "the final answer alone"

    def parse(self, text: str) -> tuple[Hashable, str] | None:
        return (text, text) if text else None


class Whole(OpenAISolver):
    """Takes a reply that was cut for a whole one: a model this small seldom comes to an end."""

    async def reply(self, call: Call, tokens: Callable[[int], None]) -> Reply:
        return replace(await super().reply(call, tokens), truncated=False)


@dataclass
class Recording(Whole):
    """Notes every call with its reply."""

    seen: list[tuple[Call, Reply]] = field(default_factory=list)

    async def reply(self, call: Call, tokens: Callable[[int], None]) -> Reply:
        reply = await super().reply(call, tokens)
        self.seen.append((call, reply))
        return reply


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(model_folder(), tmp_path_factory.mktemp("serve") / "log") as served:
        yield served


def ask(server: Served, question: str, policy: Policy, api: API = "chat", **settings: object) -> Result:
    given = {"temperature": 0.0, "max_output_tokens": 40, "limits": ALL, **settings}

    async def main() -> Result:
        solver = Whole(server.address, server.model, api=api, ask_logprobs=policy.aggregate == "weighted_vote")
        try:
            return await contemplate(question, panel=Panel((solver,)), policy=policy, **given)  # type: ignore[arg-type]
        finally:
            await solver.close()

    return asyncio.run(main())


def test_agents_refine_and_every_token_is_counted(server: Served) -> None:
    """Four agents, two rounds. Tokens are compared with the model's own tokenizer and chat template."""
    from transformers import AutoTokenizer

    solver, before = Recording(server.address, server.model), server.requests()

    async def main() -> Result:
        result = await contemplate("What is 7 + 5?", panel=Panel((solver,)), policy=rsa(4, 2, 2), answers=LastNumber(),
                                   temperature=0.0, max_output_tokens=40, limits=ALL)  # fmt: skip
        await solver.close()
        return result

    result = asyncio.run(main())
    assert (result.answer, result.stopped_by, result.degraded, result.depth) == ("12", "finished", {}, 2)
    assert server.requests() - before == len(solver.seen) == result.usage.calls == 8 and result.usage.unreported == 0
    assert [answer.status for answer in result.answers] == ["usable"] * 8
    tokenizer = AutoTokenizer.from_pretrained(server.model)
    read = written = 0
    for call, reply in solver.seen:
        assert reply.usage is not None and solver.input_limit(call) >= reply.usage.input_tokens
        turns = [{"role": "system", "content": call.system}, {"role": "user", "content": call.text}]
        read += len(tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=False))
        written += len(tokenizer(reply.text)["input_ids"])
    assert result.usage.input_tokens == read
    # the token that ends each reply counts and is not part of its text
    assert written <= result.usage.output_tokens <= written + 8
    refined = [call.text for call, _ in solver.seen if call.round == 1]
    assert len(refined) == 4 and all(text.count("attempt 2 begins") == 1 and "12" in text for text in refined)


def test_responses(server: Served) -> None:
    result = ask(server, "What is 7 + 5?", policy=Policy(4), answers=LastNumber(), api="responses")
    assert (result.answer, result.agreement, result.usage.calls, result.degraded) == ("12", 1.0, 4, {})
    assert result.usage.unreported == 0 and result.usage.output_tokens > 0


def test_a_judge_reads_what_differs(server: Served) -> None:
    before = server.requests()
    events: list[Event] = []
    result = ask(
        server, "Tell a story of five words.", policy=Policy(4, subset=2, rounds=3, aggregate="synthesis"),
        answers=WholeText(), temperature=1.0, max_output_tokens=20, on_event=events.append,
    )  # fmt: skip
    assert server.requests() - before == result.usage.calls == 13 and result.depth == 4
    assert result.answer and result.stopped_by == "finished" and result.degraded == {}
    assert len({answer.answer for answer in result.answers}) > 1
    told = sum(event.data["tokens"] for event in events if event.kind == "tokens" and event.round < 3)
    assert 0 < told <= sum(answer.usage.output_tokens for answer in result.answers)
    assert result.usage_by["synthesis 0"].calls == 1


def test_budgets_hold(server: Served) -> None:
    before = server.requests()
    result = ask(server, "What is 7 + 5?", policy=rsa(4, 2, 3), answers=LastNumber(), budget=Budget(calls=6, soft=1.0))
    assert (result.answer, result.stopped_by, result.usage.calls) == ("12", "calls", 6)
    assert server.requests() - before == 6
    result = ask(
        server, "What is 7 + 5?", policy=rsa(4, 2, 50), answers=LastNumber(), budget=Budget(output_tokens=160, soft=1.0)
    )
    assert (result.answer, result.stopped_by) == ("12", "output_tokens") and 120 < result.usage.output_tokens <= 160
    assert not any("over budget" in what for what in result.degraded)


def test_cancelling_leaves_the_server_free(server: Served) -> None:
    """Agents that would write for minutes: afterwards no connection is open, and others are answered at once."""

    async def main() -> None:
        tasks, writing = asyncio.all_tasks(), asyncio.Event()
        run = asyncio.create_task(
            contemplate(
                "Write down all numbers from 1 to 5000, one a line.",
                endpoint=server.address,
                model=server.model,
                policy=Policy(4),
                max_output_tokens=4000,
                on_event=lambda event: writing.set() if event.kind == "tokens" else None,
            )
        )
        async with asyncio.timeout(60):
            await writing.wait()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert asyncio.all_tasks() == tasks
        async with asyncio.timeout(20):
            while server.connections():
                await asyncio.sleep(0.05)

    asyncio.run(main())
    result = ask(server, "What is 7 + 5?", policy=Policy(4), answers=LastNumber(), budget=Budget(seconds=60))
    assert (result.answer, result.stopped_by) == ("12", "finished")


def test_the_probe_finds_what_this_server_cannot_do(server: Served) -> None:
    """It ignores `n`, log-probabilities and forced tools without a word; only looking at replies tells."""

    async def main() -> None:
        solver = OpenAISolver(server.address, server.model)
        found = await solver.probe()
        await solver.close()
        assert (found.n, found.logprobs, found.tool_choice) == (False, False, False)
        assert found.usage.calls == 11

    asyncio.run(main())
    result = ask(server, "What is 7 + 5?", policy=Policy(4, aggregate="weighted_vote"), answers=LastNumber())
    assert result.answer == "12" and result.degraded == {"aggregation: log-probabilities unknown, plain vote": 1}
