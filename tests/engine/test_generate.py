"""Whole generations: against the slow loop without cache, and in every kind of batch."""

from __future__ import annotations

import itertools
import threading

import pytest
import tokenizers
import torch

from favilla.chat.encode import encode_chat
from favilla.chat.images import ImageProcessor
from favilla.chat.messages import Message, ToolCall
from favilla.chat.tokenizer import MEDIA, Tokenizer, train_tokenizer
from favilla.engine.generate import Engine, Piece, Request
from favilla.errors import UserError
from favilla.model import MuseSpark
from tests.engine.conftest import BLUE, COLOUR, CONTEXT, LEARNED, RED, SUM, THOUGHT, make_config, noise, slow, user

THINK = Request(user(SUM), effort="high")
REQUESTS = [
    Request(user("Hi"), temperature=1.0, seed=1, max_new_tokens=25, n=2),
    Request(user(noise(0, 84, 56), COLOUR, noise(1, 28, 84)), temperature=1.0, seed=2, max_new_tokens=40, n=3),
    Request(user("What is 12+34? " * 5), max_new_tokens=30, effort=None),
    Request(user(RED), temperature=0.8, top_p=0.9, seed=3, max_new_tokens=3),
    Request(
        (*user("Hi"), Message("assistant", ("Yes.",), thinking="Hm."), *user("So?")), temperature=1.5, max_new_tokens=1
    ),
    Request(user("Hi"), temperature=1.0, seed=4, max_new_tokens=60, effort="low"),
]


@pytest.fixture(scope="module")
def batch(wild):
    return wild.generate(REQUESTS)


def test_generations_are_those_of_the_slow_loop(wild, batch):
    """Cache, padding, shared prefixes, neighbours and their leaving change nothing."""
    for request, generations in zip(REQUESTS, batch, strict=True):
        assert len(generations) == request.n
        for index, generation in enumerate(generations):
            ids, logprobs = slow(wild, request, index)
            assert list(generation.ids) == ids
            assert generation.logprobs == pytest.approx(logprobs, abs=1e-4)


def test_a_mixed_batch_is_as_one_by_one(wild, batch):
    for request, generations in zip(REQUESTS, batch, strict=True):
        assert [g.ids for g in wild.generate([request])[0]] == [g.ids for g in generations]


def test_samples_differ_and_seeds_repeat(wild, batch):
    first, second = batch[0]
    assert first.ids != second.ids
    other = Request(user("Hi"), temperature=1.0, seed=2, max_new_tokens=25, n=2)
    assert wild.generate([other])[0][0].ids != first.ids
    assert [[g.ids for g in row] for row in wild.generate(REQUESTS[:2])] == [[g.ids for g in row] for row in batch[:2]]


def test_a_prompt_and_its_pictures_are_computed_once(wild):
    seen, fed = [], []
    hooks = [
        wild.model.model.vision_tower.register_forward_hook(
            lambda _, inputs, __: seen.append(inputs[0].pixels_RSP.shape[0])
        ),
        wild.model.lm_head.register_forward_hook(lambda _, inputs, __: fed.append(inputs[0].shape[0])),
    ]
    wild.generate([Request(user(noise(0, 56, 56), COLOUR), n=5, temperature=1.0, max_new_tokens=4)])
    for hook in hooks:
        hook.remove()
    assert seen == [1]
    assert fed == [1, 5, 5, 5]


def test_finished_rows_leave_the_batch(wild):
    fed = []
    hook = wild.model.lm_head.register_forward_hook(lambda _, inputs, __: fed.append(inputs[0].shape[0]))
    lengths = (1, 3, 5, 8)
    generations = wild.generate([Request(user("Hi"), temperature=1.0, seed=4, max_new_tokens=n) for n in lengths])
    hook.remove()
    assert [len(g.ids) for (g,) in generations] == list(lengths)
    assert fed == [1, 3, 3, 2, 2, 1, 1, 1]  # equal prompts are computed once


