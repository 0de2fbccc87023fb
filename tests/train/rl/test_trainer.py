"""Whole runs: they learn, they can be interrupted, two processes are one."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from favilla.chat.images import ImageProcessor
from favilla.chat.tokenizer import Tokenizer
from favilla.engine.generate import Engine
from favilla.errors import Interrupted, UserError
from favilla.model import MuseSpark, load_model
from favilla.train.claim import claimed
from favilla.train.rl.held_out import log_spaced
from favilla.train.rl.progress import Summary, alarms, metrics
from favilla.train.rl.protocols import Prompt, Reward, Sample, Score
from favilla.train.rl.recipe import RLRecipe
from favilla.train.rl.rollout import verified
from favilla.train.rl.trainer import rl
from tests.train.rl.conftest import echo_pool, small_recipe
from tests.train.test_ranks import free_port, join, leave

ROOT = Path(__file__).parents[3]


def lines(folder: Path, name: str = "metrics.jsonl") -> list[dict[str, Any]]:
    """What was logged, without what a clock says."""
    read = [json.loads(line) for line in (folder / name).read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in read]


def trained(folder: Path) -> list[torch.Tensor]:
    return list(load_model(folder)[0].state_dict().values())


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "checkpoint.pt", weights_only=True)["trained"]


def moved_alike(init: Path, one: Path, other: Path, share: float) -> None:
    """What two runs have made of the same weights differs by no more than a share of how far they have moved."""
    before, ours, theirs = load_model(init)[0].state_dict(), weights(one), weights(other)
    moved = 0.0
    for name, tensor in ours.items():
        distance = (tensor - before[name.removeprefix("model.")]).norm()
        moved += float(distance)
        assert (tensor - theirs[name]).norm() <= share * distance + 1e-6, name
    assert moved > 0.1


LEARN = {
    "rollout": {"prompts": 16, "samples": 16, "pool": 16, "max_new_tokens": 12, "leave": 2.0},
    "optim": {"steps": 35, "warmup": 2, "muon_lr": 0.003, "adam_lr": 0.002},
    "run": {"save_every": 1000, "rows": 8, "tokens": 256, "snapshots": [20]},
}


@pytest.mark.parametrize("algorithm", ["reinforce", "maxrl"])
def test_practice_makes_reward(taught: Path, tmp_path: Path, algorithm: str) -> None:
    """From one in ten to well above a quarter, by nothing but samples and rewards; one digit for all would be right a quarter
    of the time, and the last 1,280 samples stray from their mean by little more than a hundredth."""
    recipe = small_recipe(**LEARN, loss={"algorithm": algorithm})
    rl(recipe, tmp_path, init=taught, prompts=echo_pool(recipe), quiet=False)
    seen = lines(tmp_path)
    assert seen[0]["pass@1"] < 0.25
    assert sum(line["pass@1"] for line in seen[-5:]) / 5 > 0.35
    assert (tmp_path / "rl.png").stat().st_size > 1000
    # float32 throughout; the largest is that of a rare token of a policy that has become sharp
    assert max(line["mismatch"] for line in seen) < 1e-5 and max(line["mismatch_max"] for line in seen) < 1e-3
    model, _ = load_model(tmp_path / "model")
    assert (tmp_path / "model" / "tokenizer.json").exists() and model.lm_head.weight.isfinite().all()


def test_compiled_runs_are_the_plain_ones(taught: Path, tmp_path: Path) -> None:
    """The sampler's step and the trainer's pass compiled: the same samples and the same learning, to rounding."""
    for name, compiled in (("plain", False), ("compiled", True)):
        changed = {
            **LEARN,
            "rollout": {**LEARN["rollout"], "compiled": compiled, "max_rows": 96},
            "run": {**LEARN["run"], "compile": compiled},
            "optim": {**LEARN["optim"], "steps": 4},
        }
        recipe = small_recipe(**changed)
        rl(recipe, tmp_path / name, init=taught, prompts=echo_pool(recipe))
    for plain, compiled in zip(lines(tmp_path / "plain"), lines(tmp_path / "compiled"), strict=True):
        for key in ("pass@1", "length", "tokens", "entropy", "grad_norm"):
            assert compiled[key] == pytest.approx(plain[key], rel=0.02), (plain["step"], key)
        assert compiled["mismatch_max"] < 1e-3
    # Muon makes small directions of a gradient as long as large ones, and their rounding with them.
    moved_alike(taught, tmp_path / "plain", tmp_path / "compiled", 0.25)


def test_a_penalty_shortens_what_is_right(taught: Path, tmp_path: Path) -> None:
    """Whatever is said counts as right: only lengths differ, so thinking goes; without a penalty nothing is learned from."""

    def anything(prompt: Prompt, samples: Sequence[Sample]) -> list[Score]:
        return [Score(1.0, True) for _ in samples]

    for coefficient in (0.0, 1.0):
        recipe = small_recipe(
            **{**LEARN, "optim": {**LEARN["optim"], "steps": 20}}, length={"coefficient": coefficient}
        )
        out = tmp_path / str(coefficient)
        rl(recipe, out, init=taught, prompts=echo_pool(recipe), reward=anything, quiet=False)
    free, penalised = lines(tmp_path / "0.0"), lines(tmp_path / "1.0")
    assert all(line["filtered"] == 1 and line["grad_norm"] == 0 for line in free)
    assert all(
        torch.equal(a, b)
        for a, b in zip(*map(trained, (taught, tmp_path / "0.0" / "snapshots" / "000020")), strict=True)
    )
    assert penalised[-1]["length"] < penalised[0]["length"] - 2
    assert penalised[-1]["thinking"] < 0.5 * penalised[0]["thinking"]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_efforts_are_learned_not_cut(taught_efforts: Path, tmp_path: Path, seed: int) -> None:
    """Thinking pays at high effort and is dear at low effort: the lengths of the two part, though nothing but a word of the
    prompt tells them apart, and nothing is cut off."""
    luck = random.Random(seed)

    def thinking_pays(prompt: Prompt, samples: Sequence[Sample]) -> list[Score]:
        chance = [(1 + 2 * min(2, s.thinking_tokens)) / 5 if prompt.effort == "high" else 1.0 for s in samples]
        right = [s.finished and luck.random() < c for s, c in zip(samples, chance, strict=True)]
        return [Score(float(r), r) for r in right]

    recipe = small_recipe(
        rollout={**LEARN["rollout"], "max_new_tokens": 24},
        optim={"steps": 26, "warmup": 2, "muon_lr": 0.0015, "adam_lr": 0.001},
        run=LEARN["run"],
        seed=seed,
        efforts={"low": {"penalty": 4.0}, "high": {"penalty": 0.5}},
        length={"coefficient": 1.0},
    )
    rl(recipe, tmp_path, init=taught_efforts, prompts=echo_pool(recipe), reward=thinking_pays, quiet=False)
    seen = lines(tmp_path)

    def thinking(effort: str) -> float:
        return sum(line["efforts"][effort]["thinking"] for line in seen[-5:]) / 5

    assert thinking("low") < seen[0]["efforts"]["low"]["thinking"]
    assert thinking("high") > max(seen[0]["efforts"]["high"]["thinking"], thinking("low") + 1)
    assert sum(line["finished"] for line in seen[-5:]) / 5 > 0.9


def test_a_sampler_in_bfloat16_follows_the_policy(taught: Path, tmp_path: Path) -> None:
    """After every update its weights are the policy's, rounded: what it samples with stays as near as rounding lets it."""
    kept: dict[str, torch.Tensor] = {}

    def make(model: MuseSpark, tokenizer: Tokenizer, processor: ImageProcessor) -> Engine:
        kept.update(model.named_parameters())
        return Engine(model, tokenizer, processor, any_rows=True)

    recipe = small_recipe(
        rollout={**LEARN["rollout"], "sampler": "bfloat16"},
        optim={**LEARN["optim"], "steps": 3, "warmup": 0},
        run=LEARN["run"],
        # Measured after the last update, too.
        eval=[{"name": "sums", "families": ["arithmetic"], "levels": [1], "prompts": 1, "samples": 1}],
    )
    rl(recipe, tmp_path, init=taught, prompts=echo_pool(recipe), engine=make, quiet=False)
    seen = [line["mismatch"] for line in lines(tmp_path)]
    assert min(seen) > 1e-5 and max(seen) < 2 * seen[0], seen
    assert {parameter.dtype for parameter in kept.values()} == {torch.bfloat16, torch.float32}
    policy, before = weights(tmp_path), load_model(taught)[0].state_dict()
    moved = 0
    for name, parameter in kept.items():
        assert torch.equal(parameter, policy[f"model.{name}"].to(parameter.dtype)), name
        moved += not torch.equal(parameter, before[name].to(parameter.dtype))
    assert moved > 10


