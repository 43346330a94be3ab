"""Adapters and exact denoisers: one Gaussian model told in six ways is one denoiser; Tweedie's formula holds."""

from math import exp, log, sqrt

import pytest
import torch
from diffusers import CMStochasticIterativeScheduler
from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio.diffusion import denoiser as adapt
from sdedit_studio.diffusion.exact import GaussianDenoiser, MixtureDenoiser
from sdedit_studio.diffusion.noise import noise_source
from sdedit_studio.diffusion.schedule import DiscreteVP
from sdedit_studio.diffusion.sdedit import sdedit
from sdedit_studio.diffusion.tiling import tiled

torch.manual_seed(0)
MEAN = torch.rand(3, 4, 4, dtype=torch.float64) - 0.5
EXACT = GaussianDenoiser(MEAN, torch.full((3, 4, 4), 0.09, dtype=torch.float64))
CLOCK = DiscreteVP()


def level_of(label):
    return CLOCK.sigma((label + 1) / CLOCK.steps)


def noise_network(x, label):
    sigma = level_of(label)
    y = x * sqrt(1 + sigma**2)
    return (y - EXACT(y, sigma)) / sigma


def velocity_network(x, label):
    sigma = level_of(label)
    alpha = 1 / sqrt(1 + sigma**2)
    return alpha * noise_network(x, label) - alpha * sigma * EXACT(x / alpha, sigma)


def picture_network(x, label):
    sigma = level_of(label)
    return EXACT(x * sqrt(1 + sigma**2), sigma)


def score_network(u, s):
    x = 2 * u - 1
    return 2 * (EXACT(x, 2 * s) - x) / (2 * s) ** 2


def edm_network(x, log_sigma):
    sigma, data = exp(4 * log_sigma), 0.5
    skip, out, scale = adapt.edm_scales(sigma, data)
    y = x / scale
    return (EXACT(y, sigma) - skip * y) / out


def flow_network(x, t):
    sigma = t / (1 - t)
    y = x * (1 + sigma)
    clean = EXACT(y, sigma)
    return (y - clean) / sigma - clean


ADAPTED = {
    "noise": adapt.from_noise(noise_network, CLOCK.label),
    "velocity": adapt.from_velocity(velocity_network, CLOCK.label),
    "picture": adapt.from_picture(picture_network, CLOCK.label),
    "score": adapt.from_score(score_network),
    "edm": adapt.from_edm(edm_network),
    "flow": adapt.from_flow(flow_network),
}


