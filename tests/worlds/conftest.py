"""Problems as their families word them: many tests read a prompt back, to solve it anew. `test_rewording` tests the rest."""

from __future__ import annotations

import pytest

from favilla.worlds import limits, limits_pictures, phrasing


@pytest.fixture(autouse=True)
def plain_wordings(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is said otherwise, except where a test is marked `reworded`."""
    if request.node.get_closest_marker("reworded") is None:
        for module in (phrasing, limits, limits_pictures):
            monkeypatch.setattr(module, "reworded", lambda wording, *_: wording)
