"""SDEdit itself: its law, its masks, its repeats."""

from itertools import pairwise
from math import inf

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from sdedit_studio.diffusion.exact import GaussianDenoiser, MixtureDenoiser
from sdedit_studio.diffusion.noise import noise_source
from sdedit_studio.diffusion.plan import sigma_of_t0
from sdedit_studio.diffusion.schedule import DiscreteVP
from sdedit_studio.diffusion.sdedit import held_to_guide, sdedit
from sdedit_studio.diffusion.solver import multistep, solve
from sdedit_studio.parameters import Masking, Sde, Solver

SIZE = (3, 8, 8)
PRIOR = GaussianDenoiser(torch.full(SIZE, 0.1), torch.full(SIZE, 0.04))


def seeded(*seeds, size=SIZE):
    return lambda repeat: noise_source(seeds, size, place=(0, repeat))


def edited(guide, sigma=1.0, calls=6, noise=None, **options):
    *_, last = sdedit(PRIOR, guide, sigma, calls, noise or seeded(*range(len(guide))), **options)
    return last.estimate


@pytest.fixture
def guide():
    return torch.rand(1, *SIZE, generator=torch.Generator().manual_seed(3)) * 2 - 1


def only(mask):
    """The levels of a mask: free all along where it is 1, never where it is 0."""
    return torch.where(mask > 0, inf, 0.0)


class TestMask:
    @pytest.mark.parametrize("solver", Solver)
    def test_outside_it_every_estimate_is_the_guide_bit_for_bit(self, guide, solver):
        mask = torch.zeros(1, 1, 8, 8)
        mask[..., 2:5, 3:7] = 1
        outside = (mask == 0).expand_as(guide)
        for step in sdedit(PRIOR, guide, 1.0, 5, seeded(1), start_levels=only(mask), solver=solver, repeats=2):
            assert torch.equal(step.estimate[outside], guide[outside])
        assert not torch.equal(step.estimate[~outside], guide[~outside])

    @pytest.mark.parametrize("solver", Solver)
    def test_all_ones_is_no_mask(self, guide, solver):
        assert torch.equal(
            edited(guide, start_levels=only(torch.ones(1, 1, 8, 8)), solver=solver), edited(guide, solver=solver)
        )

    def test_all_zeros_is_the_guide(self, guide):
        assert torch.equal(edited(guide, start_levels=only(torch.zeros(1, 1, 8, 8))), guide)

    @pytest.mark.parametrize("solver", Solver)
    def test_the_kept_region_has_the_level_that_each_step_arrives_at(self, guide, solver):
        """Not the level before, as in the official code; along one field of noise."""
        mask = torch.zeros(1, 1, 8, 8)
        mask[..., :4] = 1
        start = seeded(9)(0)(0)
        for step in sdedit(PRIOR, guide, 1.0, 6, seeded(9), start_levels=only(mask), solver=solver):
            torch.testing.assert_close(step.x[..., 4:], (guide + step.sigma * start)[..., 4:])

    def test_it_leaves_the_law_inside_alone(self, guide):
        """The prior's pixels are independent, so what is kept outside says nothing about the inside."""
        mask = torch.zeros(1, 1, 8, 8)
        mask[..., :4] = 1
        for solver in Solver:
            with_mask = edited(guide, start_levels=only(mask), solver=solver)
            torch.testing.assert_close(with_mask[..., :4], edited(guide, solver=solver)[..., :4])


