"""Gradients: right at both ends, even between, and without bands."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.gradient import gradient

COLOURS = st.tuples(*[st.integers(0, 255)] * 4)
RECT = Rect(-20, 5, 200, 90)


@given(COLOURS, COLOURS, st.sampled_from(["linear", "radial"]))
def test_pixels_are_premultiplied_and_between_the_colours(first, last, kind):
    out = gradient(RECT, (0, 50), (140, 60), first, last, kind).astype(int)
    assert (out[..., :3] <= out[..., 3:]).all()
    low, high = sorted((first[3], last[3]))
    assert out[..., 3].min() >= low and out[..., 3].max() <= high


def test_colours_go_on_beyond_the_ends():
    out = gradient(Rect(0, 0, 100, 3), (20, 0), (80, 0), (10, 20, 30, 255), (200, 100, 50, 255))
    assert (out[:, :20] == (30, 20, 10, 255)).all()
    assert (out[:, 80:] == (50, 100, 200, 255)).all()
    middle = out[:, 30:70].mean(axis=(0, 1))
    assert middle == pytest.approx((40, 60, 105, 255), abs=1)


def test_a_slanted_gradient_is_constant_across():
    out = gradient(Rect(0, 0, 100, 100), (0, 0), (100, 100), (0, 0, 0, 255), (255, 255, 255, 255)).astype(int)
    assert np.abs(out[..., 0] - out[..., 0].T).max() <= 1
    assert np.abs(out[20, 60] - out[60, 20]).max() <= 1


def test_a_radial_gradient_is_round():
    out = gradient(Rect(0, 0, 101, 101), (50.5, 50.5), (90.5, 50.5), (255, 0, 0, 255), (0, 0, 255, 255), "radial")
    assert out[50, 50, 2] >= 250
    assert (out[0, 0] == (255, 0, 0, 255)).all()
    assert np.abs(out[50, 70].astype(int) - out[70, 50]).max() <= 1


def test_wide_gradients_have_no_bands():
    out = gradient(Rect(0, 0, 2000, 8), (0, 0), (2000, 0), (100, 100, 100, 255), (110, 110, 110, 255))[..., 0]
    exact = 100 + 10 * (np.arange(2000) + 0.5) / 2000
    smooth = np.convolve(out.mean(axis=0), np.ones(50) / 50, "valid")
    assert np.abs(smooth - np.convolve(exact, np.ones(50) / 50, "valid")).max() < 0.6
    assert (np.diff(out[0].astype(int)) != 0).sum() > 200  # levels mix instead of stepping ten times


def test_parts_fit_together():
    arguments = ((13, 7), (150, 80), (1, 2, 3, 40), (250, 100, 50, 200))
    whole = gradient(RECT, *arguments)
    part = gradient(Rect(30, 20, 60, 40), *arguments)
    assert np.array_equal(part, whole[15:55, 50:110])


def test_a_gradient_of_no_length_is_a_step():
    out = gradient(Rect(0, 0, 10, 1), (5, 0), (5, 0), (0, 0, 0, 255), (255, 255, 255, 255), "radial")
    assert out.shape == (1, 10, 4)
    assert (out[0, :4] == 255).all()
