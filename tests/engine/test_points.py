from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from favilla.engine.points import find_boxes, find_points
from favilla.worlds.verify import format_point, format_point_locations, read_point


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("", []),
        ("46", []),
        ("(042, 310)", [(0.0425, 0.3105)]),
        ("At (000,999) and [ 500 ,  500 ].", [(0.0005, 0.9995), (0.5005, 0.5005)]),
        ("<|loc_00|><|loc_99|>", [(0.005, 0.995)]),
        ("first <|loc_12|><|loc_34|>, then (500, 250)", [(0.125, 0.345), (0.5005, 0.2505)]),
        ("<|loc_12|><|loc_34|><|loc_56|>", [(0.125, 0.345)]),
        ("(1, 2) (12, 34) (1234, 567) 123, 456 (0.5, 0.5)", []),
        ("(\u0661\u0662\u0663, 456)", []),
    ],
)
def test_points_are_found_in_order(text, points):
    assert find_points(text) == points


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from([format_point, format_point_locations]))
def test_a_taught_point_is_read_as_the_worlds_read_it(x, y, form):
    assert find_points(f"It is at {form(x, y)}.") == [read_point(form(x, y))]


@given(st.text(alphabet="()[]0123456789, <|loc_>"))
def test_any_text_can_be_searched(text):
    assert all(0 < x < 1 and 0 < y < 1 for x, y in find_points(text))


def test_four_numbers_are_a_box_and_no_points() -> None:
    text = "It is at (100, 200, 300, 400), see (050, 060); or <|loc_01|><|loc_02|><|loc_03|><|loc_04|>."
    assert find_boxes(text) == [
        pytest.approx((0.1005, 0.2005, 0.3005, 0.4005)), pytest.approx((0.015, 0.025, 0.035, 0.045)),
    ]  # fmt: skip
    assert find_points(text) == [pytest.approx((0.0505, 0.0605))]
