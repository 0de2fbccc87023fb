"""Continuous batching: rows join and leave at any step; the cache stays within a stated number of bytes.

An engine has one batch, for all who ask it: `Engine.generate` and `Engine.stream` add their samples and take steps until theirs
are written; a step writes a token of everybody's.

A prompt that is waiting joins when its row fits beside the others, with room for all the tokens it may write, so that no row
ever has to be stopped for lack of memory. Equal prompts are computed once; a prompt that begins like one that is kept, or
like another that is waiting, is computed from where they part (`prefixes`). What is not needed for rows holds kept prompts.

Shape suffixes: B rows, T tokens, V vocabulary.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from favilla.chat.encode import EncodedChat
from favilla.chat.images import ImageProcessor
from favilla.engine.passes import Passes
from favilla.engine.prefixes import LEAST, Prefixes, common, picture_tokens, prompt_key
from favilla.engine.request import Piece
from favilla.engine.sampling import likeliest, sample
from favilla.engine.turn import Control, Turn
from favilla.errors import UserError
from favilla.model.cache import KVCache, can_begin
from favilla.model.spark import MuseSpark
from favilla.model.vision import pack_pictures

STRIDE = (
    16  # the part of the cache that a step reads grows by so many slots at a time: they are computed with in sixteens
)
ROOM = 64  # the cache itself grows by so many tokens at a time
SHORT = 256  # tokens or patches; of longer inputs the fused attention that is called is faster than a compiled one
PREFILL_TOKENS = 8192  # prompts computed together have at most so many tokens, padding included


@dataclass(eq=False)
class Call:
    """What was asked for at one time: its samples, and what they have said that nobody has taken yet.

    outbox: pieces in order; an error in place of what could not be said. cancel: once set, the next step ends the samples;
    so does `dropped`, which may be set without the lock: by a garbage collector in the middle of a step.
    """

    turns: list[Turn]
    cancel: threading.Event | None = None
    outbox: deque[tuple[Turn, Piece] | Exception] = field(default_factory=deque)
    dropped: bool = False

    def __post_init__(self) -> None:
        self._unfinished = deque(self.turns)

    @property
    def finished(self) -> bool:
        while self._unfinished and self._unfinished[0].finish_reason is not None:
            self._unfinished.popleft()
        return not self._unfinished

    def end(self) -> None:
        """Cancel what has not ended."""
        self.outbox.extend((turn, piece) for turn in self.turns for piece in turn.cancel())


@dataclass(eq=False)
class Row:
    """A sample that waits or is being written, and its prompt."""

    turn: Turn
    prompt: EncodedChat
    key: np.ndarray
    call: Call

    @property
    def length(self) -> int:
        return len(self.key) + len(self.turn.ids)

    @property
    def need(self) -> int:
        """Tokens that it may come to; the last one written is never read again."""
        return len(self.key) + self.turn.limit - 1


class Batch:
    """The samples that an engine is writing. Not for several threads at once: the engine holds a lock.

    steady: the passes are compiled, steps for numbers of rows, for the weights as they are: only few numbers of rows are used,
    the rows that nobody writes into compute for nothing. any_rows: steps are compiled, for whatever weights and number of rows.
    """

    def __init__(self, model: MuseSpark, control: Control, processor: ImageProcessor, passes: Passes, banned_V: torch.Tensor,
                 max_rows: int, cache_bytes: int, steady: bool, any_rows: bool):  # fmt: skip
        self.model, self.config, self.control, self.processor = model, model.config.text, control, processor
        self.passes, self.banned_V, self.max_rows, self.cache_bytes = passes, banned_V, max_rows, cache_bytes
        self.steady, self.any_rows = steady, any_rows
        weight = model.model.language_model.embed_tokens.weight
        self.dtype, self.device = weight.dtype, weight.device
        self.calls: list[Call] = []
        self.waiting: deque[Row] = deque()
        self.version = self._weights_version()
        self._part: KVCache | None = None
        self._ids_R = torch.empty(0, dtype=torch.long)
        self._settings: tuple[torch.Tensor, torch.Tensor] | None = None
        self._clear()

    def _clear(self) -> None:
        self.rows: list[Row] = []
        self.cache = KVCache(self.config, 0, 0, self.dtype, self.device)
        self.prefixes = Prefixes(self.config)
        self.logits_BV = torch.empty(0)
        self._changed()

    def add(self, call: Call, prompts: Sequence[EncodedChat], samples: Sequence[Sequence[Turn]]) -> None:
        """Let the samples of a call, those of a prompt together, wait for their turn.

        Raises UserError, and adds none, if there is one that could never fit.
        """
        rows = []
        for prompt, turns in zip(prompts, samples, strict=True):
            key = prompt_key(prompt, self.model.config.image_token_id, self.processor.merge_size)
            rows += [Row(turn, prompt, key, call) for turn in turns]
        for row in rows:
            size = self._size(self._row_count(1), row.need)
            if size > self.cache_bytes:
                raise UserError(
                    f"prompt of {len(row.key)} tokens and {row.turn.limit} new ones: their cache takes {size:,} "
                    f"bytes, {self.cache_bytes:,} are allowed; ask for fewer tokens or allow more (cache_bytes)"
                )
        self.calls.append(call)
        self.waiting.extend(rows)

    def step(self) -> None:
        """Let go who has finished, let in who fits, and write one token of every row. All calls that are not finished find an
        error in their outbox; the batch begins anew. An interrupt is raised as well."""
        try:
            self._step()
        except BaseException as error:
            told = error if isinstance(error, Exception) else RuntimeError("interrupted in a step that all share")
            for call in self.calls:
                if not call.finished:
                    call.end()
                    call.outbox.append(told)
            self.calls = []
            self.waiting.clear()
            self._clear()
            if told is not error:
                raise

    def _step(self) -> None:
        ended = [call for call in self.calls if call.dropped or (call.cancel is not None and call.cancel.is_set())]
        for call in ended:
            call.end()
        if ended:
            self.waiting = deque(row for row in self.waiting if row.turn.finish_reason is None)
        self.calls = [call for call in self.calls if not call.finished]
        self.logits_BV = self._leave(self.logits_BV)
        self._admit()
        if not self.rows:
            return
        ids_B, logprobs_B = self._choose()
        for row, token, logprob in zip(self.rows, ids_B.tolist(), logprobs_B.tolist(), strict=True):
            if not math.isfinite(logprob):
                raise UserError(
                    "the model's logits are not finite: its weights are damaged or too large for their dtype; load it in "
                    "float32, or fetch the weights again"
                )
            row.call.outbox.extend((row.turn, piece) for piece in row.turn.add(token, logprob))
        ids_B = self._leave(ids_B)
        if self.rows:
            if self._part is None or max(row.length for row in self.rows) > self._part.capacity:
                self._part = self._current_part()
            part, count = self._part, len(self.rows)
            self._ids_R[:count] = ids_B
            self.logits_BV = self.passes.decode(self.model, self._ids_R, part.keys, part.values, part.length_R)[:count]

    def _current_part(self) -> KVCache:
        """The rows that are written, and as much of them as is used."""
        longest = max(row.length for row in self.rows)
        reach = min(-(-(longest + 1) // STRIDE) * STRIDE - 1, self.cache.capacity)
        part = self.cache.part(0, self._row_count(len(self.rows)), reach)
        # Idle rows begin anew, so that they never grow out of the cache.
        part.length_R[len(self.rows) :] = 0
        self._ids_R = torch.zeros_like(part.length_R)
        if self.steady or self.any_rows:
            for buffer in (*part.keys, *part.values):
                torch._dynamo.mark_dynamic(buffer, 2)
            mark = torch._dynamo.mark_static if self.steady else torch._dynamo.mark_dynamic
            for buffer in (*part.keys, *part.values, part.length_R, self._ids_R):
                mark(buffer, 0)
        return part

    def _row_count(self, rows: int) -> int:
        """Rows of the cache that a step over so many computes."""
        if self.any_rows:
            return max(rows, 2)  # for a single one another step would be compiled
        if not self.steady:
            return rows
        return min(next(4**i for i in range(16) if 4**i >= rows), self.max_rows)

    # --- joining

    def _admit(self) -> None:
        joining: list[Row] = []
        while self.waiting and len(self.rows) + len(joining) < self.max_rows:
            together = [*self.rows, *joining, self.waiting[0]]
            shape = self._row_count(len(together)), max(row.need for row in together)
            # Only the first may wait for room: nobody is overtaken, so everybody's turn comes.
            if not self._holds(*shape) and self.cache.peak(*shape, len(self.rows)) > self.cache_bytes:
                break
            joining.append(self.waiting.popleft())
        if not joining:
            return
        version = self._weights_version()
        if version != self.version and self.steady:
            raise UserError(
                "the weights have changed, but a compiled engine computes with those it was compiled for: make a new one"
            )
        if version != self.version:
            self.prefixes, self.version = Prefixes(self.config), version
        self._make_room([*self.rows, *joining])
        while joining:
            wave, joining = self._wave(joining)
            self._join(wave)

    def _make_room(self, rows: list[Row]) -> None:
        """Buffers for these rows, roundly, if there is room for that; smaller ones than before where most would stay empty,
        so that there is room for kept prompts."""
        count, capacity, kept = self._row_count(len(rows)), max(row.need for row in rows), len(self.rows)
        # More than is needed: to the compiler a part and the whole of a buffer are two kinds of things.
        round_count, round_capacity = 1 << (count - 1).bit_length(), (capacity // ROOM + 1) * ROOM
        for shape in ((round_count, round_capacity), (count, round_capacity), (count, capacity)):
            if (peak := self.cache.peak(*shape, kept)) <= self.cache_bytes:
                break
        # Rows have to be moved, so they are for half the size only.
        smaller = self._size(*shape) * (2 if kept else 1) < self._size(self.cache.rows, self.cache.capacity)
        if self._holds(count, capacity) and not (smaller and peak <= self.cache_bytes):
            return
        self.prefixes.shrink(self.cache_bytes - peak)
        self._changed()  # nothing holds the old buffers while they are moved
        self.cache.resize(*shape, kept)

    def _holds(self, rows: int, capacity: int) -> bool:
        """Whether the buffers, as they are, are large enough."""
        return rows <= self.cache.rows and capacity <= self.cache.capacity

    def _wave(self, joining: list[Row]) -> tuple[list[Row], list[Row]]:
        """Those to compute now, and those who gain by waiting for a prompt that is computed now, or for want of space."""
        wave: list[Row] = []
        later: list[Row] = []
        leaders: list[np.ndarray] = []
        longest = 0
        for row in joining:
            if any(np.array_equal(key, row.key) for key in leaders):
                wave.append(row)
                continue
            fits = (len(leaders) + 1) * max(longest, len(row.key)) <= PREFILL_TOKENS
            gain = max((self._shareable(key, row.key) for key in leaders), default=0)
            if leaders and (not fits or gain >= LEAST + self.prefixes.find(row.key)[1]):
                later.append(row)
                continue
            leaders.append(row.key)
            wave.append(row)
            longest = max(longest, len(row.key))
        return wave, later

    def _shareable(self, leader: np.ndarray, key: np.ndarray) -> int:
        """Tokens that a prompt can take over from another once that has been computed and kept."""
        length = common(leader, key)
        kept = self._size(1, len(leader)) <= self._room()
        return length if kept and can_begin(self.config, length, len(leader)) else 0

    def _room(self) -> int:
        """Bytes for kept prompts."""
        return self.cache_bytes - self._size(self.cache.rows, self.cache.capacity)

    def _join(self, wave: list[Row]) -> None:
        """Compute the prompts of a wave into the rows after the last, equal prompts once."""
        groups: dict[bytes, list[Row]] = {}
        for row in wave:
            groups.setdefault(row.key.tobytes(), []).append(row)
        leaders = [group[0] for group in groups.values()]
        found = [self.prefixes.find(row.key) for row in leaders]
        # Prompts without a beginning at hand need not look at any cache.
        order = sorted(range(len(leaders)), key=lambda i: found[i][1] > 0)
        leaders, found = [leaders[i] for i in order], [found[i] for i in order]
        first = len(self.rows)
        fresh = sum(length == 0 for _, length in found)
        for offset, (prefix, length) in enumerate(found):
            self.cache.length_R[first + offset] = 0
            if prefix is not None:
                self.cache.put(first + offset, prefix.held, length)
        lengths = [length for _, length in found]
        logits = [
            self._prefill(leaders[a:b], lengths[a:b], first + a)
            for a, b in ((0, fresh), (fresh, len(leaders)))
            if a < b
        ]
        room = self._room()
        for offset, row in enumerate(leaders):
            self.prefixes.keep(row.key, self.cache, first + offset, room)
        followers, sources = [], []
        for offset, (leader, length) in enumerate(zip(leaders, lengths, strict=True)):
            leader.turn.cached_tokens = length
            for row in groups[leader.key.tobytes()][1:]:
                row.turn.cached_tokens = len(row.key)
                followers.append(row)
                sources.append(offset)
        if followers:
            start = first + len(leaders)
            self.cache.copy_rows([first + s for s in sources], range(start, start + len(followers)))
        logits_BV = torch.cat(logits)
        if followers:
            logits_BV = torch.cat([logits_BV, logits_BV[sources]])
        self.logits_BV = logits_BV if not self.rows else torch.cat([self.logits_BV, logits_BV])
        self.rows += [*leaders, *followers]
        self._changed()

    def _prefill(self, rows: list[Row], lengths: list[int], first: int) -> torch.Tensor:
        """Next-token logits (B, V) of the prompts of `rows`, of which the cache has `lengths` tokens in rows `first` on."""
        image = self.model.config.image_token_id
        T = max(len(row.key) - length for row, length in zip(rows, lengths, strict=True))
        # Any token will do as padding, if only it is no picture's.
        ids_BT = torch.full((len(rows), T), self.control.message)
        segments_BT = torch.zeros_like(ids_BT)
        encoded = []
        for number, (row, length) in enumerate(zip(rows, lengths, strict=True)):
            new = row.prompt.ids[length:]
            ids_BT[number, : len(new)] = torch.tensor(new)
            segments_BT[number, : len(new)] = 1
            there = row.prompt.ids[:length].count(image)
            counts = np.cumsum(picture_tokens(row.prompt, self.processor.merge_size))
            encoded += row.prompt.pictures[int(np.searchsorted(counts, there, side="right")) :]
        ids_BT, pictures, image_MD = ids_BT.to(self.device), None, None
        if encoded:
            normalised = [(self.processor.normalise(patches), grid) for patches, grid in encoded]
            pictures = pack_pictures(normalised, merge=self.processor.merge_size).to(self.device)
            rows_of_patches, patches = pictures.row_RS.shape
            alone = rows_of_patches == 1 and patches <= SHORT
            image_MD = self.passes.see(self.model, pictures) if alone else self.model.see(pictures)
        x_BTD = self.model.embed(ids_BT, pictures, image_MD=image_MD)
        part = self.cache.part(first, first + len(rows), max(lengths) + T)
        if len(rows) == 1 and not lengths[0] and T <= SHORT:
            return self.passes.read(self.model, x_BTD, part.keys, part.values, part.length_R)
        part.used = max(lengths)
        segments = segments_BT.to(self.device) if len(rows) > 1 else None
        step = part.step(T, segments)
        return self.model(ids_BT, embedded_BTD=x_BTD, segments_BT=segments, cache=step, last_only=True)[:, 0]

    # --- writing

    def _choose(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The next token of every row and its log-probability, which is not finite where the logits are not."""
        turns = [row.turn for row in self.rows]
        if self._settings is None:
            self._settings = (
                torch.tensor([turn.request.temperature for turn in turns], dtype=torch.float64, device=self.device),
                torch.tensor([turn.request.top_p for turn in turns], dtype=torch.float64, device=self.device),
            )
        forced_B = None
        if any(turn.forced for turn in turns):
            forced = [turn.forced[0] if turn.forced else -1 for turn in turns]
            forced_B = torch.tensor(forced, device=self.device)
        if all(turn.request.temperature == 0 for turn in turns):
            return likeliest(self.logits_BV, self.banned_V, forced_B)
        uniform_B = torch.tensor([turn.random.random() for turn in turns], dtype=torch.float64, device=self.device)
        return sample(self.logits_BV, *self._settings, uniform_B, self.banned_V, forced_B)

    def _leave(self, x_B: torch.Tensor) -> torch.Tensor:
        """Let go of the rows that have finished, and of their places in `x_B` (B, ...). The last rows take their places, so
        that few are moved and those who write always stand together."""
        stay = [i for i, row in enumerate(self.rows) if row.turn.finish_reason is None]
        if len(stay) == len(self.rows):
            return x_B
        holes = [i for i in range(len(stay)) if self.rows[i].turn.finish_reason is not None]
        movers = [i for i in stay if i >= len(stay)]
        if holes:
            self.cache.copy_rows(movers, holes)
        order = list(range(len(stay)))
        for hole, mover in zip(holes, movers, strict=True):
            order[hole] = mover
        self.rows = [self.rows[i] for i in order]
        self._changed()
        return x_B[torch.tensor(order, dtype=torch.long, device=x_B.device)]

    def _changed(self) -> None:
        """Other rows, or other buffers: what was prepared for them is void."""
        self._part = self._settings = None

    def _weights_version(self) -> list[tuple[int, int]]:
        """Another one after the weights have been trained or replaced: prompts kept from before are void then."""
        return [(id(parameter), parameter._version) for parameter in self.model.parameters()]

    def _size(self, rows: int, capacity: int) -> int:
        return KVCache.size(self.config, rows, capacity, self.dtype)