RUN = """
import sys, torch
from pathlib import Path
torch.set_num_threads(1)
from favilla.train.rl.trainer import rl
from tests.train.rl.test_trainer import resumable
from tests.train.rl.conftest import echo_pool
if __name__ == "__main__":
    recipe = resumable()
    rl(recipe, Path(sys.argv[1]), init=sys.argv[2], prompts=echo_pool(recipe, (1, 3)))
"""


def resumable(steps: int = 8, compiled: bool = False):
    """Everything that has a state: pool, optimisers, a reference that is reset, held-out sets."""
    return small_recipe(
        rollout={
            "prompts": 4,
            "samples": 4,
            "max_new_tokens": 12,
            "pool": 6,
            "leave": 0.25,
            "compiled": compiled,
        },
        optim={"steps": steps, "warmup": 1, "muon_lr": 0.005, "adam_lr": 0.002},
        loss={"algorithm": "dapo", "kl": 0.01, "kl_reset": 3, "minibatches": 2},
        run={"rows": 2, "tokens": 96, "save_every": 3, "per_decade": 2, "compile": compiled},
        eval=[{"name": "sums", "families": ["arithmetic"], "levels": [1], "prompts": 3, "samples": 2}],
    )


def start(out: Path, init: Path) -> subprocess.Popen[bytes]:
    script = out.parent / f"{out.name}.py"
    script.write_text(RUN)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, str(script), str(out), str(init)], env=environment, stdout=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip


