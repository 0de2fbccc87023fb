"""What a person sees while agents work: the whole screen of a terminal, or else a line for whatever is done."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from favilla.show.terminal import harmless

if TYPE_CHECKING:
    from favilla.contemplate import Budget, Event

STYLES = {"usable": "green", "refused": "yellow", "waiting": "dim", "writing": "cyan"}
OTHER_LINES = 8  # of the screen: heading, question, earlier rounds, votes, use


def is_screen(file: TextIO) -> bool:
    """Whether `file` is a terminal that can be drawn on."""
    return file.isatty() and not Console(file=file).is_dumb_terminal


def one_line(text: str) -> str:
    return " ".join(harmless(text).split())


class Lines:
    """A line on stderr for each agent that is done, and for the beginning of a round."""

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing to put back."""

    def tell(self, event: Event) -> None:
        data = event.data
        if event.kind == "round":
            line = f"round {event.round + 1}: {data['agents']} agents"
        elif event.kind == "answered":
            said = (
                f": {data['answer']}"
                if data["answer"] is not None
                else f" ({data['detail']})"
                if data["detail"]
                else ""
            )
            line = f"  agent {event.agent + 1} {data['status']}{said}"
        elif event.kind == "retry":
            line = f"  agent {event.agent + 1} tries again ({data['why']})"
        elif event.kind == "aggregation":
            line = f"aggregation: {data['how']}"
        elif event.kind == "probe":
            line = f"{data['model']} at {data['endpoint']}: {probed(data['found'])}"
        else:
            return
        print("  " * line.startswith("  ") + one_line(line), file=sys.stderr, flush=True)


@dataclass
class Row:
    """An agent of the round that is shown."""

    name: str
    model: str = ""
    state: str = "waiting"
    tokens: int = 0
    answer: str = ""