def test_usage_and_banned_tokens(wild, batch):
    for request, generations in zip(REQUESTS, batch, strict=True):
        chat = encode_chat(
            wild.tokenizer, wild.processor, request.messages, effort=request.effort, generation_prompt=True
        )
        for generation in generations:
            assert generation.usage.prompt_tokens == len(chat.ids)
            assert generation.usage.image_tokens == sum(h * w // 4 for _, (h, w) in chat.pictures)
    hot = Request(user("Hi"), temperature=100.0, n=30, max_new_tokens=60)
    written = {i for g in wild.generate([hot])[0] for i in g.ids}
    assert len(written) > 300
    forbidden = {wild.tokenizer.id(t) for t in (*MEDIA, "<|finetune_right_pad|>", "<|begin_of_text|>")}
    assert not written & forbidden and max(written) < wild.tokenizer.vocab_size


@pytest.mark.parametrize("index", range(len(LEARNED)))
def test_what_was_learned_comes_out_as_message(trained, index):
    messages, effort, expected = LEARNED[index]
    ((generation,),) = trained.generate([Request(messages, effort=effort)])
    assert (generation.thinking, generation.answer) == (expected.thinking, expected.text)
    assert generation.finish_reason == "stop" and generation.tool_calls == ()
    whole = encode_chat(trained.tokenizer, trained.processor, (*messages, expected), effort=effort)
    prompt = encode_chat(trained.tokenizer, trained.processor, messages, effort=effort, generation_prompt=True)
    assert list(generation.ids) == whole.ids[len(prompt.ids) :]
    assert generation.usage.thinking_tokens == len(trained.tokenizer.encode(expected.thinking or ""))
    assert generation.usage.answer_tokens == len(trained.tokenizer.encode_wire(expected.text))


@pytest.mark.parametrize("budget", [0, 1, 7])
def test_at_the_thinking_budget_the_answer_begins(trained, budget):
    request = Request(user(SUM), effort="high", thinking_budget=budget)
    ((generation,),) = trained.generate([request])
    tokens = trained.tokenizer.encode(THOUGHT)[:budget]
    opening = trained.tokenizer.encode_wire(" to=self<|message|>")
    forced = trained.tokenizer.encode_wire("<|eom|><|start|>assistant to=user<|message|>")
    start = [*opening, *tokens, *forced]
    assert list(generation.ids[: len(start)]) == start
    assert generation.thinking == trained.tokenizer.decode(tokens)
    assert generation.usage.thinking_tokens == budget
    assert generation.usage.answer_tokens > 0 and generation.answer


def test_a_budget_that_is_not_reached_changes_nothing(trained):
    unbounded, bounded = (trained.generate([Request(user(SUM), effort="high", thinking_budget=b)]) for b in (None, 500))
    assert unbounded == bounded


def test_length_is_cut_at_max_new_tokens(trained):
    ((whole,),) = trained.generate([THINK])
    for length in (1, 6, len(whole.ids) - 1):
        ((cut,),) = trained.generate([Request(user(SUM), effort="high", max_new_tokens=length)])
        assert cut.finish_reason == "length" and cut.ids == whole.ids[:length]
        assert whole.thinking.startswith(cut.thinking or "")
    ((exact,),) = trained.generate([Request(user(SUM), effort="high", max_new_tokens=len(whole.ids))])
    assert exact == whole and exact.finish_reason == "stop"


@pytest.mark.parametrize("request_", [THINK, REQUESTS[0], REQUESTS[1], REQUESTS[5]], ids=["trained", "0", "1", "5"])
def test_streamed_text_is_the_generated_text(trained, wild, request_):
    engine = trained if request_ is THINK else wild
    request = Request(**{**vars(request_), "n": 1})
    ((expected,),) = engine.generate([request])
    stream = engine.stream(request)
    pieces = list(stream)
    assert stream.result == expected
    for kind, text in (("thinking", expected.thinking or ""), ("answer", expected.answer)):
        assert "".join(piece.text for piece in pieces if piece.kind == kind) == text
    assert len(pieces) > 3


def test_a_stream_comes_token_by_token_and_finishes_on_request(trained):
    fed = []
    hook = trained.model.lm_head.register_forward_hook(lambda _, inputs, __: fed.append(1))
    stream = trained.stream(THINK)
    assert fed == []
    assert next(stream) == Piece("control", " to=self")
    assert next(stream).kind == "thinking"
    assert len(fed) < 12
    assert stream.result.answer == "46"
    hook.remove()


def test_on_token_tells_request_sample_and_text(wild, batch):
    texts: dict[tuple[int, int], str] = {}

    def keep(request: int, index: int, piece: Piece) -> None:
        if piece.kind == "answer":
            texts[request, index] = texts.get((request, index), "") + piece.text

    wild.generate(REQUESTS, on_token=keep)
    answers = {(r, i): g.answer for r, row in enumerate(batch) for i, g in enumerate(row) if g.answer}
    assert texts == answers


def test_cancelling_keeps_what_is_there(trained):
    cancel, pieces = threading.Event(), []

    def stop_after_five(request: int, index: int, piece: Piece) -> None:
        pieces.append(piece)
        if len(pieces) == 5:
            cancel.set()

    ((whole,),) = trained.generate([THINK])
    ((cut,),) = trained.generate([THINK], on_token=stop_after_five, cancel=cancel)
    assert cut.finish_reason == "cancelled" and cut.ids == whole.ids[: len(cut.ids)]
    assert 0 < len(cut.thinking) < len(whole.thinking) and whole.thinking.startswith(cut.thinking)
    ((nothing,),) = trained.generate([THINK], cancel=cancel)
    assert nothing.finish_reason == "cancelled" and nothing.ids == () and nothing.usage.prompt_tokens > 0


def test_the_context_is_the_limit(wild):
    length = len(encode_chat(wild.tokenizer, wild.processor, user(""), effort="low", generation_prompt=True).ids)
    fits = Request(user("?" * (CONTEXT - length - 9)), effort="low", temperature=1.0)
    tokens = len(encode_chat(wild.tokenizer, wild.processor, fits.messages, effort="low", generation_prompt=True).ids)
    assert tokens == CONTEXT - 9
    ((generation,),) = wild.generate([fits])
    assert len(generation.ids) == 9 and generation.finish_reason == "length"
    over = Request(user("?" * (CONTEXT - length)), effort="low")
    for call in (lambda: wild.generate([fits, over]), lambda: wild.stream(over)):
        with pytest.raises(UserError, match=f"prompt of {CONTEXT} tokens, context of {CONTEXT}"):
            call()


def test_nothing_asked_nothing_done(wild):
    assert wild.generate([]) == []


def test_bfloat16_weights_run_as_they_are(tokenizer, wild):
    model = MuseSpark(make_config(tokenizer))
    model.load_state_dict(wild.model.state_dict())
    engine = Engine(model.bfloat16().eval(), tokenizer, wild.processor)
    ((generation,),) = engine.generate([Request(user(BLUE, COLOUR), max_new_tokens=20)])
    assert len(generation.ids) == 20
    assert all(torch.isfinite(torch.tensor(generation.logprobs)))


def called(argument):
    """A conversation in which a tool was called with an argument."""
    call = ToolCall("find", {"what": argument})
    return (*user("Hi"), Message("assistant", tool_calls=(call,)), Message("tool", ("Yes",), name="find"))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"messages": ()}, "add the question"),
        ({"messages": user("")}, "question is empty"),
        ({"messages": user(" \n\t")}, "question is empty"),
        ({"messages": (*user("Hi"), Message("assistant", ("Yes",)))}, "must end with a message of the user"),
        ({"messages": ({"role": "user", "content": "Hi"},)}, "message 1 is a dict"),
        ({"messages": (Message("user", (RED, "Hi")),)}, "message 1 has a Image in it"),  # type: ignore[arg-type]
        ({"messages": user("a\ud800b")}, "message 1 is not valid Unicode"),
        ({"messages": called("a\ud800b")}, "message 2 is not valid Unicode"),
        ({"messages": called(["a\ud800b"])}, "message 2 is not valid Unicode"),
        ({"messages": called({1, 2})}, "cannot be written as JSON"), ({"messages": called(b"a")}, "cannot be written as JSON"),
        ({"messages": called(float("nan"))}, "cannot be written as JSON"),
        ({"n": 0}, "n 0"), ({"n": 1.5}, "n 1.5"), ({"n": True}, "n True"),
        ({"temperature": -0.1}, "temperature -0.1"), ({"temperature": float("nan")}, "temperature nan"),
        ({"temperature": float("inf")}, "temperature inf"), ({"temperature": "hot"}, "temperature 'hot'"),
        ({"top_p": 0.0}, "top_p 0.0"), ({"top_p": 1.1}, "top_p 1.1"), ({"top_p": float("nan")}, "top_p nan"),
        ({"seed": 0.5}, "seed 0.5"), ({"max_new_tokens": 0}, "max_new_tokens 0"),
        ({"effort": "ultra"}, "low, medium, high, xhigh"), ({"thinking_budget": -1}, "thinking_budget -1"),
    ],
)  # fmt: skip
def test_requests_that_make_no_sense_are_refused(settings, says):
    with pytest.raises(UserError) as refusal:
        Request(**{"messages": user("Hi"), **settings})
    assert says in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_model_that_computes_no_numbers_says_so(tokenizer, wild, temperature):
    model = MuseSpark(make_config(tokenizer))
    model.load_state_dict(wild.model.state_dict())
    with torch.no_grad():
        model.model.language_model.norm.weight[0] = float("nan")
    engine = Engine(model.eval(), tokenizer, wild.processor)
    with pytest.raises(UserError, match="not finite"):
        engine.generate([Request(user("Hi"), temperature=temperature)])


