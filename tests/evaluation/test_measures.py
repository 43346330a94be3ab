import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sdedit_studio.evaluation.measures import drift, l2, rmse, sharpness

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


def test_a_checkerboard_has_the_sharpest_laplacian():
    board = (np.indices((12, 16)).sum(0) % 2 * 100).astype(np.uint8)
    # Every neighbour of a 0 is 100 and of a 100 is 0: the Laplacian is 400 and -400 by turns.
    assert sharpness(np.repeat(board[..., None], 3, 2)) == pytest.approx(400**2)


def test_single_points_of_one_colour_weigh_as_in_luma():
    points = np.zeros((1, 5, 5, 3), np.uint8)
    points[0, 2, 2, 1] = 100
    laplacian = 58.7 * np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    assert sharpness(points) == pytest.approx([laplacian.var()])


def test_a_gradient_is_not_sharp():
    ramp = np.repeat(np.tile(np.arange(0, 200, 10, np.uint8), (9, 1))[..., None], 3, 2)
    assert sharpness(ramp) == pytest.approx(0, abs=1e-9)


def test_drift_is_that_of_mean_colours():
    picture = np.random.default_rng(0).integers(20, 200, (2, 32, 48, 3), dtype=np.uint8)
    redder = picture.copy()
    redder[1, ..., 0] += 6
    assert drift(picture, redder) == pytest.approx([0, 6 / np.sqrt(3)])


def test_detail_within_a_cell_is_no_drift_and_a_shifted_picture_is():
    flat = np.full((32, 32, 3), 100, np.uint8)
    board = flat + np.where(np.indices((32, 32)).sum(0) % 2, 50, -50)[..., None]
    assert drift(flat, board.astype(np.uint8)) == 0
    halves = flat.copy()
    halves[:, 16:] = 180
    shifted = np.roll(halves, 4, axis=1)
    # A quarter of each cell changes by 80.
    assert drift(halves, shifted) == pytest.approx(20)


def test_pixels_beyond_the_last_whole_cell_are_left_out():
    flat = np.full((20, 33, 3), 100, np.uint8)
    changed = flat.copy()
    changed[16:] = changed[:, 32:] = 0
    assert drift(flat, changed) == 0


@pytest.mark.parametrize("shape", [(32, 16, 3), (8, 32, 3)])
def test_pictures_that_have_no_drift_are_told(shape):
    with pytest.raises(ValueError, match="not defined"):
        drift(np.zeros((8, 32, 3), np.uint8), np.zeros(shape, np.uint8))
