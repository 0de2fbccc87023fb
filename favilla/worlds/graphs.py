"""Graphs (picture), and their arrows and lines told in words (`graphs_text`).

Level 1: 4 or 5 nodes; where a node's arrow leads, whose arrow leads to it, the number on a line. Level 2: 5 or 6 nodes; two
arrows in a row, the neighbours of a node and how many. Level 3: 6 to 8 nodes; three or four arrows in a row, all that can be
reached, the length of the shortest way. Level 4: 8 to 10 nodes; five or six arrows, also the shortest way itself.

Answers: a node (26), a list of nodes in alphabetical order "A, C, D", a way "A-C-D", or an integer 1 .. 40.

Places are drawn together with the edges, so that no edge crosses another or passes a node: every graph here is planar.
"""

from __future__ import annotations

import itertools
import json
import math
import random
from typing import Any

from PIL import Image, ImageDraw

from favilla.worlds.base import Split
from favilla.worlds.drawing import COLOURS, RGB, background, degrade, face, ink, luminance, mixed, shade
from favilla.worlds.drawn import Drawn, Told, ended
from favilla.worlds.graph_questions import Edge, about_arrows, about_neighbours, about_reach, about_ways
from favilla.worlds.graphs_wordings import (
    DEGREE,
    DEGREE_TEST,
    HOPS,
    HOPS_TEST,
    JOINED,
    JOINED_TEST,
    LEAD,
    LEAD_TEST,
    REACH,
    REACH_TEST,
    ROUTE,
    ROUTE_TEST,
    SHORTEST,
    SHORTEST_TEST,
    SOURCE,
    SOURCE_TEST,
    WEIGHT,
    WEIGHT_TEST,
)
from favilla.worlds.marks import Pencil
from favilla.worlds.planar import Point, direction, planar_edges
from favilla.worlds.scenes import Question, Scene

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# level: kinds of graphs, (fewest, most nodes), (columns, rows) of places, hops, (least, largest) cell in pixels
SIZES: dict[int, tuple[tuple[str, ...], tuple[int, int], tuple[int, int], tuple[int, ...], tuple[int, int]]] = {
    1: (("arrows", "arrows", "weights"), (4, 5), (3, 2), (1,), (54, 62)),
    2: (("arrows", "lines"), (5, 6), (3, 3), (2,), (54, 62)),
    3: (("arrows", "web", "weights"), (6, 8), (4, 3), (3, 4), (56, 66)),
    4: (("arrows", "web", "weights"), (8, 10), (4, 4), (5, 6), (56, 66)),
}

ARROWS = (("{a} -> {b}", ", "), ("{a}->{b}", " "), ("{a} points to {b}.", " "), ("{a} leads to {b}", "; "),
          ("An arrow goes from {a} to {b}.", "\n"), ("{a} > {b}", "\n"))  # fmt: skip
LINES = (("{a}-{b}", ", "), ("{a} - {b}", "\n"), ("{a} and {b} are joined.", " "), ("{a} is next to {b}", "; "))
WEIGHTS = (("{a}-{b} {w}", ", "), ("{a} - {b}: {w}", "\n"), ("{a} to {b} is {w}", "; "), ("{a}-{b}={w}", ", "),
           ("Between {a} and {b}: {w}.", " "))  # fmt: skip


