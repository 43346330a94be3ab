"""Denoising in overlapping windows."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio.diffusion.tiling import spans, tiled


@given(length=st.integers(1, 200), side=st.integers(4, 40), overlap=st.integers(1, 3))
def test_windows_cover_the_whole_and_overlap(length, side, overlap):
    stride = 16
    length, side, overlap = stride * length, stride * side, stride * overlap
    windows = spans(length, side, overlap, stride)
    assert windows[0][0] == 0
    assert windows[-1][1] == length
    assert all(value % stride == 0 for window in windows for value in window)
    assert all(right - left <= side for left, right in windows)
    assert all(before[1] - after[0] >= overlap for before, after in pairwise(windows))


def test_a_denoiser_of_single_pixels_does_not_notice():
    x = torch.randn(2, 3, 96, 160)

    def each(x, sigma):
        return x / (1 + sigma)

    torch.testing.assert_close(tiled(each, 64, 16, 16)(x, 0.5), each(x, 0.5))


def test_one_window_is_the_denoiser_itself():
    x = torch.randn(1, 3, 64, 64)
    calls = []
    result = tiled(lambda x, sigma: calls.append(x) or x * 2, 64, 16, 16)(x, 1.0)
    assert len(calls) == 1
    assert calls[0] is x
    assert torch.equal(result, x * 2)


def test_no_window_is_larger_than_a_tile():
    areas = []
    tiled(lambda x, sigma: areas.append(x.shape[-2:]) or x, 128, 32, 16)(torch.zeros(1, 3, 512, 768), 1.0)
    assert len(areas) > 6
    assert max(side for area in areas for side in area) <= 128


def test_windows_that_disagree_fade_into_each_other():
    """Each window adds its own number; the blend must move between them by small steps."""
    numbers = iter([0.0, 1.0])
    (blend,) = tiled(lambda x, sigma: x * 0 + next(numbers), 96, 32, 16)(torch.zeros(1, 1, 16, 160), 1.0)[0, :, 0]
    assert blend[0] == 0
    assert blend[-1] == 1
    assert blend.diff().min() >= 0
    assert blend.diff().max() < 2 / 32 + 1e-6


@pytest.mark.parametrize("length", [416, 432, 768, 2048])
def test_tiles_are_as_few_as_they_can_be(length):
    windows = spans(length, 416, 32, 16)
    assert (len(windows) - 1) * (416 - 32) + 32 < length


def test_windows_that_are_not_wanted_are_not_run_and_change_nothing_that_is():
    x, wanted = torch.randn(1, 3, 256, 384), torch.zeros(1, 1, 256, 384)
    wanted[..., 70:90, 220:240] = 0.5
    runs = []

    def bright(x, sigma):
        runs.append(x)
        return x + x.mean()  # so that windows disagree

    whole = tiled(bright, 128, 32, 16)(x, 1.0)
    all_runs = len(runs)
    part = tiled(bright, 128, 32, 16, wanted)(x, 1.0)
    assert 0 < len(runs) - all_runs < all_runs / 2
    assert torch.equal(part[..., 70:90, 220:240], whole[..., 70:90, 220:240])
    assert part.isfinite().all()
