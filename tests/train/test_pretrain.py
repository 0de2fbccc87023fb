"""The training step against slow and obvious versions of it, and runs that are killed."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from favilla.chat.encode import encode_chat
from favilla.chat.images import ImageProcessor
from favilla.chat.messages import ImagePart
from favilla.chat.tokenizer import Tokenizer
from favilla.data.batches import Packer, take
from favilla.data.examples import (
    EFFORTS,
    Mixture,
    Task,
    draw_problems,
    make_example,
    marked_picture,
    prompt_messages,
    solution_message,
)
from favilla.errors import UserError
from favilla.model import MuseSpark, initialise, load_model, pack_pictures, save_model
from favilla.train.loop import loss_sum, ready
from favilla.train.marks import MarkReader
from favilla.train.muon import Muon
from favilla.train.optim import make_optimisers, split_parameters, warmup_stable_decay
from favilla.train.pretrain import image_processor, prepare_tokenizer, pretrain
from favilla.worlds.base import Family, Problem, Solution, Split, Style, Verdict
from favilla.worlds.marks import Mark
from favilla.worlds.registry import get
from tests.recipes import tiny_recipe

RECIPE = tiny_recipe()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run")
    prepare_tokenizer(RECIPE, path, None)
    return path


def fresh_model(folder: Path) -> MuseSpark:
    tokenizer = Tokenizer.load(folder)
    config = RECIPE.model.config(tokenizer.vocab_size, tokenizer.id("<|patch|>"), tokenizer.id("<|eot|>"), 2)
    model = MuseSpark(config)
    initialise(model, 0, 0.3)
    return model


def gradients(model: MuseSpark) -> dict[str, torch.Tensor]:
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def test_a_packed_step_equals_conversations_one_by_one(folder: Path) -> None:
    """Loss and gradients of one packed batch with branches = sums over plain conversations, each encoded, run and
    scored on its own with labels shifted by hand."""
    tokenizer, processor, model = Tokenizer.load(folder), ImageProcessor.load(folder), fresh_model(folder)
    mixture = RECIPE.data.mixture()
    shape = RECIPE.data.shape(588, 2)
    packer = Packer(shape, model.config.image_token_id)
    conversations = []
    for index in range(6):
        example = make_example(mixture, tokenizer, processor, 1, index, RECIPE.data.tokens)
        assert example is not None
        if packer.add(example):
            conversations += [
                (
                    example.prefix.tolist() + ids.tolist(),
                    [False] * len(example.prefix) + list(targets),
                    [picture.encoded for picture in example.pictures],
                )
                for ids, targets in example.branches
            ]
    batch = ready(packer.batch(), processor, torch.device("cpu"))
    packed, _ = loss_sum(model, batch, autocast=False)
    packed.backward()
    together = gradients(model)

    model.zero_grad()
    total = torch.zeros(())
    for ids, targets, pictures in conversations:
        packed_pictures = None
        if pictures:
            raw = pack_pictures(pictures)
            packed_pictures = raw.with_pixels(torch.from_numpy(processor.normalise(raw.pixels_RSP.numpy())))
        logits = model(torch.tensor([ids]), pictures=packed_pictures)[0]
        for t in range(len(ids) - 1):
            if targets[t + 1]:
                total = total + F.cross_entropy(logits[t], torch.tensor(ids[t + 1]))
    total.backward()
    torch.testing.assert_close(packed, total, rtol=1e-4, atol=1e-3)
    alone = gradients(model)
    for name, gradient in together.items():
        scale = alone[name].norm().clamp(min=1e-4)
        assert (gradient - alone[name]).norm() / scale < 1e-3, name


def test_an_example_says_what_its_problems_say(folder: Path) -> None:
    """The branches of an example are its conversations: prompt, effort, worked solution."""
    tokenizer, processor = Tokenizer.load(folder), ImageProcessor.load(folder)
    mixture = RECIPE.data.mixture()
    for index in range(8):
        example = make_example(mixture, tokenizer, processor, 3, index, 10_000)
        assert example is not None
        problems = draw_problems(mixture, random.Random(f"3/{index}"), index)
        assert len(problems) == len(example.branches)
        first = example.prefix.tolist() + example.branches[0][0].tolist()
        choices = [
            encode_chat(
                tokenizer,
                processor,
                [*prompt_messages(problems[0]), solution_message(problems[0], style)],
                effort=effort,
            ).ids
            for effort, style in zip(EFFORTS, ("direct", "terse", "steps", "steps"), strict=True)
        ]
        assert first in choices


def test_a_batch_without_targets_changes_nothing_and_is_no_nan(folder: Path) -> None:
    model = fresh_model(folder)
    processor = ImageProcessor.load(folder)
    batch = ready(
        Packer(RECIPE.data.shape(588, 2), model.config.image_token_id).batch(), processor, torch.device("cpu")
    )
    assert batch.targets == 0
    loss, marks = loss_sum(model, batch, autocast=True, reader=MarkReader(model.config))
    loss = loss / max(batch.targets, 1) + marks / max(batch.marks, 1)
    loss.backward()
    assert loss.item() == 0
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_marks_loss_is_what_a_loop_over_pictures_gives(folder: Path) -> None:
    """Picture by picture and mark by mark: every picture is run alone, and its patches are put back into raster order."""
    tokenizer, processor, model = Tokenizer.load(folder), ImageProcessor.load(folder), fresh_model(folder)
    reader = MarkReader(model.config)
    for parameter in reader.parameters():
        torch.nn.init.normal_(parameter)
    packer, examples = Packer(RECIPE.data.shape(588, 2), model.config.image_token_id), []
    for index in range(12):
        example = make_example(RECIPE.data.mixture(), tokenizer, processor, 1, index, RECIPE.data.tokens)
        assert example is not None
        examples += [example] if packer.add(example) else []
    batch = ready(packer.batch(), processor, torch.device("cpu"))

    total, count = torch.zeros(()), 0
    pictures = [picture for example in examples for picture in example.pictures]
    free = [*packer.picture_free, RECIPE.data.picture_patches]
    pictures += [picture for example in examples for picture in example.practice if take(free, picture)]
    for picture in pictures:
        packed = pack_pictures([picture.encoded])
        packed = packed.with_pixels(torch.from_numpy(processor.normalise(packed.pixels_RSP.numpy())))
        features = model.model.vision_tower(packed)
        tokens = model.project(features)
        _, (_, width) = picture.encoded
        for raster, label in picture.marks.tolist():
            row, column = divmod(raster, width)
            token, within = (row // 2) * (width // 2) + column // 2, (row % 2) * 2 + column % 2
            patch = features[token, within::4]  # channel-major: every fourth number belongs to the same patch
            for logits in (reader.patch(patch), reader.token(tokens[token])):
                total = total - logits.log_softmax(0)[label]
            count += 1
    assert batch.marks == count > 20
    assert any(len(example.pictures) for example in examples) and any(len(example.practice) for example in examples)
    torch.testing.assert_close(loss_sum(model, batch, autocast=False, reader=reader)[1], total)


def test_marks_say_what_the_family_drew(folder: Path) -> None:
    """Decoded, the marks of a picture of shapes name their colours and shapes, each at its patch."""
    tokenizer, processor = Tokenizer.load(folder), ImageProcessor.load(folder)
    problem = get("counting").sample(random.Random(5), 1, "train")
    encoded = processor.patches(problem.prompt[0].image)
    height, width = encoded[1]
    picture = marked_picture(tokenizer, encoded, problem.marks)
    said: dict[int, list[int]] = {}
    for patch, token in picture.marks.tolist():
        said.setdefault(patch, []).append(token)
    scene = problem.facts["scene"]
    columns, rows = scene["grid"]
    assert sorted(map(tokenizer.decode, said.values())) == sorted(f"{c} {s}" for _, _, c, s in scene["shapes"])
    for patch, tokens in said.items():
        place = int(patch % width / width * columns), int(patch // width / height * rows)
        assert any(tokenizer.decode(tokens) == f"{c} {s}" and (x, y) == place for x, y, c, s in scene["shapes"])


def test_marks_at_the_rim_are_in_the_last_patch_and_of_several_pictures_there_are_none(folder: Path) -> None:
    tokenizer, processor = Tokenizer.load(folder), ImageProcessor.load(folder)
    image = Image.new("RGB", (84, 56))
    encoded = processor.patches(image)
    marked = marked_picture(tokenizer, encoded, (Mark("a", 1.0, 1.0), Mark("b", 0.0, 0.0)))
    assert marked.marks[:, 0].tolist() == [len(encoded[0]) - 1, 0]

    class Two(Family):
        name, levels, pictures = "two", 1, True

        def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
            same = Solution("", "yes")
            prompt = (ImagePart(image), ImagePart(image), "Are they the same?")
            solutions: dict[Style, Solution] = {"direct": same, "terse": same, "steps": same}
            return Problem(self.name, 1, split, prompt, "yes", solutions, "two", marks=(Mark("a", 0.1, 0.1),))

        def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
            return Verdict(text == "yes", text)

    mixture = Mixture((Task(Two(), (1.0,), ((1.0,),)),), {"high": 1.0})
    example = make_example(mixture, tokenizer, processor, 0, 0, 1000)
    assert example is not None
    assert [len(picture.marks) for picture in example.pictures] == [0, 0]


def test_every_weight_has_one_optimiser(folder: Path) -> None:
    model = fresh_model(folder)
    reader = MarkReader(model.config)
    trained = torch.nn.ModuleDict({"model": model, "reader": reader})
    matrices, others = split_parameters(trained)
    assert {id(p) for p in matrices} | {id(p) for p in others} == {id(p) for p in trained.parameters()}
    assert {id(p) for p in reader.parameters()} <= {id(p) for p in others}
    assert not {id(p) for p in matrices} & {id(p) for p in others}
    assert all(p.ndim == 2 for p in matrices)
    names = {id(p): name for name, p in trained.named_parameters()}
    assert {names[id(p)] for p in others if p.ndim == 2} == {
        "model.lm_head.weight", "model.model.language_model.embed_tokens.weight",
        "model.model.vision_tower.patch_embedder.patch_embedding.weight",
        "model.model.vision_tower.patch_embedder.position_embedding_table.weight",
        "reader.patch.weight", "reader.token.weight",
    }  # fmt: skip
    muon, adam = make_optimisers(trained, 0.02, 0.003, (0.9, 0.98), 0.01, vision_rate=0.5)
    for optimiser, rate in ((muon, 0.02), (adam, 0.003)):
        for group in optimiser.param_groups:
            seeing = {names[id(p)].startswith(("model.model.vision_", "reader.")) for p in group["params"]}
            assert (seeing, group["peak_lr"]) in (({True}, rate * 0.5), ({False}, rate))
    assert isinstance(muon, Muon)
    assert isinstance(adam, torch.optim.AdamW)


def test_schedule_by_hand() -> None:
    scales = [warmup_stable_decay(step, 10, 2, 0.4) for step in range(10)]
    assert scales == pytest.approx([0.5, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25])


def losses(folder: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "metrics.jsonl").read_text().splitlines()]


RUN = """
import sys, torch
from pathlib import Path
torch.set_num_threads(1)
from favilla.train.pretrain import pretrain
from favilla.worlds.registry import get
from tests.recipes import tiny_recipe
pretrain(tiny_recipe(optim={"steps": 14, "warmup": 2}, data={"workers": 1}), Path(sys.argv[1]))
"""


def start(out: Path) -> subprocess.Popen[bytes]:
    script = out.parent / f"{out.name}.py"
    script.write_text(RUN.replace("\npretrain(", "\nif __name__ == '__main__':\n    pretrain("))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, str(script), str(out)], env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )


def test_killed_twice_and_resumed_gives_bitwise_the_same_losses(tmp_path: Path) -> None:
    assert start(tmp_path / "whole").wait(timeout=300) == 0
    expected = losses(tmp_path / "whole")
    assert len(expected) == 14

    out = tmp_path / "killed"
    for killed_after in (4, 9):
        process = start(out)
        end = time.monotonic() + 200
        while time.monotonic() < end and process.poll() is None:
            if (out / "metrics.jsonl").exists() and len(losses_so_far(out)) >= killed_after:
                break
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "the run ended before it could be killed"
    assert start(out).wait(timeout=300) == 0
    assert losses(out) == expected
    (a, _), (b, _) = load_model(tmp_path / "whole" / "model"), load_model(out / "model")
    assert all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_interrupted_it_keeps_every_step(tmp_path: Path) -> None:
    """Ctrl-C ends the run after the step it is in; nothing is computed again when it goes on."""
    process = start(tmp_path / "run")
    end = time.monotonic() + 200
    while time.monotonic() < end and process.poll() is None:
        if (tmp_path / "run" / "metrics.jsonl").exists() and len(losses_so_far(tmp_path / "run")) >= 4:
            break
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=100) != 0
    done = len(losses(tmp_path / "run"))
    step = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["step"]
    assert step == done < 14
    assert start(tmp_path / "run").wait(timeout=300) == 0
    assert len(losses(tmp_path / "run")) == 14


def losses_so_far(folder: Path) -> list[str]:
    """Lines of a file that is being written."""
    return (folder / "metrics.jsonl").read_text().splitlines()


def test_a_run_learns_and_leaves_a_folder(tmp_path: Path) -> None:
    recipe = tiny_recipe(optim={"steps": 40, "warmup": 5}, run={"log_every": 5, "save_every": 100, "compile": False})
    model_folder = pretrain(recipe, tmp_path, quiet=False)
    seen = losses(tmp_path)
    assert seen[-1] < seen[0] - 1
    assert (tmp_path / "loss.png").stat().st_size > 1000
    assert [path.name for path in tmp_path.glob(".*")] == [".lock"]
    model, config = load_model(model_folder, dtype=torch.bfloat16)
    assert model.lm_head.weight.dtype == torch.bfloat16
    assert config.text.hidden_size == 32
    # Another recipe in the same folder is refused, and so is a broken checkpoint.
    with pytest.raises(UserError, match="other settings"):
        pretrain(tiny_recipe(seed=5), tmp_path, quiet=True)
    (tmp_path / "checkpoint.pt").write_bytes(b"broken")
    with pytest.raises(UserError, match="cannot be read"):
        pretrain(recipe, tmp_path, quiet=True)


def test_a_run_starts_from_another_model_as_it_is(folder: Path, tmp_path: Path) -> None:
    start, out = tmp_path / "start" / "model", tmp_path / "run"
    shutil.copytree(folder, start)
    ImageProcessor(max_image_tokens=16, image_mean=(0.4, 0.5, 0.6)).save(start)
    model = fresh_model(folder)
    save_model(model, start)
    recipe = tiny_recipe(optim={"steps": 1}, tokenizer={"vocab_size": 512})
    made = pretrain(recipe, out, init=start, quiet=True)
    assert Tokenizer.load(made).vocab_size == Tokenizer.load(folder).vocab_size != 512
    # How large pictures are is the recipe's to say.
    assert ImageProcessor.load(made) == ImageProcessor(max_image_tokens=64, image_mean=(0.4, 0.5, 0.6))
    pretrain(recipe, out, init=start, quiet=True)
    for changes, told in (
        ({"model": {"projector_hidden_size": 8}}, "projector_hidden_size is 8, --init .* has 16"),
        (
            {"model": {"text": {**RECIPE.model.text, "num_hidden_layers": 3}}},
            "text.num_hidden_layers is 3, --init .* has 2",
        ),
        ({"data": {"tokens": 512}}, "tokens is 512, the model's context 256"),
    ):
        with pytest.raises(UserError, match=told):
            pretrain(tiny_recipe(optim={"steps": 1}, **changes), tmp_path / "other", init=start, quiet=True)
    for holding in (start.parent, start):
        with pytest.raises(UserError, match="holds the model to start from"):
            pretrain(recipe, holding, init=start, quiet=True)
    with pytest.raises(UserError, match="other settings"):
        pretrain(recipe, out, quiet=True)
    model.lm_head.weight.data *= 2
    save_model(model, start)
    with pytest.raises(UserError, match="other settings"):
        pretrain(recipe, out, init=start, quiet=True)
    ImageProcessor(image_mean=(0.1, 0.1, 0.1)).save(start)
    with pytest.raises(UserError, match="another tokenizer or image processor than --init"):
        pretrain(recipe, out, init=start, quiet=True)


def test_what_a_failed_attempt_left_does_not_count(tmp_path: Path) -> None:
    """The same folder, its recipe mended, gives the tokenizer and the image processor of a fresh one."""
    failing = {"picture_patches": 40, "max_image_tokens": 100, "tasks": {"counting": {"levels": [1]}}, "practice": {}}
    with pytest.raises(UserError, match="none of"):
        pretrain(tiny_recipe(data=failing, tokenizer={"vocab_size": 560}), tmp_path, quiet=True)
    mended = tiny_recipe(data={**failing, "max_image_tokens": 9}, optim={"steps": 1}, tokenizer={"vocab_size": 640})
    made = pretrain(mended, tmp_path, quiet=True)
    assert Tokenizer.load(made).vocab_size == load_model(made)[1].text.vocab_size == 640
    assert ImageProcessor.load(made).max_image_tokens == 9


def test_a_model_that_is_not_the_run_s_is_not_written_over(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "model")
    save_model(fresh_model(folder), tmp_path / "model")
    before = {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}
    with pytest.raises(UserError, match="not this run's"):
        pretrain(RECIPE, tmp_path, quiet=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()} == before


def test_no_cuda_is_said_in_one_line(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(UserError, match="no CUDA device"):
        pretrain(RECIPE, tmp_path, device="cuda", quiet=True)


def test_the_processor_goes_with_the_tower() -> None:
    recipe = tiny_recipe()
    recipe.model.vision["patch_size"] = 7
    assert image_processor(recipe).patch_size == 7