@pytest.mark.parametrize("name", ADAPTED)
def test_every_prediction_is_the_same_denoiser(name):
    x = torch.randn(2, 3, 4, 4, dtype=torch.float64)
    for sigma in (0.05, 0.7, 5.0):
        torch.testing.assert_close(ADAPTED[name](x, sigma), EXACT(x, sigma), rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", ADAPTED)
def test_every_prediction_makes_the_same_picture(name):
    guide = torch.zeros(1, 3, 4, 4, dtype=torch.float64)

    def edited(denoiser):
        *_, last = sdedit(denoiser, guide, 1.5, 6, lambda _: noise_source([5], (3, 4, 4)))
        return last.estimate

    torch.testing.assert_close(edited(ADAPTED[name]), edited(EXACT), rtol=0, atol=1e-6)


def of_each(network):
    """A network told in terms of one label, for a label of each picture."""

    def predict(x, label):
        if not isinstance(label, tuple):
            return network(x, label)
        return torch.cat([network(x[index : index + 1], one) for index, one in enumerate(label)])

    return predict


CONSISTENT = adapt.from_consistency(of_each(lambda x, label: torch.tanh(x) * (1 + label)))
COVARIANCE = torch.randn(48, 48, dtype=torch.float64)
OF_LEVELS = {
    "noise": adapt.from_noise(of_each(noise_network), CLOCK.label),
    "velocity": adapt.from_velocity(of_each(velocity_network), CLOCK.label),
    "picture": adapt.from_picture(of_each(picture_network), CLOCK.label),
    "score": adapt.from_score(of_each(score_network)),
    "edm": adapt.from_edm(of_each(edm_network)),
    "consistency": CONSISTENT,
    "flow": adapt.from_flow(of_each(flow_network)),
    "guided": adapt.guided(CONSISTENT, EXACT, 2.0),
    "mixed": adapt.mixed([(CONSISTENT, 0.3), (EXACT, 0.7)]),
    "gaussian": EXACT,
    "full covariance": GaussianDenoiser(MEAN, COVARIANCE @ COVARIANCE.T),
    "mixture": MixtureDenoiser(torch.randn(4, 3, 4, 4, dtype=torch.float64), 0.3),
    "tiled": tiled(EXACT, 4, 1, 1),
}


@pytest.mark.parametrize("name", OF_LEVELS)
@given(levels=st.lists(st.floats(1e-3, 50.0), min_size=2, max_size=4, unique=True))
def test_pictures_of_different_levels_are_each_what_they_are_alone(name, levels):
    denoise = OF_LEVELS[name]
    x = torch.randn(len(levels), 3, 4, 4, dtype=torch.float64)
    alone = [denoise(x[index : index + 1], level) for index, level in enumerate(levels)]
    torch.testing.assert_close(denoise(x, tuple(levels)), torch.cat(alone))


def log_density(x, means, std, sigma):
    distance = (x[:, None] - means).flatten(2).square().sum(2)
    return torch.logsumexp(-distance / (2 * (std**2 + sigma**2)), 1).sum()


@pytest.mark.parametrize("sigma", [0.1, 1.0, 10.0])
def test_the_mixture_obeys_tweedie(sigma):
    means = torch.randn(5, 1, 2, 3, dtype=torch.float64)
    x = torch.randn(4, 1, 2, 3, dtype=torch.float64, requires_grad=True)
    (score,) = torch.autograd.grad(log_density(x, means, 0.3, sigma), x)
    expected = x.detach() + sigma**2 * score
    torch.testing.assert_close(MixtureDenoiser(means, 0.3)(x.detach(), sigma), expected)


def test_a_mixtures_weights_count():
    means = torch.tensor([[[[-1.0]]], [[[1.0]]]])
    heavy = MixtureDenoiser(means, 0.1, weights=[0.9, 0.1])
    assert heavy(torch.zeros(1, 1, 1, 1), 50.0).item() == pytest.approx(-0.8, abs=1e-2)


def test_a_full_covariance_is_the_textbook_posterior():
    root = torch.randn(12, 12, dtype=torch.float64)
    covariance = root @ root.T / 12
    mean = torch.randn(3, 2, 2, dtype=torch.float64)
    x = torch.randn(5, 3, 2, 2, dtype=torch.float64)
    gain = covariance @ torch.linalg.inv(covariance + 0.49 * torch.eye(12, dtype=torch.float64))
    expected = mean + ((x - mean).flatten(1) @ gain.T).reshape(x.shape)
    torch.testing.assert_close(GaussianDenoiser(mean, covariance)(x, 0.7), expected)
    diagonal = torch.rand(3, 2, 2, dtype=torch.float64) + 0.1
    torch.testing.assert_close(
        GaussianDenoiser(mean, torch.diag(diagonal.flatten()))(x, 0.7), GaussianDenoiser(mean, diagonal)(x, 0.7)
    )


def test_edms_network_sees_and_makes_unit_variance():
    sigma, data = 1.7, 0.5
    skip, out, scale = adapt.edm_scales(sigma, data)
    assert scale**2 * (sigma**2 + data**2) == pytest.approx(1)
    target = ((1 - skip) ** 2 * data**2 + skip**2 * sigma**2) / out**2
    assert target == pytest.approx(1)
    assert log(sigma) / 4 == pytest.approx(0.1327, abs=1e-4)


class TestConsistency:
    @staticmethod
    def network(x, label):
        return torch.tanh(x) * (1 + label)

    def test_it_is_the_identity_at_the_end_of_the_path(self):
        denoise = adapt.from_consistency(self.network)
        x = torch.randn(2, 3, 4, 4, dtype=torch.float64)
        assert torch.equal(denoise(x, 0.002), x)
        torch.testing.assert_close(denoise(x, 0.0020001), x, rtol=0, atol=1e-6)

    def test_far_from_it_it_is_edms(self):
        x = 80 * torch.randn(2, 3, 4, 4, dtype=torch.float64)
        ours, edms = (adapt(self.network)(x, 80.0) for adapt in (adapt.from_consistency, adapt.from_edm))
        torch.testing.assert_close(ours, edms, rtol=1e-4, atol=1e-4)

    def test_it_is_diffusers_consistency_scheduler(self):
        """One step of the scheduler from the highest level to the last is one call."""
        scheduler = CMStochasticIterativeScheduler(sigma_min=0.002, sigma_max=80.0, sigma_data=0.5)
        scheduler.set_timesteps(1)
        time = scheduler.timesteps[0]
        x = 80 * torch.randn(1, 3, 4, 4)
        output = self.network(scheduler.scale_model_input(x, time), time / 1000)
        expected = scheduler.step(output, time, x, generator=torch.Generator().manual_seed(0)).prev_sample
        found = adapt.from_consistency(self.network)(x, 80.0)
        torch.testing.assert_close(found.clamp(-1, 1), expected, rtol=0, atol=0.002 * 6)


class TestGuidance:
    def test_it_goes_on_from_the_unconditional_to_the_conditional(self):
        x = torch.randn(2, 3, 4, 4)
        found = adapt.guided(lambda x, sigma: 3 * x, lambda x, sigma: x, 2.5)(x, 1.0)
        torch.testing.assert_close(found, 6 * x)

    def test_it_calls_only_what_counts(self):
        one, other = object(), object()
        assert adapt.guided(one, other, 1.0) is one
        assert adapt.guided(one, other, 0.0) is other

    def test_of_gaussians_it_is_the_gaussian_of_the_guided_mean(self):
        """Two priors of the same variance: guidance moves the mean along the line through theirs."""
        variance = torch.full((3, 4, 4), 0.09, dtype=torch.float64)
        one, other = (GaussianDenoiser(MEAN + shift, variance) for shift in (0.0, 0.4))
        moved = GaussianDenoiser(MEAN + 3 * 0.4, variance)
        x = torch.randn(2, 3, 4, 4, dtype=torch.float64)
        torch.testing.assert_close(adapt.guided(other, one, 3.0)(x, 0.7), moved(x, 0.7))


def test_scores_of_any_range_are_the_same_denoiser():
    def score(u, s):
        x = 4 * u - 3
        return 4 * (EXACT(x, 4 * s) - x) / (4 * s) ** 2

    x = torch.randn(2, 3, 4, 4, dtype=torch.float64)
    torch.testing.assert_close(adapt.from_score(score, low=0.5, high=1.0)(x, 0.7), EXACT(x, 0.7))
