"""What the policy core and a backend say to each other: a call, a reply, a failure; who sits on the panel."""

from __future__ import annotations

import base64
import hashlib
import io
import math
from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from favilla.errors import UserError

SIGNATURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


@dataclass(frozen=True)
class Picture:
    """The bytes of a picture file as they are; no agent gets a decoded or re-encoded copy."""

    data: bytes = field(repr=False)
    media_type: str

    @classmethod
    def of(cls, source: Any) -> Picture:
        """A picture from a path, the bytes of a file, or a PIL picture, which is sent as PNG. Raises UserError for anything else."""
        if isinstance(source, cls):
            return source
        if isinstance(source, bytes | bytearray):
            return cls._of_bytes(bytes(source), "picture")
        if hasattr(source, "save") and hasattr(
            source, "mode"
        ):  # PIL need not be there for those who have none of its pictures
            return cls(_png(source), "image/png")
        if not isinstance(source, str | Path):
            raise UserError(f"picture: is a {type(source).__name__}; give a path, the bytes of a file or a PIL picture")
        return cls.read(source)

    @classmethod
    def read(cls, path: str | Path) -> Picture:
        """A PNG, JPEG, GIF or WebP file. Raises UserError when it is none or cannot be read."""
        if str(path).startswith(("http://", "https://", "data:")):
            raise UserError(
                f"{str(path)[:80]}: pictures are files; fetch it first and name the file, or give its bytes"
            )
        try:
            data = Path(path).read_bytes()
        except (OSError, ValueError) as error:
            raise UserError(f"{path}: cannot be read ({error}); name a picture file") from None
        return cls._of_bytes(data, str(path))

    @classmethod
    def _of_bytes(cls, data: bytes, path: str) -> Picture:
        media = next((media for start, media in SIGNATURES.items() if data.startswith(start)), None)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            media = "image/webp"
        if media is None:
            raise UserError(f"{path}: is no PNG, JPEG, GIF or WebP picture; convert it first")
        return cls(data, media)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()[:32]

    @property
    def data_url(self) -> str:
        return f"data:{self.media_type};base64,{base64.b64encode(self.data).decode('ascii')}"


def _png(picture: Any) -> bytes:
    """A PIL picture as a file: all that PNG can hold as it is, anything else as RGB or RGBA."""
    out = io.BytesIO()
    try:
        if picture.mode not in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
            picture = picture.convert("RGBA" if picture.mode in ("PA", "La", "RGBa") else "RGB")
        picture.save(out, "PNG")
    except (OSError, ValueError, SyntaxError, SystemError) as error:
        raise UserError(f"picture: cannot be written as PNG ({error}); give a file of it") from None
    return out.getvalue()


@dataclass(frozen=True)
class Question:
    """What the agents are asked: text, and pictures that come before it."""

    text: str
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Call:
    """One request of one agent.

    kind: "attempt", "refine", "synthesis", "selection" or "match".
    round, agent: which agent asks in which round (from 0); for the aggregation a running number.
    text: the question, then whatever the kind adds to it; the same beginning for all agents (prefix caches).
    max_output_tokens: upper limit, reasoning included.
    temperature: None leaves it to the model.
    question, attempts, own: what `text` was written from, for a backend that writes it in its own way: the question, the
    messages that it shows, and whether the first of them is the agent's own.
    """

    kind: str
    round: int
    agent: int
    system: str
    text: str
    pictures: tuple[Picture, ...]
    seed: int
    max_output_tokens: int
    temperature: float | None = None
    question: str = ""
    attempts: tuple[str, ...] = ()
    own: bool = False

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.round}/{self.agent}"

    @property
    def digest(self) -> str:
        """Fingerprint of everything that is sent."""
        hashed = hashlib.sha256()
        settings = (self.system, self.text, self.seed, self.max_output_tokens, self.temperature)
        hashed.update(repr(settings).encode("utf-8", "surrogatepass"))
        for picture in self.pictures:
            hashed.update(hashlib.sha256(picture.data).digest())
        return hashed.hexdigest()[:32]


