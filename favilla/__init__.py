"""Favilla: natively multimodal reasoning models of the Muse Spark kind, end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from favilla.engine.load import load as load

__all__ = ["load"]


def __getattr__(name: str) -> Any:
    # On first use: importing the package alone must not take the seconds that PyTorch does.
    if name == "load":
        from favilla.engine.load import load

        return load
    raise AttributeError(f"module 'favilla' has no attribute {name!r}")
