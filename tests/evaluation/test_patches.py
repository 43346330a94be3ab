"""The features' distance is the sliced Wasserstein distance between patches, and behaves like one."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from sdedit_studio.evaluation.patches import (
    DIRECTIONS,
    QUANTILES,
    SlicedPatches,
    directions,
    enlarged,
    laplacian_pyramid,
)

features = SlicedPatches()


def noise(seed: int, side: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (1, side, side, 3), dtype=np.uint8)


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(features(a) - features(b)))


@pytest.mark.parametrize("size", [(64, 64), (96, 64), (75, 51), (33, 130)])
def test_the_levels_add_up_to_the_picture(size):
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 3, *size))).float()
    *bands, rest = laplacian_pyramid(x)
    for band in reversed(bands):
        rest = band + enlarged(rest, band.shape[-2:])
    assert torch.allclose(rest, x, atol=1e-5)


def test_a_flat_picture_is_all_rest():
    *bands, rest = laplacian_pyramid(torch.full((1, 3, 64, 64), 0.3))
    assert [tuple(band.shape[-2:]) for band in bands] == [(64, 64), (32, 32)]
    assert all(band[..., 4:-4, 4:-4].abs().max() < 1e-6 for band in bands)
    assert rest.shape[-2:] == (16, 16)


def test_directions_are_units_and_the_same_everywhere():
    filters = directions()
    assert filters.shape == (DIRECTIONS, 3, 7, 7)
    assert torch.allclose(filters.square().sum((1, 2, 3)), torch.ones(DIRECTIONS), atol=1e-5)
    assert filters[0, 0, 0, 0].item() == pytest.approx(0.0107, abs=2e-4)


def test_its_distance_is_the_sliced_wasserstein_distance():
    a, b = noise(0), noise(1) // 3
    patches = []
    for picture in (a, b):
        level = laplacian_pyramid(torch.from_numpy(picture).permute(0, 3, 1, 2).float() / 127.5 - 1)[0]
        windows = level[0].unfold(1, 7, 2).unfold(2, 7, 2).permute(1, 2, 0, 3, 4).reshape(-1, 147)
        patches.append(np.sort((windows @ directions().reshape(DIRECTIONS, 147).T).numpy(), axis=0))
    exact = np.sqrt(np.mean((patches[0] - patches[1]) ** 2))  # equal counts: sorted values are matched in order
    first = slice(0, DIRECTIONS * QUANTILES)
    mean_square = np.mean((features(a)[0, first] - features(b)[0, first]) ** 2)
    assert 0.1 * np.sqrt(mean_square) == pytest.approx(exact, rel=0.05)


def test_equal_pictures_are_at_no_distance_and_others_in_order():
    sharp = noise(2)
    soft = [
        np.asarray(Image.fromarray(sharp[0]).filter(ImageFilter.GaussianBlur(radius)))[None] for radius in (0.5, 1, 3)
    ]
    distances = [distance(sharp, picture) for picture in soft]
    assert distance(sharp, sharp.copy()) == 0
    assert 0 < distances[0] < distances[1] < distances[2]


def test_it_sees_texture_not_places():
    assert distance(noise(3), noise(4)) < 0.25 * distance(noise(3), noise(4) // 2 + 64)


def test_one_row_a_picture_whatever_the_batch():
    both = np.concatenate([noise(5), noise(6)])
    assert features(both).shape == (2, 3 * DIRECTIONS * QUANTILES)
    assert np.allclose(features(both)[1], features(noise(6))[0], atol=1e-5)
