"""Solvers against exact answers, mostly by moment propagation.

For data N(0, s^2) the denoiser is linear, so every solver is linear in its state and its noise: a batch of unit vectors
through the public solver gives the exact gain and variance of its output, with no sampling.
"""

from functools import partial
from itertools import pairwise
from math import inf, isclose, log2, sqrt

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio.diffusion.exact import GaussianDenoiser
from sdedit_studio.diffusion.level import level_of, of_picture
from sdedit_studio.diffusion.schedule import VE, VP
from sdedit_studio.diffusion.solver import (
    consistency_grid,
    euler_maruyama,
    heun,
    karras_grid,
    multistep,
    paper_grid,
    solve,
)
from sdedit_studio.parameters import Sde, Solver

STD = 0.5
START = 2.0
END = 0.1
GAUSSIAN = GaussianDenoiser(torch.zeros(1, 1, 1, dtype=torch.float64), torch.full((1, 1, 1), STD**2).double())


def untouched(x, above, level, index):
    return x


def basis(steps):
    """A state of 1 without noise, then for each step a state of 0 with noise of 1 in that step alone."""
    x = torch.zeros(steps + 1, 1, 1, 1, dtype=torch.float64)
    x[0] = 1
    return x, lambda step: torch.eye(steps + 1, dtype=torch.float64)[step][:, None, None, None]


def moments(solver, sigmas):
    """Gain on the start and variance of the noise in the last state."""
    x, noise = basis(len(sigmas) - 1)
    *_, last = solver(GAUSSIAN, x, sigmas, noise, untouched)
    gain, *spread = last.x.flatten().tolist()
    return gain, sum(each**2 for each in spread)


def geometric(steps, start=START, end=END):
    return [start * (end / start) ** (i / steps) for i in range(steps + 1)]


def error(solver, eta, steps):
    """Distance of gain and standard deviation at END from the law of the reverse process of noise `eta`."""
    gain, variance = moments(solver, geometric(steps))
    ratio = (STD**2 + END**2) / (STD**2 + START**2)
    true_variance = (STD**2 + END**2) * (1 - ratio) if eta else 0.0
    return abs(gain - sqrt(ratio) ** (1 + eta)) + abs(sqrt(variance) - sqrt(true_variance))


SOLVERS = {
    "ddim": (partial(multistep, eta=0.0, order=1), 0, 1),
    "dpmpp-2m": (partial(multistep, eta=0.0, order=2), 0, 2),
    "ancestral": (partial(multistep, eta=1.0, order=1), 1, 1),
    "dpmpp-2m-sde": (partial(multistep, eta=1.0, order=2), 1, 2),
    "heun": (partial(heun, calls=1), 0, 2),
    "euler-maruyama ve": (partial(euler_maruyama, sde=Sde.VE), 1, 1),
    "euler-maruyama vp": (partial(euler_maruyama, sde=Sde.VP), 1, 1),
}


@pytest.mark.parametrize("name", SOLVERS)
def test_order_of_convergence(name):
    solver, eta, order = SOLVERS[name]
    coarse, fine = error(solver, eta, 128), error(solver, eta, 256)
    assert fine < 0.02
    assert log2(coarse / fine) == pytest.approx(order, abs=0.15)


@pytest.mark.parametrize("name", ["ancestral", "dpmpp-2m-sde", "euler-maruyama ve", "euler-maruyama vp"])
def test_the_reverse_sde_ends_in_the_exact_posterior(name):
    """p(x0 | x) for Gaussian data: gain r^2 and variance r^2 sigma0^2."""
    solver, _, _ = SOLVERS[name]
    gain, variance = moments(solver, [*geometric(400, end=0.002), 0.0])
    r2 = STD**2 / (STD**2 + START**2)
    assert gain == pytest.approx(r2, rel=0.05)
    assert variance == pytest.approx(r2 * START**2, rel=0.05)


STARTS = (0.6, START, 6.0)


def in_a_row(states):
    """Pictures of one pixel as the pixels of one picture, the same for each of the starting levels."""
    return states.reshape(1, 1, 1, -1).repeat(len(STARTS), 1, 1, 1)


