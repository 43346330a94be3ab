"""The losses against closed forms: for Gaussian data the best denoiser, and its loss, are known exactly."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from sdedit_studio.diffusion.schedule import VE, VP
from sdedit_studio.training.loss import Batch, Consistency, Edm, ScoreMatching, loss_of
from sdedit_studio.training.recipe import Objective, Recipe

CPU = torch.device("cpu")
MEAN, STD = 0.3, 0.4
LOSSES = [Edm(), ScoreMatching(VE()), ScoreMatching(VP())]


def gaussian(loss, count=60_000, seed=1):
    torch.manual_seed(seed)
    clean = MEAN + STD * torch.randn(count, 1, 1, 1, dtype=torch.float64)
    return Batch(clean, torch.randn_like(clean), loss.levels(count, CPU).double(), None)


def best(x, sigma, labels):
    """`E[x0 | x]` for data N(MEAN, STD^2)."""
    gain = STD**2 / (STD**2 + sigma[:, None, None, None] ** 2)
    return MEAN + gain * (x - MEAN)


@pytest.mark.parametrize("loss", LOSSES, ids=["edm", "ve", "vp"])
def test_the_minimiser_on_gaussian_data_is_the_closed_form(loss):
    scale = torch.ones((), dtype=torch.float64, requires_grad=True)
    shift = torch.zeros((), dtype=torch.float64, requires_grad=True)
    batch = gaussian(loss)

    def perturbed(x, sigma, labels):
        # Wrong by as much as the loss weighs it, so that no level drowns the others.
        size = sigma[:, None, None, None] / (1 + sigma[:, None, None, None])
        return scale * best(x, sigma, labels) + shift * size

    gradients = torch.autograd.grad(loss(perturbed, batch, 0.0), (scale, shift), create_graph=True)
    curvatures = [
        torch.autograd.grad(g, v, retain_graph=True)[0] for g, v in zip(gradients, (scale, shift), strict=True)
    ]
    newton_steps = [(g / c).item() for g, c in zip(gradients, curvatures, strict=True)]
    assert newton_steps == pytest.approx([0.0, 0.0], abs=0.02)
    assert all(c > 0 for c in curvatures)


def test_the_least_edm_loss_is_the_weighted_posterior_variance():
    loss = Edm()
    batch = gaussian(loss)
    sigma = batch.sigma
    posterior = STD**2 * sigma**2 / (STD**2 + sigma**2)
    expected = ((sigma**2 + 0.25) / (sigma * 0.5) ** 2 * posterior).mean()
    assert loss(best, batch, 0.0).item() == pytest.approx(expected.item(), rel=0.02)


def test_score_matching_is_the_papers_loss_in_either_sde():
    """`s^2 |score(x_t) - grad log p(x_t | x0)|^2`, written in each SDE's own coordinates."""
    for schedule in (VE(), VP()):
        t = 0.37
        alpha, sigma = schedule.alpha(t), schedule.sigma(t)
        own_std = alpha * sigma
        loss = ScoreMatching(schedule)
        batch = replace(gaussian(loss, 500), sigma=torch.full((500,), sigma, dtype=torch.float64))
        noisy = alpha * batch.clean + own_std * batch.noise
        estimate = best(noisy / alpha, batch.sigma, None)
        score = (alpha * estimate - noisy) / own_std**2
        target = -(noisy - alpha * batch.clean) / own_std**2
        expected = (own_std**2 * (score - target) ** 2).mean()
        assert loss(best, batch, 0.0).item() == pytest.approx(expected.item(), rel=1e-9)


def test_score_matching_draws_t_evenly():
    torch.manual_seed(0)
    for schedule in (VE(), VP()):
        levels = ScoreMatching(schedule).levels(20_000, CPU)
        times = torch.tensor([schedule.t(sigma) for sigma in levels[:4000].tolist()])
        assert times.mean() == pytest.approx(0.5, abs=0.02)
        assert times.std() == pytest.approx(1 / math.sqrt(12), abs=0.01)


def test_edm_draws_levels_log_normally():
    torch.manual_seed(0)
    logs = Edm().levels(50_000, CPU).log()
    assert logs.mean() == pytest.approx(-0.6, abs=0.02)
    assert logs.std() == pytest.approx(1.3, abs=0.02)


def test_a_fresh_network_weighs_every_level_the_same_in_edm():
    """With F = 0, `D = c_skip x`; for data of sigma_data's variance its weighted loss is 1 at every level."""
    clean = 0.5 * torch.randn(20_000, 1, 1, 1, dtype=torch.float64)
    for sigma in (0.01, 0.5, 10.0):
        batch = Batch(clean, torch.randn_like(clean), torch.full((len(clean),), sigma, dtype=torch.float64), None)

        def skip(x, level, labels):
            return 0.25 / (0.25 + level[:, None, None, None] ** 2) * x

        assert Edm()(skip, batch, 0.0).item() == pytest.approx(1.0, rel=0.05)