class Graphs(Drawn):
    """Following and measuring graphs; see the module's docstring for levels and answers."""

    name = topic = "graphs"
    twin = "graphs_text"
    levels = 4
    phrasings = {"lead": LEAD, "source": SOURCE, "hops": HOPS, "weight": WEIGHT, "degree": DEGREE, "joined": JOINED,
                 "reach": REACH, "shortest": SHORTEST, "route": ROUTE}  # fmt: skip
    test_phrasings = {
        "lead": LEAD_TEST, "source": SOURCE_TEST, "hops": HOPS_TEST, "weight": WEIGHT_TEST, "degree": DEGREE_TEST,
        "joined": JOINED_TEST, "reach": REACH_TEST, "shortest": SHORTEST_TEST, "route": ROUTE_TEST,
    }  # fmt: skip

    def scene(self, rng: random.Random, level: int, split: Split) -> Scene:
        """kind: arrows (one out of each node at most), web (arrows), lines or weights; nodes and edges [from, to, weight or 0]
        in reading order; _places: of the nodes, in cells."""
        kinds, (fewest, most), (columns, rows), _, _ = SIZES[level]
        while True:
            kind, count = rng.choice(kinds), rng.randint(fewest, most)
            cells = sorted(rng.sample(list(itertools.product(range(rows), range(columns))), count))
            places = [(c + rng.uniform(0.32, 0.68), r + rng.uniform(0.32, 0.68)) for r, c in cells]
            edge_limit = round(count * {"arrows": 1, "lines": 1.3, "web": 1.4, "weights": 1.5}[kind])
            pairs = planar_edges(rng, places, edge_limit, one_out=kind == "arrows")
            if kind in ("lines", "weights"):
                pairs = sorted((min(pair), max(pair)) for pair in pairs)
            nodes = rng.sample(LETTERS, count)
            edges = [[nodes[i], nodes[j], rng.randint(1, 9) if kind == "weights" else 0] for i, j in pairs]
            scene: Scene = {"kind": kind, "nodes": nodes, "edges": edges, "_places": places}
            if len(edges) >= count - 1 and self.questions(random.Random(0), scene, level):
                return scene

    def instance(self, scene: Scene) -> str:
        """Without the order of nodes and edges; a line has no direction."""
        one_way = scene["kind"] in ("arrows", "web")
        edges = sorted([*(edge[:2] if one_way else sorted(edge[:2])), edge[2]] for edge in scene["edges"])
        facts = [scene["kind"], sorted(scene["nodes"]), edges]
        return f"{self.topic}: {json.dumps(facts, separators=(',', ':'))}"

    def transcript(self, scene: Scene) -> str:
        """Edge by edge, "A>B, C>A", "A-B, B-C" or "A-B 4, B-C 7"."""
        sign = ">" if scene["kind"] in ("arrows", "web") else "-"
        return ", ".join(f"{a}{sign}{b}" + (f" {w}" if w else "") for a, b, w in scene["edges"])

    def tell(self, rng: random.Random, scene: Scene, level: int) -> str:
        kind, edges = scene["kind"], list(scene["edges"])
        if kind == "arrows":
            # The workings for other kinds go through the edges in their order, which must be seen here.
            rng.shuffle(edges)
        one, between = rng.choice({"lines": LINES, "weights": WEIGHTS}.get(kind, ARROWS))
        return between.join(one.format(a=a, b=b, w=w) for a, b, w in edges)

    def render(self, rng: random.Random, scene: Scene, level: int) -> Image.Image:
        least, largest = SIZES[level][4]
        cell = rng.randint(least, largest)
        # Empty rows and columns at the rims are cut off.
        places: list[Point] = scene["_places"]
        left, top = (min(p[axis] for p in places) for axis in (0, 1))
        wide, high = (max(p[axis] for p in places) - low for axis, low in ((0, left), (1, top)))
        rim = rng.uniform(0.3, 0.42)
        spots = [((x - left + rim) * cell, (y - top + rim) * cell) for x, y in places]
        width, height = max(84, int((wide + 2 * rim) * cell)), max(84, int((high + 2 * rim) * cell))
        paper = background(rng)
        large = Image.new("RGB", (2 * width, 2 * height), paper)
        pen = ink(paper)
        looks = _Looks(rng, cell, paper, pen)
        at = dict(zip(scene["nodes"], spots, strict=True))
        brush, heads = ImageDraw.Draw(large), []
        one_way = scene["kind"] in ("arrows", "web")
        for a, b, _ in scene["edges"]:
            heads += looks.edge(brush, at[a], at[b], one_way)
        for node in scene["nodes"]:
            looks.node(brush, *at[node])
        image = large.reduce(2)
        draw = Pencil(image)
        for x, y in heads:
            draw.note("arrow", x, y)
        for a, b, weight in scene["edges"]:
            if weight:
                x, y = (at[a][0] + at[b][0]) / 2, (at[a][1] + at[b][1]) / 2
                half = looks.numbers.size * 0.5
                draw.rectangle((x - half * 0.8, y - half, x + half * 0.8, y + half), fill=paper)
                draw.text((x, y), str(weight), font=looks.numbers, fill=looks.number_ink, anchor="mm")
        for node in scene["nodes"]:
            draw.text(at[node], node, font=looks.letters, fill=looks.letter_ink, anchor="mm")
        scene["_marks"] = draw.marks
        return degrade(rng, image, (0.0, 0.2, 0.3, 0.5)[level - 1] * rng.random())

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        edges: list[Edge] = scene["edges"]
        match scene["kind"]:
            case "arrows":
                return about_arrows(edges, SIZES[level][3])
            case "lines":
                return [q for node in scene["nodes"] for q in about_neighbours(node, edges)]
            case "web":
                found = [about_reach(node, edges) for node in scene["nodes"]]
                return [q for q in found if q and q.answer.count(",") >= 1]
        if level == 1:
            return [ended("weight", {"a": a, "b": b}, str(w), f"{a}-{b} {w}", f"{a}-{b} {w}")
                    for x, y, w in edges for a, b in ((x, y), (y, x))]  # fmt: skip
        out = []
        for a, b in itertools.permutations(scene["nodes"], 2):
            out += about_ways(a, b, edges, level)
        return out


