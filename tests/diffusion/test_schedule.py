"""Schedules: inverse maps, and the values that METHOD 6 tabulates."""

from math import exp, inf, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio.diffusion.plan import sigma_of_t0, t0_of_sigma
from sdedit_studio.diffusion.schedule import VE, VP, DiscreteVP

FAMILY = [VP(), VE(), DiscreteVP()]
times = st.floats(1e-3, 1.0)


@pytest.mark.parametrize("schedule", FAMILY, ids=lambda schedule: type(schedule).__name__)
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
