"""Straight-line drawings of small graphs in which no edge crosses another, passes a node, or hides an arrow's head."""

from __future__ import annotations

import itertools
import math
import random

Point = tuple[float, float]


def planar_edges(rng: random.Random, places: list[Point], most: int, one_out: bool = False) -> list[tuple[int, int]]:
    """Up to `most` pairs (from, to) of nodes that straight lines can join without crossing, coming near a node, or a narrow
    angle. places: in cells, no two of them nearer than about 0.6; one_out: each node is the start of one edge at most."""
    count = len(places)
    out: list[tuple[int, int]] = []
    pairs = [(i, j) for i, j in itertools.permutations(range(count), 2) if _clear(places, i, j)]
    # Short lines first, mostly: long ones block others.
    pairs.sort(key=lambda pair: math.dist(places[pair[0]], places[pair[1]]) * rng.uniform(0.5, 1.5))
    for i, j in pairs:
        if len(out) == most:
            break
        if (one_out and any(a == i for a, _ in out)) or (j, i) in out:
            continue
        if all(_apart(places, (i, j), edge) for edge in out):
            out.append((i, j))
    return sorted(out)


def _clear(places: list[Point], i: int, j: int) -> bool:
    """Whether a line from i to j has room for an arrow, is not long, and passes no other node."""
    a, b = places[i], places[j]
    if not 0.75 <= math.dist(a, b) <= 2.3:
        return False
    return all(_gap(p, a, b) > 0.42 for k, p in enumerate(places) if k not in (i, j))


def _apart(places: list[Point], one: tuple[int, int], two: tuple[int, int]) -> bool:
    a, b, c, d = (places[k] for k in (*one, *two))
    shared = set(one) & set(two)
    if shared:
        (hub,) = shared
        x, y = ({*pair} - {hub} for pair in (one, two))
        (p,), (q,) = x, y
        turn = direction(places[hub], places[p]) - direction(places[hub], places[q])
        return abs((turn + math.pi) % (2 * math.pi) - math.pi) > math.radians(32)
    if _crosses(a, b, c, d):
        return False
    # Numbers stand at the middles, and need room.
    middles = [((p[0] + q[0]) / 2, (p[1] + q[1]) / 2) for p, q in ((a, b), (c, d))]
    return _gap(middles[0], c, d) > 0.25 and _gap(middles[1], a, b) > 0.25


def direction(a: Point, b: Point) -> float:
    return math.atan2(b[1] - a[1], b[0] - a[0])


def _gap(p: Point, a: Point, b: Point) -> float:
    """Distance of a point from a line from a to b."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    along = max(0.0, min(1.0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / (dx * dx + dy * dy)))
    return math.dist(p, (a[0] + along * dx, a[1] + along * dy))


def _crosses(a: Point, b: Point, c: Point, d: Point) -> bool:
    def side(p: Point, q: Point, r: Point) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0
