"""A solver behind any OpenAI-compatible endpoint: one streamed request a call, Chat Completions or Responses.

The openai library's own retries are off: `calls` has the only ones. What an endpoint cannot do is told by a profile, or
found out with `probe()`; a parameter that it rejects by name (`seed`, log-probs ...) is left out from then on, a limit of
tokens goes by its other name, and a system message that it does not take goes before the question.
"""

from __future__ import annotations

import asyncio
import email.utils
import math
import os
import re
import time
import types
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import openai

from favilla.contemplate.budget import Budget, BudgetExceeded, Ledger
from favilla.contemplate.key import HideKey, Key
from favilla.contemplate.solver import Call, Picture, Reply, SolverError, Usage
from favilla.contemplate.streams import chat_usage, read_chat, read_responses, responses_usage, shaped, words
from favilla.errors import UserError

API = Literal["chat", "responses"]
DROPPABLE = ("seed", "logprobs", "temperature", "stream_options", "store")  # an answer does not depend on having these
LIMITS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
UNKNOWN = re.compile(
    r"unsupported|not supported|un(?:known|recogni[sz]ed|expected)|extra|not (?:permitted|allowed)|deprecated", re.I
)
# How servers, and the templates of models without such a role, word that they take no system message.
SYSTEMLESS = re.compile(
    r"\bsystem\b|\binstructions\b|developer instruction|roles? must alternate|only user and assistant|'user' or 'assistant'",
    re.I,
)
FILTERED = ("content_filter", "content_policy_violation")  # codes of errors that refuse a prompt
NO_TEMPERATURE = "parameter: temperature is not taken, left out"
PICTURE_TOKENS = 4096  # what one picture is reserved at; endpoints do not tell in advance
CONNECT_SECONDS = 10.0  # whoever does not take a connection in that time is not there


@dataclass(frozen=True)
class Profile:
    """What an endpoint can do, and where its key is.

    seed, logprobs, temperature: whether these may be sent (log-probs are asked for only where they are of use);
    efforts: reasoning strengths, empty where there are none; max_tokens: the name of that parameter in Chat Completions;
    pictures: the most in one request; key_variable: the environment variable with the key.
    n, stop, tool_choice and readable reasoning are never relied on, whatever an endpoint can do.
    """

    seed: bool = True
    logprobs: bool = True
    temperature: bool = True
    efforts: tuple[str, ...] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
    max_tokens: str = "max_tokens"
    pictures: int = 1000
    key_variable: str = "FAVILLA_API_KEY"


# Reasoning is always on there and not readable; `n`, `stop`, forced tools and pictures outside user turns are refused.
META = Profile(
    seed=False, logprobs=False, efforts=("minimal", "low", "medium", "high", "xhigh", "max"),
    max_tokens="max_completion_tokens", pictures=50, key_variable="MODEL_API_KEY",
)  # fmt: skip
OPENAI = Profile(max_tokens="max_completion_tokens", key_variable="OPENAI_API_KEY")
PROFILES = {"api.meta.ai": META, "api.openai.com": OPENAI}


@dataclass(frozen=True)
class Capabilities:
    """What `probe` found: True, False, or None where the answer told nothing (an outage, say) or the API has no such thing.
    efforts: those that were taken."""

    n: bool | None
    logprobs: bool | None
    tool_choice: bool | None
    images: bool | None
    efforts: tuple[str, ...]
    usage: Usage = field(default_factory=Usage)  # of finding out


def find_key(profile: Profile, file: Path | None = None) -> Key | None:
    """The key in the first line of `file`, or in the profile's environment variable; None when there is none.

    A key is only ever taken from the variable that belongs to the host: an unknown endpoint never gets OPENAI_API_KEY.
    """
    if file is None:
        secret = os.environ.get(profile.key_variable, "")
    else:
        try:
            secret = (Path(file).read_text(encoding="utf-8").splitlines() or [""])[0]
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not text"
            raise UserError(f"{file}: the key cannot be read ({reason}); name a file whose first line it is") from None
        if not secret.strip():
            raise UserError(f"{file}: its first line is empty; write the key there")
    secret = secret.strip()
    if not secret.isascii() or not secret.isprintable():
        raise UserError(f"{file or profile.key_variable}: a key has only printable ASCII characters")
    return Key(secret) if secret else None


