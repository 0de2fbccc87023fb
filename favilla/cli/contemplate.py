"""`favilla contemplate`: one question to several agents behind an OpenAI-compatible endpoint."""

from __future__ import annotations

import json as json_format
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, UseAppendAction, arg

from favilla.show.terminal import harmless, notice

if TYPE_CHECKING:
    from favilla.contemplate import Answers, Event


def contemplate(
    question: Annotated[Positional[str], arg(metavar="QUESTION")],
    endpoint: Annotated[str, arg(metavar="URL")],
    model: Annotated[str, arg(metavar="NAME")],
    policy: Annotated[str, arg(metavar="NAME")] = "medium",
    agents: Annotated[int | None, arg(metavar="N", help_behavior_hint="(default: the policy's)")] = None,
    rounds: Annotated[int | None, arg(metavar="N", help_behavior_hint="(default: the policy's)")] = None,
    image: Annotated[UseAppendAction[tuple[tuple[Path, ...], ...]], arg(metavar="PATH")] = (),
    answer: Literal["words", "number", "choice", "json"] = "words",
    api: Literal["chat", "responses"] = "chat",
    effort: Annotated[str | None, arg(metavar="NAME", help_behavior_hint="(default: the model's)")] = None,
    temperature: Annotated[float | None, arg(metavar="T", help_behavior_hint="(default: the model's)")] = None,
    max_output_tokens: Annotated[int, arg(metavar="TOKENS")] = 4096,
    calls: Annotated[int | None, arg(metavar="N", help_behavior_hint="(default: no limit)")] = None,
    total_tokens: Annotated[int | None, arg(metavar="N", help_behavior_hint="(default: no limit)")] = None,
    usd: Annotated[float | None, arg(metavar="USD", help_behavior_hint="(default: no limit)")] = None,
    seconds: Annotated[float | None, arg(metavar="S", help_behavior_hint="(default: no limit)")] = None,
    prices: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")] = None,
    key_file: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")] = None,
    log: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")] = None,
    seed: Annotated[int, arg(metavar="N")] = 0,
    json: bool = False,
) -> None:
    """Let several agents answer one question, refine and aggregate.

    Example: favilla contemplate "What is 17 * 23?" --endpoint http://127.0.0.1:8000/v1 --model some-model --policy low

    Args:
        question: What you want to know.
        endpoint: Base address of an OpenAI-compatible server; it mostly ends in /v1.
        model: Name of the model there.
        policy: single, vote, low, medium, high, rsa, moa, pairwise, auto or rsa(N,K,T).
        agents: Agents in each round.
        rounds: Rounds before the aggregation.
        image: Pictures, sent as they are.
        answer: What counts as the same answer.
        api: Chat Completions or Responses.
        effort: Reasoning strength, where the endpoint has one.
        temperature: Of the sampling.
        max_output_tokens: Longest reply of one agent, reasoning included.
        calls: Most requests.
        total_tokens: Most tokens, read and written.
        usd: Most US dollars; needs --prices.
        seconds: Longest time.
        prices: JSON table of prices in US dollars per million tokens.
        key_file: File whose first line is the key (default: the host's environment variable).
        log: JSONL file; the same command with the same file goes on where it was stopped.
        seed: Seed of prompts, peers and requests.
        json: Print one JSON object instead.
    """
    from favilla.contemplate import Budget, contemplate_sync, parse_policy

    result = contemplate_sync(
        question, endpoint=endpoint, model=model, policy=parse_policy(policy).with_(agents, rounds),
        images=[path for group in image for path in group], answers=_kind(answer), api=api, effort=effort,
        temperature=temperature, max_output_tokens=max_output_tokens,
        budget=Budget(calls=calls, total_tokens=total_tokens, usd=usd, seconds=seconds), prices=prices,
        key_file=key_file, log=log, seed=seed, on_event=_quiet if json else _tell,
    )  # fmt: skip
    if json:
        print(json_format.dumps(result.json(), indent=2))
    elif result.answer is not None:
        print(harmless(result.answer))
    for what, count in result.degraded.items():
        notice(f"{harmless(what)} ({count})")
    if result.stopped_by != "finished":
        notice(f"stopped by: {result.stopped_by}")
    if result.answer is None:
        raise SystemExit(1)


def _kind(name: str) -> Answers:
    from favilla.contemplate import ChoiceAnswers, JSONAnswers, NumberAnswers, TextAnswers

    kinds: dict[str, Answers] = {
        "words": TextAnswers(), "number": NumberAnswers(), "choice": ChoiceAnswers(), "json": JSONAnswers(),
    }  # fmt: skip
    return kinds[name]


def _quiet(event: Event) -> None:
    """Nothing but the JSON object is wanted."""


def _tell(event: Event) -> None:
    """One line on stderr for each agent that is done, and for the beginning of a round."""
    data = event.data
    if event.kind == "round":
        line = f"round {event.round + 1}: {data['agents']} agents"
    elif event.kind == "answered":
        said = f": {data['answer']}" if data["answer"] is not None else f" ({data['detail']})" if data["detail"] else ""
        line = f"  agent {event.agent + 1} {data['status']}{said}"
    elif event.kind == "aggregation":
        line = f"aggregation: {data['how']}"
    elif event.kind == "result":
        result = data["result"]
        line = (
            f"agreement {result.agreement:.0%}, {result.usage.calls} calls, {result.usage.total_tokens} tokens, "
            f"{result.seconds:.1f} s" + ("" if result.cost is None else f", ${result.cost:.4f}")
        )
    else:
        return
    print(" ".join(harmless(line).splitlines()), file=sys.stderr, flush=True)
