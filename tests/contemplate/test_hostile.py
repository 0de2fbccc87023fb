"""Endpoints that send what they should not: odd shapes, usage that is told twice, never or wrongly, keys in odd places."""

from __future__ import annotations

import asyncio
import json
import logging
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from favilla.contemplate import (
    BoxAnswers,
    Budget,
    ChoiceAnswers,
    JSONAnswers,
    Limits,
    NumberAnswers,
    PointAnswers,
    ProgramAnswers,
    Result,
    TextAnswers,
    contemplate,
)
from favilla.contemplate.answers import LONGEST, final, is_refusal
from favilla.contemplate.key import LOGGERS, HideKey, Key
from favilla.contemplate.openai_client import OpenAISolver
from favilla.contemplate.programs import program_in
from favilla.contemplate.prompts import summary
from favilla.contemplate.simulated_server import Asked, Behaviour, Fail, Raw, Server, chat_events, responses_events
from favilla.contemplate.solver import Call, SolverError
from favilla.errors import UserError

FAST = Limits(backoff_seconds=0.001, retries=1, call_seconds=20.0, breaker=1000)
KEY = 'sk-"SENTINEL"\\0123/456+789'  # written otherwise in JSON, in repr and in addresses


def sse(*events: Any) -> list[bytes]:
    return [f"data: {json.dumps(event)}\n\n".encode() for event in events]


def once(behaviour: Behaviour, api: str = "chat", **more: Any) -> tuple[Result, int]:
    """One agent at an endpoint that always does this; how many requests came."""

    async def main() -> tuple[Result, int]:
        async with Server(lambda asked, n: behaviour) as server:
            given = {"policy": "single", "limits": FAST, "max_output_tokens": 100, **more}
            result = await contemplate("Why?", endpoint=server.address, model="m", api=api, **given)
            return result, len(server.asked)

    return asyncio.run(main())


def chat(delta: Any, finish: Any = None, **more: Any) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish, **more}]}


SHAPES: list[Any] = [
    {"choices": [1]}, {"choices": 5}, chat({"content": 5}), chat({"content": [{"type": "text", "text": 5}]}),
    chat({"content": {"a": 1}}), chat({"content": "x"}, finish=7), chat({"refusal": [1]}), chat([]), chat("text"),
    chat({"content": "x"}, logprobs={"content": [None]}), chat({"content": "x"}, logprobs={"content": [{"logprob": "no"}]}),
    chat({"content": "x"}, logprobs=[1]), {"choices": {"a": 1}}, [], "text", 7, None,
]  # fmt: skip
SAY_NOTHING: list[Any] = [{}, {"choices": []}, {"choices": [{}]}, {"choices": [{"delta": None}]}, chat({"content": []})]


@pytest.mark.parametrize("shape", SHAPES, ids=json.dumps)
def test_odd_shapes_are_junk_and_end_nothing(shape: Any) -> None:
    result, came = once(Raw([*sse(shape), *chat_events("ANSWER: 42")]))
    (answer,) = result.answers
    assert answer.status == "failed" and answer.detail.startswith("junk") and came == result.usage.calls == 1


@pytest.mark.parametrize("shape", SAY_NOTHING, ids=json.dumps)
def test_chunks_that_say_nothing_are_skipped(shape: Any) -> None:
    result, came = once(Raw([*sse(shape), *chat_events("ANSWER: 42")]))
    assert result.answer == "42" and result.degraded == {} and came == 1


