import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sdedit_studio.evaluation.measures import l2, rmse

pictures = arrays(np.uint8, (5, 7, 3))
masks = arrays(np.float64, (5, 7), elements=st.floats(0, 1))


def test_l2_sums_pixels_and_channels_in_unit_range_without_a_root():
    guide = np.zeros((4, 6, 3), np.uint8)
    one = guide.copy()
    one[1, 2] = 255
    assert l2(guide, one) == 3.0
    assert l2(guide, np.full_like(guide, 255)) == 3 * 4 * 6


def test_rmse_is_in_grey_levels():
    guide = np.full((4, 6, 3), 100, np.uint8)
    assert rmse(guide, np.full_like(guide, 93)) == 7.0


def test_eight_bits_do_not_wrap():
    black, white = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)
    assert l2(black, white) == l2(white, black) == 12.0


@given(pictures, pictures)
def test_the_two_conventions_say_the_same(guide, picture):
    assert l2(guide, picture) == pytest.approx(guide.size * (rmse(guide, picture) / 255) ** 2)


@given(pictures, pictures, masks)
def test_a_mask_and_its_complement_make_the_whole(guide, picture, mask):
    parts = l2(guide, picture, mask) + l2(guide, picture, 1 - mask)
    assert parts == pytest.approx(l2(guide, picture))


@given(pictures, pictures)
def test_a_full_mask_changes_nothing(guide, picture):
    full = np.ones(guide.shape[:2])
    assert l2(guide, picture, full) == l2(guide, picture)
    assert rmse(guide, picture, full) == pytest.approx(rmse(guide, picture))


def test_outside_the_mask_an_edit_measures_nothing():
    guide = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    mask = np.zeros((8, 8))
    mask[2:5, 2:5] = 1
    picture = guide.copy()
    picture[2:5, 2:5] ^= 255
    assert l2(guide, picture, 1 - mask) == 0
    assert l2(guide, picture, mask) == l2(guide, picture) > 0


def test_a_batch_gives_one_figure_a_picture():
    guides = np.zeros((3, 4, 4, 3), np.uint8)
    pictures = guides + np.array([0, 1, 2], np.uint8)[:, None, None, None]
    assert rmse(guides, pictures).tolist() == [0, 1, 2]
    assert l2(guides, pictures) == pytest.approx(np.array([0, 48, 192]) / 255**2)


def test_what_cannot_be_measured_is_told():
    guide = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ValueError, match="cannot be compared"):
        l2(guide, guide[:3])
    with pytest.raises(ValueError, match="mask is empty"):
        rmse(guide, guide, np.zeros((4, 4)))
