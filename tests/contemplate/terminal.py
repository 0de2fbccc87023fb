"""A process on a terminal of its own, whose screen can be read."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable

import pyte


class Terminal:
    """`favilla ARGUMENTS` on a pseudo-terminal; use as a context manager. raw: everything that it wrote."""

    def __init__(self, *arguments: str, rows: int = 24, columns: int = 100, term: str = "xterm-256color") -> None:
        self.screen = pyte.Screen(columns, rows)
        self.stream, self.raw, self.code = pyte.ByteStream(self.screen), b"", None
        self._lock = threading.Lock()
        path = os.pathsep.join(part for part in sys.path if part)
        environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES")}
        environment |= {"TERM": term, "PYTHONPATH": path}
        command = [sys.executable, "-m", "favilla.cli.main", *arguments]
        self.pid, self.fd = pty.fork()
        if self.pid == 0:  # before the program looks at it
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(sys.executable, command, environment)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.code is None:
            os.kill(self.pid, 9)
            self._wait()
        os.close(self.fd)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return  # the other side is closed
            if not data:
                return
            with self._lock:
                self.raw += data
                self.stream.feed(data)

    async def wait(self) -> int:
        """The exit code, once the process has ended and all it wrote is read."""
        return await asyncio.to_thread(self._wait)

    def _wait(self) -> int:
        _, status = os.waitpid(self.pid, 0)
        self._reader.join()
        self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def lines(self) -> list[str]:
        with self._lock:
            return [line.rstrip() for line in self.screen.display]

    async def until(self, condition: Callable[[list[str]], bool], seconds: float = 240.0) -> list[str]:
        """Wait until the screen shows what is wanted."""
        end = time.monotonic() + seconds
        while not condition(lines := self.lines()):
            if time.monotonic() > end:
                raise TimeoutError("\n".join(lines))
            await asyncio.sleep(0.02)
        return lines

    def type(self, keys: bytes) -> None:
        os.write(self.fd, keys)

    @property
    def left(self) -> str:
        """What is on the terminal once the full screen is gone."""
        return self.raw.rpartition(b"\x1b[?1049l")[2].decode()
