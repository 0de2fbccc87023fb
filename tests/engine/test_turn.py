"""Tokens to messages, text by text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from favilla.chat.encode import encode_chat
from favilla.chat.images import ImageProcessor
from favilla.chat.messages import Message, ToolCall
from favilla.chat.tokenizer import LOCATIONS, SPECIAL_TOKENS
from favilla.engine.request import Request
from favilla.engine.turn import Control, TextDecoder, Turn
from tests.engine.conftest import user


def turn_of(tokenizer, ids, limit=10_000, **settings):
    turn, pieces = Turn(Control(tokenizer), Request(user("Hi"), **settings), 0, 1, 0, limit), []
    for token in ids:
        if turn.finish_reason is None:
            pieces += turn.add(token, 0.0)
    if turn.finish_reason is None:
        pieces += turn.finish("cancelled")
    return turn.result(), pieces


@given(st.text(max_size=40))
@settings(deadline=None)
def test_characters_come_whole(tokenizer, text):
    text = text.encode("utf-8", "ignore").decode().replace("\ufffd", "")
    decoder = TextDecoder(tokenizer)
    pieces = [decoder.push(token) for token in tokenizer.encode(text)]
    assert "\ufffd" not in "".join(pieces) and "".join(pieces) == text
    assert decoder.flush() == ""


@given(st.data())
@settings(deadline=None)
def test_any_tokens_decode_as_they_do_together(tokenizer, data):
    ids = data.draw(st.lists(st.integers(0, tokenizer.vocab_size - 1), max_size=40))
    decoder = TextDecoder(tokenizer)
    pieces = [decoder.push(token) for token in ids]
    assert "".join(pieces) + decoder.flush() == tokenizer.decode(ids, skip_special=True)


MESSAGES = [
    Message("assistant", ("46",)),
    Message("assistant", ("46",), thinking="12+34"),
    Message("assistant", ("",), thinking=""),
    Message("assistant", ("one\n\ntwo 🙂 <|eot|> <|start|>assistant to=self<|message|>",), thinking="<|eom|> as text"),
    Message("assistant", (), thinking="I look.", tool_calls=(ToolCall("crop", {"x": 1, "name": "a b"}),)),
    Message("assistant", ("Wait.",), tool_calls=(ToolCall("a", {}), ToolCall("b.c", {"t": "true", "n": None}))),
    Message("assistant", ("".join(LOCATIONS),)),
]


@pytest.mark.parametrize("message", MESSAGES, ids=range(len(MESSAGES)))
def test_a_written_message_is_read_back(tokenizer, message):
    """What `encode_chat` writes for a message, the turn reads, even when its words look like control tokens."""
    whole = encode_chat(tokenizer, ImageProcessor(), (*user("Hi"), message)).ids
    prompt = encode_chat(tokenizer, ImageProcessor(), user("Hi"), generation_prompt=True).ids
    generation, pieces = turn_of(tokenizer, whole[len(prompt) :])
    assert generation.finish_reason == "stop"
    assert (generation.thinking, generation.answer, generation.tool_calls) == (
        message.thinking, message.text, message.tool_calls,
    )  # fmt: skip
    for kind, text in (("thinking", message.thinking or ""), ("answer", message.text)):
        assert "".join(piece.text for piece in pieces if piece.kind == kind) == text


@given(st.data())
@settings(deadline=None)
def test_anything_can_be_written(tokenizer, data):
    control = st.sampled_from([tokenizer.id(t) for t in ("<|start|>", "<|message|>", "<|eom|>", "<|eot|>")])
    words = st.sampled_from(tokenizer.encode("assistant to=self to=user x🙂"))
    ids = data.draw(st.lists(control | words | st.integers(0, tokenizer.vocab_size - 1), max_size=40))
    budget = data.draw(st.none() | st.integers(0, 5))
    generation, pieces = turn_of(tokenizer, ids, limit=30, thinking_budget=budget)
    joined = {k: "".join(p.text for p in pieces if p.kind == k) for k in ("thinking", "answer")}
    assert joined == {"thinking": generation.thinking or "", "answer": generation.answer}
    assert all(piece.text for piece in pieces)
    assert len(generation.ids) <= 30 and list(generation.ids) == ids[: len(generation.ids)]
    plain = tokenizer.decode([i for i in ids if i not in tokenizer.special_ids.values()])
    if not any(t in plain for t in SPECIAL_TOKENS):
        assert not any(t in piece.text for piece in pieces for t in SPECIAL_TOKENS)


def test_the_end_of_a_call_is_told_by_id(tokenizer):
    body = '<atem:invoke name="say"><atem:parameter name="text">a<|eom|>b<|eot|>c</atem:parameter></atem:invoke>'
    ids = [*tokenizer.encode_wire(" to=say<|message|>"), *tokenizer.encode(body), tokenizer.id("<|eot|>")]
    generation, _ = turn_of(tokenizer, ids)
    assert generation.tool_calls == (ToolCall("say", {"text": "a<|eom|>b<|eot|>c"}),)


def test_a_model_that_names_nobody_speaks_to_the_user(tokenizer):
    generation, _ = turn_of(tokenizer, tokenizer.encode("The answer is 4."))
    assert (generation.answer, generation.thinking) == ("The answer is 4.", None)
    generation, _ = turn_of(tokenizer, tokenizer.encode_wire(" to=self<|message|>Hm.<|eom|>4<|eot|>"))
    assert (generation.answer, generation.thinking) == ("4", "Hm.")
    generation, _ = turn_of(tokenizer, tokenizer.encode_wire("<|message|>4<|eot|>"))
    assert generation.answer == "4"


def test_a_header_that_is_cut_off_says_nothing(tokenizer):
    for text in (" to", " to=user", " to=self<|message|>a<|eom|><|start|>assist"):
        generation, _ = turn_of(tokenizer, tokenizer.encode_wire(text))
        assert generation.answer == ""


def test_a_character_that_is_cut_off_is_marked(tokenizer):
    ids = tokenizer.encode_wire(" to=user<|message|>ok \U0001f9ff")
    generation, pieces = turn_of(tokenizer, ids[:-1])
    assert generation.answer == "ok \ufffd" == "".join(piece.text for piece in pieces if piece.kind == "answer")
