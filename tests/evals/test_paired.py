"""Equal costs, and rows that are gone on with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from favilla.errors import UserError
from favilla.evals.paired import enough
from favilla.evals.rows import Rows


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.integers(0, 600))
def test_enough_is_the_smallest_number_that_costs_as_much(costs: list[int], budget: int) -> None:
    number = enough(costs, budget)
    sums = [sum(costs[:n]) for n in range(1, len(costs) + 1)]
    assert number == next((n for n, total in enumerate(sums, 1) if total >= budget), len(costs))


@given(cut=st.integers(0, 200))
def test_rows_go_on_wherever_they_were_cut(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path, settings = tmp_path_factory.mktemp("rows") / "deep" / "rows.jsonl", {"n": 3, "pair": (1, 2)}
    whole = Rows(path, settings)
    for number in range(3):
        whole.add({"number": number, "text": "a\u2028b"})
    written = path.read_bytes()
    path.write_bytes(written[:cut])
    again = Rows(path, settings)
    assert [row["number"] for row in again.rows] == list(range(len(again.rows)))
    for number in range(len(again.rows), 3):
        again.add({"number": number, "text": "a\u2028b"})
    assert path.read_bytes() == written and list(path.parent.iterdir()) == [path]


def test_rows_of_something_else_are_safe(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    Rows(path, {"n": 3}).add({"a": 1})
    before = path.read_bytes()
    with pytest.raises(UserError, match="other settings"):
        Rows(path, {"n": 4})
    assert path.read_bytes() == before
    path.write_text("words\n")
    with pytest.raises(UserError, match="holds no rows"):
        Rows(path, {"n": 3})
    memory = Rows(None, {})
    memory.add({"a": 1})
    assert memory.rows == [{"a": 1}] and json.loads(before.split(b"\n")[0]) == {"n": 3}