@pytest.mark.parametrize(
    "event",
    [
        {"type": 5}, {"type": "response.output_text.delta"}, {"type": "response.output_text.delta", "delta": 5}, {},
        {"type": "response.completed"}, {"type": "response.completed", "response": None},
        {"type": "response.completed", "response": {"status": "failed", "error": "no"}},
        {"type": "response.completed", "response": {"status": "completed", "usage": [1]}},
        {"type": "response.incomplete", "response": {"incomplete_details": 3}}, {"type": "error"}, [], None, 5,
    ],
    ids=json.dumps,
)  # fmt: skip
def test_odd_responses_events_end_nothing(event: Any) -> None:
    result, _ = once(Raw(sse(event)), api="responses")
    (answer,) = result.answers
    whole = isinstance(event, dict) and isinstance(event.get("response"), dict) and "usage" in event["response"]
    assert answer.status == ("unusable" if whole else "failed") and answer.answer is None


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["id", "choices", "delta", "content", "index", "finish_reason", "usage", "logprobs", "refusal",
                         "prompt_tokens", "completion_tokens", "error", "message", "code", "type", "response"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(JUNK, max_size=4), min_size=6, max_size=6), st.sampled_from(["chat", "responses"]))
def test_no_stream_ends_a_run(streams: list[list[Any]], api: str) -> None:
    """Six agents, each with a stream of its own."""

    async def main() -> None:
        async with Server(lambda asked, n: Raw(sse(*streams[n % 6]))) as server:
            limits = Limits(quorum=1.0, retries=0, call_seconds=20.0)
            result = await contemplate("Why?", endpoint=server.address, model="m", api=api, limits=limits,
                                       policy="vote", max_output_tokens=100, budget=Budget(calls=6))  # fmt: skip
            assert len(result.answers) == 16 and result.usage.calls == 6 and result.usage.output_tokens >= 0
            json.dumps(result.json())

    asyncio.run(main())


def test_an_error_in_the_stream_is_tried_again_unless_it_says_not_to() -> None:
    for error, requests, kind in (
        ({"message": "overloaded"}, 2, "server"), ("out of memory", 2, "server"), ({"code": 429}, 2, "rate limit"),
        ({"message": "too long", "code": 400}, 1, "rejected"),
    ):  # fmt: skip
        if kind == "rejected":  # of all agents of the first round: nobody can be asked anything
            with pytest.raises(UserError, match="too long"):
                once(Raw(sse(chat({"content": "x"}), {"error": error})))
            continue
        result, came = once(Raw(sse(chat({"content": "x"}), {"error": error})))
        assert came == requests == result.usage.calls == result.usage.unreported
        assert result.answers[0].detail.startswith(kind)


def usage(read: Any, written: Any, **more: Any) -> dict[str, Any]:
    return {"id": "c", "choices": [], "usage": {"prompt_tokens": read, "completion_tokens": written, **more}}


WHOLE = [chat({"content": "ANSWER: "}), chat({"content": "42"}), chat({}, "stop")]


@pytest.mark.parametrize(
    ("told", "read", "written", "unreported"),
    [
        ([usage(30, 7)], 30, 7, 0), ([usage(30, 7), usage(30, 7)], 30, 7, 0),  # twice is not twice as much
        ([usage(30, 1), usage(30, 4), usage(30, 7)], 30, 7, 0), ([usage(30, 0), usage(0, 7)], 30, 7, 0),
        ([usage(0, 0)], 0, 0, 0), ([], None, 100, 1), ([usage(-5, 7)], None, 100, 1), ([usage(30, -10**6)], None, 100, 1),
        ([usage("30", 7)], None, 100, 1), ([usage(None, None)], None, 100, 1), ([usage(10**15, 7)], None, 100, 1),
        ([{"id": "c", "choices": [], "usage": [1]}], None, 100, 1), ([usage(True, 7)], None, 100, 1),
        ([usage(30, 7, prompt_tokens_details={"cached_tokens": 99}, completion_tokens_details={"reasoning_tokens": -1})], 30, 7, 0),
    ],
)  # fmt: skip
def test_usage_told_twice_never_or_wrongly(told: list[Any], read: int | None, written: int, unreported: int) -> None:
    """What is not told, or cannot be true, is counted at its upper limit."""
    result, came = once(Raw(sse(*WHOLE, *told)))
    assert result.answer == "42" and came == 1
    used = result.usage
    assert used.output_tokens == written and used.unreported == unreported and used.calls == 1
    assert used.input_tokens == read if read is not None else used.input_tokens > 100
    assert 0 <= used.cached_tokens <= used.input_tokens and 0 <= used.reasoning_tokens <= used.output_tokens
    assert result.usage_by == {"round 0 agent 0": used}


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_whole_answer_is_kept_when_the_connection_breaks_after_it(api: str) -> None:
    events = chat_events("ANSWER: 42")[:-2] if api == "chat" else responses_events("ANSWER: 42")
    result, came = once(Raw(events, end=False), api=api)
    assert (result.answer, came, result.usage.unreported) == ("42", 1, 1 if api == "chat" else 0)


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_who_never_ends_is_cut(api: str) -> None:
    def forever():  # type: ignore[no-untyped-def]
        while True:
            if api == "chat":
                yield sse(chat({"content": "x" * 1000}))[0]
            else:
                yield sse({"type": "response.output_text.delta", "delta": "x" * 1000})[0]

    result, came = once(Raw(forever()), api=api, max_output_tokens=50)
    assert came == 1 and result.answers[0].detail.startswith("junk: writes on")


