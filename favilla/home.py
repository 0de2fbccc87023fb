"""Where Favilla keeps what it makes: runs, rendered screens."""

from __future__ import annotations

import os
from pathlib import Path

from favilla.errors import UserError


def home() -> Path:
    """$FAVILLA_HOME, by default `favilla` in the user's data folder ($XDG_DATA_HOME, else ~/.local/share). A variable that is
    empty counts as not set, as in the XDG standard. Raises UserError where there is neither and the user has no home."""
    if own := os.environ.get("FAVILLA_HOME"):
        return Path(own)
    if data := os.environ.get("XDG_DATA_HOME"):
        return Path(data) / "favilla"
    try:
        return Path.home() / ".local" / "share" / "favilla"
    except RuntimeError:
        raise UserError("this user has no home folder; say in FAVILLA_HOME where runs shall be kept") from None
