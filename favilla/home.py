"""Where Favilla keeps what it makes: runs, rendered screens."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """$FAVILLA_HOME, by default `favilla` in the user's data folder."""
    default = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "favilla"
    return Path(os.environ.get("FAVILLA_HOME", default))