class GraphsText(Told, Graphs):
    """Graphs told in words; see the module's docstring."""

    name = "graphs_text"
    twin = "graphs"


class _Looks:
    """How a graph's nodes and edges look."""

    def __init__(self, rng: random.Random, cell: int, paper: RGB, pen: RGB):
        self.radius = cell * rng.uniform(0.19, 0.22)
        size = rng.randint(13, 15)
        faces = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSansMono-Bold")
        self.letters, self.numbers = face(rng.choice(faces), size), face(rng.choice(faces), rng.randint(12, 14))
        self.shape = rng.choice(("circle", "circle", "square", "round"))
        toned = rng.random() < 0.5
        self.fill = shade(rng, rng.choice(sorted(COLOURS))) if toned else mixed(paper, pen, rng.choice((0.0, 0.12)))
        self.letter_ink = ink(self.fill)
        self.rim = pen if rng.random() < 0.6 or abs(luminance(self.fill) - luminance(paper)) < 60 else self.fill
        self.tone = rng.choice((pen, mixed(paper, pen, 0.7), self._strong(rng, paper)))
        self.number_ink = rng.choice((pen, self._strong(rng, paper)))
        self.width, self.head, self.open = rng.choice((2, 3, 4)), cell * rng.uniform(0.13, 0.16), rng.random() < 0.25

    @staticmethod
    def _strong(rng: random.Random, paper: RGB) -> RGB:
        dark = luminance(paper) > 128
        return mixed(shade(rng, rng.choice(("red", "blue", "purple", "green"))), (0, 0, 0) if dark else (255, 255, 255),
                     0.15 if dark else 0.5)  # fmt: skip

    def edge(self, draw: ImageDraw.ImageDraw, a: Point, b: Point, one_way: bool) -> list[Point]:
        """Draw at twice the size; the middle of the arrow's head, if it has one, as it will lie when halved."""
        turn, length = direction(a, b), math.dist(a, b)
        rim = (
            self.radius * (1.0 if self.shape == "circle" else 0.92 / max(abs(math.cos(turn)), abs(math.sin(turn)))) + 1
        )

        def at(along: float, aside: float = 0.0) -> Point:
            return (2 * (a[0] + along * math.cos(turn) - aside * math.sin(turn)),
                    2 * (a[1] + along * math.sin(turn) + aside * math.cos(turn)))  # fmt: skip

        end = length - rim
        if not one_way:
            draw.line([at(0), at(length)], fill=self.tone, width=self.width)
            return []
        half = self.head * 0.62
        draw.line([at(0), at(end - (0 if self.open else self.head * 0.8))], fill=self.tone, width=self.width)
        wings = [at(end - self.head, half), at(end), at(end - self.head, -half)]
        if self.open:
            draw.line(wings, fill=self.tone, width=self.width + 1)
        else:
            draw.polygon(wings, fill=self.tone)
        x, y = at(end - self.head * 0.5)
        return [(x / 2, y / 2)]

    def node(self, draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
        r = self.radius * (1.0 if self.shape == "circle" else 0.92)
        box: Any = [2 * v for v in (x - r, y - r, x + r, y + r)]
        if self.shape == "circle":
            draw.ellipse(box, fill=self.fill, outline=self.rim, width=3)
        else:
            draw.rounded_rectangle(box, 0 if self.shape == "square" else r, fill=self.fill, outline=self.rim, width=3)
