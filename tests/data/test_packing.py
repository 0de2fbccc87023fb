"""Packing: every token of every example once, labels one to the left, documents and branches told apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from favilla.chat.encode import EncodedChat
from favilla.data.batches import IGNORE, Packer, Shape
from favilla.data.examples import Example, Picture, branch
from favilla.model.vision import block_order

PATCH = 9
SHAPE = Shape(
    rows=3, tokens=24, targets=40, picture_rows=2, picture_patches=16, pixel_values=12, practice_rows=1, marks=30
)


@st.composite
def marked(draw: st.DrawFn, patches: np.ndarray, grid: tuple[int, int]) -> Picture:
    """A picture with up to three marks; a mark's token says what stands in its patch's second and first value."""
    places = draw(st.lists(st.integers(0, len(patches) - 1), max_size=3))
    marks = [(place, 1000 * int(patches[place, 1]) + int(patches[place, 0])) for place in places]
    return Picture((patches, grid), np.array(marks, dtype=np.int64).reshape(-1, 2))


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """Random tokens with one or no picture of 1 to 3 image tokens in the prefix."""
    number = draw(st.integers(0, 3))
    pictures: tuple = ()
    prefix = draw(st.lists(st.integers(10, 99), max_size=4))
    if number:
        patches = np.full((4 * number, 12), draw(st.integers(1, 255)), dtype=np.uint8)
        patches[:, 0] = np.arange(4 * number)
        pictures = (draw(marked(patches, (2, 2 * number))),)
        prefix = [*prefix, *[PATCH] * number, 10]
    branches = []
    for _ in range(draw(st.integers(1, 3)) if prefix else 1):
        ids = draw(st.lists(st.integers(10, 99), min_size=2, max_size=6))
        targets = draw(st.lists(st.booleans(), min_size=len(ids), max_size=len(ids)))
        branches.append((np.array(ids, dtype=np.int32), np.array(targets)))
    practice = draw(st.lists(marked(np.full((4, 12), draw(st.integers(1, 255)), dtype=np.uint8), (2, 2)), max_size=2))
    return Example("any", np.array(prefix, dtype=np.int32), tuple(branches), pictures, tuple(practice))


@settings(max_examples=200, deadline=None)
@given(st.lists(examples(), max_size=8))
def test_a_batch_holds_every_example_once(drawn: list[Example]) -> None:
    packer = Packer(SHAPE, PATCH)
    taken = [example for example in drawn if packer.add(example)]
    batch = packer.batch()
    ids, segments, branches = batch.ids_BT.numpy(), batch.segments_BT.numpy(), batch.branches_BT.numpy()
    positions, slots = batch.positions_BT.numpy(), batch.slots_BT.numpy()
    labels = np.full(ids.size, IGNORE)
    labels[batch.at_N[: batch.targets]] = batch.labels_N[: batch.targets]
    labels = labels.reshape(ids.shape)
    assert (batch.labels_N[batch.targets :] == IGNORE).all()
    pixels = batch.pictures.pixels_RSP.flatten(0, 1).numpy()

    # Read the rows back document by document, the slow way.
    found = []
    for row in range(SHAPE.rows):
        for document in range(1, segments[row].max() + 1):
            where = np.flatnonzero(segments[row] == document)
            assert (np.diff(where) == 1).all()
            shared = [i for i in where if branches[row, i] == 0]
            parts = [[i for i in where if branches[row, i] == n] for n in range(1, branches[row, where].max() + 1)]
            if not parts:  # a single branch without prefix is a document of its own
                parts, shared = [shared], []
            assert list(positions[row, shared]) == list(range(len(shared)))
            for part in parts:
                assert list(positions[row, part]) == list(range(len(shared), len(shared) + len(part)))
            rows = [(list(ids[row, part]), list(labels[row, part])) for part in parts]
            patches = []
            for i in where:
                if ids[row, i] == PATCH:
                    patches.append(pixels[4 * slots[row, i] : 4 * slots[row, i] + 4])
                else:
                    assert slots[row, i] == -1
            found.append((list(ids[row, shared]), rows, np.concatenate(patches) if patches else None))
    expected = []
    for example in taken:
        rows = []
        for branch_ids, targets in example.branches:
            following = [int(i) if t else IGNORE for i, t in zip(branch_ids[1:], targets[1:], strict=True)]
            rows.append((list(branch_ids), [*following, IGNORE]))
        image = None
        if example.pictures:
            patches, (height, width) = example.pictures[0].encoded
            image = patches[block_order(height, width, 2)]
        expected.append((list(example.prefix), rows, image))

    assert len(found) == len(expected) == batch.examples
    for want in expected:
        match = next(
            i
            for i, got in enumerate(found)
            if got[:2] == want[:2] and (got[2] is None) == (want[2] is None)
            and (want[2] is None or np.array_equal(got[2], want[2]))
        )  # fmt: skip
        found.pop(match)
    assert batch.tokens == sum(len(example) for example in taken) == int((segments > 0).sum())
    assert batch.targets == sum(example.targets for example in taken)

    # Marks stand at the patches they were made for, in pictures and practice; only those beyond the budget are missing.
    at, marks = batch.marked_K[: batch.marks].numpy(), batch.marks_K[: batch.marks].numpy()
    assert (batch.marks_K[batch.marks :] == IGNORE).all()
    assert (pixels[at, 1].astype(int) * 1000 + pixels[at, 0] == marks).all()
    wanted = [int(m) for e in taken for picture in e.pictures for m in picture.marks[:, 1]]
    practised = [int(m) for e in taken for picture in e.practice for m in picture.marks[:, 1]]
    assert len(marks) <= SHAPE.marks
    assert list(marks[: len(wanted)]) == wanted[: SHAPE.marks]
    room = SHAPE.picture_patches * SHAPE.practice_rows // 4
    if sum(len(e.practice) for e in taken) <= room:
        assert list(marks) == (wanted + practised)[: SHAPE.marks]


def test_what_does_not_fit_is_refused() -> None:
    packer = Packer(SHAPE, PATCH)
    long = Example("any", np.zeros(0, np.int32), ((np.arange(25, dtype=np.int32) + 10, np.zeros(25, bool)),), ())
    assert not packer.add(long)
    assert not packer.fits_at_all(long)
    picture = Example(
        "any", np.array([PATCH] * 5, np.int32), ((np.array([10, 11], np.int32), np.array([False, True])),),
        (Picture((np.zeros((20, 12), np.uint8), (2, 10)), np.zeros((0, 2), np.int64)),),
    )  # fmt: skip
    assert not packer.add(picture)
    assert packer.fill == 0


def test_placeholders_without_patches_are_a_bug() -> None:
    packer = Packer(SHAPE, PATCH)
    packer.add(Example("any", np.array([PATCH], np.int32), ((np.array([10, 11], np.int32), np.ones(2, bool)),), ()))
    with pytest.raises(ValueError, match="placeholders"):
        packer.batch()


def chat(ids: list[int], targets: str) -> EncodedChat:
    return EncodedChat(ids, [c == "x" for c in targets], [])


def test_branches_share_what_is_equal_before_the_first_target() -> None:
    two = [chat([1, 2, 3, 4, 7], "---xx"), chat([1, 2, 3, 4, 8], "---xx")]
    example = branch("any", two, 100, ())
    assert example is not None
    # Token 3 precedes the first target, so it belongs to the branches although it is equal.
    assert example.prefix.tolist() == [1, 2]
    assert [ids.tolist() for ids, _ in example.branches] == [[3, 4, 7], [3, 4, 8]]
    assert example.targets == 4


def test_branches_that_do_not_fit_are_left_out() -> None:
    two = [chat([1, 2, 3, 4], "--xx"), chat([1, 2, 5, 6, 7, 8, 9], "--xxxxx")]
    example = branch("any", two, 6, ())
    assert example is not None
    assert len(example.branches) == 1
    assert branch("any", two, 2, ()) is None
