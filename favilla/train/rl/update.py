"""One update of the policy from groups of judged samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch

from favilla.chat.images import ImageProcessor
from favilla.errors import UserError
from favilla.model import MuseSpark
from favilla.train.loop import ready
from favilla.train.rl import advantages
from favilla.train.rl.losses import ALGORITHMS, importance, k3, policy_loss, token_share
from favilla.train.rl.pack import MicroBatch, pack
from favilla.train.rl.policy import Read, TokenStats, token_stats
from favilla.train.rl.protocols import Group, Prompt, Reward, Sample
from favilla.train.rl.recipe import RLRecipe


@dataclass
class Totals:
    """Sums over the tokens that were learned from; add up over micro-batches and ranks."""

    tokens: float = 0.0
    entropy_learned: float = 0.0
    mismatch: float = 0.0  # |log pi of the trainer - log pi of the sampler|
    truncated: float = 0.0  # importance weights that were cut
    outside: float = 0.0  # ratios outside of the trust region
    kl: float = 0.0
    loss: float = 0.0

    def tensor(self) -> torch.Tensor:
        return torch.tensor([getattr(self, f.name) for f in fields(self)], dtype=torch.float64)

    def means(self, sums: torch.Tensor) -> dict[str, float]:
        """Means a token from sums in the order of `tensor`; the loss stays as it is."""
        values = dict(zip([f.name for f in fields(self)], sums.tolist(), strict=True))
        return {
            name: value if name in ("tokens", "loss") else value / max(values["tokens"], 1)
            for name, value in values.items()
        }


@dataclass
class Weighed:
    """Groups with what each sample is worth: advantage_PG, and which groups have anything to teach: kept_P."""

    groups: list[Group]
    advantage_PG: torch.Tensor
    kept_P: torch.Tensor


def judge(prompt: Prompt, samples: Sequence[Sample], reward: Reward, recipe: RLRecipe) -> Group:
    """Samples with their scores. Raises UserError, which names the prompt, for what rollouts or rewards from outside got wrong."""
    scores = reward(prompt, samples)
    about = f"a prompt of {prompt.family} (key {prompt.key!r})"
    if not len(samples) == len(scores) == recipe.rollout.samples:
        raise UserError(
            f"{about}: {len(samples)} samples from the rollouts, {len(scores)} scores from the reward; the recipe wants "
            f"{recipe.rollout.samples} of each"
        )
    for score in scores:
        if not math.isfinite(score.reward):
            raise UserError(f"{about}: a reward of {score.reward}; give finite numbers")
        if recipe.loss.algorithm == "maxrl" and score.reward < 0:
            raise UserError(
                f"{about}: a reward of {score.reward:g}, MaxRL needs 0 or more; give the task's reward without penalties"
            )
    return Group(prompt, list(samples), scores)


def weigh(groups: list[Group], recipe: RLRecipe) -> Weighed:
    """Advantages for the task and for the length, computed apart and added."""
    G, longest = recipe.rollout.samples, recipe.rollout.max_new_tokens
    reward_PG = torch.tensor([[s.reward for s in g.scores] for g in groups]).view(-1, G)
    correct_PG = torch.tensor([[float(s.correct) for s in g.scores] for g in groups]).view(-1, G)
    length_PG = torch.tensor([[float(s.length) for s in g.samples] for g in groups]).view(-1, G)
    budget_P = torch.tensor([float("inf") if g.prompt.budget is None else g.prompt.budget for g in groups])
    # Who is given a budget shall keep to it, and not be shorter still.
    coefficient_P = torch.tensor([recipe.length.coefficient * g.prompt.penalty for g in groups]) * budget_P.isinf()
    task_PG = advantages.ESTIMATORS[ALGORITHMS[recipe.loss.algorithm].advantage](reward_PG)
    length_advantage_PG = advantages.penalty(length_PG, correct_PG, longest, coefficient_P)
    length_advantage_PG += advantages.within_budget(length_PG, correct_PG, budget_P, recipe.length.slope)
    advantage_PG = task_PG + length_advantage_PG
    kept_P = advantages.informative(advantage_PG) if recipe.loss.filter else torch.ones(len(groups), dtype=torch.bool)
    return Weighed(groups, advantage_PG, kept_P)


@dataclass
class Minibatch:
    """What one update learns from: micro-batches whose sample numbers index advantage_S, length_S, group_S."""

    micro: list[MicroBatch]
    advantage_S: torch.Tensor
    length_S: torch.Tensor
    group_S: torch.Tensor

    @property
    def groups(self) -> int:
        return len(self.group_S.unique())


def minibatches(weighed: Weighed, number_P: Sequence[int], recipe: RLRecipe, model: MuseSpark) -> list[Minibatch]:
    """The kept groups in as many parts as the recipe has updates a step, packed.

    number_P: of each group among the kept ones of all ranks, so that an update learns from the same groups however many
    ranks there are."""
    kept = weighed.kept_P.nonzero()[:, 0].tolist()
    vision = model.config.vision
    made = []
    for part in range(recipe.loss.minibatches):
        chosen = [p for p in kept if number_P[p] % recipe.loss.minibatches == part]
        samples = [sample for p in chosen for sample in weighed.groups[p].samples]
        passages = [(s, passage) for s, sample in enumerate(samples) for passage in sample.passages if passage.ids]
        made.append(
            Minibatch(
                pack(
                    passages, recipe.run.rows, recipe.run.tokens, model.config.image_token_id,
                    3 * vision.patch_size**2, vision.merge_size, recipe.run.compile,
                ),
                weighed.advantage_PG[chosen].flatten(),
                torch.tensor([sample.length for sample in samples]),
                torch.arange(len(chosen)).repeat_interleave(recipe.rollout.samples),
            )
        )  # fmt: skip
    return made


def prepare(batches: Sequence[Minibatch], processor: ImageProcessor, place: torch.device) -> None:
    """Pixels normalised, everything on the device."""
    for minibatch in batches:
        for name in ("advantage_S", "length_S", "group_S"):
            setattr(minibatch, name, getattr(minibatch, name).to(place))
        for micro in minibatch.micro:
            ready(micro.batch, processor, place)
            for name in ("sample_N", "sampler_N", "mask_N"):
                setattr(micro, name, getattr(micro, name).to(place))


@torch.no_grad()
def behaviour(
    model: MuseSpark, minibatch: Minibatch, banned_V: torch.Tensor, autocast: bool, read: Read
) -> list[TokenStats]:
    """Log-probabilities under the weights that sampled, as the trainer computes them."""
    return [token_stats(model, micro.batch, banned_V, autocast, read) for micro in minibatch.micro]


def accumulate(
    model: MuseSpark,
    reference: MuseSpark | None,
    recipe: RLRecipe,
    minibatch: Minibatch,
    groups: int,
    tokens: float,
    banned_V: torch.Tensor,
    read: Read,
    old: Sequence[TokenStats] | None = None,
) -> tuple[Totals, float]:
    """Add this rank's part of the loss's gradient to the model; returns sums and the largest |mismatch| of a token.

    groups, tokens: those of all ranks, which the loss is a mean over. read: see `policy`. old: what `behaviour` gave before the first update of
    the step; without, this is the first and only one.
    """
    loss_part, algorithm = recipe.loss, ALGORITHMS[recipe.loss.algorithm]
    clip, autocast, totals, largest = loss_part.clip(), recipe.run.autocast, Totals(), 0.0
    if not minibatch.micro:
        return totals, largest
    share_S = token_share(
        algorithm.average, minibatch.length_S, minibatch.group_S, groups, recipe.rollout.max_new_tokens, tokens
    )
    for number, micro in enumerate(minibatch.micro):
        now = token_stats(model, micro.batch, banned_V, autocast, read)
        then = old[number] if old is not None else now
        old_N, mask_N = then.policy_N.detach(), micro.mask_N
        weight_N = importance(then.plain_N, micro.sampler_N, loss_part.importance)
        reference_N = None
        if reference is not None:
            with torch.no_grad():
                reference_N = token_stats(reference, micro.batch, banned_V, autocast, read).policy_N
        loss = policy_loss(
            algorithm, now.policy_N, old_N, minibatch.advantage_S[micro.sample_N], share_S[micro.sample_N], mask_N, clip,
            weight_N, reference_N, loss_part.kl,
        )  # fmt: skip
        loss.backward()
        with torch.no_grad():
            difference_N = (then.plain_N - micro.sampler_N) * mask_N
            ratio_N = (now.policy_N - old_N).exp()
            outside_N = (ratio_N < 1 - clip.low) | (ratio_N > 1 + clip.high)
            totals.tokens += float(mask_N.sum())
            totals.entropy_learned += float((now.entropy_N * mask_N).sum())
            totals.mismatch += float(difference_N.abs().sum())
            totals.truncated += float(((difference_N.exp() > loss_part.importance) * mask_N).sum())
            totals.outside += float((outside_N * mask_N).sum())
            totals.kl += float((k3(now.policy_N, reference_N) * mask_N).sum()) if reference_N is not None else 0.0
            totals.loss += float(loss)
            largest = max(largest, float(difference_N.abs().max()))
    return totals, largest
