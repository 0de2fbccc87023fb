"""Each loss and advantage against numbers that were computed by hand."""

from __future__ import annotations

import math

import pytest
import torch

from favilla.chat.encode import EncodedChat
from favilla.chat.messages import Message
from favilla.train.rl import advantages
from favilla.train.rl.losses import ALGORITHMS, Clip, importance, k3, policy_loss, token_share
from favilla.train.rl.protocols import Group, Passage, Prompt, Sample, Score
from favilla.train.rl.update import weigh
from tests.train.rl.conftest import small_recipe

LN2 = math.log(2)
# One prompt, two samples of 2 and 1 tokens. Ratios to the old policy: 1, 2 | 1/2.
SAMPLE_N = torch.tensor([0, 0, 1])
OLD_N = torch.log(torch.tensor([0.5, 0.25, 0.5]))
LOGP_N = torch.log(torch.tensor([0.5, 0.5, 0.25]))
MASK_N = torch.ones(3)
CLIP = Clip(low=0.2, high=0.5, most=1.6)


def loss_and_gradient(name: str, advantage_S: list[float], **more: object) -> tuple[float, list[float]]:
    algorithm = ALGORITHMS[name]
    share_S = token_share(algorithm.average, torch.tensor([2, 1]), torch.tensor([0, 0]), groups=1, longest=10, tokens=3)
    logp_N = LOGP_N.clone().requires_grad_()
    loss = policy_loss(
        algorithm, logp_N, OLD_N, torch.tensor(advantage_S)[SAMPLE_N], share_S[SAMPLE_N], MASK_N, CLIP, **more  # type: ignore[arg-type]
    )  # fmt: skip
    loss.backward()
    return loss.item(), logp_N.grad.tolist()


def test_reinforce_by_hand() -> None:
    """-(1*1 + 2*1 + 0.5*(-1)) / (2 samples * Lmax 10); the gradient of rho A is rho A."""
    loss, gradient = loss_and_gradient("reinforce", [1.0, -1.0])
    assert loss == pytest.approx(-2.5 / 20)
    assert gradient == pytest.approx([-1 / 20, -2 / 20, 0.5 / 20])


def test_maxrl_is_reinforce_with_relative_advantages() -> None:
    """Rewards 1, 0 have mean 1/2, so advantages 1 and -1."""
    advantage_S = advantages.relative(torch.tensor([[1.0, 0.0]]))[0].tolist()
    assert advantage_S == [1.0, -1.0]
    assert loss_and_gradient("maxrl", advantage_S) == loss_and_gradient("reinforce", advantage_S)


def test_grpo_by_hand() -> None:
    """Sample 1: (1 + min(2, 1.5)) / 2; sample 2: min(0.5 * -1, 0.8 * -1) = -0.8; mean over two samples. What is clipped has no
    gradient."""
    loss, gradient = loss_and_gradient("grpo", [1.0, -1.0])
    assert loss == pytest.approx(-(2.5 / 2 - 0.8) / 2)
    assert gradient == pytest.approx([-1 / 4, 0, 0])


def test_clipping_never_hides_what_got_worse() -> None:
    """With A < 0 and rho = 2 the minimum is the unclipped -2, with A > 0 and rho = 1/2 it is 1/2: both keep their gradient."""
    loss, gradient = loss_and_gradient("grpo", [-1.0, 1.0])
    assert loss == pytest.approx(-((-1 - 2) / 2 + 0.5) / 2)
    assert gradient == pytest.approx([1 / 4, 2 / 4, -0.5 / 2])


def test_dapo_by_hand() -> None:
    """The same terms, but every token counts 1/3."""
    loss, gradient = loss_and_gradient("dapo", [1.0, -1.0])
    assert loss == pytest.approx(-(1 + 1.5 - 0.8) / 3)
    assert gradient == pytest.approx([-1 / 3, 0, 0])


