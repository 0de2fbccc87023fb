"""What can be asked about a graph, with workings that go edge by edge."""

from __future__ import annotations

import heapq
import itertools

from favilla.worlds.drawn import ended
from favilla.worlds.scenes import Question

Edge = tuple[str, str, int]  # from, to, weight or 0


def about_arrows(edges: list[Edge], hops: tuple[int, ...]) -> list[Question]:
    """Where arrows lead and come from when hops are (1,), else so many in a row; each node is the start of one at most."""
    after = {a: b for a, b, _ in edges}
    out = []
    if hops == (1,):
        for a, b in after.items():
            out.append(ended("lead", {"a": a}, b, f"{a}>{b}", f"{a}>{b}"))
            if list(after.values()).count(b) == 1:
                out.append(ended("source", {"a": b}, a, f"{a}>{b}", f"{a}>{b}"))
        return out
    for start, count in itertools.product(after, hops):
        way = [start]
        while len(way) <= count and way[-1] in after:
            way.append(after[way[-1]])
        if len(way) == count + 1:
            lines = "\n".join(f"{i} {a}>{b}" for i, (a, b) in enumerate(itertools.pairwise(way), start=1))
            out.append(ended("hops", {"a": start, "n": str(count)}, way[-1], ">".join(way), lines))
    return out


def about_neighbours(node: str, edges: list[Edge]) -> list[Question]:
    """Who is joined to the node, and how many; no question for a node that stands alone."""
    lines = [(a, b) for a, b, _ in edges if node in (a, b)]
    others = [b if a == node else a for a, b in lines]
    if not others:
        return []
    counted = ", ".join(f"{other} {i}" for i, other in enumerate(others, start=1))
    ordered = ", ".join(sorted(others))
    found = "\n".join(f"{a}-{b}: {other}" for (a, b), other in zip(lines, others, strict=True))
    return [
        ended("degree", {"a": node}, str(len(others)), counted, f"{found}\n{counted}"),
        ended("joined", {"a": node}, ordered, ", ".join(others), f"{found}\nsorted: {ordered}"),
    ]


def about_reach(start: str, edges: list[Edge]) -> Question | None:
    """All that arrows lead to, breadth first; each line takes a node and adds what its arrows lead to."""
    known, queue, lines = [start], [start], []
    while queue:
        node = queue.pop(0)
        fresh = [b for a, b, _ in edges if a == node and b not in known]
        targets = [b for a, b, _ in edges if a == node]
        known, queue = known + fresh, queue + fresh
        lines.append(f"{node}: {' '.join(targets) or '-'}, new {' '.join(fresh) or '-'}, left {' '.join(queue) or '-'}")
    others = sorted(known[1:])
    if not others:
        return None
    answer = ", ".join(others)
    return ended("reach", {"a": start}, answer, " ".join(known), "\n".join(lines) + f"\nsorted: {answer}")


def about_ways(start: str, end: str, edges: list[Edge], level: int) -> list[Question]:
    """Dijkstra's algorithm: each line settles the nearest open node and measures its neighbours. The way itself is only asked
    for where no other is as short."""
    near: dict[str, list[tuple[str, int]]] = {}
    for a, b, w in edges:
        near.setdefault(a, []).append((b, w))
        near.setdefault(b, []).append((a, w))
    best, ways, before = {start: 0}, {start: 1}, {start: ""}
    heap, settled, lines = [(0, start)], set(), []
    while heap:
        length, node = heapq.heappop(heap)
        if node in settled:
            continue
        settled.add(node)
        if node == end:
            break
        measured = []
        for other, weight in near.get(node, ()):
            if other in settled:
                continue
            total = length + weight
            old = best.get(other)
            better = old is None or total < old
            if better:
                best[other], before[other], ways[other] = total, node, ways[node]
                heapq.heappush(heap, (total, other))
            elif total == old:
                ways[other] += ways[node]
            measured.append(f"{other} {length}+{weight}={total}" + ("" if old is None else "<" if better else ">="))
            if old is not None:
                measured[-1] += str(old)
        lines.append(f"{node} {length}: {', '.join(measured) or '-'}")
    if end not in settled:
        return []
    way = [end]
    while before[way[-1]]:
        way.append(before[way[-1]])
    way.reverse()
    if len(way) < 3:
        return []
    lines.append(f"{end} {best[end]}")
    slots = {"a": start, "b": end}
    route = "-".join(way)
    out = [ended("shortest", slots, str(best[end]), f"{route} {best[end]}", "\n".join(lines))]
    if level == 4 and ways[end] == 1:
        back = ", ".join(f"{b} from {a}" for a, b in reversed(list(itertools.pairwise(way))))
        out.append(ended("route", slots, route, f"{route} {best[end]}", "\n".join(lines) + f"\n{back}"))
    return out
