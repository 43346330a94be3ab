"""The colours of a pasted picture at its edge."""

import numpy as np
import pytest
import torch

from sdedit_studio.diffusion.cascade import as_tensor
from sdedit_studio.diffusion.pasting import coverage
from sdedit_studio.diffusion.seam import colour_matched

SIZE = (96, 160)


def guide():
    rows = np.linspace(64, 192, SIZE[0])[:, None] + np.zeros(SIZE)
    return np.stack([rows, 255 - rows, rows / 2], axis=-1).astype(np.uint8)


START = as_tensor(guide(), "cpu")


def square():
    cover = np.zeros(SIZE, np.uint8)
    cover[24:72, 40:120] = 255
    return cover


def step(picture, cover, inside=4):
    """The mean distance to the guide just inside the edge."""
    pasted = torch.from_numpy(cover > 0).float()[None, None]
    eroded = -torch.nn.functional.max_pool2d(-pasted, 2 * inside + 1, 1, inside)
    band = (pasted > 0) & (eroded == 0)
    return ((picture - START).abs() * band).sum() / (3 * band.sum())


def test_an_edge_of_colour_is_taken_away_and_the_middle_stays():
    shifted = START + torch.tensor([0.2, -0.1, 0.1])[:, None, None]
    result = colour_matched(guide(), shifted, square())
    assert step(result, square()) < 0.25 * step(shifted, square())
    assert torch.allclose(result[..., 46:50, 75:85], shifted[..., 46:50, 75:85], atol=0.01)


def test_detail_stays():
    """What averages out over a few pixels is no seam."""
    rows, columns = torch.meshgrid(*(torch.arange(length) for length in SIZE), indexing="ij")
    detail = START + 0.3 * torch.where((rows + columns) % 2 == 0, 1.0, -1.0)
    assert (colour_matched(guide(), detail, square()) - detail).abs().max() < 0.03


def test_what_has_no_edge_of_colour_stays():
    assert torch.allclose(colour_matched(guide(), START, square()), START, atol=1e-5)


@pytest.mark.parametrize("size", [(160, 240), (333, 500), (200, 1)])
def test_nor_when_the_grid_does_not_divide_the_frame(size):
    guide = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    cover = np.zeros(size, np.uint8)
    cover[31:130, size[1] // 3 : 180] = 255
    start = as_tensor(guide, "cpu")
    assert torch.allclose(colour_matched(guide, start, cover), start, atol=1e-5)


def test_nor_in_a_pass_of_another_size():
    guide = np.full((333, 500, 3), (40, 130, 220), np.uint8)
    cover = np.zeros((333, 500), np.uint8)
    cover[31:130, 77:180] = 255
    for size in ((336, 504), (64, 96)):
        start = as_tensor(guide[:1, :1], "cpu").expand(1, 3, *size)
        assert torch.allclose(colour_matched(guide, start, cover), start, atol=1e-5)


def test_outside_and_where_there_is_no_edge_nothing_changes():
    picture = START + 0.3
    result = colour_matched(guide(), picture, square())
    assert torch.equal(result[..., :24, :], picture[..., :24, :])
    assert torch.equal(colour_matched(guide(), picture, np.full(SIZE, 255, np.uint8)), picture)


def test_a_wide_feather_is_left_as_it_is():
    picture = START + 0.3
    soft = np.tile(np.linspace(0, 255, SIZE[1]).astype(np.uint8), (SIZE[0], 1))
    hard = np.where(soft > 127, 255, 0).astype(np.uint8)
    changed = [(colour_matched(guide(), picture, cover) - picture).abs().max().item() for cover in (soft, hard)]
    assert changed[0] < 0.5 * changed[1]


@pytest.mark.parametrize("size", [(24, 40), (48, 80), (7, 200), (1, 1), (96, 160), (130, 300)])
def test_a_picture_may_be_of_another_size(size):
    picture = torch.nn.functional.interpolate(START, size, mode="area").expand(2, -1, -1, -1) + 0.2
    result = colour_matched(guide(), picture, square())
    assert result.shape == picture.shape and result.isfinite().all()
    assert torch.equal(result[0], result[1])
    if min(size) > 20:
        assert (result - picture).min() < -0.1 and (result - picture).max() < 0.05


def test_coverage_is_what_paste_shows():
    mask = np.array([[0, 51, 255]], np.uint8)
    strength = np.array([[255, 255, 16]], np.uint8)
    both = coverage(mask, strength)
    assert both is not None
    assert both.tolist() == [[0, 51, 128]]
    assert coverage(None, None) is coverage(np.full((2, 2), 255, np.uint8), None) is None
