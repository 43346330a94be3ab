"""Schedules: inverse maps, and tabulated values."""

from math import cos, exp, inf, isclose, pi

import pytest
from diffusers import DDPMScheduler
from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio.diffusion.plan import sigma_of_t0, t0_of_sigma
from sdedit_studio.diffusion.schedule import EDM, VE, VP, Betas, DiscreteVP, Flow, SubVP

FAMILY = [VP(), SubVP(), VE(), EDM(), Flow(), Flow(3.0), *(DiscreteVP(betas=betas) for betas in Betas)]
times = st.floats(1e-3, 1.0)


@pytest.mark.parametrize("schedule", FAMILY, ids=str)
class TestEvery:
    @given(t=times)
    def test_time_and_level_are_inverse(self, schedule, t):
        assert isclose(schedule.t(schedule.sigma(t)), t, rel_tol=1e-9)
        assert isclose(schedule.t_of_log_snr(schedule.log_snr(t)), t, rel_tol=1e-9)

    @given(one=times, other=times)
    def test_level_grows_with_time(self, schedule, one, other):
        if one < other:
            assert schedule.sigma(one) < schedule.sigma(other) or isclose(one, other)

    def test_starts_at_nothing_and_ends_at_one(self, schedule):
        assert schedule.sigma(0) == 0
        assert schedule.log_snr(0) == inf
        assert schedule.t(schedule.sigma(1) * 2) == 1

    @given(t=times)
    def test_log_snr_is_alpha_over_noise(self, schedule, t):
        if schedule.sigma(t) < inf:
            alpha = schedule.alpha(t)
            noise = alpha * schedule.sigma(t)
            assert isclose(exp(schedule.log_snr(t)), alpha**2 / noise**2, rel_tol=1e-9)


@pytest.mark.parametrize(
    ("t", "ve", "vp"),
    [(0.2, 0.165, 0.720), (0.3, 0.472, 1.234), (0.4, 1.355, 2.028), (0.5, 3.888, 3.413), (0.6, 11.16, 6.097)],
)
def test_the_papers_levels(t, ve, vp):
    assert isclose(VE().sigma(t), ve, rel_tol=3e-3)
    assert isclose(VP().sigma(t), vp, rel_tol=2e-3)
    assert isclose(sigma_of_t0(t), vp, rel_tol=2e-3)
    assert isclose(t0_of_sigma(sigma_of_t0(t)), t, rel_tol=1e-12)


def test_the_ddpm_schedule_at_half_time():
    schedule = DiscreteVP()
    assert isclose(schedule.alpha(0.5) ** 2, 0.0785872, rel_tol=1e-6)
    assert isclose(schedule.alpha(0.5), 0.280334, rel_tol=1e-5)
    assert isclose(schedule.alpha(0.5) * schedule.sigma(0.5), 0.959902, rel_tol=1e-5)


def test_a_levels_label_is_its_step():
    schedule = DiscreteVP()
    for step in (0, 1, 499, 998, 999):
        assert isclose(schedule.label(schedule.sigmas[step]), step, abs_tol=1e-9)
    assert schedule.label(1e-5) == 0
    assert schedule.label(1e5) == 999


def test_ve_leaves_the_picture_whole():
    assert VE().alpha(0.7) == 1
    assert isclose(VP().alpha(0.7) ** 2 * (1 + VP().sigma(0.7) ** 2), 1)


@pytest.mark.parametrize(
    ("schedule", "levels"),
    [
        (EDM(), {0.2: 0.085, 0.3: 0.318, 0.5: 2.515, 0.6: 5.839, 0.8: 24.4}),
        (Flow(), {0.2: 0.25, 0.3: 3 / 7, 0.5: 1.0, 0.6: 1.5, 0.8: 4.0}),
        (DiscreteVP(1000, 0.00085, 0.012, Betas.SCALED_LINEAR), {0.2: 0.569, 0.3: 0.830, 0.5: 1.613, 0.8: 5.09}),
        (DiscreteVP(betas=Betas.COSINE), {0.2: 0.336, 0.3: 0.520, 0.5: 1.012, 0.8: 3.10}),
    ],
    ids=["EDM", "flow", "scaled linear", "cosine"],
)
def test_the_levels_that_the_other_clocks_have(schedule, levels):
    for t, sigma in levels.items():
        assert isclose(schedule.sigma(t), sigma, rel_tol=5e-3)


def test_sub_vp_has_vps_alpha_and_less_noise():
    """`s = 1 - alpha^2`, against VP's `sqrt(1 - alpha^2)`."""
    for t in (0.1, 0.5, 1.0):
        alpha = VP().alpha(t)
        assert isclose(SubVP().alpha(t), alpha, rel_tol=1e-12)
        assert isclose(SubVP().alpha(t) * SubVP().sigma(t), 1 - alpha**2, rel_tol=1e-9)


def test_flow_moves_in_a_straight_line():
    for shift in (1.0, 3.0):
        for t in (0.1, 0.5, 0.9):
            flow = Flow(shift)
            assert isclose(flow.alpha(t) + flow.alpha(t) * flow.sigma(t), 1)
    assert Flow(3.0).sigma(0.5) == 3 * Flow().sigma(0.5)


@pytest.mark.parametrize("betas", Betas)
def test_discrete_schedules_are_diffusers(betas):
    """The same alpha-bar as the scheduler that the checkpoints come with."""
    name = {"linear": "linear", "scaled-linear": "scaled_linear", "cosine": "squaredcos_cap_v2"}[betas]
    theirs = DDPMScheduler(1000, 0.001, 0.012, name).alphas_cumprod.double()
    ours = DiscreteVP(1000, 0.001, 0.012, betas)
    for step in (0, 1, 250, 500, 998):
        assert isclose(1 / (1 + ours.sigmas[step] ** 2), theirs[step].item(), rel_tol=2e-4)


def test_the_cosine_schedule_is_a_squared_cosine_but_for_its_last_beta_which_is_capped():
    """alpha-bar of step n is f(n) / f(0) with `f(n) = cos^2(pi/2 (n / 1000 + 0.008) / 1.008)`, and f(1000) = 0."""

    def f(step):
        return cos((step / 1000 + 0.008) / 1.008 * pi / 2) ** 2

    schedule = DiscreteVP(betas=Betas.COSINE)
    kept = [1 / (1 + sigma**2) for sigma in schedule.sigmas]
    for step in (0, 499, 997, 998):
        assert isclose(kept[step], f(step + 1) / f(0), rel_tol=1e-9)
    assert isclose(kept[999], kept[998] * (1 - 0.999), rel_tol=1e-9)
