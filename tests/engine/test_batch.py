"""One batch for everybody: who joins and leaves, what is shared, and how much memory that takes."""

from __future__ import annotations

import random
import threading
import weakref

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from favilla.chat.encode import encode_chat
from favilla.chat.messages import Message
from favilla.engine.generate import Engine, Request, quarter_of_memory
from favilla.engine.passes import Passes
from favilla.errors import UserError
from favilla.model import MuseSpark, initialise
from favilla.model.cache import KVCache
from tests.engine.conftest import CONTEXT, make_config, noise, slow, user

LONG = "What is 12+34? " * 4


def engine_like(wild: Engine, **settings: int) -> Engine:
    return Engine(wild.model, wild.tokenizer, wild.processor, **settings)


class Fed:
    """Counts what goes into the model: (rows, tokens) a pass, and pictures."""

    def __init__(self, engine: Engine) -> None:
        model = engine.model.model
        self.passes: list[tuple[int, int]] = []
        self.pictures = 0
        model.language_model.embed_tokens.register_forward_hook(self._words)
        model.vision_tower.register_forward_hook(self._seen)

    def _words(self, module, inputs, output):  # type: ignore[no-untyped-def]
        self.passes.append(tuple(inputs[0].shape))

    def _seen(self, module, inputs, output):  # type: ignore[no-untyped-def]
        self.pictures += inputs[0].pixels_RSP.shape[0]

    @property
    def prompt_tokens(self) -> int:
        return sum(rows * tokens for rows, tokens in self.passes if tokens > 1)