def moments_of_levels(name, count):
    """`moments` for several starting levels in one batch: each picture has the whole basis, one pixel for each."""
    solver, _, _ = SOLVERS[name]
    x, noise = basis(count + 1)
    grids = [[*geometric(count, start, 0.002), 0.0] for start in STARTS]
    levels = [level_of(sigmas) for sigmas in zip(*grids, strict=True)]
    *_, last = solver(GAUSSIAN, in_a_row(x), levels, lambda step: in_a_row(noise(step)), untouched)
    return [(row[0].item(), row[1:].square().sum().item()) for row in last.x.reshape(len(STARTS), -1)]


@pytest.mark.parametrize("name", ["ancestral", "dpmpp-2m-sde", "euler-maruyama ve", "euler-maruyama vp"])
def test_each_of_several_levels_ends_in_its_own_exact_posterior(name):
    for start, (gain, variance) in zip(STARTS, moments_of_levels(name, 600), strict=True):
        r2 = STD**2 / (STD**2 + start**2)
        assert gain == pytest.approx(r2, rel=0.07)
        assert variance == pytest.approx(r2 * start**2, rel=0.05)


@pytest.mark.parametrize("name", ["ddim", "dpmpp-2m", "heun"])
def test_each_of_several_levels_follows_the_ode_to_the_data(name):
    """The probability flow scales deviations by r, so that N(0, s^2 + sigma^2) becomes N(0, s^2)."""
    for start, (gain, variance) in zip(STARTS, moments_of_levels(name, 600), strict=True):
        assert gain == pytest.approx(STD / sqrt(STD**2 + start**2), rel=0.02)
        assert variance == 0


@pytest.mark.parametrize("solver", Solver)
@given(
    sigmas=st.lists(st.floats(0.03, 80.0), min_size=2, max_size=4, unique=True),
    calls=st.integers(1, 9),
    sde=st.sampled_from(Sde),
)
def test_pictures_of_different_levels_go_the_way_each_goes_alone(solver, sigmas, calls, sde):
    x = torch.randn(len(sigmas), 1, 2, 2, dtype=torch.float64)
    fields = torch.randn(calls + 1, *x.shape, dtype=torch.float64)
    together = list(solve(GAUSSIAN, x, tuple(sigmas), calls, lambda i: fields[i], solver=solver, sde=sde))
    for index, sigma in enumerate(sigmas):
        own = slice(index, index + 1)
        alone = solve(GAUSSIAN, x[own], sigma, calls, lambda i: fields[i, own], solver=solver, sde=sde)  # noqa: B023
        for ours, theirs in zip(together, alone, strict=True):
            assert of_picture(ours.sigma, index) == theirs.sigma
            torch.testing.assert_close(ours.x[own], theirs.x)
            torch.testing.assert_close(ours.estimate[own], theirs.estimate)


