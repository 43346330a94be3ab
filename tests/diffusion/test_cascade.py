"""The refine cascade and the paste-back."""

from math import inf

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sdedit_studio.diffusion.cascade import as_pixels, as_tensor, edit, resized, start_levels_of
from sdedit_studio.diffusion.detail import DetailNetwork, with_detail
from sdedit_studio.diffusion.exact import GaussianDenoiser
from sdedit_studio.diffusion.noise import noise_source
from sdedit_studio.diffusion.pasting import paste, strength_coverage
from sdedit_studio.diffusion.plan import Detail, Pass, sigma_of_t0, t0_of_sigma
from sdedit_studio.parameters import Parameters, Solver

PASSES = (Pass(48, 32, 1.0, 4), Pass(96, 64, 0.4, 3))


def blue(x, sigma):
    """A model that believes every picture to be about one blue."""
    colour = torch.tensor([-0.5, 0.0, 0.5])[:, None, None].expand(3, *x.shape[-2:])
    return GaussianDenoiser(colour, torch.full_like(colour, 0.05))(x, sigma)


@pytest.fixture
def guide():
    return np.random.default_rng(5).integers(0, 256, (64, 96, 3), np.uint8)


def states(guide, mask=None, parameters=None, passes=PASSES):
    return list(edit(blue, guide, mask, passes, parameters or Parameters(), stride=16))


def test_it_goes_through_the_passes_at_their_sizes(guide):
    seen = [(m.index, m.call, tuple(m.picture.shape[-2:])) for m in states(guide)]
    assert seen == [(0, i, (32, 48)) for i in range(1, 5)] + [(1, i, (64, 96)) for i in range(1, 4)]


def test_a_pass_starts_from_the_last_result_enlarged(guide):
    """With so little noise that a pass changes nothing, its result is its start."""
    steps = states(guide, passes=(PASSES[0], Pass(96, 64, 1e-4, 1)))
    start, end = steps[3].picture, steps[4].picture
    torch.testing.assert_close(end, resized(start, (64, 96)), rtol=0, atol=1e-3)