class TestMasking:
    """How the kept region follows: ours, the paper's, and the official code's."""

    @pytest.mark.parametrize("masking", Masking)
    def test_the_picture_is_the_guide_outside_whatever_the_way(self, guide, masking):
        mask = torch.zeros(1, 1, 8, 8)
        mask[..., 2:5] = 1
        outside = (mask == 0).expand_as(guide)
        for step in sdedit(PRIOR, guide, 1.0, 5, seeded(1), start_levels=only(mask), masking=masking, repeats=2):
            assert torch.equal(step.estimate[outside], guide[outside])

    def test_the_paper_noises_afresh_to_the_level_it_comes_from(self, guide):
        mask = torch.zeros(1, 1, 8, 8)
        source, above = seeded(1)(0), 1.0
        for step in sdedit(PRIOR, guide, above, 5, seeded(1), start_levels=only(mask), masking=Masking.PAPER):
            torch.testing.assert_close(step.x, guide + above * source(step.index))
            above = step.sigma

    def test_the_official_mask_is_hard(self, guide):
        """A pixel is free in all of the step that it is freed in."""
        levels = [step.sigma for step in sdedit(PRIOR, guide, 1.0, 5, seeded(1))]
        within = torch.full((1, 1, 8, 8), 0.3 * levels[0] + 0.7 * levels[1])
        above = torch.full((1, 1, 8, 8), levels[0])
        assert torch.equal(
            edited(guide, calls=5, start_levels=within, masking=Masking.OFFICIAL),
            edited(guide, calls=5, start_levels=above, masking=Masking.OFFICIAL),
        )

    def test_algorithm_5_as_the_paper_writes_it(self, guide):
        """(1 - O)(sqrt(abar(t)) x0 + sqrt(1 - abar(t)) z) + O ((x + b s) / sqrt(1 - b) + sqrt(b) z), in VE terms."""
        mask = (torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(4)) > 0.5).float()
        source = seeded(1)(0)
        levels = [1.0, *(step.sigma for step in sdedit(PRIOR, guide, 1.0, 6, seeded(1), solver=Solver.EULER_MARUYAMA))]
        x = guide + levels[0] * source(0)
        for index, (sigma, lower) in enumerate(pairwise(levels), 1):
            z, alpha, after = source(index), (1 + sigma**2) ** -0.5, (1 + lower**2) ** -0.5
            b = 1 - (alpha / after) ** 2
            score = (alpha * PRIOR(x, sigma) - alpha * x) / (1 - alpha**2)
            solved = ((alpha * x + b * score) / (1 - b) ** 0.5 + b**0.5 * z) / after
            x = (1 - mask) * (guide + sigma * z) + mask * solved
        *_, last = sdedit(
            PRIOR,
            guide,
            1.0,
            6,
            seeded(1),
            start_levels=only(mask),
            solver=Solver.EULER_MARUYAMA,
            masking=Masking.PAPER,
        )
        torch.testing.assert_close(last.x, x)

    def test_the_official_loop_with_its_quirks(self, guide):
        """runners/image_editing.py written out with its own betas, against the common solver on the same levels."""
        schedule, start = DiscreteVP(), 5
        betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
        kept = (1 - betas).cumprod(0)
        guide, source = guide.double(), seeded(1)(0)
        edits = (torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(4)) > 0.5).expand_as(guide)

        def predicted_noise(x, i):
            y, sigma = x / kept[i].sqrt(), (1 / kept[i] - 1).sqrt()
            return (y - PRIOR(y, sigma)) / sigma

        e = source(0).double()
        x = guide * kept[start - 1].sqrt() + e * (1 - kept[start - 1]).sqrt()
        for i in reversed(range(start)):
            x_ = (x - betas[i] / (1 - kept[i]).sqrt() * predicted_noise(x, i)) / (1 - betas[i]).sqrt()
            if i > 0:
                variance = betas[i] * (1 - kept[i - 1]) / (1 - kept[i])
                x_ = x_ + variance.sqrt() * source(start - i).double()
            x = guide * kept[i].sqrt() + e * (1 - kept[i]).sqrt()
            x[edits] = x_[edits]

        levels = [*reversed(schedule.sigmas[:start]), 0.0]
        mask = edits[:, :1].double()
        constrain = held_to_guide(guide, only(mask), lambda step: source(step).double(), Masking.OFFICIAL)
        *_, last = multistep(
            PRIOR, guide + levels[0] * e, levels, lambda step: source(step).double(), constrain, eta=1.0, order=1
        )
        # What it leaves outside is the guide at the first level, in VP's scale; ours is in VE's.
        torch.testing.assert_close(last.x[edits], x[edits], rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(last.x[~edits] * kept[0].sqrt(), x[~edits], rtol=1e-6, atol=1e-6)
        assert (x - guide)[~edits].std() > 0.005


class TestStrength:
    def test_faithfulness_falls_as_t0_grows(self, guide):
        distances = [(edited(guide, sigma_of_t0(t0)) - guide).square().sum().item() for t0 in (1e-4, 0.1, 0.3, 0.6, 1)]
        assert distances == sorted(distances)
        assert distances[0] < 0.01 < distances[-1]

    def test_at_the_end_of_time_the_guide_is_forgotten(self, guide):
        one, other = edited(guide, sigma_of_t0(1), calls=40), edited(-guide, sigma_of_t0(1), calls=40)
        assert (one - other).abs().max() < 0.01

    def test_gaussian_deviations_shrink_by_the_known_rule(self):
        """The ODE keeps r of the guide's deviation, the SDE r^2; r = s / sqrt(s^2 + sigma^2)."""
        sigma, prior = 1.0, GaussianDenoiser(torch.zeros(1, 1, 1).double(), torch.full((1, 1, 1), 0.25).double())
        r = 0.5 / 1.25**0.5

        def silence(repeat):
            return lambda step: torch.zeros(1, 1, 1, 1, dtype=torch.float64)

        for solver, kept in (
            (Solver.DPMPP_2M, r),
            (Solver.HEUN, r),
            (Solver.DPMPP_2M_SDE, r**2),
            (Solver.ANCESTRAL, r**2),
        ):
            guide = torch.ones(1, 1, 1, 1, dtype=torch.float64)
            *_, last = sdedit(prior, guide, sigma, 200, silence, solver=solver)
            assert last.estimate.item() == pytest.approx(kept, rel=0.02)


def test_a_guide_that_is_not_numbers_is_refused(guide):
    guide[0, 0, 0, 0] = float("nan")
    with pytest.raises(ValueError, match="not numbers"):
        edited(guide)


@pytest.mark.parametrize("solver", Solver)
def test_a_batch_is_its_pictures_one_by_one(guide, solver):
    guides = torch.cat([guide, -guide, guide / 2])
    together = edited(guides, noise=seeded(4, 5, 6), solver=solver)
    alone = [edited(guides[i : i + 1], noise=seeded(4 + i), solver=solver) for i in range(3)]
    assert torch.equal(together, torch.cat(alone))


def test_repeats_start_from_the_last_picture(guide):
    steps = list(sdedit(PRIOR, guide, 1.0, 4, seeded(1), repeats=3))
    assert [(step.index, step.total) for step in steps] == [(i, 12) for i in range(1, 13)]
    again = steps[3].estimate
    *_, second = solve(
        PRIOR, again + noise_source([1], SIZE, place=(0, 1))(0), 1.0, 4, noise_source([1], SIZE, place=(0, 1))
    )
    assert torch.equal(steps[7].estimate, second.estimate)


@given(seed=st.integers(0, 2**32 - 1))
def test_a_seed_is_a_picture(seed):
    guide = torch.zeros(1, *SIZE)
    assert torch.equal(edited(guide, noise=seeded(seed)), edited(guide, noise=seeded(seed)))
    assert not torch.equal(edited(guide, noise=seeded(seed)), edited(guide, noise=seeded((seed + 1) % 2**32)))


COUNT, LEVEL, STD = 3000, 0.8, 0.12


@pytest.fixture(scope="module")
def mixture():
    """A denoiser of 24 modes in 16 dimensions, a guide between two of them, and 3000 draws of SDEdit's exact law:
    `x = g + sigma z`, then x0 ~ p(x0 | x).
    """
    generator = torch.Generator().manual_seed(11)
    means = torch.randn(24, 1, 4, 4, generator=generator).clamp(-1.5, 1.5) * 0.6
    denoiser = MixtureDenoiser(means, STD)
    guide = (means[:1] + means[1:2]) / 2
    x = guide + LEVEL * torch.randn(COUNT, 1, 4, 4, generator=generator)
    chosen = torch.multinomial(denoiser.responsibilities(x, LEVEL), 1, generator=generator)[:, 0]
    shrink = STD**2 / (STD**2 + LEVEL**2)
    spread = shrink**0.5 * LEVEL * torch.randn(x.shape, generator=generator)
    return denoiser, guide, means[chosen] + shrink * (x - means[chosen]) + spread


def least_likely(mixture, solver, calls, sde=Sde.VP):
    """Smallest p of Kolmogorov-Smirnov tests along 8 random directions, of the solver's pictures against the law."""
    denoiser, guide, exact = mixture
    generator = torch.Generator().manual_seed(12)

    def noise(repeat):
        return lambda step: torch.randn(COUNT, 1, 4, 4, generator=generator)

    *_, last = sdedit(denoiser, guide.expand(COUNT, -1, -1, -1), LEVEL, calls, noise, solver=solver, sde=sde)
    directions = torch.randn(16, 8, generator=generator)
    ours, theirs = ((each.flatten(1) @ directions).T.numpy() for each in (last.estimate, exact))
    return min(ks_2samp(a, b).pvalue for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(
    ("solver", "calls", "sde"),
    [
        (Solver.DPMPP_2M_SDE, 24, Sde.VP),
        (Solver.ANCESTRAL, 60, Sde.VP),
        (Solver.EULER_MARUYAMA, 150, Sde.VE),
        (Solver.EULER_MARUYAMA, 150, Sde.VP),
    ],
)
def test_the_sde_solvers_follow_the_exact_law(mixture, solver, calls, sde):
    assert least_likely(mixture, solver, calls, sde) > 1e-3


def test_the_ode_follows_another(mixture):
    assert least_likely(mixture, Solver.DPMPP_2M, 24) < 1e-6


class TestOwnLevels:
    """Pixels that are edited from levels of their own."""

    OWN = torch.tensor([0.0, 0.05, 0.2, 0.5, 1.0, 1.4, 1.8, 2.0]).expand(1, 1, 8, 8)
    LEVEL = 2.0

    @pytest.mark.parametrize(("solver", "calls"), [(Solver.DPMPP_2M, 60), (Solver.HEUN, 60), (Solver.DPMPP_2M, 8)])
    def test_a_pixels_path_is_that_of_its_own_level(self, guide, solver, calls):
        """The prior's pixels are independent; along the ODE the same noise leads to the same value."""
        together = edited(guide, self.LEVEL, calls, start_levels=self.OWN, solver=solver)
        for column in range(1, 8):
            alone = edited(guide, self.OWN[0, 0, 0, column].item(), 200, solver=solver)
            near = 0.03 if calls > 8 else 0.12
            assert (together - alone)[..., column].abs().max() < near
        assert torch.equal(together[..., 0], guide[..., 0])

    @pytest.mark.parametrize("solver", [Solver.DPMPP_2M_SDE, Solver.ANCESTRAL, Solver.EULER_MARUYAMA])
    def test_a_pixels_law_is_that_of_its_own_level(self, solver):
        """For data N(m, v) and gain k = v / (v + s^2): mean m + k (g - m), variance k^2 s^2 + v s^2 / (v + s^2)."""
        count, variance, start = 2000, 0.04, 0.9
        prior = GaussianDenoiser(torch.zeros(1, 1, 8), torch.full((1, 1, 8), variance))
        guides, own = torch.full((count, 1, 1, 8), start), self.OWN[:, :, :1]
        generator = torch.Generator().manual_seed(5)
        fields = [torch.randn(guides.shape, generator=generator) for _ in range(121)]
        *_, last = sdedit(prior, guides, self.LEVEL, 120, lambda _: fields.__getitem__, start_levels=own, solver=solver)
        noise = own[0, 0, 0] ** 2
        gain = variance / (variance + noise)
        values = last.estimate[:, 0, 0]
        torch.testing.assert_close(values.mean(0), gain * start, rtol=0, atol=0.04)
        torch.testing.assert_close(values.std(0), (gain**2 * noise + gain * noise).sqrt(), rtol=0, atol=0.04)

    @given(own=st.floats(0.0, 1.0), solver=st.sampled_from([Solver.DPMPP_2M, Solver.HEUN]))
    def test_a_level_alone_sets_how_much_changes(self, own, solver):
        """Of a flat guide and without noise: more strength, more change."""
        guide, silence = torch.ones(1, *SIZE), torch.zeros(1, *SIZE)

        def change(level):
            levels = torch.full((1, 1, 8, 8), level)
            *_, last = sdedit(PRIOR, guide, 1.0, 6, lambda _: lambda step: silence, start_levels=levels, solver=solver)
            return (last.estimate - guide).square().sum()

        assert change(0.0) == 0
        assert change(own) <= change(min(1.0, own + 0.1)) + 1e-4

    @pytest.mark.parametrize("masking", [Masking.STEADY, Masking.PAPER])
    def test_neighbouring_levels_give_neighbouring_pictures(self, masking):
        """However few the steps, nothing jumps where a soft map crosses the level of one."""
        count = 4000
        prior = GaussianDenoiser(torch.zeros(1, 1, count), torch.full((1, 1, count), 0.04))
        own = torch.linspace(0, self.LEVEL, count)[None, None, None]
        noise = torch.full((1, 1, 1, count), 0.8)
        *_, last = sdedit(
            prior, noise / 2, self.LEVEL, 4, lambda _: lambda step: noise, start_levels=own, masking=masking
        )
        assert last.estimate.diff(dim=-1).abs().max() < 0.005

    @pytest.mark.parametrize("masking", Masking)
    @pytest.mark.parametrize("solver", Solver)
    def test_pictures_of_different_levels_are_each_what_they_are_alone(self, guide, solver, masking):
        sigmas, options = (0.3, self.LEVEL, 5.0), {"solver": solver, "masking": masking, "repeats": 2}
        own = torch.cat([self.OWN, self.OWN.flip(-1), only(self.OWN > 1)])
        together = edited(guide, sigmas, noise=seeded(1, 2, 1), start_levels=own, **options)
        for index, (sigma, seed) in enumerate(zip(sigmas, (1, 2, 1), strict=True)):
            alone = edited(guide, sigma, noise=seeded(seed), start_levels=own[index : index + 1], **options)
            torch.testing.assert_close(together[index : index + 1], alone, rtol=1e-4, atol=1e-4)
            untouched = (own[index : index + 1] == 0).expand_as(guide)
            assert torch.equal(together[index : index + 1][untouched], guide[untouched])

    @pytest.mark.parametrize("masking", Masking)
    @pytest.mark.parametrize("solver", Solver)
    def test_every_way_keeps_the_guide_where_nothing_may_change(self, guide, solver, masking):
        result = edited(guide, self.LEVEL, start_levels=self.OWN, solver=solver, masking=masking, repeats=2)
        assert result.isfinite().all()
        assert torch.equal(result[..., 0], guide[..., 0])
        assert not torch.equal(result[..., -1], guide[..., -1])

    def test_repeats_go_on_from_the_last_picture(self, guide):
        """As an edit of the own level repeated: what was changed once is what is held, then changed again."""
        own = torch.full((1, 1, 8, 8), 0.5)
        once, twice = (edited(guide, start_levels=own, repeats=repeats) for repeats in (1, 2))
        again = edited(once, noise=lambda repeat: seeded(0)(1), start_levels=own)
        assert torch.equal(twice, again)
