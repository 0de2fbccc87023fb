"""What a run gives back, and what it tells while it runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from favilla.contemplate.solver import Usage

Stopped = str  # see Result.stopped_by


@dataclass(frozen=True)
class AgentAnswer:
    """One agent in one round.

    status: "usable", "unusable" (a reply without an answer of the wanted kind, or "truncated": cut off at max_output_tokens
    before the line of its answer had ended), "refused", "failed" (no reply), "cut" (a straggler, or no longer needed),
    "budget" (no room for it).
    answer: as the agent wrote it; None unless usable. detail: what went wrong. message: what others were shown.
    """

    round: int
    agent: int
    model: str
    status: str
    answer: str | None = None
    message: str = ""
    detail: str = ""
    logprob: float | None = None
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    parsed: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Result:
    """The answer, and everything that one needs to know to trust it or not.

    answer: None when there is no usable answer, or when `refused`.
    refused: refusals decided; `answer` is None then.
    answers: every agent of every round. agreement: share of the last pool's replies (refusals included) that gave
    `answer`; 0 when a judge wrote one that nobody gave. dissent: other answers (and "refused") with their numbers.
    degraded: what went wrong or was left out, and how often; empty for an undisturbed run.
    stopped_by: "finished"; "agreement" (policy stopped early); "refusals"; "no usable answer"; "interrupted"; or the limit of
    the budget ("calls", "seconds", "input_tokens", ...; with "soft " before it when only the soft limit was reached).
    usage: of all requests; usage_by: per round and agent; of a run that went on with a log, "repeated" is what earlier
    processes used for requests that were made again, or whose answers were not needed. cost: US dollars, None when a price is unknown. seconds: wall
    clock. depth: requests that waited for one another, one after the other. capabilities: what `probe` found of each model
    at an endpoint (`openai_client.Capabilities`); empty without.
    """

    answer: str | None
    refused: bool
    answers: tuple[AgentAnswer, ...]
    agreement: float
    dissent: dict[str, int]
    degraded: dict[str, int]
    stopped_by: Stopped
    usage: Usage
    usage_by: dict[str, Usage]
    seconds: float
    depth: int
    cost: float | None
    capabilities: dict[str, dict[str, Any]] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """As JSON: objects, lists, strings and numbers only."""
        content = asdict(self)
        for answer in content["answers"]:
            del answer["parsed"]
        return content


@dataclass(frozen=True)
class Event:
    """Something that happened. kind and what `data` has:

    "probe" (model, endpoint, found: name -> what it can do), "round" (agents), "started", "tokens" (tokens: how many more), "retry" (why), "answered" (status, answer),
    "standing" (votes: answer -> number, usage, usd), "aggregation" (how), "result" (result).
    """

    kind: str
    round: int = 0
    agent: int = -1
    data: dict[str, Any] = field(default_factory=dict)


def count_degraded(answers: list[AgentAnswer], extra: Counter[str]) -> dict[str, int]:
    """Failures by name over all rounds."""
    counted: Counter[str] = Counter(extra)
    for answer in answers:
        if answer.status not in ("usable", "refused") and answer.detail != "decided":
            counted[f"{answer.status}: {answer.detail.partition(':')[0]}" if answer.detail else answer.status] += 1
    return dict(counted)