@dataclass
class OpenAISolver:
    """One model at one endpoint. effort: reasoning strength, None leaves it to the model; ask_logprobs: request
    log-probabilities (for weighted votes). Event loops one after the other, and threads with loops of their own, may share it."""

    endpoint: str
    model: str
    key: Key | None = None
    profile: Profile | None = None
    api: API = "chat"
    effort: str | None = None
    ask_logprobs: bool = False
    # Each loop finds, adds and takes only its own, so that threads need no lock.
    _clients: dict[asyncio.AbstractEventLoop, _Client] = field(default_factory=dict, repr=False, init=False)

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.endpoint)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            good = False
        if not good or parts.username or parts.password or parts.query or parts.fragment:
            raise UserError(
                "endpoint: give an address like http://127.0.0.1:8000/v1, without user, password, query or fragment"
            )
        if self.api not in ("chat", "responses"):
            raise UserError(f"api {self.api!r}: choose chat or responses")
        self.profile = self.profile or PROFILES.get(parts.hostname or "", Profile())
        self.check(pictures=0)
        self._rejected: set[str] = set()

    async def client(self) -> openai.AsyncOpenAI:
        """The client of the running event loop, whose connections belong to it; it is closed when the loop ends."""
        loop = asyncio.get_running_loop()
        found = self._clients.get(loop)
        if found is None:
            for other in list(self._clients):
                if other.is_closed():
                    self._clients.pop(other, None)
            opened = _open(self.endpoint, self.key, own_headers=not self._is_openai)
            try:
                found = self._clients[loop] = _Client(await anext(opened), opened)
            except Exception as error:  # whatever the HTTP library raises at what it is told by the environment
                raise UserError(
                    f"nothing can be sent there ({self._hidden(str(error))}); look at the address, HTTP_PROXY, HTTPS_PROXY, "
                    "ALL_PROXY and SSL_CERT_FILE"
                ) from None
        return found.client

    @property
    def _is_openai(self) -> bool:
        host = urlsplit(self.endpoint).hostname or ""
        return host == "openai.com" or host.endswith(".openai.com")

    async def close(self) -> None:
        """Close the connections of this loop, and have those of loops in other threads closed there."""
        mine = self._clients.pop(asyncio.get_running_loop(), None)
        # A generator that nobody holds any more is closed by its own loop; where that has ended, it was closed then.
        self._clients.clear()
        if mine is not None:
            await mine.opened.aclose()

    def input_limit(self, call: Call) -> int:
        """No tokenizer in use makes more tokens than there are bytes; what the chat template adds is allowed for."""
        text = len(call.system.encode("utf-8", "replace")) + len(call.text.encode("utf-8", "replace"))
        return text + 64 + PICTURE_TOKENS * len(call.pictures)

    async def reply(self, call: Call, tokens: Callable[[int], None]) -> Reply:
        assert self.profile is not None
        if len(call.pictures) > self.profile.pictures:
            raise SolverError("rejected", f"takes at most {self.profile.pictures} pictures", retryable=False)
        options = {k: v for k, v in self._options(call).items() if k not in self._rejected}
        try:
            read = self._chat if self.api == "chat" else self._responses
            reply = await read(options, tokens, call.max_output_tokens)
            reply = replace(reply, note=self._hidden(reply.note))  # it may repeat words of the server
            if call.temperature is not None and "temperature" not in options:
                reply = replace(reply, note="\n".join(filter(None, (reply.note, NO_TEMPERATURE))))
            return replace(reply, text=self.key.hide(reply.text)) if self.key and self.key.is_secret else reply
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            if error.code in FILTERED:
                return Reply("", Usage(calls=1), refused=True)
            name = self._refused_parameter(error, options)
            if name is None:
                raise self._failure(error) from None
            self._rejected.add(name)
            instead = "goes before the question" if name == "system" else "left out"
            raise SolverError("parameter", f"{name} is refused and {instead} from now on", retryable=True) from None
        except SolverError as error:
            error.args = (self._hidden(str(error)),)
            raise
        except (openai.OpenAIError, ValueError, RecursionError) as error:
            raise self._failure(error) from None

    def _refused_parameter(self, error: openai.APIStatusError, options: dict[str, Any]) -> str | None:
        """The parameter that an error names, if a request can do without it or with another name for it; "system" is the system
        message."""
        assert self.profile is not None
        told = error.param if isinstance(error.param, str) and error.param in options else None
        said = _said(error)

        def named(name: str) -> bool:
            return name in options and (name == told if told else bool(re.search(rf"\b{name}\b", said)))

        if (name := next((name for name in DROPPABLE if named(name)), None)) is not None:
            return name
        for name, other in LIMITS.items():
            if named(name) and other not in self._rejected and (other in said or UNKNOWN.search(said)):
                self.profile = replace(self.profile, max_tokens=other)
                return name
        has_system = "instructions" in options or len(options.get("messages", ())) > 1
        asked = has_system and told in (None, "instructions", "messages", "input")
        return "system" if asked and SYSTEMLESS.search(f"{error.param} {said}") else None

    def _options(self, call: Call) -> dict[str, Any]:
        assert self.profile is not None
        pictures = [picture.data_url for picture in call.pictures]
        options: dict[str, Any] = {"model": self.model, "stream": True}
        if self.profile.temperature and call.temperature is not None:
            options["temperature"] = call.temperature
        alone = "system" in self._rejected
        text = "\n\n".join(filter(None, (call.system, call.text))) if alone else call.text
        # pictures before the text: all agents then share the longest beginning
        if self.api == "responses":
            content: list[dict[str, Any]] = [{"type": "input_image", "image_url": url} for url in pictures]
            content.append({"type": "input_text", "text": text})
            options |= {"input": [{"role": "user", "content": content}], "store": False}
            options |= {} if alone else {"instructions": call.system}
            options["max_output_tokens"] = call.max_output_tokens
            if self.effort is not None:
                options["reasoning"] = {"effort": self.effort}
            return options
        parts: list[dict[str, Any]] = [{"type": "image_url", "image_url": {"url": url}} for url in pictures]
        user = [*parts, {"type": "text", "text": text}] if parts else text
        system = [] if alone else [{"role": "system", "content": call.system}]
        options["messages"] = [*system, {"role": "user", "content": user}]
        options |= {"stream_options": {"include_usage": True}, self.profile.max_tokens: call.max_output_tokens}
        if self.profile.seed:
            options["seed"] = call.seed
        if self.ask_logprobs and self.profile.logprobs:
            options["logprobs"] = True
        if self.effort is not None:
            options["reasoning_effort"] = self.effort
        return options

    async def _chat(self, options: dict[str, Any], tokens: Callable[[int], None], most: int) -> Reply:
        async with await (await self.client()).chat.completions.create(**options) as stream:
            return await read_chat(stream, tokens, most)

    async def _responses(self, options: dict[str, Any], tokens: Callable[[int], None], most: int) -> Reply:
        async with await (await self.client()).responses.create(**options) as stream:
            return await read_responses(stream, tokens, most)

    def _failure(self, error: Exception) -> SolverError:
        """What went wrong, in one line without the key."""
        message = self._hidden(_said(error))
        response = error.response if isinstance(error, openai.APIStatusError) else None
        code = None if response is None else response.status_code
        if type(error) is openai.APIError:  # an error event in the stream, which may tell its status
            code = int(error.code) if error.code and re.fullmatch("[45][0-9][0-9]", error.code) else 500
        worked = response is None
        if code is not None and (code == 429 or code >= 500):
            wait = None if response is None else _retry_after(response.headers.get("retry-after"))
            return SolverError("rate limit" if code == 429 else "server", f"{code} {message}", retryable=True,
                               retry_after=wait, processed=worked)  # fmt: skip
        if code == 408:
            return SolverError("timeout", f"{code} {message}", retryable=True, processed=True)
        if code is not None:
            return SolverError("rejected", f"{code} {message}", retryable=False, processed=worked)
        if isinstance(error, openai.APIConnectionError):
            # nothing can have been worked on where no connection came about
            reached = type(error.__cause__).__name__ not in ("ConnectError", "ConnectTimeout")
            kind = "timeout" if isinstance(error, openai.APITimeoutError) else "connection"
            return SolverError(kind, message, retryable=True, processed=reached)
        return SolverError("junk", f"no answer of this API ({message})", retryable=False, processed=True)

    def _hidden(self, message: str) -> str:
        text = self.key.hide(message) if self.key else message
        return " ".join(text.split())[:300]

    async def probe(self, ledger: Ledger | None = None) -> Capabilities:
        """Ask the endpoint, in at most 11 small requests of their own, what it takes in the API that is used (`n` and
        log-probabilities are of Chat Completions only). What it surely takes or refuses goes into the profile.

        ledger: each request is reserved and settled there. Raises UserError when the budget has no room for all of them
        or the key is refused.
        """
        assert self.profile is not None
        ledger, spent, chat = ledger or Ledger(Budget()), list[Usage](), self.api == "chat"

        there = True

        async def takes(shows: Callable[[Any], bool], **options: Any) -> bool | None:
            nonlocal there
            try:
                return await self._takes(ledger, spent, shows, options) if there else None
            except ConnectionError:
                there = False  # and is not asked ten times more
                return None

        told = {}
        for effort in ("none", "minimal", "low", "medium", "high", "xhigh", "max"):
            options: dict[str, Any] = {"reasoning_effort": effort} if chat else {"reasoning": {"effort": effort}}
            told[effort] = await takes(_answered, **options)
        function: dict[str, Any] = {"name": "f", "parameters": {"type": "object", "properties": {}}}
        tool = {"type": "function", "function": function} if chat else {"type": "function", "strict": False, **function}
        found = Capabilities(
            n=await takes(lambda reply: len(reply.choices) == 2, n=2) if chat else None,
            logprobs=await takes(_likely, logprobs=True) if chat else None,
            tool_choice=await takes(_called, tools=[tool], tool_choice="required"),
            images=await takes(_answered, picture=PIXEL),
            efforts=tuple(effort for effort, taken in told.items() if taken),
            usage=sum(spent, Usage()),
        )
        known = self.profile.efforts
        self.profile = replace(
            self.profile,
            logprobs=self.profile.logprobs if found.logprobs is None else found.logprobs,
            efforts=tuple(e for e, taken in told.items() if taken or (taken is None and e in known)),
            pictures=0 if found.images is False else self.profile.pictures,
        )
        return found

    def check(self, pictures: int) -> None:
        """Raises UserError when the profile says that the effort, or a question with so many pictures, is refused."""
        assert self.profile is not None
        if self.effort is not None and self.effort not in self.profile.efforts:
            takes = ", ".join(self.profile.efforts) or "none"
            raise UserError(f"effort {self.effort!r}: {self.endpoint} takes {takes}")
        if pictures > self.profile.pictures:
            most = f"at most {self.profile.pictures}" if self.profile.pictures else "no"
            raise UserError(f"{pictures} pictures: model {self.model!r} at {self.endpoint} takes {most} pictures")

    async def _takes(
        self, ledger: Ledger, spent: list[Usage], shows: Callable[[Any], bool], options: dict[str, Any]
    ) -> bool | None:
        assert self.profile is not None
        picture, chat = options.pop("picture", None), self.api == "chat"
        upper = Usage(256 + PICTURE_TOKENS, 16 * options.get("n", 1), calls=1)
        kind, where = ("text", {"url": PIXEL.data_url}) if chat else ("input_text", PIXEL.data_url)
        parts: list[dict[str, Any]] = (
            [{"type": "image_url" if chat else "input_image", "image_url": where}] if picture else []
        )
        content = [*parts, {"type": kind, "text": "Say hi."}] if parts else "Say hi."
        say: dict[str, Any] = {
            "model": self.model,
            "messages" if chat else "input": [{"role": "user", "content": content}],
        }
        say |= {self.profile.max_tokens: 16} if chat else {"max_output_tokens": 16, "store": False}
        try:
            room = await ledger.reserve(self.model, upper)
        except BudgetExceeded as exceeded:
            raise UserError(f"budget {exceeded.limit}: no room for the requests of the probe; give more") from None
        used: Usage | None = None
        try:
            client = await self.client()
            create: Any = client.chat.completions.create if chat else client.responses.create
            reply = await create(**say, **options, timeout=openai.Timeout(60.0, connect=CONNECT_SECONDS))
            used = (chat_usage if chat else responses_usage)(shaped(reply, lambda reply: reply.usage))
            return shaped(reply, shows)
        except openai.APIStatusError as error:
            used = Usage(calls=1)
            if isinstance(error, openai.AuthenticationError):
                raise UserError(f"{self.endpoint}: {self._failure(error)}; check the key") from None
            refused = isinstance(error, openai.BadRequestError | openai.UnprocessableEntityError)
            return False if refused else None
        except (openai.OpenAIError, ValueError) as error:
            if not self._failure(error).processed:
                used = Usage(calls=1)
                raise ConnectionError from None
            return None  # an outage or junk says nothing about what the endpoint can do
        finally:
            spent.append(ledger.settle(room, self.model, used))


