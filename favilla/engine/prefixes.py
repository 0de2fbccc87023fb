"""Prompts whose keys and values are kept, so that later requests that begin alike compute only what is new to them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from favilla.chat.encode import EncodedChat
from favilla.model.cache import KVCache, can_begin
from favilla.model.config import TextConfig

LEAST = 32  # tokens in common below which sharing costs more than it saves
MOST_KEPT = 128  # prompts; each is compared with every new one


def prompt_key(prompt: EncodedChat, image_token_id: int, merge: int) -> np.ndarray:
    """int64 (T): the tokens, those of pictures told apart by what the pictures show. Equal keys, equal keys and values."""
    key = np.array(prompt.ids, dtype=np.int64)
    digests = [
        -1 - int.from_bytes(hashlib.sha256(repr(grid).encode() + patches.tobytes()).digest()[:7], "big")
        for patches, grid in prompt.pictures
    ]
    key[key == image_token_id] = np.repeat(np.array(digests, dtype=np.int64), picture_tokens(prompt, merge))
    return key


def picture_tokens(prompt: EncodedChat, merge: int) -> list[int]:
    """How many tokens each picture of a prompt takes, merge x merge patches each."""
    return [height * width // merge**2 for _, (height, width) in prompt.pictures]


def common(a: np.ndarray, b: np.ndarray) -> int:
    """How many tokens two prompts have in common from their beginning."""
    n = min(len(a), len(b))
    different = np.flatnonzero(a[:n] != b[:n])
    return int(different[0]) if len(different) else n


@dataclass(eq=False)
class Prefix:
    """A prompt's key and its part of the cache (`KVCache.take`)."""

    key: np.ndarray
    held: Sequence[torch.Tensor]

    @property
    def size(self) -> int:
        return sum(buffer.nbytes for buffer in self.held)


class Prefixes:
    """Kept prompts, the least recently used first."""

    def __init__(self, config: TextConfig):
        self.config = config
        self.kept: list[Prefix] = []

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(prefix.size for prefix in self.kept)

    def find(self, key: np.ndarray) -> tuple[Prefix | None, int]:
        """The kept prompt that saves most, and how many tokens of it. The last token is always left to compute: its
        logits are what generation begins with."""
        best, most = None, LEAST - 1
        for prefix in self.kept:
            length = min(common(prefix.key, key), len(key) - 1)
            if length > most and can_begin(self.config, length, len(prefix.key)):
                best, most = prefix, length
        if best is None:
            return None, 0
        self.kept.remove(best)
        self.kept.append(best)
        return best, most

    def keep(self, key: np.ndarray, cache: KVCache, row: int, room: int) -> None:
        """Keep the prompt in `row`, if it is worth it and fits into `room` bytes, in place of those that it begins with."""
        size = KVCache.size(self.config, 1, len(key), cache.keys[0].dtype)
        if len(key) < LEAST or size > room:
            return
        for prefix in list(self.kept):
            length = common(prefix.key, key)
            if length == len(key):
                return
            if length == len(prefix.key) and can_begin(self.config, length, len(key)):
                self.kept.remove(prefix)
        self.shrink(room - size)
        del self.kept[: max(0, len(self.kept) + 1 - MOST_KEPT)]
        self.kept.append(Prefix(key, cache.take(row, len(key))))

    def shrink(self, room: int) -> None:
        """Forget the least recently used until all fit into `room` bytes."""
        while self.kept and self.size > room:
            del self.kept[0]
