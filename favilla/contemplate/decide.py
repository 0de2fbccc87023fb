"""The last step of a run: one answer out of the pool, by vote or by a judge; a judge that fails is replaced by the vote."""

from __future__ import annotations

import asyncio
import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from favilla.contemplate import prompts
from favilla.contemplate.aggregate import Group, confidence, group_answers, swiss_pairs
from favilla.contemplate.answers import NumberAnswers, final, is_refusal, said_whole, understand
from favilla.contemplate.budget import BudgetExceeded
from favilla.contemplate.calls import Interrupted, together, unless_interrupted, upper_limit
from favilla.contemplate.result import AgentAnswer, Event
from favilla.contemplate.solver import Call, SolverError, Usage, derive

if TYPE_CHECKING:
    from favilla.contemplate.run import Run

FENCE_BYTES = 80  # around each message


@dataclass
class Decision:
    """answer, the share of replies that gave it, the others with their numbers, requests one after the other that it
    took, and the limit that cut it short."""

    answer: str | None
    agreement: float = 0.0
    dissent: dict[str, int] = field(default_factory=dict)
    depth: int = 0
    stopped_by: str | None = None


class _NoVerdict(Exception):  # noqa: N818  (the vote takes over; it is no error)
    """The judge gave no usable verdict; says why. `limit` is the budget's, if that was it."""

    def __init__(self, why: str, limit: str | None = None) -> None:
        super().__init__(why)
        self.limit = limit


async def decide(run: Run, usable: list[AgentAnswer], refusals_decide: bool) -> Decision:
    """Aggregate as the policy says."""
    if refusals_decide or not usable:
        return _stated(run, usable, None, 0)
    weights = None
    if run.policy.aggregate == "weighted_vote":
        weights = confidence([answer.logprob for answer in usable])
        if weights is None:
            run.extra["aggregation: log-probabilities unknown, plain vote"] += 1
    groups = group_answers(run.answers, [answer.parsed for answer in usable], weights)
    verdict, judge = usable[groups[0].members[0]].parsed, _Judge(run)
    shown: str | None = groups[0].answer
    limit = None
    if run.judge and len(groups) > 1 and run.interrupted:
        run.extra["aggregation: interrupted, voted"] += 1
    elif run.judge and len(groups) > 1:
        run.tell(Event("aggregation", data={"how": run.policy.aggregate}))
        try:
            async with asyncio.timeout_at(None if run.deadline == math.inf else run.deadline) as patience:
                verdict, shown = await unless_interrupted(judge.verdict(usable, groups), run.interrupt)
        except TimeoutError:
            if not patience.expired():
                raise  # one of a solver's own
            run.extra["aggregation: no time, voted"] += 1
            limit = "seconds"
        except Interrupted:
            run.extra["aggregation: interrupted, voted"] += 1
            limit = "interrupted"
        except _NoVerdict as why:
            run.extra[f"aggregation: {why}, voted"] += 1
            limit = why.limit
    decision = _stated(run, usable, verdict, judge.depth)
    return replace(decision, answer=shown, stopped_by=limit)


def _stated(run: Run, usable: list[AgentAnswer], verdict: Any | None, depth: int) -> Decision:
    """How the pool stands to `verdict` (a parsed answer)."""
    parsed = [answer.parsed for answer in usable]
    refusals = len(run.pool) - len(usable)
    numbers = run.answers.group([*parsed, *([] if verdict is None else [verdict])])
    support = 0 if verdict is None else numbers[:-1].count(numbers[-1])
    dissent: dict[str, int] = {}
    for group in group_answers(run.answers, parsed):
        if verdict is None or numbers[group.members[0]] != numbers[-1]:
            dissent[group.answer] = dissent.get(group.answer, 0) + len(group.members)
    if refusals:
        dissent["refused"] = dissent.get("refused", 0) + refusals
    return Decision(None, support / len(run.pool) if run.pool else 0.0, dissent, depth)


