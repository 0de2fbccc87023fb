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

    longest = max(lengths)
    padded, segments = torch.full((len(chats), longest), 50), torch.zeros(len(chats), longest, dtype=torch.long)
    for row, chat in enumerate(chats):
        padded[row, : len(chat.ids)], segments[row, : len(chat.ids)] = torch.tensor(chat.ids), 1
    packed = [(wild.processor.normalise(patches), grid) for chat in chats for patches, grid in chat.pictures]
    cache = KVCache(wild.model.config.text, len(chats), longest + sum(chunks))
    step = cache.step(longest, segments)
    got = [wild.model(padded, pictures=pack_pictures(packed), segments_BT=segments, cache=step, last_only=True)]
    start = 0
    for length in chunks:
        got.append(wild.model(extra[:, start : start + length], cache=cache.step(length)))
        start += length
    assert cache.keys[0].shape[2] == WINDOW + 1  # sliding layers hold their window only
    # Products of few rows are computed by another library than those of many, which adds up in another order.
    torch.testing.assert_close(torch.cat(got, dim=1), torch.stack(whole), rtol=0, atol=2e-4)


def test_a_full_cache_is_an_error(wild):
    cache = KVCache(wild.model.config.text, 1, 4)
    with pytest.raises(RuntimeError, match="cache of 4 tokens"):
        wild.model(torch.zeros(1, 5, dtype=torch.long), cache=cache.step(5))
