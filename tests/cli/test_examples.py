"""The shipped examples, and that what README and `make demo` ask is among them."""

from __future__ import annotations

import json
import re

import pytest

from favilla.chat.images import open_image
from tests.cli.conftest import ROOT

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
