"""16 agents at an endpoint with 16 slots beside one agent: how much longer does an answer take?

    python benchmarks/contemplate_endpoint.py --n 24 --out docs/results/contemplate-endpoint.json

The endpoint is simulated (`favilla.contemplate.simulated_server`, a process of its own on the loopback interface); clock,
sockets and client are real. All replies have the same number of tokens and slots do not slow each other down; what differs
is how soon a reply begins, how fast it is written, and whether it stalls. What a request meets depends on what it says: the
single agent meets what the first of the 16 meets. The ways of asking take turns; several questions are under way at a time,
each at an endpoint of its own.

Then, in virtual time: what faults cost. The same questions and thoughts with and without 30 % failures, 10 % hangs, 10 % cut
streams and 5 % junk, at 12 usable answers of 16 both times.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import platform
import random
import statistics
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from favilla.contemplate import Limits, NumberAnswers, Panel, Policy, Result, contemplate
from favilla.contemplate.openai_client import OpenAISolver
from favilla.contemplate.simulated import Faults, SimulatedSolver, virtual_run
from favilla.contemplate.simulated_server import Asked, Behaviour, Pace, Say, Server
from favilla.evals.paired import paired_difference

AGENTS, USABLE = 16, 12
DEFAULT, PROMPT = Limits(), Limits(grace_share=0.0, grace_seconds=0.0)
BAD = Faults(fail=0.30, hang=0.10, cut=0.10, junk=0.05)


@dataclass(frozen=True)
class Spread:
    """Latencies of the endpoint. Seconds to the first token and seconds a token are lognormal: medians, and standard
    deviations of the logarithm (0.5 makes the 99th percentile 3.2 times the median). stall: share of replies that pause
    for a while, exponential with the mean `stall_seconds`."""

    first: float = 0.4
    first_sigma: float = 0.5
    each: float = 0.06
    each_sigma: float = 0.1
    stall: float = 0.02
    stall_seconds: float = 2.0
    tokens: int = 32
    accuracy: float = 0.7


@dataclass(frozen=True)
class Way:
    """One way of asking; `beside` names the one-agent way that it is compared with."""

    name: str
    policy: Policy
    limits: Limits = DEFAULT
    beside: str = ""


def ways() -> list[Way]:
    decided = Policy(AGENTS, stop="unassailable")
    return [
        Way("one agent", Policy(1)),
        Way("16 agents, everyone is waited for", Policy(AGENTS), Limits(quorum=1.0), "one agent"),
        Way("16 agents, default limits", Policy(AGENTS), DEFAULT, "one agent"),
        Way("16 agents, no grace", Policy(AGENTS), PROMPT, "one agent"),
        Way("16 agents, preset vote", decided, DEFAULT, "one agent"),
        Way("one agent, 2 rounds", Policy(1, rounds=2)),
        Way("16 agents, 2 rounds, no grace", Policy(AGENTS, subset=4, rounds=2), PROMPT, "one agent, 2 rounds"),
    ]


def reply(asked: Asked, spread: Spread) -> Behaviour:
    rng = random.Random(json.dumps(asked.body, sort_keys=True))
    first = spread.first * rng.lognormvariate(0.0, spread.first_sigma)
    each = spread.each * rng.lognormvariate(0.0, spread.each_sigma)
    if rng.random() < spread.stall:
        first += rng.expovariate(1 / spread.stall_seconds)
    right = 2 * int(asked.text.split()[2])  # "What is 7 + 7?"
    answer = right if rng.random() < spread.accuracy else right + rng.randint(1, 3)
    working = " ".join(["word"] * spread.tokens)
    return Say(f"SUMMARY: {working}\nANSWER: {answer}", pace=Pace(first, each, spread.tokens))


def serve(ends: list[Connection], spread: Spread) -> None:
    """A server for each of `ends`, whose address is sent there, until the first of them is closed."""

    async def main() -> None:
        servers = [Server(lambda asked, number: reply(asked, spread), slots=AGENTS) for _ in ends]
        for server, end in zip(servers, ends, strict=True):
            await server.__aenter__()
            end.send(server.address)
        try:
            await asyncio.to_thread(ends[0].poll, None)
        finally:
            for server in servers:
                await server.__aexit__()

    asyncio.run(main())


async def ask(address: str, question: int, way: Way) -> dict[str, Any]:
    solver = OpenAISolver(address, "simulated")
    try:
        result = await contemplate(
            f"What is {question} + {question}?", panel=Panel((solver,)), policy=way.policy, limits=way.limits,
            answers=NumberAnswers(), seed=question,
        )  # fmt: skip
    finally:
        await solver.close()
    usable = sum(answer.status == "usable" and answer.round == way.policy.rounds - 1 for answer in result.answers)
    return {
        "way": way.name, "question": question, "seconds": result.seconds, "right": result.answer == str(2 * question),
        "usable": usable, "stopped_by": result.stopped_by,
    }  # fmt: skip


async def measure(addresses: list[str], n: int) -> list[dict[str, Any]]:
    """A row for each question and way."""
    rows: list[dict[str, Any]] = []
    questions = iter(range(1, n + 1))

    async def lane(address: str) -> None:
        await ask(address, 0, Way("warm-up", Policy(AGENTS)))
        for question in questions:
            turn = question % len(ways())
            for way in ways()[turn:] + ways()[:turn]:
                rows.append(await ask(address, question, way))
            print(f"\r{len(rows)} of {n * len(ways())} runs", end="", flush=True)

    async with asyncio.TaskGroup() as group:
        for address in addresses:
            group.create_task(lane(address))
    print()
    return rows


def latency(n: int, at_once: int, spread: Spread) -> tuple[list[dict[str, Any]], float]:
    """The rows, and the share of one core that the client used."""
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe() for _ in range(at_once)]
    process = context.Process(target=serve, args=([there for _, there in pipes], spread), daemon=True)
    process.start()
    try:
        addresses = []
        for here, _ in pipes:
            if not here.poll(60):
                raise SystemExit("the simulated server did not come up in 60 s")
            addresses.append(here.recv())
        began, used = time.perf_counter(), time.process_time()
        rows = asyncio.run(measure(addresses, n))
        return rows, (time.process_time() - used) / (time.perf_counter() - began)
    finally:
        pipes[0][0].send(None)
        process.join(10)
        process.kill()


def summarised(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each way: median and range of its seconds, and the ratio of its median to that of the one agent beside it, with a
    95 % interval (bootstrap over questions)."""
    seconds = {
        way.name: np.array([r["seconds"] for r in sorted(rows, key=lambda r: r["question"]) if r["way"] == way.name])
        for way in ways()
    }
    found = []
    for way in ways():
        mine_N, part = seconds[way.name], [row for row in rows if row["way"] == way.name]
        row: dict[str, Any] = {
            "way": way.name, "n": len(mine_N), "median": float(np.median(mine_N)),
            "range": [float(mine_N.min()), float(mine_N.max())], "mean": float(mine_N.mean()),
            "usable": statistics.fmean(r["usable"] for r in part), "right": statistics.fmean(r["right"] for r in part),
        }  # fmt: skip
        if way.beside:
            one_N, rng = seconds[way.beside], np.random.default_rng(0)
            drawn = rng.integers(0, len(one_N), (10_000, len(one_N)))
            ratios = np.median(mine_N[drawn], axis=1) / np.median(one_N[drawn], axis=1)
            row["ratio"] = row["median"] / float(np.median(one_N))
            row["interval"] = [float(end) for end in np.quantile(ratios, (0.025, 0.975))]
            row["ratio_of_means"] = row["mean"] / float(one_N.mean())
        found.append(row)
    return found


