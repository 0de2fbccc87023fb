"""A secret that is shown nowhere."""

from __future__ import annotations

import base64
import json
import logging
import threading
import traceback
from urllib.parse import quote

# What talks HTTP for us; at level DEBUG it logs headers of responses, in which an endpoint can echo what it was sent.
LOGGERS = (
    "openai._base_client", "httpx2", "httpcore2.connection", "httpcore2.http11", "httpcore2.http2", "httpcore2.proxy",
    "httpcore2.socks",
)  # fmt: skip


_CHANGING = threading.Lock()
LEAST_SECRET = 12  # characters; what servers without keys are given ("EMPTY", "x", "1") is shorter


class Key:
    """A secret that no repr, str, pickle or format shows; `.reveal()` does."""

    def __init__(self, secret: str) -> None:
        self._reveal = lambda: secret

    def reveal(self) -> str:
        return self._reveal()

    def __repr__(self) -> str:
        return "Key(***)"

    @property
    def is_secret(self) -> bool:
        """Whether it is long enough to be one, so that it stands in an answer for no other reason than that it was echoed."""
        return len(self.reveal()) >= LEAST_SECRET

    def hide(self, text: str) -> str:
        """`text` without the secret in it, whether written plainly, as in JSON, repr or an address, or in base64."""
        secret = self.reveal()
        if not secret:
            return text
        written = {secret}
        for _ in range(2):  # a repr can quote a repr
            written |= {escaped for form in written for escaped in _escaped(form)}
        written |= {quote(secret, safe=""), quote(secret)}
        written |= {base64.b64encode(start.encode() + secret.encode()).decode() for start in ("", ":", "Bearer ")}
        for form in sorted(written, key=len, reverse=True):
            text = text.replace(form, "[key]")
        return text


def _escaped(text: str) -> set[str]:
    """`text` as it stands inside strings of JSON and Python, whichever quotes are around them."""
    plain = repr(text + "\"'")[1:-1].removesuffix("\"\\'")  # with both quotes in it, Python escapes the single one
    return {json.dumps(text)[1:-1], repr(text)[1:-1], plain}


class HideKey(logging.Filter):
    """Takes a key out of what the libraries below log; `start` and `stop` put it on their loggers and take it off."""

    def __init__(self, key: Key) -> None:
        super().__init__()
        self.key = key

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if (hidden := self.key.hide(message)) != message:
            record.msg, record.args = hidden, ()
        if record.exc_info and not record.exc_text:
            # Formatters take this text as it is. An exception's message can quote a header.
            record.exc_text = self.key.hide("".join(traceback.format_exception(*record.exc_info)).rstrip("\n"))
        return True

    # A new list each time: a thread that goes through the old one, from which one is taken, would skip the next.
    def start(self) -> None:
        with _CHANGING:
            for logger in map(logging.getLogger, LOGGERS):
                logger.filters = [*logger.filters, self]

    def stop(self) -> None:
        with _CHANGING:
            for logger in map(logging.getLogger, LOGGERS):
                logger.filters = [other for other in logger.filters if other is not self]