@dataclass
class _Client:
    """A client, and the generator by whose end it is closed."""

    client: openai.AsyncOpenAI
    opened: AsyncGenerator[openai.AsyncOpenAI, None]


async def _open(endpoint: str, key: Key | None, own_headers: bool) -> AsyncGenerator[openai.AsyncOpenAI, None]:
    """A client that is open as long as this generator is. An event loop closes its generators before it ends (asyncio.run
    does so), so that no connection stays when nobody has closed the client."""
    hide = HideKey(key) if key else None
    secret = key.reveal() if key else "no-key"
    client = None
    try:
        if hide is not None:
            hide.start()
        client = openai.AsyncOpenAI(
            base_url=endpoint, api_key=secret, max_retries=0, timeout=openai.Timeout(None, connect=CONNECT_SECONDS),
            default_headers=_own_headers(secret) if own_headers else None,
            # The library's own would, thrown away, close itself in whichever loop runs then.
            http_client=openai.DefaultAsyncHttpxClient(),
        )  # fmt: skip
        yield client
    finally:
        try:
            if client is not None:
                await _to_its_end(client.close())
        finally:
            if hide is not None:
                hide.stop()


@types.coroutine
def _to_its_end(work: Coroutine[Any, Any, None]) -> Generator[Any, Any, None]:
    """Await `work`, which goes on when it is cancelled, and then be cancelled. In a task of its own it could be cancelled all the
    same: by a loop that ends."""
    cancelled: asyncio.CancelledError | None = None
    while True:
        try:
            waits = work.send(None)
        except StopIteration:
            break
        try:
            yield waits
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


