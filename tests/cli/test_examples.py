"""The shipped examples, and that what README and `make demo` ask is among them."""

from __future__ import annotations

import importlib.util
import json
import re

import numpy as np
import pytest

from favilla.chat.images import open_image
from tests.cli.conftest import ROOT

spec = importlib.util.spec_from_file_location("make_examples", ROOT / "examples" / "make_examples.py")
assert spec is not None and spec.loader is not None
make_examples = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make_examples)

QUESTIONS = json.loads((ROOT / "examples" / "questions.json").read_text())


def test_pictures_are_small_and_all_are_asked_about():
    names = {path.name for path in (ROOT / "examples").glob("*.png")}
    assert names == {q["image"] for q in QUESTIONS} and len(names) == 6
    for name in names:
        assert (ROOT / "examples" / name).stat().st_size < 30_000
        assert max(open_image(ROOT / "examples" / name).size) < 1000
    assert all(q["question"].strip() and q["expected"] for q in QUESTIONS)


@pytest.mark.parametrize("document", ["README.md", "Makefile"])
def test_what_documents_ask_is_among_the_questions(document):
    asked = re.findall(r'ask "([^"]+)" --image examples/(\S+)', (ROOT / document).read_text())
    assert asked
    assert set(asked) <= {(q["question"], q["image"]) for q in QUESTIONS}


def test_the_generator_makes_the_shipped_pictures_and_questions(tmp_path, monkeypatch):
    monkeypatch.setattr(make_examples, "HERE", tmp_path)
    make_examples.main()
    assert json.loads((tmp_path / "questions.json").read_text()) == QUESTIONS
    for name in {q["image"] for q in QUESTIONS} - {
        "chart.png"
    }:  # another matplotlib may draw a chart a little differently
        old, new = (np.asarray(open_image(place / name)) for place in (ROOT / "examples", tmp_path))
        assert np.array_equal(old, new), name