@dataclass(frozen=True)
class Usage:
    """Tokens of one or several requests, and how many requests there were.

    cached_tokens are part of input_tokens, reasoning_tokens of output_tokens. Of `unreported` requests nobody told the
    tokens (cut, timed out, cancelled): they are counted at the upper limit that had been reserved for them.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    calls: int = 0
    unreported: int = 0

    @property
    def total_tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens, self.reasoning_tokens + other.reasoning_tokens,
            self.calls + other.calls, self.unreported + other.unreported,
        )  # fmt: skip

    def __sub__(self, other: Usage) -> Usage:
        return self + Usage(*(-count for count in astuple(other)))


@dataclass(frozen=True)
class Reply:
    """What came back. text: the visible answer without reasoning; logprob: mean log-probability of its tokens, where
    the endpoint tells; refused: the endpoint itself marked it as a refusal; usage: None if the endpoint told none;
    note: what the backend had to leave out, a line each, for the result's `degraded`."""

    text: str
    usage: Usage | None = None
    logprob: float | None = None
    refused: bool = False
    truncated: bool = False
    note: str = ""


class SolverError(Exception):
    """A request that brought no reply.

    kind: "rate limit", "server", "timeout", "connection", "cut", "junk", "rejected", "circuit open", "parameter" (an optional
    one was refused; the same call goes without it from now on, at once).
    retryable: whether the same request may go better the next time (429, 5xx, timeouts, connections only).
    retry_after: seconds that the endpoint asked to wait.
    processed: whether the endpoint may have worked, and billed, before it failed.
    """

    def __init__(
        self, kind: str, message: str, *, retryable: bool, retry_after: float | None = None, processed: bool = False
    ) -> None:
        super().__init__(message)
        self.kind, self.retryable, self.retry_after, self.processed = kind, retryable, retry_after, processed


class Solver(Protocol):
    """A backend: one model at one endpoint.

    A solver that makes several requests for one call, such as one that contemplates itself, also has a method
    `upper(call) -> Usage`: an upper limit of what they use together, `calls` among it.
    """

    @property
    def model(self) -> str: ...

    @property
    def endpoint(self) -> str: ...

    async def reply(self, call: Call, tokens: Callable[[int], None]) -> Reply:
        """Answer `call`, telling `tokens` how many more have come while they do. Raises SolverError. Cancelled, one that knows
        what it has used until then raises CancelledError(usage)."""
        ...

    def input_limit(self, call: Call) -> int:
        """An upper limit of the input tokens of `call`."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Panel:
    """The solvers that agents are spread over, by weight; `judge` (default: the first) aggregates."""

    solvers: tuple[Solver, ...]
    weights: tuple[float, ...] = ()
    judge: int = 0

    def __post_init__(self) -> None:
        if not self.solvers:
            raise UserError("the panel is empty; give at least one solver")
        if self.weights and (len(self.weights) != len(self.solvers) or not all(0 < w < math.inf for w in self.weights)):
            raise UserError(f"weights {self.weights}: give one number above 0 for each of {len(self.solvers)} solvers")
        if not 0 <= self.judge < len(self.solvers):
            raise UserError(f"judge {self.judge}: the panel has solvers 0 to {len(self.solvers) - 1}")

    def seats(self, agents: int) -> list[int]:
        """For each agent the index of its solver: at any moment each has its share, within one seat
        (Webster's method, so that the first few agents are mixed too)."""
        weights = self.weights or (1.0,) * len(self.solvers)
        taken = [0] * len(weights)
        seats = []
        for _ in range(agents):
            chosen = max(range(len(weights)), key=lambda i: weights[i] / (2 * taken[i] + 1))
            taken[chosen] += 1
            seats.append(chosen)
        return seats

    @property
    def identity(self) -> list[Any]:
        return [[[s.endpoint, s.model] for s in self.solvers], list(self.weights), self.judge]

    async def close(self) -> None:
        for solver in self.solvers:
            await solver.close()


def derive(seed: int, *parts: object) -> int:
    """A seed below 2^31 for one purpose; the same for the same seed and purpose on every machine."""
    text = "/".join(map(str, (seed, *parts)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
