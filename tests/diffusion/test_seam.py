"""The colours of a pasted picture at its edge."""

import numpy as np
import pytest
import torch

from sdedit_studio.diffusion.pasting import coverage
from sdedit_studio.diffusion.seam import matched

SIZE = (96, 160)


def guide():
    rows = torch.linspace(-0.5, 0.5, SIZE[0])[:, None].expand(SIZE)
    return torch.stack([rows, -rows, rows * 0.5])[None]


def square():
    cover = torch.zeros(1, 1, *SIZE)
    cover[..., 24:72, 40:120] = 1
    return cover


def step(picture, cover, inside=4):
    """The mean distance to the guide just inside the edge."""
    eroded = -torch.nn.functional.max_pool2d(-cover, 2 * inside + 1, 1, inside)
    band = (cover > 0) & (eroded == 0)
    return ((picture - guide()).abs() * band).sum() / (3 * band.sum())


def test_an_edge_of_colour_is_taken_away_and_the_middle_stays():
    shifted = guide() + torch.tensor([0.2, -0.1, 0.1])[:, None, None]
    result = matched(guide(), shifted, square())
    assert step(result, square()) < 0.25 * step(shifted, square())
    assert torch.allclose(result[..., 46:50, 75:85], shifted[..., 46:50, 75:85], atol=0.01)


def test_detail_stays():
    """What averages out over a few pixels is no seam."""
    rows, columns = torch.meshgrid(*(torch.arange(length) for length in SIZE), indexing="ij")
    detail = guide() + 0.3 * torch.where((rows + columns) % 2 == 0, 1.0, -1.0)
    assert (matched(guide(), detail, square()) - detail).abs().max() < 0.03


def test_outside_and_where_there_is_no_edge_nothing_changes():
    picture, cover = guide() + 0.3, square()
    result = matched(guide(), picture, cover)
    assert torch.equal(result[..., :24, :], picture[..., :24, :])
    assert torch.equal(matched(guide(), picture, torch.ones_like(cover)), picture)


def test_a_wide_feather_is_left_as_it_is():
    picture = guide() + 0.3
    soft = torch.linspace(0, 1, SIZE[1]).expand(1, 1, *SIZE)
    hard = (soft > 0.5).float()
    changed = [(matched(guide(), picture, cover) - picture).abs().max().item() for cover in (soft, hard)]
    assert changed[0] < 0.5 * changed[1]


@pytest.mark.parametrize("size", [(24, 40), (48, 80), (7, 200), (1, 1)])
def test_a_picture_may_be_of_another_size(size):
    pictures = torch.nn.functional.interpolate(guide(), size, mode="area").expand(2, -1, -1, -1) + 0.2
    result = matched(guide(), pictures, square())
    assert result.shape == pictures.shape and result.isfinite().all()
    assert torch.equal(result[0], result[1])


def test_coverage_is_what_paste_shows():
    mask = np.array([[0, 51, 255]], np.uint8)
    strength = np.array([[255, 255, 16]], np.uint8)
    both = coverage(mask, strength)
    assert both is not None
    assert both.flatten().tolist() == pytest.approx([0.0, 0.2, 128 / 255])
    assert coverage(None, None) is coverage(np.full((2, 2), 255, np.uint8), None) is None