def test_algorithm_1_as_the_paper_writes_it():
    """VE Euler-Maruyama, uniform in t, noise in the last step too: x <- x + e^2 score + e z."""
    schedule, count = VE(), 12
    t0 = schedule.t(START)
    noise = torch.randn(count + 1, 2, 1, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    x = START * noise[0] + 0.3
    expected = x.clone()
    for n in range(count, 0, -1):
        sigma, lower = schedule.sigma(t0 * n / count), schedule.sigma(t0 * (n - 1) / count)
        e = sqrt(sigma**2 - lower**2)
        expected = expected + e**2 * (GAUSSIAN(expected, sigma) - expected) / sigma**2 + e * noise[count - n + 1]
    *_, last = solve(GAUSSIAN, x, START, count, lambda i: noise[i], solver=Solver.EULER_MARUYAMA, sde=Sde.VE)
    torch.testing.assert_close(last.x, expected)


def test_algorithm_4_as_the_paper_writes_it():
    """VP Euler-Maruyama as it stands: x <- (x + b score) / sqrt(1 - b) + sqrt(b) z, b the integral of beta."""
    schedule, count = VP(), 12
    t0 = schedule.t(START)
    noise = torch.randn(count + 1, 2, 1, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    y = START * noise[0] + 0.3
    x = schedule.alpha(t0) * y
    for n in range(count, 0, -1):
        t, earlier = t0 * n / count, t0 * (n - 1) / count
        alpha = schedule.alpha(t)
        b = 1 - (alpha / schedule.alpha(earlier)) ** 2
        score = (alpha * GAUSSIAN(x / alpha, schedule.sigma(t)) - x) / (1 - alpha**2)
        x = (x + b * score) / sqrt(1 - b) + sqrt(b) * noise[count - n + 1]
    *_, last = solve(GAUSSIAN, y, START, count, lambda i: noise[i], solver=Solver.EULER_MARUYAMA, sde=Sde.VP)
    torch.testing.assert_close(last.x, x)


def test_b_is_beta_dt_on_a_fine_grid():
    schedule, t, dt = VP(), 0.4, 1e-5
    b = 1 - (schedule.alpha(t) / schedule.alpha(t - dt)) ** 2
    assert b == pytest.approx((0.1 + 19.9 * t) * dt, rel=1e-3)


def test_ancestral_is_the_ddpm_posterior():
    """One step at order 1, eta 1 equals q(x_s' | x_s, x0 = D) in VE coordinates."""
    sigma, lower = 1.3, 0.4
    x, z = torch.randn(2, 3, 1, 1, 1, dtype=torch.float64).unbind()
    step = next(multistep(GAUSSIAN, x, [sigma, lower], lambda _: z, untouched, eta=1.0, order=1))
    r = lower**2 / sigma**2
    expected = r * x + (1 - r) * GAUSSIAN(x, sigma) + lower * sqrt(1 - r) * z
    torch.testing.assert_close(step.x, expected)


def test_2m_sde_without_noise_is_2m():
    x = torch.randn(2, 1, 1, 1, dtype=torch.float64)
    grid = karras_grid(START, 8)

    def nothing(step):
        return torch.zeros_like(x)

    *_, ode = multistep(GAUSSIAN, x, grid, nothing, untouched, eta=0.0, order=2)
    *_, sde = multistep(GAUSSIAN, x, grid, nothing, untouched, eta=1e-9, order=2)
    torch.testing.assert_close(ode.x, sde.x, rtol=0, atol=1e-7)


@pytest.mark.parametrize("calls", [1, 2, 3, 7, 8])
@pytest.mark.parametrize("solver", Solver)
@pytest.mark.parametrize("sigma", [0.004, 0.05, START, 80.0])
def test_calls_are_the_calls_asked_for(solver, calls, sigma):
    asked = []

    def denoiser(x, level):
        asked.append(level)
        return GAUSSIAN(x, level)

    x = torch.full((1, 1, 1, 1), 0.2, dtype=torch.float64)
    steps = list(solve(denoiser, x, sigma, calls, torch.ones_like(x).mul, solver=solver))
    assert len(asked) == len(steps) == calls
    assert [step.index for step in steps] == list(range(1, calls + 1))
    assert all(step.total == calls for step in steps)
    assert asked[0] == sigma
    assert asked == sorted(asked, reverse=True)
    assert steps[-1].sigma == 0
    assert steps[-1].x.isfinite().all()


def test_a_step_of_heun_is_the_mean_of_the_slopes_at_both_its_ends():
    """Algorithm 1 of Karras et al. 2022 line by line, and the estimate that each of its model calls made."""
    x = torch.randn(2, 1, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    sigma, lower = 1.7, 0.6
    first, second, last = heun(GAUSSIAN, x, [sigma, lower, 0.0], torch.zeros_like(x).mul, untouched, calls=3)
    slope = (x - GAUSSIAN(x, sigma)) / sigma
    ahead = x + (lower - sigma) * slope
    slope_ahead = (ahead - GAUSSIAN(ahead, lower)) / lower
    there = x + (lower - sigma) * (slope + slope_ahead) / 2
    for call, state, estimate in (
        (first, ahead, GAUSSIAN(x, sigma)),
        (second, there, GAUSSIAN(ahead, lower)),
        (last, GAUSSIAN(there, lower), GAUSSIAN(there, lower)),
    ):
        torch.testing.assert_close(call.x, state)
        torch.testing.assert_close(call.estimate, estimate)
    assert [call.sigma for call in (first, second, last)] == [lower, lower, 0.0]


def test_an_even_number_of_calls_begins_with_a_step_of_euler():
    x = torch.randn(2, 1, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    high, middle, low = 4.0, 1.5, 0.4
    calls = list(heun(GAUSSIAN, x, [high, middle, low, 0.0], torch.zeros_like(x).mul, untouched, calls=4))
    euler = x + (middle - high) * (x - GAUSSIAN(x, high)) / high
    torch.testing.assert_close(calls[0].x, euler)
    alone = list(heun(GAUSSIAN, euler, [middle, low, 0.0], torch.zeros_like(x).mul, untouched, calls=3))
    for ours, theirs in zip(calls[1:], alone, strict=True):
        torch.testing.assert_close(ours.x, theirs.x)


def test_it_is_multistep_consistency_sampling():
    """x <- D(x) + s' z: nothing of the old noise is kept."""
    noise = torch.randn(4, 2, 1, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    x = expected = START * noise[0]
    for index, (sigma, lower) in enumerate(pairwise([START, START / 4, START / 16, 0.0]), 1):
        expected = GAUSSIAN(expected, sigma) + (lower * noise[index] if lower else 0)
    *_, last = solve(GAUSSIAN, x, START, 3, lambda i: noise[i], solver=Solver.CONSISTENCY)
    torch.testing.assert_close(last.x, expected)


def test_consistency_sampling_is_exact_for_a_network_that_goes_all_the_way():
    """A map from any level to the data's law, as few-step networks are: one call or many end in that law."""

    def all_the_way(x, sigma):
        return x * STD / sqrt(STD**2 + sigma**2)

    for calls in (1, 2, 4):
        x, noise = basis(calls)
        steps = list(multistep(all_the_way, x, consistency_grid(50.0, calls), noise, untouched, eta=inf, order=1))
        gain, *spread = steps[-1].x.flatten().tolist()
        assert gain**2 * (STD**2 + 50.0**2) + sum(each**2 for each in spread) == pytest.approx(STD**2, rel=1e-3)


@pytest.mark.parametrize(
    "solver", [Solver.DPMPP_2M, Solver.DPMPP_2M_SDE, Solver.ANCESTRAL, Solver.HEUN, Solver.CONSISTENCY]
)
def test_the_last_state_is_the_picture(solver):
    x = torch.randn(2, 1, 1, 1, dtype=torch.float64)
    *_, last = solve(GAUSSIAN, x, START, 5, lambda _: torch.zeros_like(x), solver=solver)
    torch.testing.assert_close(last.x, last.estimate)


def test_one_call_is_the_denoiser():
    x = torch.randn(2, 1, 1, 1, dtype=torch.float64)
    for solver in Solver:
        (step,) = solve(GAUSSIAN, x, START, 1, lambda _: torch.zeros_like(x), solver=solver)
        torch.testing.assert_close(step.estimate, GAUSSIAN(x, START))


class TestGrids:
    @pytest.mark.parametrize("sigma", [0.01, 0.06, 0.5, 2.03, 80.0])
    @pytest.mark.parametrize("count", [1, 2, 8])
    def test_karras_grid_falls_from_its_start_to_nothing(self, sigma, count):
        grid = karras_grid(sigma, count)
        assert len(grid) == count + 1
        assert grid[0] == sigma
        assert grid[-1] == 0
        assert all(a > b for a, b in pairwise(grid))

    def test_karras_grid_is_karras(self):
        grid = karras_grid(2.0, 5)
        assert grid[-2] == pytest.approx(0.05)
        assert grid[2] == pytest.approx(((2 ** (1 / 7) + 0.05 ** (1 / 7)) / 2) ** 7)

    @pytest.mark.parametrize(("sigma", "last"), [(0.1, 0.025), (0.004, 0.001), (0.2, 0.05), (80.0, 0.05)])
    def test_the_last_level_of_karras_grid_is_at_most_a_quarter_of_the_first(self, sigma, last):
        for count in (2, 5):
            assert karras_grid(sigma, count)[-2] == pytest.approx(last)

    @pytest.mark.parametrize("sde", Sde)
    def test_the_papers_grid_is_uniform_in_its_time(self, sde):
        schedule = VE() if sde is Sde.VE else VP()
        times = [schedule.t(sigma) for sigma in paper_grid(START, 10, sde)]
        steps = [a - b for a, b in pairwise(times)]
        assert all(isclose(step, steps[0], rel_tol=1e-6) for step in steps)


def test_a_step_leaves_the_noise_of_its_level():
    """Around D = 0 the state is pure noise, and a step of any eta must leave it with the lower level's variance."""
    zero = GaussianDenoiser(torch.zeros(1, 1, 1).double(), torch.zeros(1, 1, 1).double())
    for eta in (0.0, 0.5, 1.0):
        x, noise = basis(1)
        step = next(multistep(zero, x, [2.0, 0.7], noise, untouched, eta=eta, order=2))
        gain, fresh = step.x.flatten().tolist()
        assert gain**2 * 2.0**2 + fresh**2 == pytest.approx(0.7**2)
