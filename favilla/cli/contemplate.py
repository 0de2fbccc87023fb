"""`favilla contemplate`: one question to several agents, of a model in this process or behind endpoints."""

from __future__ import annotations

import json as json_format
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, UseAppendAction, arg

from favilla.errors import UserError

if TYPE_CHECKING:
    from favilla.contemplate import Answers, Panel
    from favilla.contemplate.solver import Solver

KEYS_BY_HOST = "use the environment variables, of which FAVILLA_API_KEY goes to every host that has none of its own"
NO_LIMIT = "(default: no limit)"
# That a synthesis by the shipped model is better than a vote is not shown (docs/results/contemplate-ember.md).
LOCAL_POLICY, ENDPOINT_POLICY = "vote", "medium"
Kind = Literal["auto", "text", "number", "choice", "json", "program", "point", "box"]


def contemplate(
    question: Annotated[Positional[str], arg(metavar="QUESTION")],
    image: Annotated[UseAppendAction[tuple[tuple[Path, ...], ...]], arg(metavar="PATH")] = (),
    model: Annotated[str | None, arg(metavar="NAME|FOLDER", help_behavior_hint="(default: ember)")] = None,
    endpoint: Annotated[str | None, arg(metavar="URL", help_behavior_hint="(default: this process)")] = None,
    panel: Annotated[UseAppendAction[tuple[tuple[str, ...], ...]], arg(metavar="MODEL[@URL][*WEIGHT]")] = (),
    policy: Annotated[
        str | None, arg(metavar="NAME", help_behavior_hint="(default: medium, without endpoint vote)")
    ] = None,
    agents: Annotated[int | None, arg(metavar="N", help_behavior_hint="(default: the policy's)")] = None,
    rounds: Annotated[int | None, arg(metavar="T", help_behavior_hint="(default: the policy's)")] = None,
    answers: Kind = "auto",
    options: Annotated[tuple[str, ...], arg(metavar="WORDS", help_behavior_hint="(default: letters)")] = (),
    inputs: Annotated[tuple[Path, ...], arg(metavar="FILE", help_behavior_hint="(default: no input)")] = (),
    tolerance: Annotated[float, arg(metavar="D")] = 50.0,
    iou: Annotated[float, arg(metavar="SHARE")] = 0.5,
    effort: Annotated[str | None, arg(metavar="NAME", help_behavior_hint="(default: high, or the endpoint's)")] = None,
    thinking_budget: Annotated[int | None, arg(metavar="TOKENS", help_behavior_hint="(default: none)")] = None,
    temperature: Annotated[
        float | None, arg(metavar="T", help_behavior_hint="(default: 0.8, or the endpoint's)")
    ] = None,
    max_output_tokens: Annotated[
        int | None, arg(metavar="TOKENS", help_behavior_hint="(default: 512, of endpoints 4096)")
    ] = None,
    budget: Annotated[int | None, arg(metavar="TOKENS", help_behavior_hint=NO_LIMIT)] = None,
    input_tokens: Annotated[int | None, arg(metavar="N", help_behavior_hint=NO_LIMIT)] = None,
    output_tokens: Annotated[int | None, arg(metavar="N", help_behavior_hint=NO_LIMIT)] = None,
    usd: Annotated[float | None, arg(metavar="USD", help_behavior_hint=NO_LIMIT)] = None,
    seconds: Annotated[float | None, arg(metavar="S", help_behavior_hint=NO_LIMIT)] = None,
    calls: Annotated[int | None, arg(metavar="N", help_behavior_hint=NO_LIMIT)] = None,
    quorum: Annotated[float, arg(metavar="SHARE")] = 0.75,
    grace: Annotated[float, arg(metavar="SHARE")] = 0.5,
    grace_seconds: Annotated[float, arg(metavar="S")] = 1.0,
    call_seconds: Annotated[float, arg(metavar="S")] = 600.0,
    retries: Annotated[int, arg(metavar="N")] = 3,
    concurrency: Annotated[int, arg(metavar="N")] = 64,
    prices: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")] = None,
    api: Literal["chat", "responses"] = "chat",
    key_file: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")] = None,
    probe: bool = False,
    log: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")] = None,
    seed: Annotated[int, arg(metavar="N")] = 0,
    json: bool = False,
) -> None:
    """Let several agents answer one question, refine and aggregate; Ctrl-C gives the best answer so far.

    Example: favilla contemplate "What is 17 + 25 - 8?" --agents 8
    Example: favilla contemplate "What is 17 * 23?" --endpoint http://127.0.0.1:8000/v1 --model some-model --policy low

    Args:
        question: What you want to know.
        image: Pictures, sent as they are.
        model: A shipped model or a model folder; with --endpoint the name of the model there.
        endpoint: Base address of an OpenAI-compatible server; it mostly ends in /v1.
        panel: Instead of one model several, by weight; the first aggregates. Without @URL a shipped model or a folder.
        policy: single, vote, low, medium, high, rsa, moa, pairwise, auto or rsa(N,K,T).
        agents: Agents in each round.
        rounds: Rounds before the aggregation.
        answers: What counts as the same answer; auto: places that are close, or the same words.
        options: For choice: the words of the options, the first being A.
        inputs: For program: files with standard input to compare programs by.
        tolerance: For point: distance of points that are the same, in the question's unit or thousandths of the picture.
        iou: For box: overlap (intersection over union) of boxes that are the same.
        effort: Reasoning strength, where the model has one.
        thinking_budget: Of a model in this process: after that many tokens the thinking is closed.
        temperature: Of the sampling.
        max_output_tokens: Longest reply of one agent, reasoning included.
        budget: Most tokens, read and written.
        input_tokens: Most tokens read.
        output_tokens: Most tokens written.
        usd: Most US dollars; needs --prices.
        seconds: Longest time.
        calls: Most requests.
        quorum: Share of a round's agents whose usable answers are enough; the others get a grace, then they are cut.
        grace: That grace, as a share of the time so far; 0 with --grace-seconds 0 waits for nobody.
        grace_seconds: At least so long.
        call_seconds: Longest request.
        retries: After 429, 5xx, timeouts and lost connections.
        concurrency: Most requests at the same time.
        prices: JSON table of prices in US dollars per million tokens.
        api: Chat Completions or Responses.
        key_file: File whose first line is the key (default: the host's environment variable); for one host only.
        probe: Find out first, in at most 11 small requests, what each endpoint can do.
        log: JSONL file; the same command with the same file goes on where it was stopped.
        seed: Seed of prompts, peers and requests.
        json: Print one JSON object instead.
    """
    specs = [spec for group in panel for spec in group]
    if specs and (model is not None or endpoint is not None):
        raise UserError("--panel: takes the place of --model and --endpoint; give either")
    if endpoint is not None and model is None:
        raise UserError("--endpoint: needs --model, the name of the model there")
    addresses = [address for spec in specs if (address := _address(spec)) is not None]
    hosts = sorted({address.split("/")[2].rpartition("@")[2] for address in addresses})
    if key_file is not None and len(hosts) > 1:
        raise UserError(f"--key-file: a key belongs to one host, and the panel has {', '.join(hosts)}; {KEYS_BY_HOST}")
    remote = endpoint is not None or bool(addresses)
    if key_file is not None and not remote:
        raise UserError("--key-file: is for an endpoint, and there is none; give --endpoint, or leave it out")
    if thinking_budget is not None and endpoint is not None:
        raise UserError("--thinking-budget: is for models in this process; give --max-output-tokens instead")

    from favilla.cli.agents import report, run
    from favilla.contemplate import Budget, Limits, parse_policy

    name = policy or (ENDPOINT_POLICY if remote else LOCAL_POLICY)
    chosen = parse_policy(name).with_(agents, rounds)
    limits = Budget(input_tokens=input_tokens, output_tokens=output_tokens, total_tokens=budget, usd=usd,
                    seconds=seconds, calls=calls)  # fmt: skip
    patience = Limits(call_seconds, retries, quorum=quorum, grace_share=grace, grace_seconds=grace_seconds,
                      concurrency=concurrency)  # fmt: skip
    kind = answers_of(answers, options, inputs, tolerance, iou)
    where: dict[str, Any]
    members: Panel | None = None
    if endpoint is not None:
        where = {"endpoint": endpoint, "model": model, "api": api, "effort": effort, "key_file": key_file}
    else:
        weighted = chosen.aggregate == "weighted_vote"
        local = {"temperature": 0.0 if chosen.most_agents == 1 else 0.8, "thinking_budget": thinking_budget}
        distant = {"api": api, "effort": effort, "key_file": key_file, "ask_logprobs": weighted}
        members = _panel(specs or [model or "ember"], local | ({"effort": effort} if effort else {}), distant)
        where = {"panel": members}
    result = run(
        question, chosen, name, limits, quiet=json, close=members, answers=kind, prices=prices, probe=probe, log=log,
        images=[path for group in image for path in group], seed=seed, temperature=temperature,
        max_output_tokens=max_output_tokens, limits=patience, **where,
    )  # fmt: skip
    if json:
        print(json_format.dumps(result.json(), indent=2))
    report(result, quiet=json)


