"""Electric circuits in standard symbols (picture), and the same told in words (`circuits_text`).

A battery with resistors (`circuits_ohm`), or with lamps and switches (`circuits_lamps`). Level 1: one step: Ohm's law, two
resistors added, two or three lamps with a switch each. Level 2: two steps; three resistors, two switches before a lamp. Level 3:
resistors in series and side by side; switches for several lamps. Level 4: four resistors, unknown ones; switches between branches.

Answers: integers 0 .. 290 (amperes, volts, ohms, lamps), or letters of lamps and switches (22, several in alphabetical order:
"B, K").
"""

from __future__ import annotations

from favilla.worlds.circuits_lamps import Lamps
from favilla.worlds.circuits_ohm import Mixed, Parallel, Series
from favilla.worlds.diagrams import Diagrams
from favilla.worlds.drawn import Told


class Circuits(Diagrams):
    """Reading circuits; see the module's docstring for levels and answers."""

    name = topic = "circuits"
    twin = "circuits_text"
    diagrams = (Series(), Parallel(), Mixed(), Lamps())


class CircuitsText(Told, Circuits):
    """Circuits told in words; see the module's docstring."""

    name = "circuits_text"
    twin = "circuits"
