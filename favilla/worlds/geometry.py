"""Diagrams of geometry with everything labelled that is needed (picture), and the same told in words (`geometry_text`).

What there is: triangles, rays and parallel lines with angles (`geometry_angles`); rectangles, triangles, L-shapes with sides
(`geometry_sizes`); points on a grid (`geometry_grid`). Level 1: one step, small numbers (angles in fives, one-digit sides). Level 2: two steps.
Level 3: two or three steps, two-digit numbers, angles in ones. Level 4: three and more, or backwards from the result.

Answers: integers -5 .. 640 (degrees, lengths, areas, coordinates), or the letter of a point (20).
"""

from __future__ import annotations

from favilla.worlds.diagrams import Diagrams
from favilla.worlds.drawn import Told
from favilla.worlds.geometry_angles import Fan, Parallels, Triangle
from favilla.worlds.geometry_grid import Grid
from favilla.worlds.geometry_sizes import Heights, LShape, Rectangle


class Geometry(Diagrams):
    """Reading and measuring diagrams; see the module's docstring for levels and answers."""

    name = topic = "geometry"
    twin = "geometry_text"
    diagrams = (Triangle(), Fan(), Parallels(), Rectangle(), Heights(), LShape(), Grid())


class GeometryText(Told, Geometry):
    """Geometry told in words; see the module's docstring."""

    name = "geometry_text"
    twin = "geometry"
