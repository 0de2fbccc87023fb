"""The loop: independent attempts, refinement rounds, one answer.

    pool = attempts of N agents                                   (round 0)
    repeat: pool = attempts of agents who saw K of the pool       (round 1 ... T-1)
    answer = aggregate(pool)

It knows no backend but the panel it is given and no clock but the event loop's, so that a loop with virtual time runs
thousands of simulated runs in seconds. Prompts, peers and seeds depend on (seed, round, agent) and on what came back.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from favilla.contemplate import prompts
from favilla.contemplate.aggregate import Group, group_answers, leads, refused, unassailable
from favilla.contemplate.answers import Answers, is_refusal, said_whole, understand
from favilla.contemplate.budget import Budget, BudgetExceeded, Ledger, Price
from favilla.contemplate.calls import Caller, Interrupted, Limits, gather, unless_interrupted, upper_limit
from favilla.contemplate.decide import Decision, decide, final_upper
from favilla.contemplate.log import OUT_OF_BUDGET, EventLog
from favilla.contemplate.policy import Policy
from favilla.contemplate.result import AgentAnswer, Event, Result, count_degraded
from favilla.contemplate.solver import Call, Panel, Question, Reply, Solver, SolverError, Usage, derive
from favilla.errors import UserError

LEAD = 0.95  # confidence of the "beta" stopping rule, as in its paper


@dataclass
class Run:
    """One question under one policy. `await Run(...).result()`, once."""

    question: Question
    panel: Panel
    policy: Policy
    answers: Answers
    budget: Budget = field(default_factory=Budget)
    prices: Mapping[str, Price] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    seed: int = 0
    temperature: float | None = None
    max_output_tokens: int = 4096
    log: EventLog | None = None
    tell: Callable[[Event], None] = lambda event: None
    interrupt: asyncio.Event | None = None
    probe: bool = False

    def __post_init__(self) -> None:
        if self.temperature is not None and not 0 <= self.temperature < math.inf:
            raise UserError(f"temperature {self.temperature}: give a number, 0 or more")
        for name, text in (("question", self.question.text), ("answers", self.answers.form)):
            try:
                text.encode("utf-8")
            except UnicodeEncodeError as error:
                raise UserError(
                    f"{name}: {text[error.start]!r} at character {error.start} is no Unicode character (from a shell or a "
                    "file that is not UTF-8?); give it in UTF-8"
                ) from None
        if not self.question.text.strip():
            raise UserError("the question is empty; say what you want to know")
        if self.max_output_tokens < 1:
            raise UserError(f"max_output_tokens {self.max_output_tokens}: give at least 1")
        self.ledger = Ledger(self.budget, self.prices)
        self.ledger.check_prices([solver.model for solver in self.panel.solvers])
        self.noted: list[AgentAnswer] = []
        self.extra: Counter[str] = Counter()
        self.usage_by: dict[str, Usage] = {}
        self.capabilities: dict[str, dict[str, Any]] = {}
        self.judge = self.policy.aggregate in ("synthesis", "selection", "pairwise") and self.policy.most_agents > 1
        self.seats = self.panel.seats(max(self.policy.sizes))
        self.pool: list[AgentAnswer] = []  # replies, refusals among them, that the next step works with

    async def result(self) -> Result:
        """Run. Raises UserError when nothing could be asked at all; anything else that goes wrong is in the result."""
        loop = asyncio.get_running_loop()
        self.started = loop.time()
        self.deadline = self.until = math.inf  # of the run, and of agents in the round that is under way
        if self.log is not None:
            self.started -= self.log.before
        if self.budget.seconds is not None:
            self.deadline = self.started + self.budget.seconds
        if self.probe:
            try:
                await self._probe()
            except Interrupted:
                return self._result(Decision(None), "interrupted", 0)
        # what an earlier process and the probe have taken makes no straggler slow
        self.asking = loop.time() - (self.log.before if self.log is not None else 0.0)
        for model, usage in self.log.paid if self.log is not None else ():
            self.ledger.add(model, usage)
        self.caller = Caller(
            self.panel, self.ledger, self.limits, self.seed,
            retried=lambda call, kind: self.tell(Event("retry", call.round, call.agent, {"why": kind})),
            asked=self._log_asked,
            streamed=lambda call, tokens: self.tell(Event("tokens", call.round, call.agent, {"tokens": tokens})),
        )  # fmt: skip
        self._hold()
        stopped_by, rounds = await self._rounds()
        self.ledger.release_hold()
        decision = await decide(self, self.usable(), stopped_by == "refusals")
        return self._result(decision, decision.stopped_by or stopped_by, rounds)

    @property
    def interrupted(self) -> bool:
        return self.interrupt is not None and self.interrupt.is_set()

    async def _probe(self) -> None:
        """Find out what each endpoint can do, in the time that the run has. Raises Interrupted, and UserError when there is no
        endpoint or one of them refuses what it will be asked."""
        endpoints: list[Any] = [solver for solver in self.panel.solvers if hasattr(solver, "probe")]
        if not endpoints:
            raise UserError("contemplate: probe is for endpoints; there is none")
        before = self.ledger.used
        try:
            async with asyncio.timeout_at(None if self.deadline == math.inf else self.deadline) as patience:
                for solver in endpoints:
                    found = await unless_interrupted(solver.probe(self.ledger), self.interrupt)
                    told = {name: value for name, value in asdict(found).items() if name != "usage"}
                    self.capabilities[f"{solver.model} at {solver.endpoint}"] = told
                    self.tell(Event("probe", data={"model": solver.model, "endpoint": solver.endpoint, "found": told}))
                    solver.check(len(self.question.pictures))
        except TimeoutError:
            if not patience.expired():
                raise  # a callback's own
            self.extra["probe: no time to end it"] += 1
        finally:
            self.usage_by["probe"] = self.ledger.used - before

    def usable(self) -> list[AgentAnswer]:
        return [answer for answer in self.pool if answer.status == "usable"]

    def groups(self) -> list[Group]:
        return group_answers(self.answers, [answer.parsed for answer in self.usable()])

    def _hold(self) -> None:
        """Hold back what the last aggregation may need, unless then no agent could try at all. Raises UserError for what no
        agent, or one of the solvers, could be asked."""
        first = self._call(0, 0)
        seated = [self.panel.solvers[seat] for seat in dict.fromkeys(self.seats[: self.policy.sizes[0]])]
        uppers = [(solver.model, upper_limit(solver, first)) for solver in seated]

        def lacking(ledger: Ledger) -> str | None:
            limits = [ledger.room(model, upper) for model, upper in uppers]
            return None if None in limits else limits[0]

        # A run that goes on decides as it did when it began: what it has paid for since is in its log.
        resumed = self.log is not None and bool(self.log.paid)
        begun = Ledger(self.budget, self.prices) if resumed else self.ledger
        if (limit := lacking(begun)) is not None:
            upper = uppers[0][1]
            raise UserError(
                f"budget {limit} {getattr(self.budget, limit):g}: no room for one attempt, which may use up to "
                f"{upper.input_tokens} input and {upper.output_tokens} output tokens; give more, or shorter answers"
            )
        if not self.judge:
            return
        judge, final = self.panel.solvers[self.panel.judge], final_upper(self)
        if not begun.hold(judge.model, final) or lacking(begun) is not None:
            begun.release_hold()
            self.judge = False
            self.extra["aggregation: no room in the budget, voted"] += 1
        elif resumed:
            self.ledger.hold(judge.model, final)

    async def _rounds(self) -> tuple[str, int]:
        """All rounds that the policy and the budget want. Returns why they ended, and how many there were."""
        for number, size in enumerate(self.policy.sizes):
            if number and (why := self._enough(number)):
                return why, number
            why = await self._round(number, size)
            if refused(self._support(), self._refusals(), len(self.pool)):
                return "refusals", number + 1
            if why is not None:
                return why, number + 1
        return "finished", len(self.policy.sizes)

    def _enough(self, number: int) -> str | None:
        """Why round `number` is not needed or not allowed."""
        if self.interrupted:
            return "interrupted"
        first, second, *_ = sorted([*(len(g.members) for g in self.groups()), self._refusals(), 0, 0], reverse=True)
        if self.policy.stop == "beta" and self.pool and leads(first, second) >= LEAD:
            return "agreement"
        # A first round that would do if all had come and agreed: one who was cut or failed has not disagreed.
        asked = self.policy.sizes[0]
        came = first >= self.limits.quorum * asked and not second
        if self.policy.stop == "beta" and number == 1 and came and leads(asked, 0) >= LEAD:
            return "agreement"
        # An earlier process found that there was room for this round; what it has cost since says nothing against it.
        if self.log is not None and self.log.begun >= number:
            return None
        if (limit := self.ledger.soft_limit()) is not None:
            return f"soft {limit}"
        elapsed = asyncio.get_running_loop().time() - self.started
        if self.budget.seconds is not None and elapsed >= self.budget.soft * self.budget.seconds:
            return "soft seconds"
        return None

    async def _round(self, number: int, size: int) -> str | None:
        """One round of `size` agents; updates the pool. Returns the limit that ended the run, or None."""
        self.tell(Event("round", number, data={"agents": size}))
        calls = [self._call(number, agent) for agent in range(size)]
        found: dict[int, AgentAnswer] = {}
        spent: list[list[Usage]] = [[] for _ in calls]

        async def job(agent: int) -> bool:
            found[agent] = await self._agent(calls[agent], self.seats[agent], spent[agent])
            self._tell_answer(found[agent], list(found.values()))
            return found[agent].status == "usable"

        last = number == len(self.policy.sizes) - 1
        since = self.asking if number == 0 else asyncio.get_running_loop().time()
        # a judge needs time of its own
        deadline = self.started + self.budget.soft * (self.deadline - self.started) if self.judge else self.deadline
        if self.log is not None and all(self.log.outcome(call) is not None for call in calls):
            deadline = math.inf  # nobody is asked, and to understand again what they said may take a moment
        self.until = deadline
        why = await gather(
            [job(agent) for agent in range(size)], self.limits, since, deadline,
            lambda outstanding: last and self._decided(list(found.values()), outstanding), self.interrupt,
        )  # fmt: skip
        for agent, call in enumerate(calls):
            if agent not in found:
                model = self.panel.solvers[self.seats[agent]].model
                found[agent] = AgentAnswer(number, agent, model, "cut", detail=why or "", usage=total(spent[agent]))
                self._log_failure(call, model, "stopped", why or "", found[agent].usage)
                self._tell_answer(found[agent], list(found.values()))
        answers = [found[agent] for agent in range(size)]
        self._close(number, answers, why)
        # a run that goes on has it from its log that some were not needed
        decided = any(answer.status == "cut" and answer.detail == "decided" for answer in answers)
        self._into_pool(answers, decided)
        limits = [why] if why in ("seconds", "interrupted") else [a.detail for a in answers if a.status == "budget"]
        if "seconds" in limits and asyncio.get_running_loop().time() < self.deadline:
            return "soft seconds"
        return limits[0] if limits else "agreement" if decided else None

    def _close(self, number: int, answers: list[AgentAnswer], why: str | None) -> None:
        self.noted += answers
        for answer in answers:
            self.usage_by[f"round {number} agent {answer.agent}"] = answer.usage
        rejected = [answer for answer in answers if answer.detail.startswith("rejected")]
        if number == 0 and len(rejected) == len(answers):
            solver = self.panel.solvers[self.seats[0]]
            raise UserError(
                f"{solver.endpoint} refuses every request for model {solver.model!r} ({rejected[0].detail})"
                + ("; check the address, the model's name and the key" if "://" in solver.endpoint else "")
            )
        if (
            self.log is not None
            and why not in ("seconds", "interrupted")
            and any(a.status in ("usable", "refused") for a in answers)
        ):
            self.log.closed(number, self._seconds())

    def _into_pool(self, answers: list[AgentAnswer], decided: bool) -> None:
        replies = [answer for answer in answers if answer.status in ("usable", "refused")]
        usable = sum(answer.status == "usable" for answer in replies)
        # A round that missed its quorum does not displace what was there: nothing that was found is lost. One whose vote was
        # decided earlier has missed nothing.
        missed = usable < math.ceil(self.limits.quorum * len(answers)) and not decided
        keep = self.policy.refine == "more" or missed
        self.pool = self.pool + replies if keep else replies

    async def _agent(self, call: Call, seat: int, spent: list[Usage]) -> AgentAnswer:
        """Ask one agent and understand its reply."""
        loop = asyncio.get_running_loop()
        begin, model = loop.time(), self.panel.solvers[seat].model
        self.tell(Event("started", call.round, call.agent, {"model": model}))

        def answer(status: str, **more: object) -> AgentAnswer:
            seconds = loop.time() - begin
            return AgentAnswer(call.round, call.agent, model, status, usage=total(spent), seconds=seconds, **more)  # type: ignore[arg-type]

        try:
            reply, model = await self.ask(call, seat, spent)
        except BudgetExceeded as exceeded:
            return answer("budget", detail=exceeded.limit)
        except SolverError as error:
            stopped = error.kind == "stopped"
            return answer("cut" if stopped else "failed", detail=str(error) if stopped else f"{error.kind}: {error}")
        said = said_whole(reply.text) if reply.truncated else reply.text
        message = prompts.summary(said or reply.text)
        if reply.refused or is_refusal(reply.text):
            return answer("refused", message=message)
        parsed = await understand(self.answers, said)
        if parsed is None:
            return answer("unusable", message=message, detail="truncated" if reply.truncated else "no such answer")
        shown = self.answers.show([parsed])
        return answer("usable", answer=shown, message=message, logprob=reply.logprob, parsed=parsed)

    async def ask(self, call: Call, seat: int, spent: list[Usage], *, final: bool = False) -> tuple[Reply, str]:
        """The reply to `call`, from the log if it is there, and the model that gave it."""
        noted = self.log.outcome(call) if self.log is not None else None
        seated = self.panel.solvers[seat]
        if noted is not None:
            spent.append(Usage(**noted["usage"]))
            if "failed" in noted:
                raise SolverError(noted["failed"], noted["detail"], retryable=False)
            return self._noted(Reply(**noted["reply"]), seated, noted["model"] != seated.model), noted["model"]
        if asyncio.get_running_loop().time() >= (self.deadline if final else self.until):
            raise BudgetExceeded("seconds")  # what is in the log was still told
        tried = len(spent)
        try:
            reply, solver = await self.caller.ask(call, seat, final=final, spent=spent)
        except SolverError as error:
            self._log_failure(call, seated.model, error.kind, str(error), total(spent[tried:]))
            raise
        except BudgetExceeded as exceeded:
            if spent[tried:]:
                self._log_failure(call, seated.model, OUT_OF_BUDGET, exceeded.limit, total(spent[tried:]))
            raise
        if self.log is not None:
            self.log.reply(call, solver.model, reply, total(spent[tried:]), self._seconds())
        return self._noted(reply, seated, solver is not seated), solver.model

    def _noted(self, reply: Reply, seated: Solver, rerouted: bool) -> Reply:
        self.extra.update(reply.note.splitlines())
        if rerouted:
            self.extra[f"{seated.model}: does not answer, another model did"] += 1
        return reply

    def _log_asked(self, call: Call, model: str, upper: Usage) -> None:
        if self.log is not None:
            self.log.asked(call, model, upper, self._seconds())

    def _log_failure(self, call: Call, model: str, kind: str, detail: str, usage: Usage) -> None:
        if self.log is not None and self.log.outcome(call) is None:
            self.log.failure(call, model, kind, detail, usage, self._seconds())

    def _call(self, number: int, agent: int) -> Call:
        """What `agent` is asked in round `number`, given the pool."""
        policy, size, form = self.policy, self.policy.sizes[number], self.answers.form
        fresh = random.Random(derive(self.seed, "fresh", number)).sample(
            range(size), math.ceil(policy.fresh_fraction * size - 1e-9)
        )
        usable = self.usable()
        kind, asked, attempts, own = "attempt", self.question.text, list[str](), None
        if number and policy.refine != "more" and agent not in fresh and usable:
            own = next((a for a in usable if a.agent == agent), None) if policy.refine != "peers" else None
            others = [a for a in usable if a is not own] if policy.refine != "critique" or own is None else []
            rng = random.Random(derive(self.seed, "peers", number, agent))
            peers = rng.sample(others, min(policy.subset, len(others)))
            kind, attempts = "refine", [a.message for a in ([own] if own else []) + peers]
            text = prompts.refine(self.question, form, own.message if own else None, [a.message for a in peers])
        else:
            hint = prompts.HINTS[agent % len(prompts.HINTS)] if "prompt" in policy.diversity else ""
            text = prompts.attempt(self.question, form, hint)
            asked = "\n\n".join(part for part in (asked, hint) if part)
        temperature = self.temperature
        if "temperature" in policy.diversity and size > 1:
            temperature = round(0.6 + 0.6 * agent / (size - 1), 3)
        return Call(
            kind, number, agent, prompts.SYSTEM, text, self.question.pictures, derive(self.seed, number, agent),
            self.max_output_tokens, temperature, asked, tuple(attempts), own is not None,
        )  # fmt: skip

    def _decided(self, found: list[AgentAnswer], outstanding: int) -> bool:
        if self.policy.stop != "unassailable" or not self.answers.exact:
            return False
        votes = [*(self.pool if self.policy.refine == "more" else []), *found]
        groups = group_answers(self.answers, [a.parsed for a in votes if a.status == "usable"])
        refusals = sum(a.status == "refused" for a in votes)
        return unassailable([len(g.members) for g in groups], outstanding, refusals)

    def _support(self) -> int:
        return max((len(group.members) for group in self.groups()), default=0)

    def _refusals(self) -> int:
        return sum(answer.status == "refused" for answer in self.pool)

    def _seconds(self) -> float:
        """Since this process began; the log adds what earlier ones spent."""
        before = self.log.before if self.log is not None else 0.0
        return asyncio.get_running_loop().time() - self.started - before

    def _tell_answer(self, answer: AgentAnswer, found: list[AgentAnswer]) -> None:
        self.tell(Event("answered", answer.round, answer.agent, {"status": answer.status, "answer": answer.answer,
                                                                 "detail": answer.detail}))  # fmt: skip
        groups = group_answers(self.answers, [a.parsed for a in found if a.status == "usable"])
        votes = {group.answer: len(group.members) for group in groups}
        self.tell(Event("standing", answer.round, data={"votes": votes, "usage": asdict(self.ledger.used),
                                                        "usd": self.ledger.usd}))  # fmt: skip

    def _result(self, decision: Decision, stopped_by: str, rounds: int) -> Result:
        self.extra.update({f"over budget: {name}": 1 for name in sorted(self.ledger.overrun)})
        if self.log is not None and self.log.broken:
            self.extra[f"log: cannot be written any more, {self.log.broken}"] += 1
        told = total(list(self.usage_by.values()))
        if self.ledger.used != told:
            self.usage_by["repeated"] = self.ledger.used - told
        if decision.answer is None and stopped_by == "finished":
            stopped_by = "no usable answer"
        result = Result(
            decision.answer, stopped_by == "refusals", tuple(self.noted), decision.agreement, decision.dissent,
            count_degraded(self.noted, self.extra), stopped_by, self.ledger.used, self.usage_by,
            asyncio.get_running_loop().time() - self.started, rounds + decision.depth,
            None if self.ledger.unpriced else self.ledger.usd, self.capabilities,
        )  # fmt: skip
        self.tell(Event("result", data={"result": result}))
        return result


def total(usages: Sequence[Usage]) -> Usage:
    return sum(usages, Usage())


def identity(run_seed: int, question: Question, panel: Panel, policy: Policy, *settings: object) -> str:
    """Fingerprint of what a log belongs to."""
    pictures = [hashlib.sha256(picture.data).hexdigest() for picture in question.pictures]
    content = [run_seed, question.text, pictures, panel.identity, asdict(policy), list(map(repr, settings))]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