def answers_of(name: Kind, options: tuple[str, ...], inputs: tuple[Path, ...], tolerance: float, iou: float) -> Answers:
    """The kind of answer with its settings. Raises UserError for settings of another kind."""
    from favilla.contemplate import (
        AnyAnswers,
        BoxAnswers,
        ChoiceAnswers,
        JSONAnswers,
        NumberAnswers,
        PointAnswers,
        ProgramAnswers,
        TextAnswers,
    )

    if options and name != "choice":
        raise UserError("--options: belong to --answers choice")
    if inputs and name != "program":
        raise UserError("--inputs: belong to --answers program")
    if name == "program":
        return ProgramAnswers([_read(path) for path in inputs] or [""])
    makers: dict[str, Any] = {
        "auto": AnyAnswers, "text": TextAnswers, "number": NumberAnswers, "json": JSONAnswers,
        "choice": lambda: ChoiceAnswers(options), "point": lambda: PointAnswers(tolerance), "box": lambda: BoxAnswers(iou),
    }  # fmt: skip
    made: Answers = makers[name]()
    return made


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UserError(f"--inputs {path}: cannot be read ({error}); name a text file") from None


def _address(spec: str) -> str | None:
    return _parsed(spec)[1]


def _parsed(spec: str) -> tuple[str, str | None, float]:
    """Model, address and weight of MODEL[@URL][*WEIGHT]."""
    match = re.fullmatch(r"(.+?)(?:@(https?://.+?))?(?:\*(\d+(?:\.\d+)?))?", spec)
    if match is None or float(match[3] or 1) <= 0:
        raise UserError(f"--panel {spec}: give MODEL, MODEL@URL, or one of these with *WEIGHT, a number above 0")
    return match[1], match[2], float(match[3] or 1)


def _panel(specs: list[str], local: dict[str, Any], distant: dict[str, Any]) -> Panel:
    """The solvers of a panel; a model that is named twice is loaded twice."""
    from favilla.contemplate import Panel, connect, open_local

    solvers: list[Solver] = []
    for spec in specs:
        name, address, _ = _parsed(spec)
        solvers.append(open_local(name, **local) if address is None else connect(address, name, **distant))
    return Panel(tuple(solvers), tuple(_parsed(spec)[2] for spec in specs))
