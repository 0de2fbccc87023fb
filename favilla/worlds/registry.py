"""Which families there are: the built-in ones, and plug-ins that other packages announce by entry point.

A package adds families with the entry point group `favilla.worlds`; each entry's name is the family's name and its
value points at a subclass of `Family` that takes no arguments (see docs/worlds.md).
"""

from __future__ import annotations

import difflib
import importlib
import logging
from functools import cache
from importlib import metadata

from favilla.errors import UserError
from favilla.worlds.base import Family

GROUP = "favilla.worlds"

# Addresses and not classes: a family's module, and what it needs to draw its pictures, is imported on first use.
BUILT_IN = {
    "arithmetic": "favilla.worlds.arithmetic:Arithmetic",
    "hops": "favilla.worlds.hops:Hops",
    "lists": "favilla.worlds.lists:Lists",
    "counting": "favilla.worlds.counting:Counting",
    "charts": "favilla.worlds.charts:Charts",
    "tables": "favilla.worlds.tables:Tables",
    "screens": "favilla.worlds.screens:Screens",
    "digits": "favilla.worlds.digits:Digits",
    "reading": "favilla.worlds.reading:Reading",
    "icons": "favilla.worlds.icons:Icons",
    "limits": "favilla.worlds.limits:Limits",
    "limits_pictures": "favilla.worlds.limits_pictures:LimitsPictures",
    "follow_ups": "favilla.worlds.follow_ups:FollowUps",
    "follow_ups_text": "favilla.worlds.follow_ups_text:FollowUpsText",
    "countdown": "favilla.worlds.countdown:Countdown",
    "equations": "favilla.worlds.equations:Equations",
    "equations_text": "favilla.worlds.equations:EquationsText",
    "quantities": "favilla.worlds.quantities:Quantities",
    "programs": "favilla.worlds.programs:Programs",
    "clocks": "favilla.worlds.clocks:Clocks",
    "clocks_text": "favilla.worlds.clocks:ClocksText",
    "graphs": "favilla.worlds.graphs:Graphs",
    "graphs_text": "favilla.worlds.graphs:GraphsText",
    "grids": "favilla.worlds.grids:Grids",
    "grids_text": "favilla.worlds.grids:GridsText",
    "labels": "favilla.worlds.labels:Labels",
    "labels_text": "favilla.worlds.labels:LabelsText",
    "web_screens": "favilla.worlds.web_screens:WebScreens",
    "geometry": "favilla.worlds.geometry:Geometry",
    "geometry_text": "favilla.worlds.geometry:GeometryText",
    "circuits": "favilla.worlds.circuits:Circuits",
    "circuits_text": "favilla.worlds.circuits:CircuitsText",
    "mechanics": "favilla.worlds.mechanics:Mechanics",
    "mechanics_text": "favilla.worlds.mechanics:MechanicsText",
}

log = logging.getLogger(__name__)


def names() -> list[str]:
    """The names of all families, built-in ones first; nothing is imported, so some may turn out not to load."""
    return [*BUILT_IN, *_plug_ins()]


def families() -> dict[str, Family]:
    """All families that load, by name. One that does not is left out, with one line in the log that says why."""
    loaded = {}
    for name in names():
        try:
            loaded[name] = get(name)
        except UserError as error:
            log.warning("%s", error)
    return loaded


def get(name: str) -> Family:
    """The family `name`. Raises UserError for an unknown name (with near ones), or when the family does not load."""
    if name in BUILT_IN:
        return _built_in(name)
    plug_ins = _plug_ins()
    if name in plug_ins:
        return _plug_in(plug_ins[name])
    known = names()
    near = difflib.get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    raise UserError(f"unknown family {name!r}: {hint}")


@cache
def _built_in(name: str) -> Family:
    module, _, attribute = BUILT_IN[name].partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)()
    except ImportError as error:
        raise UserError(f"family {name!r} does not load: {_one_line(error)}; install what is missing") from error


def _plug_ins() -> dict[str, metadata.EntryPoint]:
    found: dict[str, metadata.EntryPoint] = {}
    for entry in metadata.entry_points(group=GROUP):
        taken = BUILT_IN.get(entry.name) or (found[entry.name].value if entry.name in found else None)
        # The same package can be found twice on one path; only another class under the same name is a clash.
        if taken is None:
            found[entry.name] = entry
        elif taken != entry.value:
            log.warning("plug-in family %r (%s) is ignored: the name belongs to %s", entry.name, entry.value, taken)
    return found


def _plug_in(entry: metadata.EntryPoint) -> Family:
    where = f"plug-in family {entry.name!r} ({entry.value})"
    try:
        family = entry.load()()
    except Exception as error:  # a plug-in is other people's code: whatever it does wrong must not hide the others
        raise UserError(f"{where} does not load: {_one_line(error)}; mend or uninstall its package") from error
    if not isinstance(family, Family):
        raise UserError(f"{where} is not a favilla.worlds.base.Family; let its class inherit from it")
    if getattr(family, "name", None) != entry.name:
        raise UserError(f"{where} calls itself {getattr(family, 'name', None)!r}; use one name for both")
    if not isinstance(getattr(family, "levels", None), int) or family.levels < 1:
        raise UserError(f"{where} must say how many levels it has, at least 1")
    return family


def _one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
