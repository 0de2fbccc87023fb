"""Decoding with the cache gives the logits of the whole sequence computed at once."""

from __future__ import annotations

import pytest
import torch

from favilla.chat.encode import encode_chat
from favilla.model import KVCache, pack_pictures
from tests.engine.conftest import BLUE, RED, WINDOW, noise, user

PROMPTS = [
    user("Hi"),
    user(noise(0, 84, 56), "Which colour?", noise(1, 28, 112)),
    user("What is 12+34? " * 4),
    user("Which colour?", RED, BLUE, " and what is it?"),
]


@pytest.mark.parametrize("chunks", [[1] * 45, [5, 1, 20, 1, 1, 17]], ids=["single", "chunks"])
@torch.inference_mode()
def test_cached_logits_are_those_of_the_whole_sequence(wild, chunks):
    chats = [encode_chat(wild.tokenizer, wild.processor, m, generation_prompt=True) for m in PROMPTS]
    lengths = [len(chat.ids) for chat in chats]
    assert min(lengths) < WINDOW < max(lengths) and sum(chunks) > 2 * WINDOW
    extra = torch.randint(40, 300, (len(chats), sum(chunks)), generator=torch.Generator().manual_seed(0))

    whole = []
    for row, chat in enumerate(chats):
        packed = [(wild.processor.normalise(patches), grid) for patches, grid in chat.pictures]
        ids = torch.tensor([chat.ids + extra[row].tolist()])
        whole.append(wild.model(ids, pictures=pack_pictures(packed) if packed else None)[0, len(chat.ids) - 1 :])

    logits, cache = wild._prefill(chats, sum(chunks))
    got, start = [logits[:, None]], 0
    for length in chunks:
        got.append(wild.model(extra[:, start : start + length], cache=cache))
        start += length
    assert cache.keys[0].shape[2] == WINDOW + 1  # sliding layers hold their window only
    torch.testing.assert_close(torch.cat(got, dim=1), torch.stack(whole), rtol=0, atol=1e-4)


@torch.inference_mode()
def test_selected_rows_go_on_alike(wild):
    chats = [encode_chat(wild.tokenizer, wild.processor, m, generation_prompt=True) for m in PROMPTS]
    _, cache = wild._prefill(chats, 8)
    token = torch.tensor([[50], [60], [70], [80]])
    wide = cache.select(torch.tensor([3, 1, 1, 0]))
    expected = wild.model(token, cache=cache)[[3, 1, 1, 0]]
    torch.testing.assert_close(wild.model(token[[3, 1, 1, 0]], cache=wide), expected, rtol=0, atol=1e-4)


def test_a_full_cache_is_an_error(wild):
    cache = KVCache(wild.model.config.text, 1, 4)
    with pytest.raises(RuntimeError, match="cache of 4 tokens"):
        wild.model(torch.zeros(1, 5, dtype=torch.long), cache=cache)
