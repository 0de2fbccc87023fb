"""Two processes (gloo) are one larger batch: the same loss, the same gradients; their weights stay equal."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from favilla.chat.images import ImageProcessor
from favilla.chat.tokenizer import Tokenizer
from favilla.data.batches import Batch, Packer
from favilla.data.examples import make_example
from favilla.errors import UserError
from favilla.model import MuseSpark, initialise, load_model
from favilla.train.loop import all_reduce, loss_sum, ready
from favilla.train.marks import MarkReader
from favilla.train.pretrain import prepare_tokenizer, pretrain
from tests.recipes import tiny_recipe

RECIPE = tiny_recipe()


def model_and_batch(folder: str, indices: list[int]) -> tuple[MuseSpark, Batch]:
    tokenizer, processor = Tokenizer.load(folder), ImageProcessor.load(folder)
    config = RECIPE.model.config(tokenizer.vocab_size, tokenizer.id("<|patch|>"), tokenizer.id("<|eot|>"), 2)
    model = MuseSpark(config)
    initialise(model, 0, 0.3)
    packer = Packer(RECIPE.data.shape(588, 2), config.image_token_id)
    for index in indices:
        example = make_example(RECIPE.data.mixture(), tokenizer, processor, 0, index, RECIPE.data.tokens)
        assert example is not None
        assert packer.add(example)
    return model, ready(packer.batch(), processor, torch.device("cpu"))


def join(rank: int, port: int) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "RANK": str(rank), "WORLD_SIZE": "2"}
    torch.set_num_threads(1)


def leave() -> None:
    """All work is on disk. Straight out: now and then PyTorch's threads abort an interpreter that ends."""
    dist.barrier()
    dist.destroy_process_group()
    os._exit(0)


def with_reader(model: MuseSpark) -> torch.nn.ModuleDict:
    """The model and a reader of marks, the same in every process."""
    torch.manual_seed(3)
    reader = MarkReader(model.config)
    for parameter in reader.parameters():
        torch.nn.init.normal_(parameter, std=0.02)
    return torch.nn.ModuleDict({"model": model, "reader": reader})


def half(rank: int, port: int, folder: str, out: str) -> None:
    join(rank, port)
    dist.init_process_group("gloo")
    model, batch = model_and_batch(folder, [rank])
    trained = with_reader(model)
    counts = torch.tensor([batch.targets, batch.marks], dtype=torch.float32)
    dist.all_reduce(counts)
    loss, marks = loss_sum(model, batch, False, trained["reader"])
    loss, marks = loss / counts[0], marks / counts[1]
    (loss + marks).backward()
    losses = all_reduce(trained, loss, marks)
    torch.save((losses, [p.grad for p in trained.parameters()]), f"{out}/{rank}.pt")
    leave()


def run(rank: int, port: int, out: str, steps: int) -> None:
    join(rank, port)
    pretrain(
        tiny_recipe(optim={"steps": steps, "warmup": 1, "decay": 0}, run={"save_every": 2, "compile": False}),
        Path(out),
        quiet=True,
    )
    leave()


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


pytestmark = pytest.mark.skipif(not dist.is_gloo_available() or sys.platform == "win32", reason="needs gloo")


def test_two_halves_are_the_whole(tmp_path: Path) -> None:
    prepare_tokenizer(RECIPE, tmp_path, None)
    mp.spawn(half, (free_port(), str(tmp_path), str(tmp_path)), nprocs=2)
    (losses, grads), (other_losses, other_grads) = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    model, batch = model_and_batch(str(tmp_path), [0, 1])
    trained = with_reader(model)
    loss, marks = loss_sum(model, batch, False, trained["reader"])
    loss, marks = loss / batch.targets, marks / batch.marks
    (loss + marks).backward()
    assert losses == other_losses
    assert marks > 0
    torch.testing.assert_close(losses, [loss.detach(), marks.detach()])
    for (name, parameter), a, b in zip(trained.named_parameters(), grads, other_grads, strict=True):
        if parameter.grad is None:
            assert a is None and b is None, name
        else:
            assert torch.equal(a, b), name
            torch.testing.assert_close(a, parameter.grad, rtol=1e-3, atol=1e-5, msg=name)


def test_a_run_of_two_resumes_exactly(tmp_path: Path) -> None:
    """Five steps at once = two steps, then three more; with another number of processes it is refused."""
    mp.spawn(run, (free_port(), str(tmp_path / "whole"), 5), nprocs=2)
    for steps in (2, 5):
        mp.spawn(run, (free_port(), str(tmp_path / "parts"), steps), nprocs=2)
    with pytest.raises(UserError, match="2 processes"):
        pretrain(tiny_recipe(optim={"steps": 5, "warmup": 1, "decay": 0}), tmp_path / "whole", quiet=True)
    (whole, _), (parts, _) = (load_model(tmp_path / name / "model") for name in ("whole", "parts"))
    for (name, a), b in zip(whole.named_parameters(), parts.parameters(), strict=True):
        assert torch.equal(a, b), name