def test_cispo_by_hand() -> None:
    """Weights 1, min(2, 1.6), 1/2 on A log pi, over the 3 tokens of the prompt; every token has a gradient."""
    loss, gradient = loss_and_gradient("cispo", [1.0, -1.0])
    assert loss == pytest.approx(-(math.log(0.5) + 1.6 * math.log(0.5) - 0.5 * math.log(0.25)) / 3)
    assert gradient == pytest.approx([-1 / 3, -1.6 / 3, 0.5 / 3])


def test_on_policy_all_have_the_gradient_of_a_log_pi() -> None:
    for name, algorithm in ALGORITHMS.items():
        share_S = token_share(algorithm.average, torch.tensor([2, 1]), torch.tensor([0, 0]), 1, 10, 3)
        logp_N, advantage_N = LOGP_N.clone().requires_grad_(), torch.tensor([0.7, 0.7, -0.3])
        policy_loss(algorithm, logp_N, logp_N.detach(), advantage_N, share_S[SAMPLE_N], MASK_N, CLIP).backward()
        torch.testing.assert_close(logp_N.grad, -advantage_N * share_S[SAMPLE_N], msg=name)


def test_masks_importance_and_kl_by_hand() -> None:
    """Token 2 is masked; weights of the sampler min(2, 1.5) = 1.5 and 1/2; k3 of token 1 with pi_ref / pi = 2 is 2 - ln 2 - 1."""
    sampler_N = OLD_N - torch.tensor([LN2, 0.0, -LN2])
    weight_N = importance(OLD_N, sampler_N, most=1.5)
    assert weight_N.tolist() == pytest.approx([1.5, 1.0, 0.5])
    reference_N = LOGP_N + torch.tensor([LN2, 0.0, 0.0])
    assert k3(LOGP_N, reference_N).tolist() == pytest.approx([1 - LN2, 0, 0], abs=1e-6)
    algorithm = ALGORITHMS["reinforce"]
    share_N = torch.full((3,), 1 / 20)
    loss = policy_loss(
        algorithm, LOGP_N, OLD_N, torch.tensor([1.0, 1.0, -1.0]), share_N, torch.tensor([1.0, 0.0, 1.0]), CLIP, weight_N,
        reference_N, kl=0.1,
    )  # fmt: skip
    assert loss.item() == pytest.approx(-(1.5 - 0.1 * (1 - LN2) - 0.5 * 0.5) / 20)


def test_shares_of_two_prompts_by_hand() -> None:
    """Prompt 0: lengths 2, 4; prompt 1: lengths 1, 3. Another rank has as many prompts and 10 tokens more."""
    length_S, group_S = torch.tensor([2, 4, 1, 3]), torch.tensor([0, 0, 1, 1])
    share = {
        a: token_share(a, length_S, group_S, 4, 8, 20.0).tolist() for a in ("constant", "sample", "prompt", "batch")
    }
    assert share["constant"] == pytest.approx([1 / 64] * 4)
    assert share["sample"] == pytest.approx([1 / 16, 1 / 32, 1 / 8, 1 / 24])
    assert share["prompt"] == pytest.approx([1 / 24, 1 / 24, 1 / 16, 1 / 16])
    assert share["batch"] == pytest.approx([1 / 20] * 4)