def stop_after(process: subprocess.Popen[bytes], out: Path, count: int, how: signal.Signals) -> int:
    end = time.monotonic() + 100
    while time.monotonic() < end and process.poll() is None:
        if (out / "metrics.jsonl").exists() and (out / "metrics.jsonl").read_text().count("\n") >= count:
            break
        time.sleep(0.005)
    os.killpg(process.pid, how)
    return process.wait(timeout=100)


def test_killed_or_interrupted_a_run_loses_no_step(taught: Path, tmp_path: Path) -> None:
    """Killed in the middle, then interrupted, then left alone: the same lines and weights as without."""
    assert start(tmp_path / "whole", taught).wait(timeout=200) == 0
    out = tmp_path / "parts"
    assert stop_after(start(out, taught), out, 2, signal.SIGKILL) == -signal.SIGKILL
    assert stop_after(start(out, taught), out, 4, signal.SIGINT) != 0
    step = torch.load(out / "checkpoint.pt", weights_only=True)["step"]
    assert len(lines(out)) == step < 8
    assert start(out, taught).wait(timeout=200) == 0
    assert lines(out) == lines(tmp_path / "whole")
    assert lines(out, "held_out.jsonl") == lines(tmp_path / "whole", "held_out.jsonl")
    assert [line["step"] for line in lines(out, "held_out.jsonl")] == [s for s in (0, 1, 3, 8) for _ in range(3)]
    whole, parts = weights(tmp_path / "whole"), weights(out)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    recipe = small_recipe()
    with pytest.raises(UserError, match="other settings"):
        rl(recipe, out, init=taught, prompts=echo_pool(recipe), quiet=True)