def test_a_refused_connection_costs_a_call_and_no_tokens() -> None:
    async def main() -> None:
        async with Server() as server:
            address = server.address
        result = await contemplate("Why?", endpoint=address, model="m", policy="single", limits=FAST)
        assert result.answer is None and result.answers[0].detail.startswith("connection")
        assert (result.usage.calls, result.usage.total_tokens, result.usage.unreported) == (2, 0, 0)

    asyncio.run(main())


@pytest.mark.parametrize("param", [{"a": 1}, ["seed"], 5, "model", "messages", None])
def test_refusals_of_odd_parameters(param: Any) -> None:
    with pytest.raises(UserError, match="refuses every request"):
        once(Fail(400, {"message": "no", "param": param}))


# keys


def written(key: str) -> list[str]:
    """Ways in which a server or a library may write a key."""
    return [
        key, json.dumps(key)[1:-1], repr(key)[1:-1], quote(key, safe=""), quote(key),
        b64encode(f"Bearer {key}".encode()).decode(), b64encode(f":{key}".encode()).decode(), b64encode(key.encode()).decode(),
    ]  # fmt: skip


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_key_echoed_in_odd_places_is_shown_nowhere(api: str, tmp_path: Path, caplog, capfd) -> None:  # type: ignore[no-untyped-def]
    caplog.set_level("DEBUG")
    file, log, seen = tmp_path / "key", tmp_path / "log.jsonl", list[str]()
    file.write_text(KEY)
    echo = " ".join(written(KEY))
    plain = f"SUMMARY: {echo}\nANSWER: {echo}"
    answer = chat_events(plain) if api == "chat" else responses_events(plain)
    failed = {"type": "response.failed", "response": {"status": "failed", "error": {"message": echo}}}
    faults: list[Behaviour] = [
        Fail(500, {"message": echo, "headers": {"Authorization": f"Bearer {KEY}"}}), Fail(503, {echo: echo}),
        Raw([f"data: {echo}\n\n".encode()]), Raw(sse({"error": {"message": echo}})),
        Raw(sse({"type": "error", "message": echo} if api == "responses" else {"error": echo})),
        Raw(sse(failed if api == "responses" else chat({"content": 5}, finish=echo))), Raw(answer),
        Fail(404, {"message": echo}), Fail(429, {"message": echo}, {"retry-after": "0", "x-key": quote(KEY)}),
    ]  # fmt: skip

    def behave(asked: Asked, number: int) -> Behaviour:
        assert asked.headers["authorization"] == f"Bearer {KEY}"
        return faults[number] if number < len(faults) else Raw(answer)

    async def main() -> None:
        async with Server(behave) as server:
            result = await contemplate(
                "Why?", endpoint=server.address, model="m", api=api, policy="vote", key_file=file, limits=FAST, log=log,
                on_event=lambda event: seen.append(repr(event)),
            )  # fmt: skip
            seen.append(repr(result) + json.dumps(result.json()))
            assert result.answer is not None and "[key]" in result.answer

    asyncio.run(main())
    said = capfd.readouterr()
    everything = "\n".join([*seen, log.read_text(), caplog.text, said.out, said.err])
    for form in {*written(KEY), "SENTINEL"}:
        assert form not in everything, form


