"""Key-value cache: full layers keep every token, sliding layers only their window.

The token at position p of a row stands in slot p + 1, in a sliding layer in slot p % window + 1; slot 0 of every buffer is a
bin for what must not be kept (padding, and tokens that the same step already pushes out of the window). Rows are always
complete from position 0, so a row's length says which position every slot holds, and one rule covers ring buffers, rows of
different lengths and padding: a query at position p may look at a key at position j when 0 <= j <= p and, in a sliding
layer, p - j < window.

Shape suffixes: R rows, B rows that take part in a step, T new tokens, S slots, G key-value heads, K head width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from favilla.model.config import TextConfig

EMPTY = -1
KINDS = ("full_attention", "sliding_attention")


class KVCache:
    """Keys and values of `rows` rows, at most `capacity` tokens each.

    Use: `step(T)` once per forward pass; the model stores through what it returns. used: tokens of the longest row, kept on
    the host so that no step waits for the device.
    """

    def __init__(
        self,
        config: TextConfig,
        rows: int,
        capacity: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ):
        self.config, self.capacity, self.used = config, capacity, 0
        shape = (rows, config.num_key_value_heads)
        self.keys = [
            torch.zeros(*shape, slots(config, kind, capacity), config.head_dim, dtype=dtype, device=device)
            for kind in config.layer_types
        ]
        self.values = [torch.zeros_like(buffer) for buffer in self.keys]
        self.length_R = torch.zeros(rows, dtype=torch.long, device=device)

    @property
    def rows(self) -> int:
        return len(self.length_R)

    @staticmethod
    def size(config: TextConfig, rows: int, capacity: int, dtype: torch.dtype) -> int:
        """Bytes that the buffers of such a cache take."""
        tokens = sum(slots(config, kind, capacity) for kind in config.layer_types)
        return 2 * rows * tokens * config.num_key_value_heads * config.head_dim * dtype.itemsize

    def step(self, T: int, segments_BT: torch.Tensor | None = None) -> Step:
        """Place T new tokens after each row's last; `segments_BT` 0 marks right padding, which is not kept.

        Raises RuntimeError when they do not fit.
        """
        if self.used + T > self.capacity:
            raise RuntimeError(f"cache of {self.capacity} tokens cannot take {T} more after {self.used}")
        fresh, self.used = self.used == 0, self.used + T
        return Step(self.config, self.keys, self.values, self.length_R, T, segments_BT, fresh)

    def part(self, start: int, stop: int, capacity: int) -> KVCache:
        """Rows `start` to `stop`, at most `capacity` tokens each, in the same memory; its `used` is to be set."""
        other = object.__new__(KVCache)
        other.config, other.capacity, other.used = self.config, capacity, self.used
        cuts = [slots(self.config, kind, capacity) for kind in self.config.layer_types]
        other.keys = [k[start:stop, :, :cut] for k, cut in zip(self.keys, cuts, strict=True)]
        other.values = [v[start:stop, :, :cut] for v, cut in zip(self.values, cuts, strict=True)]
        other.length_R = self.length_R[start:stop]
        return other

    def copy_rows(self, sources: Sequence[int], targets: Sequence[int]) -> None:
        """Overwrite the rows `targets` by the rows `sources`; no row may be both."""
        device = self.length_R.device
        a, b = torch.tensor(sources, device=device), torch.tensor(targets, device=device)
        for buffer in (*self.keys, *self.values, self.length_R):
            buffer[b] = buffer[a]

    def resize(self, rows: int, capacity: int, kept: int) -> None:
        """Room for other numbers of rows and tokens; the first `kept` rows, which must fit, stay as they are.

        One buffer is moved at a time, those that shrink first, so that no more than `peak` bytes are ever held.
        """
        before, after = self._row_slots(self.rows, self.capacity), self._row_slots(rows, capacity)
        order = sorted(self._buffers(), key=lambda buffer: after[buffer[0]] - before[buffer[0]])
        if not kept:
            for _, buffers, layer in order:
                buffers[layer] = buffers[layer].new_zeros(0, *buffers[layer].shape[1:])
        for kind, buffers, layer in order:
            old = buffers[layer]
            new = old.new_zeros(rows, old.shape[1], slots(self.config, kind, capacity), old.shape[3])
            both = min(old.shape[2], new.shape[2])
            new[:kept, :, :both] = old[:kept, :, :both]
            buffers[layer] = new
        self.length_R = torch.cat([self.length_R[:kept], self.length_R.new_zeros(rows - kept)])
        self.capacity = capacity

    def peak(self, rows: int, capacity: int, kept: int) -> int:
        """Most bytes that the buffers take during `resize`: where rows are kept, one stands in memory beside the one that takes
        its place."""
        config, dtype = self.config, self.keys[0].dtype
        size = KVCache.size(config, rows, capacity, dtype)
        if not kept:
            return size
        before, after = self._row_slots(self.rows, self.capacity), self._row_slots(rows, capacity)
        twice = max(min(before[kind], after[kind]) for kind in before)
        slot = config.num_key_value_heads * config.head_dim * dtype.itemsize
        return max(size, KVCache.size(config, self.rows, self.capacity, dtype)) + twice * slot

    def _row_slots(self, rows: int, capacity: int) -> dict[str, int]:
        """Slots of a buffer for so many rows, by kind of layer."""
        return {kind: rows * slots(self.config, kind, capacity) for kind in self.config.layer_types}

    def _buffers(self) -> Iterator[tuple[str, list[torch.Tensor], int]]:
        for layer, kind in enumerate(self.config.layer_types):
            yield kind, self.keys, layer
            yield kind, self.values, layer

    def take(self, row: int, length: int) -> list[torch.Tensor]:
        """A copy of what the cache holds of a row of `length` tokens: keys, then values, (G, S, K) each, without the bin."""
        cuts = [slots(self.config, kind, length) for kind in self.config.layer_types] * 2
        return [b[row, :, 1:cut].clone() for b, cut in zip([*self.keys, *self.values], cuts, strict=True)]

    def put(self, row: int, taken: Sequence[torch.Tensor], length: int) -> None:
        """Begin a row with the first `length` tokens of what `take` gave, where `can_begin` allows it."""
        cuts = [slots(self.config, kind, length) for kind in self.config.layer_types] * 2
        for buffer, held, cut in zip([*self.keys, *self.values], taken, cuts, strict=True):
            buffer[row, :, 1:cut] = held[:, : cut - 1]
        self.length_R[row] = length


def slots(config: TextConfig, kind: str, tokens: int) -> int:
    """Slots that a row of so many tokens needs in a layer of that kind, the bin included."""
    window = config.sliding_window
    return 1 + (tokens if kind == "full_attention" or window is None else min(tokens, window))


def can_begin(config: TextConfig, length: int, taken: int) -> bool:
    """Whether the first `length` of `taken` cached tokens can be told apart: not once sliding layers have dropped some."""
    sliding = "sliding_attention" in config.layer_types and config.sliding_window is not None
    return length == taken or not sliding or taken <= config.sliding_window  # type: ignore[operator]


class Step:
    """One forward pass over a cache: where its T new tokens stand, and what they may look at.

    positions_BT: of the new tokens. masks: (B, 1, T, S) by layer type, True where a query may look. Making a step lengthens
    the rows: `length_R` is changed in place.
    """

    def __init__(
        self,
        config: TextConfig,
        keys: Sequence[torch.Tensor],
        values: Sequence[torch.Tensor],
        length_R: torch.Tensor,
        T: int,
        segments_BT: torch.Tensor | None = None,
        fresh: bool = False,
    ):
        self.config, self.keys, self.values = config, keys, values
        self.fresh, self.single = fresh, T == 1 and segments_BT is None
        device = length_R.device
        before_B1 = length_R[:, None]
        self.positions_BT = before_B1 + torch.arange(T, device=device)
        valid_BT = torch.ones_like(self.positions_BT, dtype=torch.bool) if segments_BT is None else segments_BT != 0
        end_B1 = before_B1 + valid_BT.sum(1, keepdim=True)
        self.slots: dict[str, torch.Tensor] = {}
        self.masks: dict[str, torch.Tensor | None] = {}
        for kind in KINDS:
            if kind not in config.layer_types:
                continue
            window = config.sliding_window if kind == "sliding_attention" else None
            slot_BT, kept_BT = self.positions_BT + 1, valid_BT
            if window is not None:
                slot_BT, kept_BT = self.positions_BT % window + 1, valid_BT & (self.positions_BT >= end_B1 - window)
            self.slots[kind] = torch.where(kept_BT, slot_BT, 0)
            key_BS = torch.where(valid_BT, self.positions_BT, EMPTY)
            if not fresh:
                index_S = torch.arange(keys[config.layer_types.index(kind)].shape[2], device=device) - 1
                stored_BS = stored_positions(index_S, (end_B1 if self.single else before_B1) - 1, window)
                key_BS = stored_BS if self.single else torch.cat([stored_BS, key_BS], dim=1)
            age_BTS = self.positions_BT[:, :, None] - key_BS[:, None, :]
            mask_BTS = (key_BS >= 0)[:, None, :] & (age_BTS >= 0)
            if window is not None:
                mask_BTS = mask_BTS & (age_BTS < window)
            if segments_BT is not None:
                # A padding query looks at something, so that its softmax is not empty; nobody reads its output.
                mask_BTS = mask_BTS | ~valid_BT[:, :, None]
            self.masks[kind] = mask_BTS[:, None]
        length_R.copy_(end_B1[:, 0])

    def update(self, layer: int, k_BGTK: torch.Tensor, v_BGTK: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Store the new keys and values of one layer; returns all that its queries may look at."""
        slot_BT = self.slots[self.config.layer_types[layer]]
        keys, values = self.keys[layer], self.values[layer]
        if self.fresh:
            seen = k_BGTK, v_BGTK
        elif self.single:
            seen = keys, values
        else:
            # Several new tokens may push each other out of the window before all their queries have looked.
            seen = torch.cat([keys, k_BGTK], dim=2), torch.cat([values, v_BGTK], dim=2)
        B, G = k_BGTK.shape[:2]
        device = slot_BT.device
        where = torch.arange(B, device=device)[:, None, None], torch.arange(G, device=device)[:, None], slot_BT[:, None]
        keys.index_put_(where, k_BGTK)
        values.index_put_(where, v_BGTK)
        return seen


def stored_positions(index_S: torch.Tensor, last_B1: torch.Tensor, window: int | None) -> torch.Tensor:
    """The position (B, S) that slot `index` (the bin is -1) holds in a row whose last token is at `last`, or EMPTY.

    In a ring of `window` slots that is the latest position up to `last` that falls on this slot.
    """
    if window is None:
        return torch.where(index_S <= last_B1, index_S, EMPTY)
    return torch.where(index_S >= 0, last_B1 - (last_B1 - index_S) % window, EMPTY)
