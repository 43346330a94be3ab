import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from sdedit_studio.evaluation.strokes import COLOURS, kernel, strokes


@pytest.mark.parametrize(("side", "width"), [(256, 23), (96, 9), (128, 11), (512, 45)])
def test_the_filter_keeps_the_papers_share_of_the_picture(side, width):
    assert kernel(side) == width


@given(st.integers(16, 4096))
def test_the_filter_is_odd_and_nearest(side):
    assert kernel(side) % 2 == 1
    assert abs(kernel(side) - 23 * side / 256) <= 1


def test_few_colours_remain():
    picture = np.random.default_rng(0).integers(0, 256, (64, 48, 3), dtype=np.uint8)
    painted = strokes(picture)
    assert painted.shape == picture.shape and painted.dtype == np.uint8
    assert 1 < len(np.unique(painted.reshape(-1, 3), axis=0)) <= COLOURS


def test_thin_things_vanish_and_broad_ones_stay():
    picture = np.full((96, 96, 3), (200, 100, 50), np.uint8)
    picture[:, 48:] = (20, 40, 180)
    expected = picture.copy()
    picture[30, :40] = 255
    assert np.array_equal(strokes(picture), expected)


@pytest.mark.parametrize(("size", "width"), [((40, 56), 3), ((64, 48), 5), ((128, 192), 11)])
def test_the_filter_is_pillows(size, width):
    picture = np.random.default_rng(2).integers(0, 256, (*size, 3), dtype=np.uint8)
    filtered = Image.fromarray(picture).filter(ImageFilter.MedianFilter(width))
    assert np.array_equal(strokes(picture), np.asarray(filtered.quantize(COLOURS).convert("RGB")))


def test_the_same_picture_gives_the_same_strokes():
    picture = np.random.default_rng(1).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    assert np.array_equal(strokes(picture), strokes(picture))
