"""The refine cascade and the paste-back."""

from math import inf

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sdedit_studio.diffusion.cascade import as_pixels, as_tensor, edit, own_levels, resized
from sdedit_studio.diffusion.exact import GaussianDenoiser
from sdedit_studio.diffusion.pasting import fading, paste
from sdedit_studio.diffusion.plan import Pass, sigma_of_t0
from sdedit_studio.parameters import Parameters, Solver

PASSES = (Pass(48, 32, 1.0, 4), Pass(96, 64, 0.4, 3))


def blue(x, sigma):
    """A model that believes every picture to be about one blue."""
    colour = torch.tensor([-0.5, 0.0, 0.5])[:, None, None].expand(3, *x.shape[-2:])
    return GaussianDenoiser(colour, torch.full_like(colour, 0.05))(x, sigma)


@pytest.fixture
def guide():
    return np.random.default_rng(5).integers(0, 256, (64, 96, 3), np.uint8)


def moments(guide, mask=None, parameters=None, passes=PASSES):
    return list(edit(blue, guide, mask, passes, parameters or Parameters(), stride=16))


def test_it_goes_through_the_passes_at_their_sizes(guide):
    seen = [(m.index, m.step.index, m.step.total, tuple(m.step.estimate.shape[-2:])) for m in moments(guide)]
    assert seen == [(0, i, 4, (32, 48)) for i in range(1, 5)] + [(1, i, 3, (64, 96)) for i in range(1, 4)]


def test_a_pass_starts_from_the_last_result_enlarged(guide):
    """With so little noise that a pass changes nothing, its result is its start."""
    steps = moments(guide, passes=(PASSES[0], Pass(96, 64, 1e-4, 1)))
    start, end = steps[3].step.estimate, steps[4].step.estimate
    torch.testing.assert_close(end, resized(start, (64, 96)), rtol=0, atol=1e-3)


def test_what_is_not_masked_is_the_guide_in_every_pass(guide):
    mask = np.zeros((64, 96), np.uint8)
    mask[16:48, 32:64] = 200
    for moment in moments(guide, mask):
        size = (moment.stage.height, moment.stage.width)
        expected = resized(as_tensor(guide, "cpu"), size)
        far = slice(0, size[0] // 8)
        assert torch.equal(moment.step.estimate[..., far, :], expected[..., far, :])


def test_only_the_first_pass_has_the_chosen_solver(guide):
    steps = [moment.step for moment in moments(guide, parameters=Parameters(solver=Solver.EULER_MARUYAMA))]
    assert not torch.equal(steps[3].x, steps[3].estimate), "Euler-Maruyama's last state still has noise"
    assert torch.equal(steps[6].x, steps[6].estimate)


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
        levels = own_levels(torch.tensor([0.0, 0.25, 0.5, 1.0]), 0.4)
        assert levels[0] == 0 and levels[3] == inf
        assert levels[1:3].tolist() == pytest.approx([sigma_of_t0(0.1), sigma_of_t0(0.2)], rel=1e-5)

    @given(strength=arrays(np.uint8, (5, 7)))
    def test_the_guide_comes_back_where_nothing_may_change(self, strength):
        cover = fading(strength)
        assert ((cover == 0) == (strength == 0)).all()
        assert (cover[strength >= 32] == 255).all()
        assert np.all(np.diff(fading(np.arange(256, dtype=np.uint8)).astype(int)) >= 0)