def test_consistency_begins_as_denoising_and_closes_in():
    loss = Consistency()
    sigma = torch.tensor([0.05, 0.5, 2.0, 40.0])
    gaps = torch.stack([1 - loss.lower(sigma, progress) / sigma for progress in (0.0, 0.5, 1.0)])
    assert gaps[0].tolist() == pytest.approx([1.0, 1.0, 0.977, 0.5], abs=1e-3)
    assert (gaps[:-1] > gaps[1:]).all()
    assert gaps[-1].max() < 0.02


def steady_batch(sigma):
    """Pictures of 0.2 with noise of 1 at these levels."""
    clean = torch.full((len(sigma), 1, 2, 2), 0.2, dtype=torch.float64)
    return Batch(clean, torch.ones_like(clean), torch.tensor(sigma, dtype=torch.float64), None)


def test_consistency_compares_the_two_levels_and_at_level_0_the_picture_itself():
    """Of a network that leaves the noise in, estimates differ by (t - r) times the noise, at r = 0 too."""
    loss = Consistency()
    batch = steady_batch([0.01, 0.05, 0.5, 2.0, 40.0])
    for progress in (0.0, 0.3, 1.0):
        gap = batch.sigma - loss.lower(batch.sigma, progress)
        expected = (((gap**2 + loss.c**2).sqrt() - loss.c) / gap).mean()
        found = loss(lambda x, sigma, labels: x, batch, progress)
        assert found.item() == pytest.approx(expected.item(), rel=1e-9)
    assert loss.lower(batch.sigma, 0.0)[:3].tolist() == [0, 0, 0]


def test_consistency_asks_for_no_level_below_the_lowest():
    loss, asked = Consistency(), []

    def network(x, sigma, labels):
        asked.append(sigma)
        torch.testing.assert_close(x, 0.2 + sigma[:, None, None, None].expand_as(x))
        return x

    batch = steady_batch([loss.sigma_min, 0.003, 1.0])
    for progress in (0.0, 1.0):
        assert loss.lower(batch.sigma, progress).min() < loss.sigma_min
        loss(network, batch, progress)
    assert torch.cat(asked).min() == loss.sigma_min


def test_levels_between_those_of_the_table_are_interpolated():
    """log sigma of VE is linear in t, so even a table of three intervals gives the very level of each t."""
    loss = ScoreMatching(VE(), intervals=3)
    torch.manual_seed(3)
    levels = loss.levels(200, CPU)
    torch.manual_seed(3)
    times = loss.t_min + (1 - loss.t_min) * torch.rand(200).double()
    expected = torch.tensor([VE().sigma(t) for t in times.tolist()])
    torch.testing.assert_close(levels, expected, rtol=1e-4, atol=0)


def test_the_highest_level_of_the_table_can_be_drawn(monkeypatch):
    loss = ScoreMatching(VE(), intervals=3)
    monkeypatch.setattr(torch, "rand", lambda count, device: torch.ones(count))
    assert loss.levels(2, CPU).tolist() == pytest.approx([loss.sigma_max] * 2, rel=1e-4)


def test_log_normal_levels_stay_within_what_is_trained():
    torch.manual_seed(0)
    levels = Edm(mean=0.0, std=10.0).levels(1000, CPU)
    assert (levels.min().item(), levels.max().item()) == (pytest.approx(0.002), 80.0)


def test_a_consistent_network_has_no_consistency_loss():
    """Data in one point: every path ends there."""
    clean = torch.full((64, 1, 1, 1), 0.2)
    batch = Batch(clean, torch.randn(64, 1, 1, 1), Consistency().levels(64, CPU), None)
    assert Consistency()(lambda x, sigma, labels: torch.full_like(x, 0.2), batch, 0.5).item() == 0.0


def test_consistency_teaches_the_higher_level_only():
    layer = nn.Conv2d(1, 1, 1)
    seen = []

    def network(x, sigma, labels):
        seen.append(torch.is_grad_enabled())
        return layer(x)

    batch = gaussian(Consistency(), 16)
    batch = Batch(batch.clean.float(), batch.noise.float(), batch.sigma.float(), None)
    Consistency()(network, batch, 0.9).backward()
    assert seen == [False, True]
    assert layer.weight.grad is not None


def test_recipes_name_their_loss():
    assert isinstance(loss_of(Recipe()), Edm)
    assert isinstance(loss_of(Recipe(objective=Objective.VP)), ScoreMatching)
    assert isinstance(loss_of(Recipe(few_step=True)), Consistency)
    assert loss_of(Recipe(objective=Objective.VE)).sigma_max == pytest.approx(VE().sigma_max)
