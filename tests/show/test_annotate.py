"""Marks on pictures: seen on any background, at the right place, never outside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from favilla.show.annotate import CORE, SMALLEST, _fitting, annotate


def changed(before: Image.Image, after: Image.Image) -> np.ndarray:
    """Pixels (H, W) in which the marked picture differs from the plain one of the same size."""
    plain = before.resize(after.size, Image.Resampling.LANCZOS)
    return np.asarray(ImageChops.difference(plain.convert("RGB"), after)).sum(-1) > 0


@pytest.mark.parametrize("colour", ["black", "white", "grey", "red", CORE])
def test_mark_stands_out_on_any_background_and_sits_at_its_point(colour):
    image = Image.new("RGB", (600, 400), colour)
    marked = annotate(image, [(0.25, 0.75)])
    pixels = np.asarray(marked).astype(int)
    rows, columns = np.nonzero(changed(image, marked))
    assert abs((columns.min() + columns.max()) / 2 - 0.25 * 599) <= 1.5
    assert abs((rows.min() + rows.max()) / 2 - 0.75 * 399) <= 1.5
    # some of the mark differs from the background by more than half of the range of brightness
    contrast = np.abs(pixels.mean(-1) - np.asarray(image).astype(int).mean(-1))
    assert contrast.max() > 110
    assert (pixels == CORE).all(-1).any()
    # what is pointed at stays visible
    assert not changed(image, marked)[300, 150]


def test_small_pictures_are_scaled_up_by_a_whole_factor_and_the_given_one_is_left_alone():
    image = Image.new("L", (30, 20), 90)
    marked = annotate(image, [(0.5, 0.5)])
    assert marked.size == (30 * 15, 20 * 15) and max(marked.size) >= SMALLEST
    assert image.size == (30, 20) and image.getextrema() == (90, 90)
    assert annotate(Image.new("RGB", (3000, 20)), []).size == (3000, 20)


@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(1, 500), st.integers(1, 500)),
    points=st.lists(st.tuples(st.floats(-2, 3), st.floats(-2, 3)), max_size=3),
    word=st.text(min_size=1, max_size=60),
)
def test_a_label_never_leaves_the_picture(size, points, word):
    """The plates of labels are black with a white rim: a rim that the border cuts would leave black on the border."""
    image = Image.new("RGB", size, (0, 128, 0))
    marked = annotate(image, points, [word] * len(points))
    assert marked.width % size[0] == 0 and marked.height % size[1] == 0
    plate = np.asarray(ImageChops.difference(marked, annotate(image, points))).sum(-1) > 0
    if word.split() and points:
        assert plate.any()
    if min(marked.size) >= 30:
        pixels = np.asarray(marked)
        for border in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
            assert (pixels[border][plate[border]] == 255).all()


def test_a_label_fits_its_plate():
    for text, room in (("Save", (400, 30)), ("a much longer label " * 9, (200, 20)), ("W" * 50, (12, 9))):
        short, font = _fitting(text, room, 28)
        left, top, right, bottom = font.getbbox(short)
        assert right - left <= room[0] and bottom - top <= room[1]
        assert short == text or short.endswith("…")


def test_labels_do_not_cover_other_marks():
    image = Image.new("RGB", (600, 600), (0, 128, 0))
    points = [(0.5, 0.5), (0.62, 0.5)]  # the second lies where the first one's label would go
    plain, labelled = annotate(image, points), annotate(image, points, ["a label", "b"])
    ring = np.asarray(plain)[275:325, 347:397]
    assert np.array_equal(ring, np.asarray(labelled)[275:325, 347:397])


@pytest.mark.parametrize(("points", "labels"), [([(0.5, 0.5)], ["a", "b"]), ([(float("nan"), 0.5)], [])])
def test_what_makes_no_sense_is_refused(points, labels):
    with pytest.raises(ValueError, match=r"labels|not a place"):
        annotate(Image.new("RGB", (50, 50)), points, labels)