def interrupting(count: int) -> Reward:
    """The worlds' rewards, and an interrupt with the judgement number `count`."""
    judged = []

    def judge(prompt: Prompt, samples: Sequence[Sample]) -> list[Score]:
        judged.append(prompt)
        if len(judged) == count:
            os.kill(os.getpid(), signal.SIGINT)
        return verified(prompt, samples)

    return judge


def same_run(parts: Path, whole: Path) -> None:
    for name in ("metrics.jsonl", "held_out.jsonl"):
        assert lines(parts, name) == lines(whole, name)
    ours, theirs = weights(parts), weights(whole)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_compiled_run_goes_on_exactly(taught: Path, tmp_path: Path) -> None:
    """Sampler and trainer compiled, anew in each part: the same lines and weights, to the last bit."""
    recipe, whole, parts = resumable(4, compiled=True), tmp_path / "whole", tmp_path / "parts"
    rl(recipe, whole, init=taught, prompts=echo_pool(recipe, (1, 3)))
    # measured, practised, measured, and the first prompt of the second step
    reward = interrupting(3 + 4 + 3 + 1)
    with pytest.raises(Interrupted, match="after step 2 of 4"):
        rl(recipe, parts, init=taught, prompts=echo_pool(recipe, (1, 3)), reward=reward)
    rl(recipe, parts, init=taught, prompts=echo_pool(recipe, (1, 3)))
    same_run(parts, whole)


def test_stopped_while_it_measures_a_run_keeps_its_steps(taught: Path, tmp_path: Path) -> None:
    """The measurement is made again, whole, and nothing else."""
    recipe, whole, parts = resumable(4), tmp_path / "whole", tmp_path / "parts"
    recipe = recipe.model_copy(update={"rollout": recipe.rollout.model_copy(update={"batch": 1})})
    rl(recipe, whole, init=taught, prompts=echo_pool(recipe, (1, 3)))
    # measured, practised, and the first prompt of the second measurement
    reward = interrupting(3 + 4 + 1)
    with pytest.raises(Interrupted, match="while measuring after step 1 of 4"):
        rl(recipe, parts, init=taught, prompts=echo_pool(recipe, (1, 3)), reward=reward)
    assert torch.load(parts / "checkpoint.pt", weights_only=True)["step"] == len(lines(parts)) == 1
    assert {line["step"] for line in lines(parts, "held_out.jsonl")} == {0}
    # As if it had been killed while it wrote the measurement.
    half = (whole / "held_out.jsonl").read_text().splitlines(keepends=True)[:4]
    (parts / "held_out.jsonl").write_text("".join(half))
    rl(recipe, parts, init=taught, prompts=echo_pool(recipe, (1, 3)))
    same_run(parts, whole)


def two(rank: int, port: int, init: str, out: str, updates: int) -> None:
    join(rank, port)
    run_shared(init, out, updates)
    leave()


def run_shared(init: str, out: str, updates: int) -> None:
    recipe = small_recipe(
        rollout={"prompts": 5, "samples": 4, "pool": 5, "leave": 0.5},
        optim={"steps": 1, "warmup": 0},
        loss={"algorithm": "cispo", "minibatches": updates},
        length={"coefficient": 0.2},
        eval=[{"name": "sums", "families": ["arithmetic"], "levels": [1, 2], "prompts": 3, "samples": 2}],
    )
    rl(recipe, Path(out), init=init, prompts=echo_pool(recipe, (1, 3)), quiet=False)


