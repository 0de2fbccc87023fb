"""`favilla contemplate` as a process of its own against a real server."""

from __future__ import annotations

import asyncio
import json
import os
import sys

from tests.contemplate.server import Fail, Say, Server


async def favilla(*arguments: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "favilla.cli.main", "contemplate", *arguments, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def test_the_command_answers() -> None:
    async def main() -> None:
        async with Server(lambda asked, n: Say(f"ANSWER: 4{n // 3}\x1b[2J")) as server:
            where = ("--endpoint", server.address, "--model", "m", "--policy", "vote", "--agents", "3")
            code, out, err = await favilla("Why?", *where)
            assert (code, out) == (1, "") and "no such answer" in err  # an escape sequence is no printable answer
        async with Server(lambda asked, n: Say(f"ANSWER: 4{n // 3}")) as server:
            where = ("--endpoint", server.address, "--model", "m", "--policy", "rsa(4,2,2)", "--calls", "4")
            code, out, err = await favilla("Why?", *where)
            assert (code, out) == (0, "40\n") and "agent 1 usable: 4" in err and "stopped by: soft calls" in err
            code, out, err = await favilla("Why?", *where, "--json", "--answer", "number")
            assert code == 0 and json.loads(out)["usage"]["calls"] == 4
        async with Server(lambda asked, n: Fail(404)) as server:
            code, out, err = await favilla("Why?", "--endpoint", server.address, "--model", "m")
            assert code == 2 and out == "" and "refuses every request" in err.splitlines()[-1]

    asyncio.run(main())