@pytest.fixture
def fresh(tokenizer, wild):
    """An engine of its own, so that nothing is kept from before, and what goes into its model. Its window holds every
    prompt, so that all beginnings can be shared."""
    model = MuseSpark(make_config(tokenizer, window=CONTEXT // 2))
    initialise(model, 1)
    engine = Engine(model.eval(), tokenizer, wild.processor)
    return engine, Fed(engine)


def length(engine: Engine, request: Request) -> int:
    return len(
        encode_chat(engine.tokenizer, engine.processor, request.messages, effort=request.effort,
                    generation_prompt=True).ids
    )  # fmt: skip


def test_streams_that_begin_at_any_time_are_written_together(fresh):
    engine, fed = fresh
    requests = [Request(user(text), temperature=1.0, seed=i, max_new_tokens=30) for i, text in enumerate("abcd")]
    expected = [slow(engine, request, 0)[0] for request in requests]
    fed.passes.clear()
    streams = []
    for request in requests:
        streams.append(engine.stream(request))
        for stream in streams:
            next(stream)
    assert [list(stream.result.ids) for stream in streams] == expected
    rows = [rows for rows, tokens in fed.passes if tokens == 1]
    assert max(rows) == 4 and len(rows) < 2 * max(map(len, expected))


def test_whoever_joins_and_leaves_gets_what_he_would_get_alone(tokenizer, wild):
    """Random prompts with common beginnings, limits, windows, few rows, little memory; some streams are dropped. All of
    this happens: beginnings are shared, whole ones beyond the window too, and rows grow past it afterwards."""
    models = {window: MuseSpark(make_config(tokenizer, window)).eval() for window in (16, 80, 96, 112, 128)}
    for model in models.values():
        initialise(model, 1)
    seen = set()

    @settings(max_examples=40, deadline=None, derandomize=True)
    @given(st.integers(0, 10**6), st.sampled_from(sorted(models)))
    def check(seed: int, window: int) -> None:
        rng = random.Random(seed)
        turns = [Message("assistant", ("Yes.",)), *user("So? " * rng.randrange(1, 4))]
        requests = []
        for _ in range(7):
            parts = ["What is 12+34? " * rng.choice((1, 3)) + rng.choice("ab")]
            if rng.random() < 0.4:
                parts.insert(0, noise(rng.randrange(2), 56, 56))
            messages = user(*parts) if rng.random() < 0.6 else (*user(*parts), *turns)
            limit = rng.choice((1, 2, 9, 40))
            requests.append(Request(messages, temperature=1.0, seed=rng.randrange(5), max_new_tokens=limit))
        plain = Engine(models[window], tokenizer, wild.processor)
        need = max(length(plain, r) + r.max_new_tokens - 1 for r in requests)
        one = KVCache.size(models[window].config.text, 1, need, torch.float32)
        engine = Engine(models[window], tokenizer, wild.processor, max_rows=rng.choice((1, 3, 8)),
                        cache_bytes=int(one * rng.choice((1, 2.5, 9))))  # fmt: skip
        streams = {}
        for number, request in enumerate(requests):
            streams[number] = engine.stream(request)
            for other in rng.sample(sorted(streams), min(2, len(streams))):
                next(streams[other], None)
            if len(streams) > 2 and rng.random() < 0.2:
                del streams[rng.choice(sorted(streams))]
        for number, stream in streams.items():
            made = stream.result
            assert list(made.ids) == slow(plain, requests[number], 0)[0]
            cached, prompt = made.usage.cached_tokens, made.usage.prompt_tokens
            if 0 < cached < prompt:
                seen.add("part" if cached <= window else "whole, beyond the window")
                seen.update(["outgrown"] if prompt <= window < prompt + len(made.ids) else [])

    check()
    assert seen == {"part", "whole, beyond the window", "outgrown"}


def test_what_prompts_have_in_common_is_computed_once(fresh):
    engine, fed = fresh
    picture = noise(5, 84, 84)
    first = Request(user(picture, LONG + "a"), max_new_tokens=2)
    ((told,),) = engine.generate([first])
    assert told.usage.cached_tokens == 0 and fed.prompt_tokens == length(engine, first) and fed.pictures == 1
    fed.passes.clear()
    second = Request(user(picture, LONG + "bcd"), max_new_tokens=9, temperature=1.0)
    ((told,),) = engine.generate([second])
    assert fed.pictures == 1
    assert told.usage.cached_tokens > 9 + len(engine.tokenizer.encode(LONG)) - 5
    assert fed.prompt_tokens == length(engine, second) - told.usage.cached_tokens
    assert list(told.ids) == slow(engine, second, 0)[0]
    # another picture of the same size is where they part
    third = Request(user(noise(6, 84, 84), LONG + "bcd"), max_new_tokens=9, temperature=1.0)
    ((told,),) = engine.generate([third])
    prompt = encode_chat(engine.tokenizer, engine.processor, third.messages, effort=third.effort)
    assert told.usage.cached_tokens == prompt.ids.index(engine.model.config.image_token_id)
    assert list(told.ids) == slow(engine, third, 0)[0]


def test_prompts_that_come_together_share_their_beginning_too(fresh):
    engine, fed = fresh
    text = "What is 12+34? "
    requests = [Request(user(text * 2 + end), max_new_tokens=5, temperature=1.0) for end in ("a", "b", "a", "cde")]
    lengths = [length(engine, request) for request in requests]
    cached = [samples[0].usage.cached_tokens for samples in engine.generate(requests)]
    assert cached[0] == 0 and cached[2] == lengths[2]
    assert min(cached[1], cached[3]) >= 32
    assert fed.prompt_tokens < sum(lengths)


def test_a_second_turn_begins_with_the_first(fresh):
    engine, fed = fresh
    history = user("Look: " + LONG)
    engine.generate([Request(history, max_new_tokens=3)])
    fed.passes.clear()

    again = Request((*history, Message("assistant", ("Yes.",)), *user("And now?")), max_new_tokens=8, temperature=1.0)
    ((told,),) = engine.generate([again])
    assert told.usage.cached_tokens > 32
    assert list(told.ids) == slow(engine, again, 0)[0]


def test_kept_prompts_are_void_once_the_weights_change(fresh):
    engine, _ = fresh
    request = Request(user(LONG), max_new_tokens=12, temperature=1.0)
    engine.generate([request])
    with torch.no_grad():
        for parameter in engine.model.parameters():
            parameter.mul_(1.1)
    ((told,),) = engine.generate([request])
    assert told.usage.cached_tokens == 0 and list(told.ids) == slow(engine, request, 0)[0]


class Buffers:
    """The buffers that `KVCache.resize` makes: `most` bytes of them were there at once, with the `beside` that stood elsewhere."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.there: list[weakref.ref[torch.Tensor]] = []
        self.most = self.beside = 0

    def add(self, made: torch.Tensor) -> None:
        self.there.append(weakref.ref(made))
        held = sum(buffer.nbytes for one in self.there if (buffer := one()) is not None)
        self.most = max(self.most, held + self.beside)


def allocated(monkeypatch) -> Buffers:  # type: ignore[no-untyped-def]
    found, new_zeros = Buffers(), torch.Tensor.new_zeros

    def watched(tensor, *shape, **given):  # type: ignore[no-untyped-def]
        made = new_zeros(tensor, *shape, **given)
        if made.ndim == 4:
            found.add(made)
        return made

    monkeypatch.setattr(torch.Tensor, "new_zeros", watched)
    return found


def test_memory_stays_within_what_is_stated(wild, monkeypatch):
    requests = [
        Request(user(LONG + text), temperature=1.0, seed=i, max_new_tokens=40) for i, text in enumerate("abcde")
    ]
    config = wild.model.config.text
    one = KVCache.size(config, 1, length(wild, requests[0]) + 39, torch.float32)
    made_buffers = allocated(monkeypatch)
    for room in (one, 3 * one, 50 * one):
        engine = engine_like(wild, cache_bytes=room)
        made_buffers.clear()
        held = []

        def look(request, sample, piece, engine=engine, held=held):  # type: ignore[no-untyped-def]
            batch = engine._batch
            buffers = sum(b.nbytes for b in (*batch.cache.keys, *batch.cache.values))
            held.append((buffers + batch.prefixes.size, len(batch.rows)))

        moved = []
        whole = engine._batch.cache.resize

        def resize(*shape, engine=engine, moved=moved, whole=whole):  # type: ignore[no-untyped-def]
            moved.append(engine._batch._part)
            made_buffers.beside = engine._batch.prefixes.size
            whole(*shape)

        monkeypatch.setattr(engine._batch.cache, "resize", resize)
        made = engine.generate(requests, look)
        assert moved and set(moved) == {None}  # nothing holds the old buffers
        assert [list(g.ids) for (g,) in made] == [slow(wild, r, 0)[0] for r in requests]
        assert 0 < max(size for size, _ in held) <= room
        assert 0 < made_buffers.most <= room  # while they are moved, too
        assert max(rows for _, rows in held) == min(5, room // one)
    with pytest.raises(UserError, match=r"are allowed; ask for fewer tokens or allow more \(cache_bytes\)"):
        engine_like(wild, cache_bytes=one - 1).generate(requests)


def test_buffers_are_moved_within_what_is_stated(wild, monkeypatch):
    """Rows come one by one and need more and more tokens, so that buffers with rows in them grow both ways."""
    requests = [Request(user("Hi"), temperature=1.0, seed=i, max_new_tokens=30 + 50 * i) for i in range(4)]
    config = wild.model.config.text
    room = KVCache.size(config, 4, length(wild, requests[-1]) + requests[-1].max_new_tokens, torch.float32)
    buffers = allocated(monkeypatch)
    for share in (1.0, 1.2, 2.0):
        buffers.clear()
        engine = engine_like(wild, cache_bytes=int(share * room))
        streams = []
        for request in requests:
            streams.append(engine.stream(request))
            next(streams[-1])
        assert [list(stream.result.ids) for stream in streams] == [slow(wild, r, 0)[0] for r in requests]
        assert 0 < buffers.most <= share * room


def test_buffers_shrink_so_that_prompts_are_kept_again(fresh):
    engine, _ = fresh
    need = length(engine, Request(user(LONG + "a"))) + 9
    config = engine.model.config.text
    for others in (0, 2):
        small = engine_like(engine, cache_bytes=KVCache.size(config, 4, need, torch.float32))
        small.generate([Request(user(f"{i}" + LONG), max_new_tokens=9) for i in range(4)])
        cached = []
        for end in ("a", "b", "c"):
            streams = [small.stream(Request(user("So?"), max_new_tokens=9)) for _ in range(others)]
            ((told,),) = small.generate([Request(user(LONG + end), max_new_tokens=2)])
            cached.append(told.usage.cached_tokens)
            del streams
        assert min(cached[1:]) > len(engine.tokenizer.encode(LONG)), cached


def test_rows_beyond_the_most_wait(wild):
    engine = engine_like(wild, max_rows=2)
    requests = [Request(user("Hi"), temperature=1.0, seed=i, max_new_tokens=4 + i) for i in range(5)]
    most = []
    made = engine.generate(requests, lambda *_: most.append(len(engine._batch.rows)))
    assert max(most) == 2
    assert [list(g.ids) for (g,) in made] == [slow(wild, r, 0)[0] for r in requests]


def test_threads_share_the_batch(fresh):
    engine, fed = fresh
    requests = [Request(user(text), temperature=1.0, seed=i, max_new_tokens=60) for i, text in enumerate("abcd")]
    expected = [slow(engine, request, 0)[0] for request in requests]
    fed.passes.clear()
    made: dict[int, list[int]] = {}
    start = threading.Barrier(4)

    def ask(number: int) -> None:
        start.wait()
        made[number] = list(engine.generate([requests[number]])[0][0].ids)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [made[number] for number in range(4)] == expected
    steps = sum(tokens == 1 for _, tokens in fed.passes)
    assert steps < sum(map(len, expected)), "somebody's steps were others' too"


def test_a_dropped_stream_is_written_no_further(fresh):
    engine, fed = fresh
    stream = engine.stream(Request(user("Hi"), temperature=1.0, seed=4, max_new_tokens=100))
    next(stream)
    del stream
    fed.passes.clear()
    engine.generate([Request(user("So?"), temperature=1.0, max_new_tokens=6)])
    assert [rows for rows, tokens in fed.passes if tokens == 1] and {rows for rows, _ in fed.passes} == {1}
    assert engine._batch.rows == []


def test_an_error_reaches_everybody_and_leaves_the_engine_usable(fresh, monkeypatch):
    engine, _ = fresh
    streams = [engine.stream(Request(user(text), temperature=1.0, max_new_tokens=50)) for text in "ab"]
    for stream in streams:
        next(stream)

    def broken(*given, **named):  # type: ignore[no-untyped-def]
        raise RuntimeError("out of order")

    monkeypatch.setattr(engine.model, "forward", broken)
    # one who is only joining, and one for whom there is no room yet
    engine._batch.max_rows = 3
    streams += [engine.stream(Request(user(text), max_new_tokens=5)) for text in "cd"]
    for stream in streams:
        with pytest.raises(RuntimeError, match="out of order"):
            list(stream)
        assert stream.result.finish_reason == "cancelled"
    monkeypatch.undo()
    assert engine._batch.calls == []
    request = Request(user("a"), temperature=1.0, max_new_tokens=20)
    assert list(engine.generate([request])[0][0].ids) == slow(engine, request, 0)[0]


def test_an_error_spares_those_who_have_all(fresh, monkeypatch):
    engine, _ = fresh
    done, cut = (engine.stream(Request(user(text), max_new_tokens=n)) for text, n in (("a", 1), ("b", 50)))

    def broken(*given):  # type: ignore[no-untyped-def]
        raise RuntimeError("out of order")

    monkeypatch.setattr(engine._batch, "passes", Passes(decode=broken))
    engine.step()
    assert done.result.finish_reason == "length"
    with pytest.raises(RuntimeError, match="out of order"):
        list(cut)


def test_what_is_dropped_waits_no_longer(wild):
    engine = engine_like(wild, max_rows=1)
    first, second, third = (engine.stream(Request(user(text), max_new_tokens=20)) for text in "abc")
    next(first)
    del second
    engine.step()
    assert [row.turn for row in engine._batch.waiting] == [third._turn]


def test_an_interrupt_is_raised_and_others_are_told(fresh, monkeypatch):
    engine, _ = fresh
    first, second = (engine.stream(Request(user(text), temperature=1.0, max_new_tokens=50)) for text in "ab")
    next(first), next(second)

    def interrupted(*given, **named):  # type: ignore[no-untyped-def]
        raise KeyboardInterrupt

    monkeypatch.setattr(engine.model, "forward", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(first)
    with pytest.raises(RuntimeError, match="interrupted"):
        list(second)


def test_a_call_of_which_one_prompt_can_never_fit_leaves_nothing_behind(wild):
    config = wild.model.config.text
    fits, over = (Request(user("Hi"), max_new_tokens=tokens) for tokens in (2, 150))
    engine = engine_like(wild, cache_bytes=KVCache.size(config, 1, length(wild, fits) + 20, torch.float32))
    with pytest.raises(UserError, match="cache_bytes"):
        engine.generate([fits, over])
    assert engine._batch.calls == [] and not engine._batch.waiting


def test_a_caller_that_fails_leaves_nobody_behind(fresh):
    engine, _ = fresh

    def fail(*told):  # type: ignore[no-untyped-def]
        raise OSError("the screen is gone")

    with pytest.raises(OSError, match="screen") as kept:
        engine.generate([Request(user("Hi"), n=3, temperature=1.0, max_new_tokens=50)], fail)
    engine.generate([Request(user("So?"), max_new_tokens=3)])
    assert engine._batch.rows == [] and kept


@pytest.mark.parametrize("name", ["memory.max", "memory/memory.limit_in_bytes"])
def test_a_container_has_what_it_is_allowed(tmp_path, name):
    cpu, limit = torch.device("cpu"), tmp_path / name
    whole = quarter_of_memory(cpu, tmp_path)
    limit.parent.mkdir(exist_ok=True)
    for text, quarter in (("max\n", whole), ("400000000\n", 100_000_000), (f"{2**63 - 4096}\n", whole)):
        limit.write_text(text)
        assert quarter_of_memory(cpu, tmp_path) == quarter


@pytest.mark.parametrize("bad", [{"max_rows": 0}, {"cache_bytes": 0}, {"cache_bytes": 1.5}, {"max_rows": True}])
def test_numbers_out_of_range_are_refused(wild, bad):
    with pytest.raises(UserError, match=next(iter(bad))):
        engine_like(wild, **bad)