def faults(pairs: int) -> dict[str, Any]:
    """Accuracy with faults minus without, over the questions where USABLE agents were usable both times."""
    limits = Limits(quorum=USABLE / AGENTS, grace_share=0.0, grace_seconds=0.0, breaker=10**6)

    async def one(question: int, faults: Faults) -> Result:
        solver = SimulatedSolver(lambda text: "42", accuracy=0.65, seed=question, faults=faults)
        return await contemplate("6 * 7?", panel=Panel((solver,)), policy=Policy(AGENTS), limits=limits,
                                 answers=NumberAnswers(), seed=question)  # fmt: skip

    async def main() -> list[tuple[Result, Result]]:
        return [(await one(question, Faults()), await one(question, BAD)) for question in range(pairs)]

    def usable(result: Result) -> int:
        return sum(answer.status == "usable" for answer in result.answers)

    compared = virtual_run(main())
    equal = [(clean, bad) for clean, bad in compared if usable(clean) == usable(bad) == USABLE]
    clean, bad = ([float(pair[i].answer == "42") for pair in equal] for i in (0, 1))
    difference, low, high = paired_difference(bad, clean)
    return {
        "asked": pairs, "answered": sum(bad.answer is not None for _, bad in compared), "n": len(equal),
        "clean": statistics.fmean(clean), "bad": statistics.fmean(bad), "difference": difference, "interval": [low, high],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=int, default=24, help="questions of the latency measurement")
    parser.add_argument("--at-once", type=int, default=4, help="questions under way at a time")
    parser.add_argument("--tokens", type=int, default=Spread.tokens, help="of each reply")
    parser.add_argument("--pairs", type=int, default=4000, help="questions of the measurement with faults")
    parser.add_argument("--out", type=Path, help="JSON file for all of it")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if min(given.n, given.at_once, given.tokens, given.pairs) < 1:
        parser.error("--n, --at-once, --tokens and --pairs: give at least 1")
    spread = Spread(tokens=given.tokens)
    rows, load = latency(given.n, given.at_once, spread)
    table = summarised(rows)
    for row in table:
        ratio = (
            f"  ratio {row['ratio']:.2f} ({row['interval'][0]:.2f}-{row['interval'][1]:.2f})" if "ratio" in row else ""
        )
        print(f"{row['way']:34} {row['median']:5.2f} s ({row['range'][0]:.2f}-{row['range'][1]:.2f}), {row['usable']:4.1f} "
              f"usable, right {row['right']:.2f}{ratio}")  # fmt: skip
    print(f"the client used {load:.0%} of one core")
    cost = faults(given.pairs)
    print(f"faults: {cost['answered']} of {cost['asked']} answered; right {cost['bad']:.4f} with, {cost['clean']:.4f} without, "
          f"difference {100 * cost['difference']:+.2f} points ({100 * cost['interval'][0]:+.2f} to "
          f"{100 * cost['interval'][1]:+.2f}), n {cost['n']}")  # fmt: skip
    by_name = {row["way"]: row for row in table}
    prompt = by_name["16 agents, no grace"]
    last = {
        "ours": prompt["median"], "peer": by_name["one agent"]["median"], "ratio": prompt["ratio"],
        "unit": f"median seconds of one round, {AGENTS} agents without grace against one", "n": given.n,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores", "spread": vars(spread), "at_once": given.at_once,
        "client_load": load, "ways": table, "faults": cost,
    }  # fmt: skip
    if given.out is not None:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(last, indent=2) + "\n", encoding="utf-8")
    if given.json:
        print(json.dumps(last))


if __name__ == "__main__":
    main()