def test_what_is_not_masked_is_the_guide_in_every_pass(guide):
    mask = np.zeros((64, 96), np.uint8)
    mask[16:48, 32:64] = 200
    for state in states(guide, mask):
        size = (state.stage.height, state.stage.width)
        expected = resized(as_tensor(guide, "cpu"), size)
        far = slice(0, size[0] // 8)
        assert torch.equal(state.picture[..., far, :], expected[..., far, :])


def test_only_the_first_pass_has_the_chosen_solver(guide):
    paper, fast = (states(guide, parameters=Parameters(solver=s)) for s in (Solver.EULER_MARUYAMA, Solver.DPMPP_2M))
    assert not torch.equal(paper[0].picture, fast[1].picture)
    again = [
        list(edit(blue, guide, None, PASSES, Parameters(solver=s), stride=16, first=as_pixels(paper[3].picture)))
        for s in (Solver.EULER_MARUYAMA, Solver.DPMPP_2M)
    ]
    assert torch.equal(again[0][-1].picture, again[1][-1].picture)


def test_pixels_begin_to_take_part_in_the_pass_before_over_a_factor_of_two():
    """The start of a pass at level s: the pass before at pixels of level 2 s, the guide at s, and linear in between."""
    level, t0, levels = 0.1, t0_of_sigma(1.0), [0.05, 0.1, 0.12, 0.15, 0.18, 0.2, 0.3]
    strength = np.full((64, 96), 255, np.uint8)
    for column, start in enumerate(levels):
        strength[:, column] = round(255 * t0_of_sigma(start) / t0)
    guide, first = np.full((64, 96, 3), 51, np.uint8), np.full((32, 48, 3), 204, np.uint8)
    seen = []

    def watched(x, sigma):
        seen.append(x.clone())
        return x

    passes = (Pass(48, 32, 1.0, 4), Pass(96, 64, level, 1))
    parameters = Parameters(t0=t0, seed=3)
    list(edit(watched, guide, None, passes, parameters, stride=16, strength=strength, first=first))
    noise = noise_source([3], (3, 64, 96), place=(1, 0))(0)
    found = (seen[0] - level * noise)[0, 0, 0, : len(levels)]
    own = start_levels_of(torch.from_numpy(strength[0, : len(levels)] / np.float32(255)), t0)
    taken = ((own - level) / level).clamp(0, 1)
    assert taken[0] == 0 and taken[-1] == 1 and 0.3 < taken[3] < 0.7
    torch.testing.assert_close(found, -0.6 + taken * 1.2, rtol=0, atol=1e-4)


def checked(x):
    """A detail network that puts a pattern of known strength on what it enlarges."""
    larger = x.repeat_interleave(4, -1).repeat_interleave(4, -2)
    rows, columns = (torch.arange(n) % 2 * 2 - 1 for n in larger.shape[-2:])
    return larger + 0.2 * rows[:, None] * columns


CHECKS = DetailNetwork(checked, 4, 0)


class TestDetail:
    """A picture carried up by a detail network in place of the last passes."""

    passes = (Pass(48, 32, 1.0, 4), Detail(192, 128, (48, 32), 4))

    @pytest.fixture
    def guide(self):
        return np.random.default_rng(5).integers(0, 256, (128, 192, 3), np.uint8)

    def last(self, guide, mask=None, strength=None, passes=passes, **parameters):
        chosen = Parameters(**{"t0": 0.26} | parameters)
        *_, last = edit(blue, guide, mask, passes, chosen, stride=16, strength=strength, detail=CHECKS)
        return last

    def test_it_is_one_call_of_its_own(self, guide):
        before, after = list(edit(blue, guide, None, self.passes, Parameters(), stride=16, detail=CHECKS))[-2:]
        assert (after.index, after.call, after.sigma, after.stage) == (1, 1, 0.0, self.passes[1])
        torch.testing.assert_close(after.picture, with_detail(CHECKS, before.picture, side=288))

    def test_a_frame_of_another_ratio_is_met_by_resampling(self, guide):
        odd = self.last(guide[:100, :150], passes=(self.passes[0], Detail(150, 100, (40, 26), 4)))
        assert odd.picture.shape == (1, 3, 100, 150)

    def test_outside_the_mask_it_is_the_guide(self, guide):
        mask = np.zeros((128, 192), np.uint8)
        mask[40:70, 60:90] = 7
        picture = self.last(guide, mask).picture
        outside = torch.from_numpy(mask == 0)
        assert torch.equal(picture[0, :, outside], as_tensor(guide, "cpu")[0, :, outside])
        whole = self.last(np.full_like(guide, 128)).picture
        inside = self.last(np.full_like(guide, 128), mask).picture
        torch.testing.assert_close(inside[..., 44:66, 64:86], whole[..., 44:66, 64:86], rtol=0, atol=0.05)

    def test_white_is_no_map_and_black_is_the_guide(self, guide):
        white, black = (np.full((128, 192), value, np.uint8) for value in (255, 0))
        assert torch.equal(self.last(guide, strength=white).picture, self.last(guide).picture)
        assert np.array_equal(as_pixels(self.last(guide, strength=black).picture), guide)

    def test_a_low_t0_keeps_the_guides_own_detail(self, guide):
        """It comes down to the guide without a jump."""
        errors = []
        for t0 in (0.0001, 0.01, 0.03, 0.06, 0.1):
            passes = (Pass(48, 32, sigma_of_t0(t0), 2), self.passes[1])
            picture = self.last(guide, passes=passes, t0=t0).picture
            errors.append((picture - as_tensor(guide, "cpu")).square().mean().item())
        assert errors == sorted(errors) and errors[0] < 1e-4

    def test_a_low_strength_keeps_it_as_a_low_t0_does(self, guide):
        passes = (Pass(48, 32, sigma_of_t0(0.3), 4), self.passes[1])
        quarter = np.full((128, 192), round(255 * 0.05 / 0.3), np.uint8)
        kept = self.last(guide, strength=quarter, passes=passes, t0=0.3).picture - as_tensor(guide, "cpu")
        redrawn = self.last(guide, passes=passes, t0=0.3).picture - as_tensor(guide, "cpu")

        def fine(change):
            return (change - resized(resized(change, (32, 48)), (128, 192))).square().mean().item()

        assert fine(kept) < 0.01 * fine(redrawn)

    def test_each_picture_of_a_batch_is_the_one_made_alone(self, guide):
        def passes(t0):
            return (Pass(48, 32, sigma_of_t0(t0), 4), self.passes[1])

        chosen = [Parameters(t0=0.12, seed=1), Parameters(t0=0.3, seed=2)]
        plans = [(one, passes(one.t0)) for one in chosen]
        (first, plan), *others = plans
        *_, both = edit(blue, guide, None, plan, first, stride=16, detail=CHECKS, others=others)
        for index, (one, plan) in enumerate(plans):
            *_, alone = edit(blue, guide, None, plan, one, stride=16, detail=CHECKS)
            torch.testing.assert_close(both.picture[index], alone.picture[0], rtol=0, atol=1e-4)

    def test_crispness_mixes(self, guide):
        none, half, whole = (self.last(guide, crispness=c).picture for c in (0.0, 0.5, 1.0))
        torch.testing.assert_close(half, (none + whole) / 2, rtol=0, atol=1e-5)
        assert not torch.equal(none, whole)


class TestPaste:
    @given(
        guide=arrays(np.uint8, (5, 7, 3)),
        mask=arrays(np.uint8, (5, 7), elements=st.sampled_from([0, 1, 127, 254, 255])),
        level=st.floats(-1.2, 1.2),
    )
    def test_the_guide_stays_bit_for_bit_where_the_mask_is_zero(self, guide, mask, level):
        pixels = as_pixels(torch.full((1, 3, 5, 7), level))
        result = paste(guide, pixels, mask)
        assert result.dtype == np.uint8
        assert np.array_equal(result[mask == 0], guide[mask == 0])
        assert np.array_equal(result[mask == 255], pixels[mask == 255])
        between = (mask > 0) & (mask < 255)
        assert (result[between] >= np.minimum(guide, pixels)[between]).all()
        assert (result[between] <= np.maximum(guide, pixels)[between]).all()

    def test_without_a_mask_it_is_the_picture(self, guide):
        assert np.array_equal(paste(guide, 255 - guide, None), 255 - guide)

    @given(pixels=arrays(np.uint8, (4, 6, 3)))
    def test_pixels_survive_the_way_through_tensors(self, pixels):
        assert np.array_equal(as_pixels(as_tensor(pixels, "cpu")), pixels)


class TestStrength:
    """A map of the part of t0 that each pixel is edited from."""

    def edited(self, guide, strength, mask=None, passes=PASSES, **parameters):
        chosen = Parameters(**{"t0": 0.26} | parameters)
        *_, last = edit(blue, guide, mask, passes, chosen, stride=16, strength=strength)
        return last.picture

    def test_white_is_no_map_bit_for_bit(self, guide):
        white = np.full((64, 96), 255, np.uint8)
        assert torch.equal(self.edited(guide, white), self.edited(guide, None))
        mask = np.zeros((64, 96), np.uint8)
        mask[16:48, 32:64] = 200
        assert torch.equal(self.edited(guide, white, mask), self.edited(guide, None, mask))

    def test_black_is_the_guide(self, guide):
        black = np.zeros((64, 96), np.uint8)
        assert np.array_equal(as_pixels(self.edited(guide, black)), guide)

    def test_white_and_black_are_the_mask(self, guide):
        mask = np.zeros((64, 96), np.uint8)
        mask[16:48, 32:64] = 255
        assert torch.equal(self.edited(guide, mask), self.edited(guide, None, mask))

    def test_more_strength_is_more_change(self, guide):
        flat = np.full((64, 96, 3), 200, np.uint8)
        changes = [
            (self.edited(flat, np.full((64, 96), strength, np.uint8)) - as_tensor(flat, "cpu")).square().sum().item()
            for strength in (0, 30, 90, 150, 220, 255)
        ]
        assert changes == sorted(changes)
        assert changes[0] < 1e-3 < changes[1]

    def test_what_would_not_enter_a_pass_starts_from_the_guide(self, guide):
        """A pixel of a lower level than a refine pass keeps the guide's detail, which the smaller pass lost."""
        flat = np.zeros((64, 96), np.uint8)
        low = 255 * 0.1 / 0.26  # of t0 0.1, level 0.34
        flat[:] = round(low)
        passes = (Pass(48, 32, 1.0, 4), Pass(96, 64, 0.4, 3))
        with_small_pass = self.edited(guide, flat, passes=passes)
        alone = self.edited(guide, flat, passes=passes[1:])
        one, other = (as_pixels(picture).astype(int) for picture in (with_small_pass, alone))
        error = np.abs(one - guide).mean()
        assert error == pytest.approx(np.abs(other - guide).mean(), rel=0.1)

    def test_levels_are_those_of_the_clock(self):
        levels = start_levels_of(torch.tensor([0.0, 0.25, 0.5, 1.0]), 0.4)
        assert levels[0] == 0 and levels[3] == inf
        assert levels[1:3].tolist() == pytest.approx([sigma_of_t0(0.1), sigma_of_t0(0.2)], rel=1e-5)

    @given(strength=arrays(np.uint8, (5, 7)))
    def test_the_guide_comes_back_where_nothing_may_change(self, strength):
        cover = strength_coverage(strength)
        assert ((cover == 0) == (strength == 0)).all()
        assert (cover[strength >= 32] == 255).all()
        assert np.all(np.diff(strength_coverage(np.arange(256, dtype=np.uint8)).astype(int)) >= 0)
