"""Simple mechanics (picture), and the same told in words (`mechanics_text`).

Levers, scales and forces along a line (`mechanics_balance`); pulleys, gears and springs (`mechanics_machines`). Level 1: one step
(one product, one sum, the turning of two or three gears). Level 2: two steps. Level 3: three, with two-digit numbers. Level 4: more
masses and forces, one of them unknown; backwards from the result.

Answers: integers 1 .. 540 (kilograms, metres, newtons, turns), letters of gears (20, several in alphabetical order: "B, K"), or the side
L or R.
"""

from __future__ import annotations

from favilla.worlds.diagrams import Diagrams
from favilla.worlds.drawn import Told
from favilla.worlds.mechanics_balance import Forces, Lever, Scales
from favilla.worlds.mechanics_machines import Gears, Pulley, Springs


class Mechanics(Diagrams):
    """Reading simple machines; see the module's docstring for levels and answers."""

    name = topic = "mechanics"
    twin = "mechanics_text"
    diagrams = (Lever(), Scales(), Forces(), Pulley(), Gears(), Springs())


class MechanicsText(Told, Mechanics):
    """Simple machines told in words; see the module's docstring."""

    name = "mechanics_text"
    twin = "mechanics"
