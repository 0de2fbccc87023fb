"""Contemplating mode: agents that reason in parallel, refine and aggregate. Needs no PyTorch, except for models in this
process.

from favilla.contemplate import contemplate_sync
result = contemplate_sync("What is 17 * 23?", endpoint="http://127.0.0.1:8000/v1", model="some-model", policy="low")
print(result.answer, result.agreement, result.stopped_by)
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from favilla.contemplate.answers import Answers, ChoiceAnswers, JSONAnswers, NumberAnswers, TextAnswers
from favilla.contemplate.budget import Budget, Price, price_table, read_prices
from favilla.contemplate.calls import Limits
from favilla.contemplate.log import EventLog
from favilla.contemplate.places import AnyAnswers, BoxAnswers, PointAnswers
from favilla.contemplate.policy import PRESETS, Policy, parse_policy, rsa
from favilla.contemplate.programs import ProgramAnswers
from favilla.contemplate.result import AgentAnswer, Event, Result
from favilla.contemplate.run import Run, identity
from favilla.contemplate.solver import Panel, Picture, Question, Solver, Usage
from favilla.errors import UserError

if TYPE_CHECKING:
    from favilla.contemplate.local import LocalSolver
    from favilla.contemplate.openai_client import OpenAISolver

__all__ = [
    "PRESETS", "AgentAnswer", "Answers", "AnyAnswers", "BoxAnswers", "Budget", "ChoiceAnswers", "Event", "JSONAnswers",
    "Limits", "NumberAnswers", "Panel", "Picture", "PointAnswers", "Policy", "Price", "ProgramAnswers", "Question",
    "Result", "Solver", "TextAnswers", "Usage", "connect", "contemplate", "contemplate_sync", "open_local",
    "parse_policy", "read_prices", "rsa", "stream",
]  # fmt: skip


LOOKS = 0.05  # seconds between looks at another thread's event


def connect(endpoint: str, model: str, *, key_file: Path | None = None, **settings: Any) -> OpenAISolver:
    """A solver for `model` behind an OpenAI-compatible `endpoint` (its base address, which mostly ends in /v1).

    The key comes from the first line of `key_file` or from the host's environment variable (FAVILLA_API_KEY, or
    OPENAI_API_KEY and MODEL_API_KEY for the two hosts they belong to). settings: api ("chat", "responses"), effort,
    profile, ask_logprobs. Raises UserError when the openai package is missing or something given is wrong.
    """
    _check_names("an endpoint", settings, ("api", "effort", "profile", "ask_logprobs"))
    try:
        from favilla.contemplate.openai_client import OpenAISolver, find_key
    except ModuleNotFoundError as error:
        if error.name != "openai":
            raise
        raise UserError("the openai package is missing; install it with pip install 'favilla[contemplate]'") from None
    solver = OpenAISolver(endpoint, model, **settings)
    assert solver.profile is not None
    solver.key = find_key(solver.profile, key_file)
    return solver


def open_local(name_or_folder: str | Path, **settings: Any) -> LocalSolver:
    """A solver for a shipped model or a model folder, in this process; imports PyTorch.

    settings: effort, thinking_budget, temperature, prompts. Raises UserError when there is no such model.
    """
    _check_names("a model in this process", settings, ("effort", "thinking_budget", "temperature", "prompts"))
    from favilla.contemplate.local import LocalSolver
    from favilla.contemplate.writer import engine_thread
    from favilla.engine.load import load

    return LocalSolver(engine_thread().submit(load, name_or_folder).result(), str(name_or_folder), **settings)


async def contemplate(
    question: str,
    *,
    endpoint: str | None = None,
    model: str | None = None,
    panel: Panel | None = None,
    images: Any = (),
    policy: Policy | str = "medium",
    answers: Answers | None = None,
    budget: Budget | None = None,
    prices: Mapping[str, Price | Mapping[str, float]] | str | Path | None = None,
    limits: Limits | None = None,
    seed: int = 0,
    temperature: float | None = None,
    max_output_tokens: int | None = None,
    log: str | Path | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
    key_file: Path | None = None,
    probe: bool = False,
    interrupt: asyncio.Event | threading.Event | None = None,
    **settings: Any,
) -> Result:
    """Answer `question` with several agents.

    Either `model` alone, a shipped model or a model folder that runs in this process (with the settings of `open_local`);
    or `endpoint` and `model` (with `key_file` and the settings of `connect`); or a `panel` of solvers, which stays open.
    images: one or a list of paths, bytes of files (both sent byte by byte), PIL pictures (sent as PNG) and `Picture`s. policy: a Policy or the name of a preset. answers: the kind of answer, which decides
    what counts as the same (default: words). max_output_tokens: of each request, reasoning included (default: 4096, of
    models in this process 512). probe: find out first what each endpoint can do (at most 11 small requests, counted in the
    budget and its time); an effort or pictures that one refuses are then a UserError before anybody is asked.
    log: a JSONL file; the same call with the same file goes on where a killed process was. interrupt: once set (by another
    thread a `threading.Event`), the best answer so far is returned, and says so.
    Cancelling it ends all requests and closes their connections. Raises UserError for what the caller can mend.
    """
    if (panel is None) == (model is None) or (endpoint is not None and not model):
        raise UserError("contemplate: give a model, an endpoint and a model, or a panel")
    if panel is not None and (settings or key_file is not None or endpoint is not None):
        raise UserError("contemplate: endpoint, key_file and settings do not belong to a panel")
    if endpoint is None and key_file is not None:
        raise UserError("contemplate: key_file belongs to an endpoint")
    policy = parse_policy(policy) if isinstance(policy, str) else policy
    answers = TextAnswers() if answers is None else answers
    budget, limits = Budget() if budget is None else budget, Limits() if limits is None else limits
    _check_kinds(
        policy=(policy, Policy), panel=(panel, Panel, type(None)), budget=(budget, Budget), limits=(limits, Limits),
        seed=(seed, int), temperature=(temperature, int, float, type(None)), max_output_tokens=(max_output_tokens, int, type(None)),
        interrupt=(interrupt, asyncio.Event, threading.Event, type(None)),
    )  # fmt: skip
    if isinstance(answers, type) or not hasattr(answers, "parse"):
        raise UserError(f"contemplate: answers {answers!r}: give a kind of answer, as in answers=NumberAnswers()")
    if not callable(on_event) or inspect.iscoroutinefunction(on_event):
        raise UserError(f"contemplate: on_event {on_event!r}: give a plain function of an event, which returns at once")
    several = isinstance(images, Iterable) and not isinstance(images, str | bytes | bytearray)
    pictures = tuple(map(Picture.of, (images if several else () if images is None else (images,))))
    asked = Question(question, pictures)
    table = read_prices(Path(prices)) if isinstance(prices, str | Path) else price_table(prices or {}, "prices")
    async with contextlib.AsyncExitStack() as stack:
        if panel is None and endpoint is None:
            assert model is not None
            # one agent alone says what it finds likeliest; several must differ
            temperature_here = 0.0 if policy.most_agents == 1 else 0.8
            # on a thread: others may use this loop while the model is loaded
            panel = Panel((await asyncio.to_thread(open_local, model, temperature=temperature_here, **settings),))
        elif panel is None:
            assert endpoint is not None and model is not None
            settings.setdefault("ask_logprobs", policy.aggregate == "weighted_vote")
            solver = connect(endpoint, model, key_file=key_file, **settings)
            panel = Panel((solver,))
            stack.push_async_callback(panel.close)
        if max_output_tokens is None:
            max_output_tokens = max(getattr(solver, "usual_output_tokens", 4096) for solver in panel.solvers)
        about = (*answers.identity, sorted(settings.items()), temperature, max_output_tokens)
        events = None
        if log is not None:
            events = stack.enter_context(EventLog(Path(log), identity(seed, asked, panel, policy, *about)))
        run = Run(
            asked, panel, policy, answers, budget, table, limits, seed, temperature,
            max_output_tokens, events, on_event, await stack.enter_async_context(_here(interrupt)), probe,
        )  # fmt: skip
        return await run.result()


@contextlib.asynccontextmanager
async def _here(interrupt: asyncio.Event | threading.Event | None) -> AsyncIterator[asyncio.Event | None]:
    """An event of this loop that is set when `interrupt` is, by whatever thread."""
    if not isinstance(interrupt, threading.Event):
        yield interrupt
        return
    here = asyncio.Event()

    async def follow() -> None:
        while not interrupt.is_set():
            await asyncio.sleep(LOOKS)
        here.set()

    following = asyncio.create_task(follow())
    try:
        yield here
    finally:
        following.cancel()
        await asyncio.wait([following])


def _check_kinds(**given: tuple[Any, ...]) -> None:
    for name, (value, *kinds) in given.items():
        if not isinstance(value, tuple(kinds)):
            wanted = " or ".join(kind.__name__ for kind in kinds if kind is not type(None))
            raise UserError(f"contemplate: {name} {value!r}: give {wanted}")


def _check_names(what: str, settings: Mapping[str, Any], known: tuple[str, ...]) -> None:
    if unknown := sorted(set(settings) - set(known)):
        raise UserError(f"{', '.join(unknown)}: no setting of {what}; there are {', '.join(known)}")


def contemplate_sync(question: str, **settings: Any) -> Result:
    """`contemplate` for code that has no event loop; Ctrl-C ends it cleanly. Raises UserError where a loop runs."""
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop()
        raise UserError("contemplate_sync: an event loop runs here already (a notebook?); write await contemplate(...)")
    return asyncio.run(contemplate(question, **settings))


async def stream(question: str, **settings: Any) -> AsyncIterator[Event]:
    """The events of `contemplate` as they happen; the last one is "result". Leaving the loop cancels the run (close the
    iterator, or use contextlib.aclosing, to have it end at once)."""
    if "on_event" in settings:
        raise UserError("stream: on_event belongs to contemplate; here the events are what the loop is over")
    queue: asyncio.Queue[Event | None] = asyncio.Queue()
    run = asyncio.create_task(contemplate(question, on_event=queue.put_nowait, **settings))
    run.add_done_callback(lambda task: queue.put_nowait(None))
    try:
        while (event := await queue.get()) is not None:
            yield event
        await run
    finally:
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
