"""Endpoints that speak the API in ways of their own: parameters, streams, counts of tokens, refusals, and what is sent to whom."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from favilla.cli.contemplate import contemplate as command
from favilla.cli.live import probed
from favilla.contemplate import Budget, ChoiceAnswers, Event, Limits, Policy, Result, contemplate
from favilla.contemplate.openai_client import NO_TEMPERATURE, PIXEL, OpenAISolver, Profile
from favilla.contemplate.simulated import virtual_run
from favilla.contemplate.simulated_server import (
    Asked,
    Behaviour,
    Fail,
    Hang,
    Raw,
    Say,
    Server,
    chat_events,
    responses_events,
)
from favilla.contemplate.streams import UNFINISHED
from favilla.errors import UserError

FAST = Limits(backoff_seconds=0.001, retries=1, call_seconds=20.0)


def ask(behave: Any, **settings: Any) -> tuple[Result, list[Asked]]:
    """One agent; `behave` as for Server, or one behaviour for all requests."""

    async def main() -> tuple[Result, list[Asked]]:
        async with Server(behave if callable(behave) else lambda asked, n: behave) as server:
            given = {"policy": "single", "limits": FAST, "max_output_tokens": 100, **settings}
            return await contemplate("Why?", endpoint=server.address, model="m", **given), server.asked

    return asyncio.run(main())


def test_nothing_of_the_environment_for_openai_goes_to_other_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "OPENAI_CUSTOM_HEADERS", "Authorization: Bearer SECRET-1\nX-Gateway: SECRET-2\nopenai-project: SECRET-3"
    )
    for number, name in enumerate(("ORG_ID", "PROJECT_ID", "API_KEY", "ADMIN_KEY", "WEBHOOK_SECRET"), start=4):
        monkeypatch.setenv(f"OPENAI_{name}", f"SECRET-{number}")
    for key in ("", "own-key"):
        monkeypatch.setenv("FAVILLA_API_KEY", key)
        _, (asked,) = ask(Say())
        assert "SECRET" not in str(asked.headers) and "x-gateway" not in asked.headers
        assert asked.headers["authorization"] == f"Bearer {key or 'no-key'}"
        assert not any(name.startswith("openai-") for name in asked.headers)
    for host, own in (
        ("api.openai.com", True),
        ("eu.api.openai.com", True),
        ("notopenai.com", False),
        ("openai.com.example", False),
    ):
        headers = asyncio.run(OpenAISolver(f"https://{host}/v1", "m").client()).default_headers
        assert ("SECRET-2" in headers.values()) is own


@pytest.mark.parametrize(
    ("variable", "value"),
    [("ALL_PROXY", "nonsense://127.0.0.1:1"), ("HTTP_PROXY", "http://127.0.0.1:port"), ("SSL_CERT_FILE", "/none.pem")],
)
def test_an_environment_by_which_nothing_can_be_sent_is_told(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    for probe in (False, True):
        with pytest.raises(UserError, match=r"nothing can be sent there \(.*\); look at .*ALL_PROXY and SSL_CERT_FILE"):
            ask(Say(), probe=probe)


def test_a_file_may_be_named_by_a_string(tmp_path: Path) -> None:
    (tmp_path / "prices.json").write_text('{"m": {"input": 1, "output": 2}}')
    (tmp_path / "pixel.png").write_bytes(PIXEL.data)
    settings = {"prices": str(tmp_path / "prices.json"), "budget": Budget(usd=1.0)}
    for one in (str(tmp_path / "pixel.png"), tmp_path / "pixel.png", PIXEL):
        result, (asked,) = ask(Say(), images=one, **settings)
        assert result.answer == "42" and asked.body["messages"][-1]["content"][0]["image_url"]["url"] == PIXEL.data_url


def test_a_key_file_goes_to_one_host(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sk-mine")
    panel = (("a@http://127.0.0.1:1/v1", "b@http://127.0.0.1:2/v1*3"),)
    with pytest.raises(UserError, match=r"--key-file: .*127\.0\.0\.1:1.*127\.0\.0\.1:2"):
        command("Why?", panel=panel, key_file=key)


TAKES_COMPLETION = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
)


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("told", [True, False])
def test_a_parameter_may_be_refused_in_other_words(status: int, told: bool) -> None:
    def behave(asked: Asked, number: int) -> Behaviour:
        for name in ("seed", "stream_options"):
            if name in asked.body:
                return Fail(status, {"message": f"unknown field {name!r}", **({"param": name} if told else {})})
        return Say()

    result, asked = ask(behave)
    assert result.answer == "42" and len(asked) == 3 == result.usage.calls
    assert "temperature" not in asked[-1].body and asked[-1].body["max_tokens"] == 100


def test_what_a_server_repeats_of_the_request_is_not_refused() -> None:
    """Errors as FastAPI words them: a list that quotes all of the input."""

    def behave(asked: Asked, number: int) -> Behaviour:
        if "stream_options" not in asked.body:
            return Say()
        detail = {"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}
        return Fail(422, body={"detail": [{**detail, "input": asked.body}]})

    result, asked = ask(behave)
    assert result.answer == "42" and len(asked) == 2 and "seed" in asked[-1].body and "max_tokens" in asked[-1].body


def test_the_limit_of_tokens_goes_by_its_other_name_once() -> None:
    def behave(asked: Asked, number: int) -> Behaviour:
        return Fail(400, {"message": TAKES_COMPLETION, "param": "max_tokens"}) if "max_tokens" in asked.body else Say()

    result, asked = ask(behave, policy=Policy(4), limits=Limits(quorum=1.0))
    assert [answer.status for answer in result.answers] == ["usable"] * 4
    assert all(one.body.get("max_completion_tokens", one.body.get("max_tokens")) == 100 for one in asked)
    # there is no third name, and a number that is too large is no name that is unknown
    for message, requests in (("max_tokens and max_completion_tokens are unknown", 2), ("max_tokens is at most 50", 1)):
        came = list[str]()

        def refuse(asked: Asked, number: int, message: str = message, came: list[str] = came) -> Behaviour:
            came.append(next(name for name in asked.body if name.startswith("max")))
            return Fail(400, {"message": message})

        with pytest.raises(UserError, match="refuses every request"):
            ask(refuse)
        assert came == ["max_tokens", "max_completion_tokens"][:requests]


SYSTEMLESS = [
    {"message": "System role not supported"}, {"message": "This model has no system prompt"},
    {"message": "Unsupported value: 'messages[0].role' does not support 'system' with this model.", "param": "messages[0].role"},
    {"message": "Conversation roles must alternate user/assistant/user/assistant/..."},
    {"message": "Only user and assistant roles are supported!"}, {"message": "Unexpected role \"system\"", "param": "messages"},
    {"message": "Developer instruction is not enabled for models/m"},
    {"message": "Input should be 'user' or 'assistant'"},
]  # fmt: skip
NO_INSTRUCTIONS = [{"message": "Unknown parameter: 'instructions'."}, {"message": "no", "param": "instructions"}]


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    ("api", "error"),
    [*(("chat", error) for error in SYSTEMLESS), *(("responses", error) for error in [*SYSTEMLESS, *NO_INSTRUCTIONS])],
)
def test_without_a_system_role_its_text_goes_before_the_question(status: int, api: str, error: dict[str, Any]) -> None:
    def behave(asked: Asked, number: int) -> Behaviour:
        has_system = "instructions" in asked.body or asked.body.get("messages", [{}])[0].get("role") == "system"
        return Fail(status, error) if has_system else Say(f"ANSWER: {number}")

    result, asked = ask(behave, api=api, policy="low", limits=Limits(quorum=1.0), images=[PIXEL])
    assert result.answer is not None and [answer.status for answer in result.answers] == ["usable"] * 4
    taken = [one for one in asked if "instructions" not in one.body and len(one.body.get("messages", ())) != 2]
    assert (
        len(taken) == 5 and 1 <= len(asked) - 5 <= 4 and len(asked) == result.usage.calls
    )  # the judge knows beforehand
    _, (plain,) = ask(Say(), api=api, images=[PIXEL])
    system = plain.body["messages"][0]["content"] if api == "chat" else plain.body["instructions"]
    for one in taken[:-1]:
        assert one.text == f"{system}\n\n{plain.text}" and one.picture_hashes == plain.picture_hashes


def test_a_responses_server_may_not_know_store() -> None:
    def behave(asked: Asked, number: int) -> Behaviour:
        return Fail(400, {"message": "Unknown parameter: 'store'."}) if "store" in asked.body else Say()

    result, asked = ask(behave, api="responses")
    assert result.answer == "42" and len(asked) == 2 and "instructions" in asked[1].body


def chat(delta: Any, finish: Any = None, **more: Any) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish, **more}]}


def sse(*events: Any) -> list[bytes]:
    return [f"data: {json.dumps(event)}\n\n".encode() for event in events]


DONE = b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    ("pieces", "note"),
    [
        ([*sse(chat({"content": "ANSWER: 42"}), {"id": "c", "choices": [{"index": 0, "finish_reason": "stop"}]}), DONE], ""),
        ([*sse(chat({"content": "ANSWER: 42"}), {"id": "c", "choices": [{"delta": None, "finish_reason": "stop"}]}), DONE], ""),
        ([*sse(chat({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "ANSWER: 7"}]}]}),
               chat({"content": [{"type": "text", "text": "ANSWER: "}, {"type": "text", "text": "42"}]}, "stop")), DONE], ""),
        ([*sse(chat({"content": "ANSWER: "}), chat({"content": "42"})), DONE], UNFINISHED),
        (sse(chat({"content": "ANSWER: "}), chat({"content": "42"})), UNFINISHED),
    ],
)  # fmt: skip
def test_a_paid_answer_is_not_thrown_away_for_its_shape(pieces: list[bytes], note: str) -> None:
    result, asked = ask(Raw(pieces))
    assert result.answer == "42" and len(asked) == 1 and result.degraded == ({note: 1} if note else {})


def test_a_stream_that_breaks_or_says_nothing_is_still_cut() -> None:
    for raw in (Raw(sse(chat({"content": "ANSWER: 4"})), end=False), Raw([DONE]), Raw(sse(chat({})))):
        result, asked = ask(raw)
        assert result.answer is None and len(asked) == 2  # one retry
        assert result.answers[0].detail.startswith(("cut", "connection"))


@pytest.mark.parametrize("end", ["stop", "tool_calls", "function_call", "eos_token", "STOP"])
def test_an_answer_that_was_ended_by_its_model_is_whole(end: str) -> None:
    result, _ = ask(Raw([*sse(chat({"content": "ANSWER: 42"}, end)), DONE]))
    assert (result.answer, result.degraded) == ("42", {})


@pytest.mark.parametrize(
    "end", ["length", "error", "model_length", "insufficient_system_resource", "abort", "max_tokens"]
)
@pytest.mark.parametrize("said", ["ANSWER: 4", "ANSWER: 42\nLet me"])
def test_half_an_answer_has_no_vote_whatever_ended_it(end: str, said: str) -> None:
    """What it surely says counts: an answer whose line had ended."""
    result, _ = ask(Raw([*sse(chat({"content": said}, end)), DONE]))
    assert result.answer == (None if said == "ANSWER: 4" else "42")
    assert result.degraded == ({"unusable: truncated": 1} if said == "ANSWER: 4" else {})


@pytest.mark.parametrize("why", [None, {}, {"reason": "max_tool_calls"}, {"reason": "max_output_tokens"}])
@pytest.mark.parametrize("kind", ["response.incomplete", "response.completed"])
def test_an_incomplete_response_has_no_vote(why: Any, kind: str) -> None:
    delta = {"type": "response.output_text.delta", "delta": "ANSWER: 4"}
    last = {"type": kind, "response": {"status": "incomplete", "incomplete_details": why}}
    result, _ = ask(Raw(sse(delta, last)), api="responses")
    assert result.answer is None and result.degraded == {"unusable: truncated": 1}


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("<think>Is it 7? ANSWER: 7\nNo.</think>\n\n42", "42"), ("\nIs it 7?\n</think>\nANSWER: 42", "42"),
        ("<think>hm</think>I'm sorry, but I can't help with that.", "refused"), ("<think>Is it 7?\nANSWER: 7\n", None),
        ("ANSWER: the mark </think>", "the mark </think>"),
    ],
)  # fmt: skip
def test_thoughts_are_no_part_of_an_answer(api: str, said: str, answer: str | None) -> None:
    result, _ = ask(Raw(chat_events(said) if api == "chat" else responses_events(said)), api=api)
    assert result.refused is (answer == "refused") and result.answer == (None if result.refused else answer)


@pytest.mark.parametrize("profile", [Profile(), Profile(temperature=False)])
def test_a_temperature_that_is_left_out_is_told(profile: Profile) -> None:
    def behave(asked: Asked, number: int) -> Behaviour:
        refused = "temperature" in asked.body
        return (
            Fail(400, {"message": "Unsupported parameter: temperature"})
            if refused
            else Raw(sse(chat({"content": "42"})))
        )

    result, asked = ask(behave, temperature=0.0, profile=profile)
    assert result.answer == "42" and result.degraded == {UNFINISHED: 1, NO_TEMPERATURE: 1}
    assert len(asked) == 1 + profile.temperature
    assert ask(behave)[0].degraded == {UNFINISHED: 1}


@pytest.mark.parametrize(
    "body",
    [
        {"detail": "unknown parameter: seed"}, {"error": "unknown parameter: seed"}, {"message": "unknown parameter: seed"},
        {"error": {"detail": "unknown parameter: seed"}}, "unknown parameter: seed",
    ],
    ids=json.dumps,
)  # fmt: skip
def test_an_error_is_understood_wherever_it_is_told(body: Any) -> None:
    """Also with more around it, which the library makes a message of."""
    for more in ({}, {"request": {"temperature": 1}}):
        whole = {**body, **more} if isinstance(body, dict) else body

        def behave(asked: Asked, number: int, whole: Any = whole) -> Behaviour:
            return Fail(400, body=whole) if "seed" in asked.body else Say()

        result, asked = ask(behave, temperature=1.0)
        assert result.answer == "42" and len(asked) == 2 and "temperature" in asked[1].body
    with pytest.raises(UserError, match=r"404 unknown parameter: seed\)"):
        ask(Fail(404, body=body))


@pytest.mark.parametrize("key", ["1", "EMPTY", "x", "no-key"])
def test_a_key_that_is_no_secret_is_not_looked_for_in_answers(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAVILLA_API_KEY", key)
    result, (asked,) = ask(Say(f"ANSWER: 391 {key}"))
    assert result.answer == f"391 {key}" and asked.headers["authorization"] == f"Bearer {key}"
    # what goes wrong is no answer
    with pytest.raises(UserError) as caught:
        ask(Fail(404, {"message": f"no model for {key}"}))
    assert "no model for [key]" in str(caught.value)


@pytest.mark.parametrize("code", ["content_filter", "content_policy_violation"])
@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_filter_on_the_prompt_refuses(code: str, api: str) -> None:
    error = {"message": "The prompt was filtered", "code": code, "param": "prompt"}
    result, asked = ask(Fail(400, error), api=api)
    assert result.refused and result.stopped_by == "refusals" and result.dissent == {"refused": 1} and len(asked) == 1
    assert (result.usage.calls, result.usage.total_tokens, result.usage.unreported) == (1, 0, 0)


@pytest.mark.parametrize(
    ("told", "written", "thoughts"),
    [
        ({"completion_tokens": 7, "total_tokens": 37}, 7, 0),
        ({"completion_tokens": 7, "total_tokens": 137}, 107, 0),  # thoughts are in the total only
        ({"completion_tokens": 7, "total_tokens": 137, "completion_tokens_details": {"reasoning_tokens": 100}}, 107, 100),
        ({"completion_tokens": 7, "total_tokens": 37, "completion_tokens_details": {"reasoning_tokens": 100}}, 107, 100),
        ({"completion_tokens": 107, "total_tokens": 137, "completion_tokens_details": {"reasoning_tokens": 100}}, 107, 100),
        ({"completion_tokens": 7, "total_tokens": "many"}, 7, 0), ({"completion_tokens": 7, "total_tokens": 3}, 7, 0),
    ],
)  # fmt: skip
def test_thoughts_that_are_not_counted_as_output_are(told: dict[str, Any], written: int, thoughts: int) -> None:
    told = {"prompt_tokens": 30, **told}
    result, _ = ask(
        Raw([*sse(chat({"content": "ANSWER: 42"}, "stop"), {"id": "c", "choices": [], "usage": told}), DONE])
    )
    assert (result.usage.input_tokens, result.usage.output_tokens, result.usage.reasoning_tokens) == (
        30,
        written,
        thoughts,
    )


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_probe_asks_the_api_that_is_used_and_tells_what_it_found(api: str) -> None:
    path = "/chat/completions" if api == "chat" else "/responses"

    def behave(asked: Asked, number: int) -> Behaviour:
        effort = asked.body.get("reasoning_effort", asked.body.get("reasoning", {}).get("effort"))
        if asked.path.endswith(path) and not asked.body.get("stream"):
            return Fail(503) if effort == "high" else Fail(400) if effort in ("none", "max") else Say()
        return Raw(chat_events("ANSWER: 42") if api == "chat" else responses_events("ANSWER: 42"))

    events: list[Event] = []
    result, asked = ask(behave, api=api, probe=True, effort="high", on_event=events.append)
    assert result.answer == "42" and all(one.path.endswith(path) for one in asked)
    assert len(asked) == (11 if api == "chat" else 9) + 1 == result.usage.calls
    ((name, found),) = result.capabilities.items()
    assert name.startswith("m at http") and found["efforts"] == ("minimal", "low", "medium", "xhigh")
    assert (found["images"], found["tool_choice"]) == (True, False)
    assert (found["n"], found["logprobs"]) == ((True, False) if api == "chat" else (None, None))
    (event,) = (event for event in events if event.kind == "probe")
    assert event.data["found"] == found and event is events[0]
    assert (
        "pictures yes" in probed(found)
        and "forced tools no" in probed(found)
        and "efforts minimal low" in probed(found)
    )
    json.dumps(result.json())


def test_an_outage_while_probing_changes_no_profile() -> None:
    async def main() -> None:
        async with Server(lambda asked, n: Fail(503)) as server:
            solver = OpenAISolver(server.address, "m", effort="low")
            found = await solver.probe()
            assert solver.profile == Profile() and found.efforts == () and found.images is None
            solver.check(pictures=3)
            await solver.close()

    asyncio.run(main())


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_what_the_probe_excludes_is_told_before_anybody_is_asked(api: str, tmp_path: Path) -> None:
    picture = tmp_path / "one.png"
    picture.write_bytes(PIXEL.data)

    def behave(asked: Asked, number: int) -> Behaviour:
        assert not asked.body.get("stream")
        seen = "image" in json.dumps(asked.body)
        refused = seen or "high" in json.dumps(asked.body)
        return Fail(400, {"message": "no"}) if refused else Say()

    with pytest.raises(UserError, match=r"effort 'high': .* takes none, minimal, low, medium, max"):
        ask(behave, api=api, probe=True, effort="high", budget=Budget(calls=20))
    with pytest.raises(UserError, match="takes no pictures"):
        ask(behave, api=api, probe=True, images=[picture])


@pytest.mark.parametrize("how", ["seconds", "interrupt"])
def test_a_probe_ends_with_its_run(how: str) -> None:
    """Of an endpoint that hangs, in virtual time."""

    async def main() -> tuple[Result, int]:
        interrupt = asyncio.Event()
        asyncio.get_running_loop().call_later(4.0 if how == "interrupt" else 1e6, interrupt.set)
        async with Server(lambda asked, n: Hang()) as server:
            budget = Budget(seconds=7.0)
            given = {"policy": "single", "probe": True, "budget": budget, "interrupt": interrupt}
            result = await contemplate("Why?", endpoint=server.address, model="m", **given)
            await server.quiet.wait()
            return result, len(server.asked)

    result, asked = virtual_run(main(), 0.1)
    seconds, why = (7.0, "seconds") if how == "seconds" else (4.0, "interrupted")
    assert (result.answer, result.stopped_by, asked) == (None, why, 1) and result.seconds == pytest.approx(seconds)
    assert result.usage.calls == 1 and result.usage_by["probe"] == result.usage
    assert ("probe: no time to end it" in result.degraded) is (how == "seconds")


def test_a_probe_takes_of_the_time_of_its_run() -> None:
    async def main() -> Result:
        def behave(asked: Asked, number: int) -> Behaviour:
            return Hang() if number == 1 else Say()

        async with Server(behave) as server:
            settings = {"policy": "single", "probe": True, "budget": Budget(seconds=100)}
            return await contemplate("Why?", endpoint=server.address, model="m", **settings)

    result = virtual_run(main(), 0.1)  # the request that hangs is given up after a minute
    assert result.answer == "42" and result.seconds == pytest.approx(60.0) and result.usage.calls == 12


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"temperature": float("nan")}, "temperature nan: give a number"), ({"temperature": -1.0}, "temperature -1.0"),
        ({"question": "caf\udce9?"}, r"question: '\\udce9' at character 3 is no Unicode"),
        ({"answers": ChoiceAnswers(("\udce9",))}, "is no Unicode character"),
    ],
)  # fmt: skip
def test_what_no_endpoint_can_be_sent_is_told_before_it_is_asked(settings: dict[str, Any], says: str) -> None:
    async def main() -> None:
        async with Server() as server:
            given = {"question": "Why?", "endpoint": server.address, "model": "m", "policy": "single", **settings}
            with pytest.raises(UserError, match=says):
                await contemplate(**given)
            assert server.asked == []

    asyncio.run(main())
