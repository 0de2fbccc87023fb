"""Key-value cache: full layers keep every token, sliding layers only their window.

Keys are stored with the position they were computed at, so a ring buffer, rows of different lengths and
padding all come down to one rule: a query at position p may look at a stored key at position j when
0 <= j <= p and, in a sliding layer, p - j < window.
"""

from __future__ import annotations

import torch

from favilla.model.config import TextConfig

EMPTY = -1


class KVCache:
    """Keys and values of `batch` rows, at most `capacity` tokens each.

    Use: `begin(T)` once per forward pass, then `update(layer, k, v)` in every layer. Slot 0 of every buffer is a
    bin for tokens that must not be kept (padding, or older than the window).
    """

    def __init__(
        self,
        config: TextConfig,
        batch: int,
        capacity: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ):
        self.config, self.capacity = config, capacity
        self.sizes = {"full_attention": capacity}
        if config.sliding_window is not None:
            self.sizes["sliding_attention"] = min(config.sliding_window, capacity)
        else:
            self.sizes["sliding_attention"] = capacity
        shape = (batch, config.num_key_value_heads)
        self.keys, self.values = [], []
        for kind in config.layer_types:
            buffer = torch.zeros(*shape, self.sizes[kind] + 1, config.head_dim, dtype=dtype, device=device)
            self.keys.append(buffer)
            self.values.append(torch.zeros_like(buffer))
        self.positions = {
            kind: torch.full((batch, size + 1), EMPTY, dtype=torch.long, device=device)
            for kind, size in self.sizes.items()
        }
        self.length_B = torch.zeros(batch, dtype=torch.long, device=device)
        self.longest = 0  # on the host, so that slicing needs no device read

    def begin(self, T: int, segments_BT: torch.Tensor | None = None):
        """Place T new tokens after each row's last; `segments_BT` 0 marks right padding, which is not kept.

        Returns their positions (B, T) and the masks (B, 1, T, S) by layer type.
        Raises RuntimeError when they do not fit.
        """
        if self.longest + T > self.capacity:
            raise RuntimeError(f"cache of {self.capacity} tokens cannot take {T} more after {self.longest}")
        positions_BT = self.length_B[:, None] + torch.arange(T, device=self.length_B.device)
        valid_BT = torch.ones_like(positions_BT, dtype=torch.bool) if segments_BT is None else segments_BT != 0
        end_B1 = (self.length_B + valid_BT.sum(1))[:, None]
        self.fresh, self.single = self.longest == 0, T == 1
        self.longest += T
        self.slots, masks = {}, {}
        for kind, size in self.sizes.items():
            kept = valid_BT & (positions_BT >= end_B1 - size)
            slot_BT = torch.where(kept, positions_BT % size + 1, 0)
            self.slots[kind] = slot_BT
            stored_BS = self.positions[kind]
            written_BS = stored_BS.scatter(1, slot_BT, torch.where(kept, positions_BT, EMPTY))
            written_BS[:, 0] = EMPTY
            if self.single:
                key_BS = written_BS[:, : self.used(kind)]
            else:
                new_BT = torch.where(valid_BT, positions_BT, EMPTY)
                before = 0 if self.fresh else self.used(kind)
                key_BS = torch.cat([stored_BS[:, :before], new_BT], dim=1)
            self.positions[kind] = written_BS
            age_BTS = positions_BT[:, :, None] - key_BS[:, None, :]
            mask_BTS = (key_BS >= 0)[:, None, :] & (age_BTS >= 0)
            if kind == "sliding_attention" and self.config.sliding_window is not None:
                mask_BTS = mask_BTS & (age_BTS < self.config.sliding_window)
            # A padding query looks at itself alone, so that its softmax is not empty; nobody reads its output.
            mask_BTS = mask_BTS | (
                ~valid_BT[:, :, None] & (torch.arange(mask_BTS.shape[2], device=valid_BT.device) == 0)
            )
            masks[kind] = mask_BTS[:, None]
        self.length_B = end_B1[:, 0]
        return positions_BT, masks

    def used(self, kind: str) -> int:
        """Slots of a buffer that can hold anything yet, the bin included."""
        return min(self.longest, self.sizes[kind]) + 1

    def update(self, layer: int, k_BGTK: torch.Tensor, v_BGTK: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Store the new keys and values of one layer; returns all that its queries may look at."""
        kind = self.config.layer_types[layer]
        slot = self.slots[kind][:, None, :, None].expand_as(k_BGTK)
        keys, values = self.keys[layer], self.values[layer]
        if self.single:
            keys.scatter_(2, slot, k_BGTK)
            values.scatter_(2, slot, v_BGTK)
            return keys[:, :, : self.used(kind)], values[:, :, : self.used(kind)]
        # Several new tokens may push each other out of the window before all their queries have looked.
        if self.fresh:
            k_all, v_all = k_BGTK, v_BGTK
        else:
            k_all = torch.cat([keys[:, :, : self.used(kind)], k_BGTK], dim=2)
            v_all = torch.cat([values[:, :, : self.used(kind)], v_BGTK], dim=2)
        keys.scatter_(2, slot, k_BGTK)
        values.scatter_(2, slot, v_BGTK)
        return k_all, v_all

    def select(self, rows: torch.Tensor) -> KVCache:
        """A cache of the given rows, in that order, each as often as it is named."""
        other = object.__new__(KVCache)
        other.config, other.capacity, other.sizes, other.longest = self.config, self.capacity, self.sizes, self.longest
        other.keys, other.values = [k[rows] for k in self.keys], [v[rows] for v in self.values]
        other.positions = {kind: p[rows] for kind, p in self.positions.items()}
        other.length_B = self.length_B[rows]
        return other
