"""Where Favilla keeps things, by what the environment says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from favilla.home import home


@pytest.mark.parametrize(
    ("own", "data", "expected"),
    [
        ("/a/b", "/c", "/a/b"),
        (None, "/c", "/c/favilla"),
        ("", "/c", "/c/favilla"),
        (None, None, "/home/somebody/.local/share/favilla"),
        ("", "", "/home/somebody/.local/share/favilla"),
    ],
)  # fmt: skip
def test_an_empty_variable_is_no_variable(
    monkeypatch: pytest.MonkeyPatch, own: str | None, data: str | None, expected: str
) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    for name, value in (("FAVILLA_HOME", own), ("XDG_DATA_HOME", data)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert home() == Path(expected)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody without an entry in passwd")
@pytest.mark.parametrize("variable", ["FAVILLA_HOME", "XDG_DATA_HOME", None])
def test_a_user_without_a_home_is_asked_for_one(variable: str | None) -> None:
    """A number without an entry in passwd, as containers have it."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_DATA_HOME", "FAVILLA_HOME")
    }
    # Whoever that is may not be let into this folder, so what is needed is imported before.
    code = (
        "import os, sys; from favilla.home import home; from favilla.errors import UserError; import pwd; os.setuid(54321)\n"
        "try:\n    print(home())\nexcept UserError as error:\n    print(error)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[1], capture_output=True, text=True, timeout=300,
        env={**environment, **({variable: "/data"} if variable else {})},
    )  # fmt: skip
    assert said.stderr == ""
    expected = {"FAVILLA_HOME": "/data", "XDG_DATA_HOME": "/data/favilla"}
    assert (said.stdout.strip() == expected[variable]) if variable else ("FAVILLA_HOME" in said.stdout)