@dataclass
class Screen:
    """Draws on all of a terminal what `tell` is told; use as a context manager. rounds: how many the policy has at most."""

    question: str
    policy: str
    rounds: int
    budget: Budget
    file: TextIO = field(default_factory=lambda: sys.stderr)

    def __post_init__(self) -> None:
        self.console = Console(file=self.file)
        self.began, self.phase, self.note = time.monotonic(), "starting", ""
        self.rows: dict[int, Row] = {}
        self.votes: Counter[str] = Counter()
        self.usage: dict[str, int] = {}
        self.usd = 0.0
        self.earlier: list[str] = []
        self._round = -1
        self._lock = threading.Lock()  # rich draws on a thread of its own
        self._live = Live(
            console=self.console, screen=True, get_renderable=self.render, refresh_per_second=10, redirect_stdout=False,
            redirect_stderr=False, vertical_overflow="crop",
        )  # fmt: skip

    def __enter__(self) -> Screen:
        self._live.start(refresh=True)
        return self

    def __exit__(self, *exception: object) -> None:
        self._live.stop()

    def say(self, note: str) -> None:
        """A remark at the bottom."""
        with self._lock:
            self.note = note

    def tell(self, event: Event) -> None:
        with self._lock:
            self._take(event)

    def _take(self, event: Event) -> None:
        data = event.data
        if event.kind == "round":
            self._next(event.round, f"round {event.round + 1} of {self.rounds}")
            self.rows = {agent: Row(str(agent + 1)) for agent in range(data["agents"])}
        elif event.kind == "aggregation":
            self._next(-2, f"aggregation: {data['how']}")
        elif event.kind == "probe":
            self.note = f"{data['model']}: {probed(data['found'])}"
        elif event.kind == "standing":
            self.votes, self.usage, self.usd = Counter(data["votes"]), data["usage"], data["usd"]
        elif event.agent >= 0:
            # the judge's requests are no agents of a round: its rows come as they write
            row = self.rows.setdefault(event.agent, Row(f"judge {event.agent + 1}"))
            if event.kind == "started":
                row.model, row.state = data["model"], "writing"
            elif event.kind == "tokens":
                row.tokens, row.state = row.tokens + data["tokens"], "writing"
            elif event.kind == "retry":
                row.state = f"again ({data['why']})"
            elif event.kind == "answered":
                row.state = data["status"]
                row.answer = data["answer"] if data["answer"] is not None else data["detail"]

    def _next(self, number: int, phase: str) -> None:
        if self._round >= 0 and self.votes:
            self.earlier.append(f"round {self._round + 1}: {_votes(self.votes)}")
        self._round, self.phase, self.rows = number, phase, {}
        if number >= 0:
            self.votes = Counter()

    def render(self) -> RenderableType:
        with self._lock:
            heading = Text(f"{self.policy}   {self.phase}   {time.monotonic() - self.began:.0f} s", style="bold")
            lines: list[RenderableType] = [heading, _cropped(self.question), self._table()]
            lines += [_cropped(line, "dim") for line in self.earlier[-2:]]
            lines.append(_cropped(f"votes: {_votes(self.votes)}" if self.votes else "no votes yet"))
            lines.append(_cropped(self._use(), "dim"))
            if self.note:
                lines.append(_cropped(self.note, "bold"))
        return Group(*lines)

    def _table(self) -> Table:
        table = Table(box=None, expand=True, pad_edge=False, header_style="dim")
        several = len({row.model for row in self.rows.values() if row.model}) > 1
        for name, settings in (("agent", {"width": 8}), ("state", {"width": 18}), ("tokens", {"width": 7})):
            table.add_column(name, no_wrap=True, justify="right" if name == "tokens" else "left", **settings)  # type: ignore[arg-type]
        if several:
            table.add_column("model", no_wrap=True, max_width=24)
        table.add_column("answer", no_wrap=True, ratio=1)
        rows = list(self.rows.values())
        room = max(1, self.console.size.height - OTHER_LINES - len(self.earlier[-2:]))
        shown = rows if len(rows) <= room else rows[: room - 1]
        for row in shown:
            style = STYLES.get(row.state, "red" if row.state in ("failed", "unusable", "cut", "budget") else "")
            cells: list[Text | str] = [row.name, Text(one_line(row.state), style), str(row.tokens or "")]
            cells += [Text(one_line(row.model))] if several else []
            table.add_row(*cells, Text(one_line(row.answer)))
        if len(shown) < len(rows):
            states = Counter(row.state for row in rows[len(shown) :])
            more = ", ".join(f"{count} {state}" for state, count in states.most_common())
            cells = [f"+ {len(rows) - len(shown)}", "", str(sum(row.tokens for row in rows[len(shown) :]) or "")]
            table.add_row(*cells, *([""] if several else []), Text(one_line(more), "dim"))
        return table

    def _use(self) -> str:
        """What was used, beside its limit where there is one."""
        read, written = self.usage.get("input_tokens", 0), self.usage.get("output_tokens", 0)
        used: list[tuple[str, float, float | None]] = [
            ("calls", self.usage.get("calls", 0), self.budget.calls), ("tokens read", read, self.budget.input_tokens),
            ("written", written, self.budget.output_tokens),
        ]  # fmt: skip
        if self.budget.total_tokens is not None:
            used.append(("both", read + written, self.budget.total_tokens))
        if self.budget.seconds is not None:
            used.append(("seconds", round(time.monotonic() - self.began), self.budget.seconds))
        parts = [f"{name} {number:,.0f}" + (f" of {limit:,.10g}" if limit else "") for name, number, limit in used]
        if self.usd or self.budget.usd is not None:
            parts.append(f"${self.usd:.4f}" + (f" of ${self.budget.usd:g}" if self.budget.usd else ""))
        return " | ".join(parts)


def probed(found: dict[str, Any]) -> str:
    """What a probe found, in words; what it could not find out is left out."""
    names = {
        "n": "several answers",
        "logprobs": "log-probabilities",
        "tool_choice": "forced tools",
        "images": "pictures",
    }
    told = [f"{words} {'yes' if found[name] else 'no'}" for name, words in names.items() if found[name] is not None]
    return ", ".join([*told, f"efforts {' '.join(found['efforts']) or 'none'}"])


def _votes(votes: Counter[str]) -> str:
    """The leading answers with their votes, and the share of the first."""
    shown = ", ".join(f"{one_line(answer)[:40]} x{count}" for answer, count in votes.most_common(4))
    more = f", {len(votes) - 4} more" if len(votes) > 4 else ""
    return f"{shown}{more}; agreement {votes.most_common(1)[0][1] / votes.total():.0%}"


def _cropped(text: str, style: str = "") -> Text:
    return Text(one_line(text), style, no_wrap=True, overflow="ellipsis")


def summary(result: Any) -> str:
    """One line about a result."""
    line = f"agreement {result.agreement:.0%}"
    if result.dissent:
        others = Counter(result.dissent).most_common()
        more = f", {len(others) - 4} more" if len(others) > 4 else ""
        line += f" (others: {', '.join(f'{answer} x{count}' for answer, count in others[:4])}{more})"
    line += f", {result.usage.calls} calls, {result.usage.total_tokens} tokens, {result.seconds:.1f} s"
    return one_line(line + ("" if result.cost is None else f", ${result.cost:.4f}"))