def test_keys_in_addresses_are_refused_and_not_repeated() -> None:
    for address in (f"https://user:{quote(KEY, safe='')}@host/v1", f"https://{quote(KEY, safe='')}@host/v1",
                    f"https://host/v1?key={quote(KEY, safe='')}", "ftp://user:SENTINEL@host", "http://[SENTINEL",
                    "https://host:SENTINEL/v1", "https://host/v1#SENTINEL"):  # fmt: skip
        with pytest.raises(UserError) as caught:
            OpenAISolver(address, "m")
        assert "SENTINEL" not in f"{caught.value!r} {caught.value.__cause__!r}", address


def test_a_redirect_takes_no_key_to_another_host() -> None:
    async def main() -> None:
        async with Server() as other:
            away = Fail(307, headers={"location": other.address + "/chat/completions"})
            async with Server(lambda asked, n: away) as server:
                solver = OpenAISolver(server.address, "m", Key(KEY))
                try:
                    await solver.probe()
                finally:
                    await solver.close()
            assert server.asked and not any("SENTINEL" in str(asked.headers) for asked in other.asked)

    asyncio.run(main())


def test_an_exception_that_quotes_a_header_is_logged_without_the_key(caplog) -> None:  # type: ignore[no-untyped-def]
    caplog.set_level("DEBUG")

    async def main() -> None:
        async with Server() as server:
            solver = OpenAISolver(server.address, "m", Key("SENTINEL\nSENTINEL"))  # no header may have that
            with pytest.raises(SolverError) as caught:
                await solver.reply(Call("attempt", 0, 0, "s", "t", (), 0, 10), lambda tokens: None)
            assert "SENTINEL" not in str(caught.value)
            await solver.close()

    asyncio.run(main())
    assert caplog.records and "SENTINEL" not in caplog.text
    for record in caplog.records:
        assert "SENTINEL" not in logging.Handler().format(record)


class Leaves(HideKey):
    """One whose solver closes while a message is looked at, as another thread may do."""

    def filter(self, record: logging.LogRecord) -> bool:
        self.stop()
        return super().filter(record)


def test_a_key_is_hidden_while_others_are_no_longer(caplog) -> None:  # type: ignore[no-untyped-def]
    caplog.set_level("DEBUG")
    first, second = Leaves(Key("another-key-0123")), HideKey(Key("sk-SENTINEL-0123"))
    first.start()
    second.start()
    try:
        for _ in range(2):
            logging.getLogger(LOGGERS[0]).debug("sent sk-SENTINEL-0123")
    finally:
        second.stop()
    assert caplog.messages == ["sent [key]"] * 2


# answers


LONG = ["9" * 5000, "1" + "," + "000," * 400 + "000", "\\frac{" + "1" * 5000 + "}{3}", "1/" + "3" * 9000, "1e999", "-" * 9999,
        "(" * 9999, "1 " * 4000, "-" + " " * 9000 + "x", "\u0663" * 5000, "[" * 9000, "{" * 9000, "\\boxed{" * 1000]  # fmt: skip


