"""Caches, packing, branches: the same numbers however the tokens are laid out."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from favilla.model import (
    KVCache,
    MuseSpark,
    SparkConfig,
    TextConfig,
    VisionConfig,
    image_slots,
    initialise,
    pack_pictures,
)
from favilla.model.cache import can_begin
from favilla.model.functional import attention
from favilla.model.vision import block_order

IMAGE, WINDOW = 9, 6


def tiny(window: int = WINDOW, layers: int = 4, types: list[str] | None = None) -> MuseSpark:
    """Random, with two sliding layers, a global one without positions, and a sharp attention."""
    config = SparkConfig(
        text=TextConfig(
            vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=layers, num_attention_heads=2,
            num_key_value_heads=1, head_dim=16, sliding_window=window, layer_types=types,  # type: ignore[arg-type]
            qk_scale_factor=2.0, initializer_range=0.2,
            mlp_layer_types=["dense", "sparse"] * (layers // 2), num_local_experts=4, num_experts_per_tok=2,
            moe_hidden_size=24, moe_intermediate_size=16,
        ),
        vision=VisionConfig(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
                            pos_emb_height=4, pos_emb_width=4),
        image_token_id=IMAGE, projector_hidden_size=24,
    )  # fmt: skip
    model = MuseSpark(config)
    initialise(model, 1, gate=0.5)
    return model.eval()


MODEL = tiny()


def words(seed: int, count: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(10, 64, count))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(0, 100))
@torch.no_grad()
def test_cached_in_any_chunks_equals_uncached(chunks: list[int], seed: int) -> None:
    ids = words(seed, sum(chunks))[None]
    whole = MODEL(ids)
    cache = KVCache(MODEL.config.text, 1, sum(chunks))
    parts = [MODEL(part, cache=cache.step(part.shape[1])) for part in ids.split(chunks, dim=1)]
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=1e-3, rtol=1e-3)
    assert min(keys.shape[2] for keys in cache.keys) <= WINDOW + 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 14), min_size=1, max_size=4), st.integers(1, 10))
@torch.no_grad()
def test_mixed_lengths_in_one_cache_equal_each_alone(lengths: list[int], more: int) -> None:
    """Right-padded prefill, then token by token; rows leave half-way."""
    rows = [words(i, length + more) for i, length in enumerate(lengths)]
    longest = max(lengths)
    ids, segments = torch.full((len(rows), longest), 11), torch.zeros(len(rows), longest, dtype=torch.long)
    for i, (row, length) in enumerate(zip(rows, lengths, strict=True)):
        ids[i, :length], segments[i, :length] = row[:length], 1
    cache = KVCache(MODEL.config.text, len(rows), longest + more)
    logits = [MODEL(ids, segments_BT=segments, cache=cache.step(longest, segments), last_only=True)[:, 0]]
    kept = list(range(len(rows)))
    for step in range(more):
        if step == more // 2 and len(kept) > 1:
            # the first leaves: the last takes its place
            cache.copy_rows([len(kept) - 1], [0])
            kept = [kept[-1], *kept[1:-1]]
            used, cache = cache.used, cache.part(0, len(kept), longest + more)
            cache.used = used
        new = torch.stack([rows[i][lengths[i] + step] for i in kept])[:, None]
        logits.append(MODEL(new, cache=cache.step(1))[:, 0])
    last = len(rows) - 1
    alone = MODEL(rows[last][None])[0]
    places = [0 if step >= more // 2 and last > 0 else -1 for step in range(more)]
    mine = torch.stack([logits[0][-1], *(step[place] for step, place in zip(logits[1:], places, strict=True))])
    torch.testing.assert_close(mine, alone[lengths[last] - 1 :], atol=1e-3, rtol=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 8))
@torch.no_grad()
def test_a_row_begins_with_what_was_taken_from_another(taken: int, cut: int, new: int) -> None:
    ids, length = words(0, taken), min(cut, taken)
    cache = KVCache(MODEL.config.text, 2, taken)
    MODEL(ids[None].expand(2, -1), cache=cache.step(taken))
    held = cache.take(1, taken)
    if not can_begin(MODEL.config.text, length, taken):
        assert length < taken and taken > WINDOW
        return
    cache.resize(3, length + new + 1, 1)
    cache.put(2, held, length)
    row = cache.part(2, 3, length + new + 1)
    row.used = length
    more = words(1, new + 1)[None]
    whole = MODEL(torch.cat([ids[None, :length], more], 1))[:, length:]
    mine = [MODEL(more[:, :new], cache=row.step(new)), MODEL(more[:, new:], cache=row.step(1))]
    torch.testing.assert_close(torch.cat(mine, 1), whole, atol=1e-3, rtol=1e-3)


def test_a_full_cache_says_so() -> None:
    cache = KVCache(MODEL.config.text, 1, 4)
    with pytest.raises(RuntimeError, match="cache of 4"):
        MODEL(words(0, 5)[None], cache=cache.step(5))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.integers(0, 5))
@torch.no_grad()
def test_packed_documents_equal_each_alone(lengths: list[int], padding: int) -> None:
    documents = [words(i, length) for i, length in enumerate(lengths)]
    ids = torch.cat([*documents, torch.zeros(padding, dtype=torch.long)])[None]
    segments = torch.cat([*(torch.full((n,), i + 1) for i, n in enumerate(lengths)), torch.zeros(padding)]).long()[None]
    positions = torch.cat([*(torch.arange(n) for n in lengths), torch.arange(padding)])[None]
    packed = MODEL(ids, segments_BT=segments, positions_BT=positions)[0]
    assert torch.isfinite(packed).all()
    alone = torch.cat([MODEL(document[None])[0] for document in documents])
    torch.testing.assert_close(packed[: sum(lengths)], alone, atol=1e-3, rtol=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 10), st.lists(st.integers(1, 8), min_size=1, max_size=4))
@torch.no_grad()
def test_branches_equal_each_behind_the_prefix(shared: int, lengths: list[int]) -> None:
    prefix, branches = words(0, shared), [words(i + 1, length) for i, length in enumerate(lengths)]
    ids = torch.cat([prefix, *branches])[None]
    positions = torch.cat([torch.arange(shared), *(shared + torch.arange(n) for n in lengths)])[None]
    numbers = torch.cat([torch.zeros(shared), *(torch.full((n,), i + 1) for i, n in enumerate(lengths))]).long()[None]
    together = MODEL(ids, positions_BT=positions, segments_BT=torch.ones_like(ids), branches_BT=numbers)[0]
    at = shared
    for branch in branches:
        alone = MODEL(torch.cat([prefix, branch])[None])[0]
        torch.testing.assert_close(together[at : at + len(branch)], alone[shared:], atol=1e-3, rtol=1e-3)
        at += len(branch)


@torch.no_grad()
def test_logits_at_some_places_are_those_of_all() -> None:
    ids = words(0, 24).view(2, 12)
    at = torch.tensor([3, 0, 23, 12])
    torch.testing.assert_close(MODEL(ids, at_N=at), MODEL(ids).flatten(0, 1)[at])


def picture(seed: int, height: int, width: int) -> tuple[np.ndarray, tuple[int, int]]:
    return np.random.default_rng(seed).standard_normal((height * width, 588)).astype(np.float32), (height, width)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=5), st.integers(0, 3))
@torch.no_grad()
def test_packed_pictures_equal_each_alone(sizes: list[tuple[int, int]], spare: int) -> None:
    pictures = [picture(i, 2 * h, 2 * w) for i, (h, w) in enumerate(sizes)]
    packed = pack_pictures(pictures, row_length=64 + 4 * spare)
    seen = MODEL.see(packed)[packed.token_M]
    alone = torch.cat([MODEL.see(one)[one.token_M] for one in (pack_pictures([p]) for p in pictures)])
    torch.testing.assert_close(seen, alone, atol=1e-3, rtol=1e-3)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=6), st.sampled_from([64, 80, 128])
)
def test_every_patch_is_packed_once(sizes: list[tuple[int, int]], row: int) -> None:
    pictures = [(np.full((4 * h * w, 1), i, dtype=np.uint8), (2 * h, 2 * w)) for i, (h, w) in enumerate(sizes)]
    packed = pack_pictures(pictures, row)
    values = packed.pixels_RSP[..., 0][packed.segment_RS > 0]
    assert sorted(values.tolist()) == sorted(i for i, (h, w) in enumerate(sizes) for _ in range(4 * h * w))
    tokens = packed.token_M.tolist()
    assert len(set(tokens)) == len(tokens) == sum(h * w for h, w in sizes)
    merged = packed.pixels_RSP.flatten(0, 1)[:, 0].view(-1, 4)
    assert [int(v) for v in merged[packed.token_M][:, 0]] == [i for i, (h, w) in enumerate(sizes) for _ in range(h * w)]


def test_blocks_by_hand() -> None:
    assert block_order(2, 4, 2).tolist() == [0, 1, 4, 5, 2, 3, 6, 7]


def test_pictures_and_placeholders_must_agree() -> None:
    packed = pack_pictures([picture(0, 2, 4)])
    ids = torch.tensor([[10, IMAGE, IMAGE, 11]])
    assert image_slots(ids, IMAGE, packed.token_M).tolist() == [[-1, 0, 1, -1]]
    for wrong in (torch.tensor([[10, IMAGE]]), torch.tensor([[IMAGE] * 3]), torch.tensor([[10]])):
        with pytest.raises(ValueError, match="placeholders"):
            image_slots(wrong, IMAGE, packed.token_M)


@torch.no_grad()
def test_a_row_of_padding_pictures_changes_nothing() -> None:
    ids = torch.cat([torch.tensor([10, IMAGE, IMAGE]), words(0, 6)])[None]
    packed = pack_pictures([picture(0, 2, 4)])
    padded = pack_pictures([picture(0, 2, 4)], row_length=24, rows=3)
    seen, expected = (MODEL.see(p)[p.token_M] for p in (padded, packed))
    torch.testing.assert_close(seen, expected, atol=1e-5, rtol=1e-5)
    # The backbone's sharp attention makes a hundred times more of the last bit.
    torch.testing.assert_close(MODEL(ids, pictures=padded), MODEL(ids, pictures=packed), atol=1e-3, rtol=1e-3)


@torch.no_grad()
def test_windows_are_seen_through_layers_only() -> None:
    """With sliding layers alone, a token `layers * (window - 1)` back is the oldest that can matter."""
    model = tiny(window=3, layers=2, types=["sliding_attention"] * 2)
    ids = words(0, 12)[None]
    changed = ids.clone()
    changed[0, 12 - 1 - 2 * 2 - 1] = 10 + (int(ids[0, 6]) + 1) % 50
    # Not bit for bit: experts take tokens in groups, so one token's rounding depends on where the others went.
    assert (model(ids)[0, -1] - model(changed)[0, -1]).abs().max() < 1e-5
    changed[0, 12 - 1 - 2 * 2] = 10 + (int(ids[0, 7]) + 1) % 50
    assert (model(ids)[0, -1] - model(changed)[0, -1]).abs().max() > 1e-3


# The last: logits beyond what an exponential can hold. Scores of some tens have errors of tenths in bfloat16.
@pytest.mark.parametrize(
    ("dtype", "scale", "limit"),
    [
        (torch.bfloat16, 1.0, math.inf),
        (torch.bfloat16, 1.0, 40.0),
        (torch.float32, 1.0, 40.0),
        (torch.float32, 9.0, 50.0),
        (torch.float32, 60.0, math.inf),
    ],
)
def test_attention_written_out_for_the_compiler_equals_the_fused_kernel(
    dtype: torch.dtype, scale: float, limit: float
) -> None:
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 3, 40, 16, dtype=dtype) for _ in range(3))
    q *= scale
    assert (q @ k.mT).abs().max() / 4 < limit
    assert scale < 60 or (q @ k.mT).max() / 4 > 90
    q, k, v = (x.requires_grad_() for x in (q, k, v))
    mask = torch.rand(2, 1, 40, 40) < 0.5
    mask |= torch.eye(40, dtype=torch.bool)
    results = []
    for function in (attention, torch.compile(attention, dynamic=False)):
        out = function(q, k, v, mask, 0.0, limit)
        results.append([out, *torch.autograd.grad(out.float().square().sum(), (q, k, v))])
    bound = 2e-5 if dtype == torch.float32 else 3e-2
    for plain, compiled in zip(*results, strict=True):
        assert (plain - compiled).abs().max() <= bound * plain.abs().max()


@torch.no_grad()
def test_a_fresh_tower_looks_at_neighbours() -> None:
    """Attention weights from the definition, patch by patch: on average each head's largest is the neighbour meant for it."""
    vision = VisionConfig(hidden_size=128, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                          pos_emb_height=8, pos_emb_width=8)  # fmt: skip
    config = SparkConfig(
        text=TextConfig(vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=2,
                        num_key_value_heads=1, head_dim=16, mlp_layer_types=["dense"]),
        vision=vision, image_token_id=IMAGE, projector_hidden_size=24,
    )  # fmt: skip
    model = MuseSpark(config)
    initialise(model, 0)
    rows, columns, width = 6, 6, 32
    for layer in model.model.vision_tower.layers:
        attn = layer.attn
        x_SC = torch.randn(rows * columns, 128, generator=torch.Generator().manual_seed(3))
        q, k = (proj(x_SC).view(rows * columns, 4, width) for proj in (attn.q_proj, attn.k_proj))

        def turned(v: torch.Tensor) -> torch.Tensor:
            out = v.clone()
            for place in range(rows * columns):
                spots = (place % columns + 1, place // columns + 1)
                for i in range(width // 2):
                    f = 10_000.0 ** (-(i % 8) / 8)
                    angle = torch.tensor(f * spots[i // 8])
                    a, b = v[place, :, i], v[place, :, i + width // 2]
                    out[place, :, i] = a * angle.cos() - b * angle.sin()
                    out[place, :, i + width // 2] = b * angle.cos() + a * angle.sin()
            return out

        weights_HSS = torch.einsum("shk,thk->hst", turned(q), turned(k)).div(width**0.5).softmax(-1)
        inside = list(itertools.product(range(1, rows - 1), range(1, columns - 1)))
        offsets = list(itertools.product((-1, 0, 1), repeat=2))
        for head, neighbour in enumerate([(1, 0), (-1, 0), (0, 1), (0, -1)]):
            mean = {
                (right, down): sum(
                    float(weights_HSS[head, row * columns + column, (row + down) * columns + column + right])
                    for row, column in inside
                )
                / len(inside)
                for right, down in offsets
            }
            assert max(offsets, key=lambda offset: mean[offset]) == neighbour
            assert mean[neighbour] > 7 / (rows * columns)