@pytest.mark.skipif(not dist.is_gloo_available() or sys.platform == "win32", reason="needs gloo")
@pytest.mark.parametrize("updates", [1, 2])
def test_two_processes_are_one(taught: Path, tmp_path: Path, updates: int) -> None:
    """Five prompts on two ranks (three and two): the same samples, numbers and gradients, and then the same weights."""
    mp.spawn(two, (free_port(), str(taught), str(tmp_path / "two"), updates), nprocs=2)
    run_shared(str(taught), str(tmp_path / "one"), updates)
    one, both = lines(tmp_path / "one"), lines(tmp_path / "two")
    assert one[0]["filtered"] < 1
    for a, b in zip(one, both, strict=True):
        assert a.keys() == b.keys()
        for key in a:
            assert b[key] == (pytest.approx(a[key], rel=1e-3, abs=1e-5) if isinstance(a[key], float) else a[key]), key
    before_it = [
        [line for line in lines(tmp_path / name, "held_out.jsonl") if line["step"] == 0] for name in ("one", "two")
    ]
    assert before_it[0] == before_it[1] and len(before_it[0]) == 6
    moved_alike(taught, tmp_path / "one", tmp_path / "two", 0.05)


def test_the_reward_wants_a_turn_that_has_ended(taught: Path) -> None:
    (prompt,) = echo_pool(small_recipe()).draw(0, 8)[:1]
    right = prompt.task.problem.answer
    samples = [
        Sample((), right, None, 0, finished=True),
        Sample((), right, None, 0, finished=False),
        Sample((), right + right, None, 0, finished=True),
        Sample((), "", None, 0, finished=True),
    ]
    scores = verified(prompt, samples)
    assert [score.reward for score in scores] == [1.0, 0.0, 0.0, 0.0]
    assert [score.correct for score in scores] == [True, False, False, False]


def test_when_all_is_solved_the_run_says_so(taught: Path, tmp_path: Path) -> None:
    recipe = small_recipe(rollout={"prompts": 4, "samples": 2, "pool": 4, "leave": 0.9})

    def generous(prompt: Prompt, samples: Sequence[Sample]) -> list[Score]:
        return [Score(1.0, True) for _ in samples]

    with pytest.raises(UserError, match="no prompts are left") as caught:
        rl(recipe, tmp_path, init=taught, prompts=echo_pool(recipe), reward=generous, quiet=True)
    # What was learned until then is not lost: it can be gone on from.
    assert str(tmp_path / "model") in str(caught.value)
    harder = small_recipe(optim={**LEARN["optim"], "steps": 1, "warmup": 0})
    assert rl(harder, tmp_path / "on", init=tmp_path / "model", prompts=echo_pool(harder), quiet=True).exists()


def test_a_checkpoint_belongs_to_weights_and_not_to_a_place(taught: Path, tmp_path: Path) -> None:
    """The start may be moved; a run that has come further is not sold as a shorter one; other sets are measured anew."""

    def sized(steps: int, name: str) -> RLRecipe:
        held = {"name": name, "families": ["arithmetic"], "levels": [1], "prompts": 2, "samples": 2}
        return small_recipe(optim={**LEARN["optim"], "steps": steps, "warmup": 0}, eval=[held])

    def run(steps: int, name: str, init: Path) -> None:
        recipe = sized(steps, name)
        rl(recipe, tmp_path / "run", init=init, prompts=echo_pool(recipe), quiet=True)

    run(2, "a", taught)
    moved = tmp_path / "moved"
    shutil.copytree(taught, moved)
    with pytest.raises(UserError, match="has done 2 steps, the recipe asks for 1"):
        run(1, "a", moved)
    run(3, "b", moved)
    measured = {(line["step"], line["set"]) for line in lines(tmp_path / "run", "held_out.jsonl")}
    assert {(2, "b"), (3, "b")} <= measured and (2, "a") not in measured