def test_streaming_several_samples_is_refused(wild):
    with pytest.raises(UserError, match="n 2"):
        wild.stream(Request(user("Hi"), n=2))


def test_parts_that_do_not_belong_together_are_refused(tokenizer, wild):
    words = [" ".join(map("".join, itertools.product("abcdefgh", repeat=3)))] * 2
    with pytest.raises(UserError, match="use the model's own tokenizer"):
        Engine(wild.model, train_tokenizer(words, 900), wild.processor)
    bare = tokenizers.Tokenizer(tokenizers.models.BPE({"a": 0, "b": 1}, []))
    with pytest.raises(UserError, match="has no <|begin_of_text|>".replace("|", r"\|")):
        Engine(wild.model, Tokenizer(bare), wild.processor)
    with pytest.raises(UserError, match="patches of 16 px"):
        Engine(wild.model, tokenizer, ImageProcessor(patch_size=16))


def test_near_misses_are_told_in_one_line(wild) -> None:
    """A request that is not in a list, words that are no request, a message that is not in a list."""
    with pytest.raises(UserError, match="give a list of requests"):
        wild.generate(Request((Message("user", ("Hi",)),)))  # type: ignore[arg-type]
    with pytest.raises(UserError, match="a str is no request"):
        wild.generate(["Hi"])  # type: ignore[list-item]
    with pytest.raises(UserError, match="a str is no request"):
        wild.stream("Hi")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="messages: a Message; give several"):
        Request(Message("user", ("Hi",)))  # type: ignore[arg-type]