@pytest.mark.parametrize("text", LONG, ids=lambda text: text[:12])
def test_long_answers_raise_nothing(text: str) -> None:
    for kind in (NumberAnswers(), TextAnswers(), ChoiceAnswers(), JSONAnswers(), PointAnswers(1), BoxAnswers()):
        parsed = kind.parse(f"SUMMARY: s\nANSWER: {text}")
        if parsed is not None:
            assert kind.group([parsed, parsed]) == [0, 0] and len(kind.show([parsed])) <= 2 * LONGEST


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"[-+]?[0-9.,/e% \\{}fracbox()\[\]]{0,40}", fullmatch=True))
def test_no_text_ends_a_run(text: str) -> None:
    for kind in (
        NumberAnswers(),
        TextAnswers(),
        ChoiceAnswers(("a", "b")),
        JSONAnswers(),
        PointAnswers(1),
        BoxAnswers(),
    ):
        for reply in (text, f"ANSWER: {text}", f"ANSWER: \\boxed{{{text}"):
            parsed = kind.parse(reply)
            if parsed is not None:
                kind.group([parsed])
                kind.show([parsed]).encode("utf-8", "replace")
    is_refusal(text)
    summary(text)


@pytest.mark.parametrize(
    "piece", ["\n", " ", "*", "ANSWER ", "answer\n", "SUMMARY", "```\n", "```json\n\n", "\\boxed{", "(", "<", "_#>"]
)
def test_megabytes_are_read_in_linear_time(piece: str) -> None:
    """In quadratic time this would take hours."""
    text = piece * (1_000_000 // len(piece)) + "x"
    final(text)
    is_refusal(text)
    summary(text)
    for kind in (
        NumberAnswers(),
        TextAnswers(),
        ChoiceAnswers(),
        JSONAnswers(),
        PointAnswers(1),
        ProgramAnswers(["1"]),
    ):
        kind.parse(text)


@pytest.mark.parametrize(
    "text",
    ["```" + " " * 1_000_000 + "x", "```python" + "." * 1_000_000 + "x", "\n".join("~" * n for n in range(1400, 2, -1)),
     "```python\n" + " " * 200_000 + "x\n```"],
    ids=["spaces", "label", "fences", "indented"],
)  # fmt: skip
def test_programs_are_found_in_linear_time(text: str) -> None:
    """In quadratic time this would take hours."""
    program_in(text)


@pytest.mark.parametrize(
    "text",
    ["x" + " " * 1_000_000 + "x", "<|loc_11|>" + " " * 1_000_000 + "x", "<|loc_11|>, " * 80_000, "{" * 1_000_000,
     "{}" * 100_000, '{"x":' + "[" * 1_000_000 + "}", '{"x":' * 200_000, "(1," * 300_000],
    ids=["spaces", "location", "locations", "braces", "objects", "lists", "keys", "numbers"],
)  # fmt: skip
def test_places_are_found_in_linear_time(text: str) -> None:
    """In quadratic time this would take hours."""
    for kind in (PointAnswers(1), BoxAnswers()):
        assert kind.parse(f"ANSWER: {text}") is None


@pytest.mark.parametrize(
    ("before", "behind"),
    [("\\(", "\\)"), ("\\\\((", "\\\\))"), ("'", "'"), ("a'", "'a"), ("\u2018", "\u2019"), ("option ", ""), ("option" + " " * 99, ""),
     ("the ", ""), ("= ", ""), ("x = ", ""), ("~", ""), ("B (", ")"), ("B [", "]"), ("", ",;"), ("So, ", " .")],
)  # fmt: skip
def test_what_stands_around_an_answer_is_read_in_linear_time(before: str, behind: str) -> None:
    """In quadratic time this would take hours."""
    count = 500_000 // len(before + behind)
    for kind in (NumberAnswers(), TextAnswers(), ChoiceAnswers(("a", "b"))):
        for times in (count, LONGEST // len(before + behind) // 2):
            kind.parse(f"ANSWER: {before * times}1{behind * times}")


@pytest.mark.parametrize(
    "piece", ["sorry ", "Sorry, but ", "I'm sorry that ", "as an ai ", "i can't ", "I can't create ", "Sorry, I cannot be ", "so ", "but i ", "' "]
)  # fmt: skip
def test_refusals_are_found_in_linear_time(piece: str) -> None:
    """In quadratic time this would take hours."""
    is_refusal(piece * (1_000_000 // len(piece)))
    for start in ("", "I can't create ", "I'm sorry, "):
        is_refusal((start + piece * 400)[:400])