def test_no_model_is_written_over(taught: Path, tmp_path: Path) -> None:
    """Neither the one that a run starts from, nor one that is no run's."""
    recipe, run = small_recipe(), tmp_path / "run"
    shutil.copytree(taught, run / "model")
    before = {path.name: path.read_bytes() for path in (run / "model").iterdir()}
    for init, out, says in (
        (run / "model", run, "holds the model to start from"), (run / "model", run / "model", "holds the model to start from"),
        (taught, run, "holds a model that is not this run's"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=says):
            rl(recipe, out, init=init, prompts=echo_pool(recipe), quiet=True)
    assert {path.name: path.read_bytes() for path in (run / "model").iterdir()} == before
    assert [path.name for path in run.iterdir()] == ["model"]


def test_two_runs_in_one_folder_are_refused(taught: Path, tmp_path: Path) -> None:
    recipe = small_recipe()
    with claimed(tmp_path), pytest.raises(UserError, match="another run is going on there"):
        rl(recipe, tmp_path, init=taught, prompts=echo_pool(recipe), quiet=True)
    assert not (tmp_path / "metrics.jsonl").exists()


def test_a_stopped_run_says_how_it_goes_on(taught: Path, tmp_path: Path) -> None:
    recipe = small_recipe()

    def interrupting(prompt: Prompt, samples: Sequence[Sample]) -> list[Score]:
        os.kill(os.getpid(), signal.SIGINT)
        return [Score(0.0, False) for _ in samples]

    recipe = small_recipe(rollout={"prompts": 1, "samples": 2, "pool": 4})
    with pytest.raises(Interrupted, match="after step 1 of 6"):
        rl(recipe, tmp_path, init=taught, prompts=echo_pool(recipe), reward=interrupting, quiet=True)


def test_budgets_by_hand() -> None:
    """Two prompts name 4 tokens, one 8, one none."""

    def summary(budget: int | None, lengths: tuple[int, ...], right: tuple[bool, ...]) -> Summary:
        yes = (True, True)
        return Summary(
            "echo", 1, "high", budget, (0.0, 0.0), right, lengths, (0, 0), yes, yes, 1.0, ("direct", "direct"), True
        )

    found = metrics([
        summary(4, (3, 5), (True, False)), summary(8, (8, 2), (True, True)), summary(4, (4, 9), (False, False)),
        summary(None, (30, 40), (True, True)),
    ])["budgets"]  # fmt: skip
    assert found == {
        "4": {"prompts": 2, "pass@1": 0.25, "length": 5.25, "thinking": 0, "within": 0.5},
        "8": {"prompts": 1, "pass@1": 1.0, "length": 5, "thinking": 0, "within": 1.0},
    }


def test_log_spaced_steps_by_hand() -> None:
    assert sorted(log_spaced(300, 3)) == [0, 1, 2, 5, 10, 22, 46, 100, 215, 300]
    assert sorted(log_spaced(4, 3)) == [0, 1, 2, 4]


def test_entropy_alarms() -> None:
    assert alarms(0.3, 0.1, 1.0) == []
    assert "below the floor 0.1" in alarms(0.05, 0.1, 1.0)[0]
    assert "above the ceiling 1" in alarms(1.5, 0.1, 1.0)[0]


@pytest.mark.parametrize(
    ("score", "algorithm", "says"),
    [
        (lambda n: [Score(-0.5, False)] * n, "maxrl", "reward of -0.5, MaxRL needs 0 or more"),
        (lambda n: [Score(float("nan"), False)] * n, "reinforce", "reward of nan"),
        (lambda n: [Score(1.0, True)] * (n - 1), "reinforce", "16 samples from the rollouts, 15 scores"),
    ],
)
def test_what_rewards_from_outside_got_wrong_is_told_with_the_prompt(
    score: Callable[[int], list[Score]], algorithm: str, says: str, taught: Path, tmp_path: Path
) -> None:
    recipe = small_recipe(**LEARN, loss={"algorithm": algorithm})
    with pytest.raises(UserError, match=f"a prompt of echo .*{says}"):
        rl(recipe, tmp_path, init=taught, prompts=echo_pool(recipe), reward=lambda _, samples: score(len(samples)))