def final_upper(run: Run) -> Usage:
    """An upper limit of what the aggregation uses, each request tried once."""
    judge, most = run.panel.solvers[run.panel.judge], run.policy.most_agents
    size = prompts.MESSAGE_BYTES + FENCE_BYTES
    if run.policy.aggregate != "pairwise":
        text = prompts.synthesis(run.question, run.answers.form, [])
        return upper_limit(judge, _final_call(run, "synthesis", 0, text + "x" * (size * most)))
    one = upper_limit(judge, _final_call(run, "match", 0, prompts.match(run.question, "", "") + "x" * (size * 2)))
    matches = _swiss_rounds(most) * (most // 2)
    return Usage(one.input_tokens * matches, one.output_tokens * matches, calls=matches)


def _swiss_rounds(players: int) -> int:
    return math.ceil(math.log2(players))


def _final_call(run: Run, kind: str, number: int, text: str, attempts: Sequence[str] = ()) -> Call:
    seed = derive(run.seed, kind, number)
    return Call(
        kind, len(run.policy.sizes), number, prompts.SYSTEM, text, run.question.pictures, seed, run.max_output_tokens,
        run.temperature, run.question.text, tuple(attempts),
    )  # fmt: skip


class _Judge:
    def __init__(self, run: Run) -> None:
        self.run, self.depth = run, 0
        self.rng = random.Random(derive(run.seed, "judge"))

    async def verdict(self, usable: list[AgentAnswer], groups: list[Group]) -> tuple[Any, str]:
        """The winning parsed answer and how it is shown. Raises _NoVerdict."""
        if self.run.policy.aggregate == "synthesis":
            return await self._synthesis(usable)
        # one of each group speaks for it
        if self.run.policy.aggregate == "selection":
            winner = await self._selection(usable, groups)
        else:
            winner = await self._tournament(usable, groups)
        return usable[winner.members[0]].parsed, winner.answer

    async def _synthesis(self, usable: list[AgentAnswer]) -> tuple[Any, str]:
        shown = usable[-self.run.policy.most_agents :]
        messages = self.rng.sample([answer.message for answer in shown], len(shown))
        self.depth += 1
        text = await self._ask(
            "synthesis", 0, prompts.synthesis(self.run.question, self.run.answers.form, messages), messages
        )
        parsed = await understand(self.run.answers, text)
        if parsed is None:
            raise _NoVerdict("the judge's reply has no answer")
        return parsed, self.run.answers.show([parsed])

    async def _selection(self, usable: list[AgentAnswer], groups: list[Group]) -> Group:
        shuffled = self.rng.sample(groups, len(groups))
        messages = [usable[group.members[0]].message for group in shuffled]
        self.depth += 1
        text = await self._ask("selection", 0, prompts.selection(self.run.question, messages), messages)
        index = chosen(text, len(shuffled))
        if index is None:
            raise _NoVerdict("the judge selected none")
        return shuffled[index]

    async def _tournament(self, usable: list[AgentAnswer], groups: list[Group]) -> Group:
        """A Swiss tournament among the groups; a match without a verdict is a draw."""
        scores, played, rested = [0.0] * len(groups), set[frozenset[int]](), set[int]()
        verdicts, number = 0, 0
        limit = None
        for _ in range(_swiss_rounds(len(groups))):
            pairs, rest = swiss_pairs(scores, played, rested, self.rng)
            self.depth += 1
            async with together() as group:
                matches = [
                    group.create_task(self._match(number + i, *(usable[groups[p].members[0]].message for p in pair)))
                    for i, pair in enumerate(pairs)
                ]
            number += len(pairs)
            for pair, match in zip(pairs, matches, strict=True):
                outcome = match.result()
                played.add(frozenset(pair))
                if isinstance(outcome, int):
                    verdicts += 1
                    scores[pair[outcome]] += 1
                else:
                    limit = limit or outcome.limit
                    self.run.extra[f"match drawn: {outcome}"] += 1
                    for player in pair:
                        scores[player] += 0.5
            if rest is not None:
                rested.add(rest)
                scores[rest] += 1
        if not verdicts:
            raise _NoVerdict("no match was decided", limit)
        return groups[max(range(len(groups)), key=lambda i: (scores[i], groups[i].weight, -i))]

    async def _match(self, number: int, first: str, second: str) -> int | _NoVerdict:
        try:
            text = await self._ask("match", number, prompts.match(self.run.question, first, second), (first, second))
        except _NoVerdict as why:
            return why
        index = chosen(text, 2)
        return index if index is not None else _NoVerdict("the judge named none")

    async def _ask(self, kind: str, number: int, text: str, attempts: Sequence[str]) -> str:
        """What the judge says. Raises _NoVerdict."""
        call, spent = _final_call(self.run, kind, number, text, attempts), list[Usage]()
        try:
            reply, _ = await self.run.ask(call, self.run.panel.judge, spent, final=True)
        except BudgetExceeded as exceeded:
            raise _NoVerdict(f"no room for it in {exceeded.limit}", exceeded.limit) from None
        except SolverError as error:
            raise _NoVerdict(f"the judge failed ({error.kind})") from None
        finally:
            self.run.usage_by[f"{kind} {number}"] = sum(spent, Usage())
        if reply.refused or is_refusal(reply.text):
            raise _NoVerdict("the judge refused")
        if not (said := said_whole(reply.text) if reply.truncated else reply.text):
            raise _NoVerdict("the judge's reply was cut off")
        return said


_NAMED = re.compile(
    r"\W*(?:attempt|answer|solution|candidate|option)?\W*(?:number|no\b)?\W*(\d{1,4})(?:\s+is\b\D*)?\W*", re.IGNORECASE
)


def chosen(text: str, count: int) -> int | None:
    """The index that a judge names: a whole number from 1 to `count`, or "Attempt 1" and the like."""
    said = final(text)
    named = _NAMED.fullmatch(said) if len(said) <= 100 else None
    parsed = NumberAnswers().parse(f"ANSWER: {named[1]}" if named else text)
    number = parsed[0] if parsed is not None else None
    value = number[0] if isinstance(number, tuple) else None
    return int(value) - 1 if value is not None and value.denominator == 1 and 1 <= value <= count else None