def test_advantages_by_hand() -> None:
    reward_PG = torch.tensor([[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    assert advantages.centred(reward_PG)[0].tolist() == [0.75, -0.25, -0.25, -0.25]
    deviation = math.sqrt(3) / 4
    assert advantages.standardised(reward_PG)[0].tolist() == pytest.approx([0.75 / deviation] + [-0.25 / deviation] * 3)
    assert advantages.relative(reward_PG)[0].tolist() == [3.0, -1.0, -1.0, -1.0]
    for estimator in advantages.ESTIMATORS.values():
        assert estimator(reward_PG)[1:].abs().max() == 0
        assert advantages.informative(estimator(reward_PG)).tolist() == [True, False, False]
    with pytest.raises(ValueError, match="at least 0"):
        advantages.relative(-reward_PG)


def test_maxrl_is_the_truncated_likelihood() -> None:
    """Over all outcomes of G = 4 Bernoulli samples: the expected gradient wrt the logit of p is that of
    - sum_{k <= 3} (1 - p)^k / k: taking the mean as baseline costs one of the four terms."""
    G, p = 4, 0.2
    expected = 0.0
    for outcome in range(2**G):
        r = torch.tensor([[float(outcome >> i & 1) for i in range(G)]])
        c = int(r.sum())
        # d log pi / d logit of a sample is 1 - p where it is right and -p where it is wrong
        score = torch.where(r > 0, 1 - p, -p)
        expected += p**c * (1 - p) ** (G - c) * float((advantages.relative(r) * score).sum()) / G
    truncated = sum((1 - p) ** (k - 1) for k in range(1, G)) * p * (1 - p)
    assert expected == pytest.approx(truncated, rel=1e-5)


def test_penalty_is_gated_scaled_and_apart_by_hand() -> None:
    """Three of four are right, with 10, 20 and 30 tokens of at most 100: mean 20, pass rate 3/4."""
    length_PG, correct_PG = torch.tensor([[10.0, 20.0, 30.0, 90.0]]), torch.tensor([[1.0, 1.0, 1.0, 0.0]])
    got = advantages.penalty(length_PG, correct_PG, 100, torch.tensor([0.4]))
    assert got[0].tolist() == pytest.approx([0.4 * 0.75 * 0.1, 0, -0.4 * 0.75 * 0.1, 0])
    # Nobody is right, or one alone: there is nothing to be shorter than.
    assert advantages.penalty(length_PG, torch.zeros(1, 4), 100, torch.tensor([0.4])).abs().max() == 0
    assert advantages.penalty(length_PG, torch.tensor([[0.0, 0, 0, 1]]), 100, torch.tensor([0.4])).abs().max() == 0
    # A group that is all right has no advantage for the task, yet stays in for its lengths.
    whole = advantages.penalty(length_PG, torch.ones(1, 4), 100, torch.tensor([0.4]))
    assert advantages.informative(whole).tolist() == [True]


def test_budget_by_hand() -> None:
    """Budget 50, slope 0.01: 30 tokens score 0.7, 50 score 0.5, 120 score 0; their mean is 0.4. The wrong one has no part."""
    length_PG = torch.tensor([[30.0, 50.0, 120.0, 10.0]])
    correct_PG = torch.tensor([[1.0, 1.0, 1.0, 0.0]])
    got = advantages.within_budget(length_PG, correct_PG, torch.tensor([50.0]), slope=0.01)
    assert got[0].tolist() == pytest.approx([0.3, 0.1, -0.4, 0])
    assert advantages.within_budget(length_PG, correct_PG, torch.tensor([math.inf]), slope=0.01).abs().max() == 0


def test_efforts_scale_the_penalty_and_budgets_take_its_place_by_hand() -> None:
    """Two right samples of 5 and 10 tokens (Lmax 12, coefficient 0.4): the shorter is worth 0.4 * penalty * 2.5 / 12 at each
    effort, and with a budget of 20 half of 0.65 - 0.60."""

    def group(effort: str, penalty: float, budget: int | None = None) -> Group:
        context = EncodedChat([1, 2], [0, 0], [])
        samples = [
            Sample((Passage(context, (7,) * n, (-0.5,) * n, (True,) * n),), "7", None, 0, finished=True)
            for n in (5, 10)
        ]
        return Group(
            Prompt("echo", 1, (Message("user", ("7",)),), effort, budget, penalty), samples, [Score(1.0, True)] * 2
        )

    recipe = small_recipe(rollout={"samples": 2}, length={"coefficient": 0.4, "budgets": [20], "share": 0.1})
    weighed = weigh([group("low", 2.0), group("high", 0.5), group("high", 0.0), group("high", 1.0, budget=20)], recipe)
    assert weighed.advantage_PG[:, 0].tolist() == pytest.approx([2 / 12, 0.5 / 12, 0, 0.025], abs=1e-6)
    assert weighed.advantage_PG.sum(1).tolist() == pytest.approx([0] * 4, abs=1e-6)
    assert weighed.kept_P.tolist() == [True, True, False, True]
