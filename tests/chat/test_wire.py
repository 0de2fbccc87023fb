"""The wire format: by hand, round trip, and against its jinja template as other runtimes render it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import TemplateError
from PIL import Image
from transformers.utils.chat_template_utils import render_jinja_template

from favilla.chat.messages import ImagePart, Message, ToolCall
from favilla.chat.tokenizer import TEMPLATE
from favilla.chat.wire import EFFORTS, parse, read_calls, render
from favilla.errors import UserError

DOT = Image.new("RGB", (28, 28))


def test_a_conversation_by_hand() -> None:
    messages = [
        Message("system", ("Be brief.",)),
        Message("user", ("What is ", ImagePart(DOT), "?")),
        Message("assistant", ("A dot.",), thinking="black"),
        Message("user", ("Sure?",)),
    ]
    assert render(messages, effort="high", generation_prompt=True) == (
        "<|begin_of_text|><|start|>system<|message|>Be brief.\n\nReasoning strength: high.<|eot|>"
        "<|start|>user<|message|>What is <|patch|>?<|eot|>"
        "<|start|>assistant to=self<|message|>black<|eom|><|start|>assistant to=user<|message|>A dot.<|eot|>"
        "<|start|>user<|message|>Sure?<|eot|><|start|>assistant"
    )
    assert render([Message("user", ("Hi",))]) == "<|begin_of_text|><|start|>user<|message|>Hi<|eot|>"
    assert render([Message("user", ("Hi",))], effort="low") == (
        "<|begin_of_text|><|start|>system<|message|>Reasoning strength: low.<|eot|><|start|>user<|message|>Hi<|eot|>"
    )


def test_a_tool_call_by_hand() -> None:
    call = ToolCall("crop", {"where": "top left", "size": 12, "code": "5"})
    assert render([Message("assistant", (), tool_calls=(call,)), Message("tool", ("done",), name="crop")]) == (
        "<|begin_of_text|><|start|>assistant to=crop<|message|>"
        '<atem:function_calls><atem:invoke name="crop"><atem:parameter name="where">top left</atem:parameter>'
        '<atem:parameter name="size">12</atem:parameter><atem:parameter name="code">"5"</atem:parameter>'
        "</atem:invoke></atem:function_calls><|eot|><|start|>tool name=crop<|message|>done<|eot|>"
    )


# Words of a conversation: anything but control tokens, which only `encode_chat` can tell from text.
texts = st.text(max_size=30).filter(lambda text: "<|" not in text)
names = st.from_regex(r"\A[A-Za-z0-9_.-]{1,12}\Z").filter(lambda name: name not in ("self", "user"))
values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(10**6), 10**6), texts, st.sampled_from(["5", "true", "<a>", "", "[x"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=4,
)
calls = st.lists(st.builds(ToolCall, names, st.dictionaries(names, values, max_size=3)), max_size=2).map(tuple)
parts = st.lists(st.one_of(texts, st.just(ImagePart(DOT))), max_size=4).map(tuple)
text_parts = st.lists(texts, max_size=3).map(tuple)
messages_strategy = st.lists(
    st.one_of(
        st.builds(Message, st.just("user"), parts),
        st.builds(Message, st.just("system"), text_parts),
        st.builds(Message, st.just("tool"), parts, name=st.none() | names),
        st.builds(Message, st.just("assistant"), text_parts, st.none() | texts, calls),
    ),
    max_size=5,
)


def joined(message: Message) -> Message:
    """Adjacent texts as one, no empty ones, and a tool without a name called "tool", as parsing gives them back."""
    merged: list[Any] = []
    for part in message.parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    name = message.name or ("tool" if message.role == "tool" else None)
    return Message(message.role, tuple(merged), message.thinking, message.tool_calls, name)


def without_empty_system(messages: list[Message], effort: str | None) -> list[Message]:
    """A first system turn without words is the same as none when the effort fills it."""
    return messages[1:] if effort and messages and messages[0].role == "system" and not messages[0].text else messages


@settings(max_examples=300, deadline=None)
@given(messages_strategy, st.sampled_from([None, *EFFORTS]), st.booleans())
def test_round_trip(messages: list[Message], effort: str | None, prompt: bool) -> None:
    images = [image for message in messages for image in message.images]
    back, read_effort = parse(render(messages, effort=effort, generation_prompt=prompt), images)
    assert back == [joined(m) for m in without_empty_system(messages, effort)]
    assert read_effort == effort


def as_openai(message: Message) -> dict[str, Any]:
    content = [{"type": "text", "text": p} if isinstance(p, str) else {"type": "image"} for p in message.parts]
    out: dict[str, Any] = {"role": message.role, "content": content}
    if message.thinking is not None:
        out["reasoning_content"] = message.thinking
    if message.tool_calls:
        out["tool_calls"] = [
            {"type": "function", "function": {"name": c.name, "arguments": c.arguments}} for c in message.tool_calls
        ]
    if message.name:
        out["name"] = message.name
    return out


@settings(max_examples=200, deadline=None)
@given(messages_strategy, st.sampled_from([None, *EFFORTS]), st.booleans())
@example([Message("assistant", ("",), tool_calls=(ToolCall("crop"),))], None, False)
@example([Message("assistant", ("", ""))], None, False)
def test_the_jinja_template_renders_the_same(messages: list[Message], effort: str | None, prompt: bool) -> None:
    rendered, _ = render_jinja_template(
        conversations=[[as_openai(m) for m in messages]],
        chat_template=TEMPLATE.read_text(),
        add_generation_prompt=prompt,
        reasoning_effort=effort,
    )
    assert rendered == [render(messages, effort=effort, generation_prompt=prompt)]


def test_the_template_takes_plain_string_content() -> None:
    rendered, _ = render_jinja_template(
        conversations=[[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}]],
        chat_template=TEMPLATE.read_text(),
    )
    assert rendered == [render([Message("user", ("Hi",)), Message("assistant", ("Yo",))])]


@pytest.mark.parametrize(
    "text",
    [
        "", "Hi", "<|begin_of_text|>Hi", "<|begin_of_text|><|start|>user<|message|>Hi",
        "<|begin_of_text|><|start|>king<|message|>Hi<|eot|>", "<|begin_of_text|><|start|>user<|message|>a<|eom|>",
        "<|begin_of_text|><|start|>assistant to=self<|message|>a<|eom|>",
        "<|begin_of_text|><|start|>user<|message|><|patch|><|eot|>",
    ],
)  # fmt: skip
def test_what_is_not_the_format_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        parse(text)


ROLE = "user<|message|>Hi<|eot|><|start|>assistant to=user"


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (Message(ROLE, ("Yo",)), "role 'user<|message|>"),  # type: ignore[arg-type]
        (Message("King", ("Yo",)), "role 'King'"),  # type: ignore[arg-type]
        (Message("system", (ImagePart(DOT),)), "turn of the system"),
        (Message("assistant", ("Yo", ImagePart(DOT))), "turn of the assistant"),
        (Message("assistant", (ImagePart(DOT),), tool_calls=(ToolCall("crop"),)), "turn of the assistant"),
    ],
)
def test_roles_and_pictures_that_the_format_lacks_are_refused_by_both(message: Message, says: str) -> None:
    for before in ([], [Message("user", ("Hi",))]):
        with pytest.raises(UserError, match=re.escape(says)) as caught:
            render([*before, message])
        assert "\n" not in str(caught.value)
        with pytest.raises(TemplateError):
            render_jinja_template(
                conversations=[[as_openai(m) for m in (*before, message)]], chat_template=TEMPLATE.read_text()
            )


def test_unknown_effort_and_unspeakable_tools_are_refused() -> None:
    with pytest.raises(UserError, match="effort 'huge'"):
        render([Message("user", ("Hi",))], effort="huge")
    for name in ("self", "user", "a b", "", "<|eot|>"):
        with pytest.raises(UserError, match="tool name"):
            render([Message("assistant", tool_calls=(ToolCall(name),))])


@given(
    st.text(max_size=80), st.lists(st.sampled_from(['<atem:invoke name="a">', '<atem:parameter name="b">']), max_size=6)
)
@example("[" * 100_000, ['<atem:invoke name="a"><atem:parameter name="b">', "</atem:parameter></atem:invoke>"])
def test_reading_calls_never_raises(text: str, marks: list[str]) -> None:
    read_calls(text.join(marks))
