"""The event log of one run: JSON lines. With it a run that was killed goes on, and no finished agent is asked twice.

The first line tells what the log belongs to (question, panel, policy, seed). A call's outcome is known by its key and the
fingerprint of everything it sent. Failures count only in rounds that were closed: in a round that was under way when the
process died, failed calls are tried again.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from favilla.contemplate.solver import Call, Reply, Usage
from favilla.errors import UserError

VERSION = 1
OUT_OF_BUDGET = "budget"  # a failure that a larger budget mends, so that going on with one asks again


class EventLog:
    """Append-only; use as a context manager. `before`: seconds that earlier processes spent on this run. `broken`: why nothing
    can be written any more (a full disk, say); the run itself need not end for that."""

    def __init__(self, path: Path, identity: str) -> None:
        self.path = Path(path)
        self.before, self.broken = 0.0, ""
        self.paid: list[tuple[str, Usage]] = []  # (model, usage) of earlier processes
        self.begun = -1  # the last round of which they asked anybody
        self._outcomes: dict[tuple[str, str], dict[str, Any]] = {}
        try:
            # not truncated, always appended; nobody else needs to read the answers in it; what is written is there at once
            self._file = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b", buffering=0)
        except (OSError, ValueError) as error:
            raise UserError(f"--log {path}: cannot be opened ({error}); name a file in a writable folder") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise UserError(f"--log {path}: another run is writing it; wait for it, or choose another file") from None
        try:
            self._read(identity)
            if self.broken:
                raise UserError(f"--log {path}: cannot be written ({self.broken}); make room, or choose another file")
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> EventLog:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def outcome(self, call: Call) -> dict[str, Any] | None:
        """What an earlier process noted of exactly this call: {"reply": ...} or {"failed": kind, "detail": ...}."""
        return self._outcomes.get((call.key, call.digest))

    def asked(self, call: Call, model: str, upper: Usage, seconds: float) -> None:
        """A request is about to be sent. If the process dies before its outcome is here, `upper` counts as used."""
        self._append(seconds, event="asked", call=call.key, digest=call.digest, model=model, usage=asdict(upper))

    def reply(self, call: Call, model: str, reply: Reply, usage: Usage, seconds: float) -> None:
        content = {k: v for k, v in asdict(reply).items() if k != "usage"}
        self._append(seconds, event="reply", call=call.key, digest=call.digest, model=model, reply=content,
                     usage=asdict(usage))  # fmt: skip

    def failure(self, call: Call, model: str, kind: str, detail: str, usage: Usage, seconds: float) -> None:
        self._append(seconds, event="failed", call=call.key, digest=call.digest, model=model, failed=kind,
                     detail=detail, usage=asdict(usage))  # fmt: skip

    def closed(self, round: int, seconds: float) -> None:
        """All outcomes of a round are in the log."""
        self._append(seconds, event="closed", round=round)

    def _append(self, seconds: float, **event: Any) -> None:
        left = memoryview(_line(self.before + seconds, event))
        try:
            while left and not self.broken:
                left = left[self._file.write(left) :]
        except OSError as error:
            # Half a line may be there; who goes on with this log takes it away.
            self.broken = error.strerror or type(error).__name__

    def _read(self, identity: str) -> None:
        content = self._file.read()
        whole = content.rfind(b"\n") + 1
        start = {"event": "start", "version": VERSION, "identity": identity}
        events = [self._parse(line, number) for number, line in enumerate(content[:whole].split(b"\n")[:-1], 1)]
        first = events[0] if events else start if _line(0.0, start).startswith(content) else {}
        if first.get("event") != "start" or first.get("version") != VERSION:
            raise UserError(f"--log {self.path}: is no log of a run of this version; choose another file")
        if first.get("identity") != identity:
            raise UserError(
                f"--log {self.path}: belongs to another question, policy, panel or seed; choose another file"
            )
        if whole < len(content):
            self._file.truncate(whole)  # the line that was being written when the process was killed
        if not events:
            self._append(0.0, **start)
            return
        closed = {event["round"] for event in events if event["event"] == "closed"}
        under_way: dict[tuple[str, str], list[tuple[str, Usage]]] = {}
        for event in [*events[1:], {"event": "resumed"}]:
            if event["event"] == "resumed":
                self._lost([one for asked in under_way.values() for one in asked])
                under_way.clear()
            elif event["event"] == "asked":
                asked = under_way.setdefault((event["call"], event["digest"]), [])
                asked.append((event["model"], Usage(**event["usage"])))
                self.begun = max(self.begun, _round(event["call"]))
            if event["event"] not in ("reply", "failed"):
                continue
            under_way.pop((event["call"], event["digest"]), None)
            self.paid.append((event["model"], Usage(**event["usage"])))
            final = event.get("failed") != OUT_OF_BUDGET and _round(event["call"]) in closed
            if event["event"] == "reply" or final:
                self._outcomes[event["call"], event["digest"]] = event
        self.before = max(event["seconds"] for event in events)
        self._append(0.0, event="resumed")

    def _lost(self, asked: list[tuple[str, Usage]]) -> None:
        """Requests that were under way when a process died: nobody knows what they used."""
        for model, upper in asked:
            self.paid.append((model, replace(upper, unreported=upper.calls)))

    def _parse(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            event = json.loads(line)
            _check(event)
            return event  # type: ignore[no-any-return]
        except (ValueError, TypeError, KeyError, AttributeError):
            raise UserError(f"--log {self.path}: line {number} is no event of a run; choose another file") from None


def _line(seconds: float, event: dict[str, Any]) -> bytes:
    return (json.dumps({"seconds": round(seconds, 3), **event}, ensure_ascii=True) + "\n").encode("ascii")


def _check(event: Any) -> None:
    """Raises ValueError, TypeError, KeyError or AttributeError where an event lacks what a run goes by."""
    kinds: dict[str, type | tuple[type, ...]] = {"event": str, "seconds": (int, float)}
    if event["event"] == "closed":
        kinds["round"] = int
    elif event["event"] in ("asked", "reply", "failed"):
        kinds |= dict.fromkeys(("call", "digest", "model"), str)
        kinds |= {"failed": str, "detail": str} if event["event"] == "failed" else {}
        _round(event["call"])
        if not all(type(value) is int for value in asdict(Usage(**event["usage"])).values()):
            raise ValueError("usage")
        if event["event"] == "reply" and not isinstance(Reply(**event["reply"]).text, str):
            raise ValueError("reply")
    for name, kind in kinds.items():
        if not isinstance(event[name], kind):
            raise ValueError(name)


def _round(call: str) -> int:
    """The round of a call's key; -1 for the aggregation, which is of none."""
    kind, number, _ = call.split("/")
    return int(number) if kind in ("attempt", "refine") else -1