def _said(error: Exception) -> str:
    """What an error says; where the library keeps it, or else what it makes of it."""
    told = words(error.body) if isinstance(error, openai.APIError) else ""
    return told or str(getattr(error, "message", "") or error)


def _answered(reply: Any) -> bool:
    return bool(reply.choices if hasattr(reply, "choices") else reply.output)


def _likely(reply: Any) -> bool:
    return bool(reply.choices[0].logprobs and reply.choices[0].logprobs.content)


def _called(reply: Any) -> bool:
    if hasattr(reply, "choices"):
        return bool(reply.choices[0].message.tool_calls)
    return any(item.type == "function_call" for item in reply.output)


def _own_headers(key: str) -> dict[str, Any]:
    """Headers for hosts that are not OpenAI's: the library would send them what the environment has for OpenAI, such as
    OPENAI_ORG_ID, OPENAI_PROJECT_ID and all of OPENAI_CUSTOM_HEADERS."""
    lines = os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n")
    names = [
        "OpenAI-Organization",
        "OpenAI-Project",
        *(line.partition(":")[0].strip() for line in lines if ":" in line),
    ]
    left_out = {name: openai.Omit() for name in names if name.lower() != "authorization"}
    return {**left_out, "Authorization": f"Bearer {key}"}


def _retry_after(header: str | None) -> float | None:
    """Seconds, from a number or a date."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(header).timestamp() - time.time()
        except (ValueError, TypeError):
            return None  # a header that is neither asks for nothing
    return seconds if 0 <= seconds < math.inf else None


# a white PNG of one pixel
PIXEL = Picture(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415478da63f8ffff3f"
        "0005fe02fe331295140000000049454e44ae426082"
    ),
    "image/png",
)
