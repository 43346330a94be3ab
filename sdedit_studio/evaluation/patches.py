"""Features without a network, whose Euclidean distance is the sliced Wasserstein distance of patches.

Karras et al. 2018 compare sets of pictures by the sliced Wasserstein distance between 7 x 7 patches of their Laplacian
pyramids. In one dimension the Wasserstein-2 distance is the Euclidean one between quantile functions, so the quantiles
of patches projected on fixed directions are such features (Kolouri et al. 2016), and KID can be computed on them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

PATCH = 7
DIRECTIONS = 64
QUANTILES = 16
COARSEST = 16
"""The pyramid ends before a level with a side below this, as in Karras et al."""

_SPREAD = {"band": 0.1, "rest": 0.45}
"""The approximate spread of projected patches of photographs in [-1, 1]; scales all features to the order of 1."""

_STRIDE = 2
_BINOMIAL = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16


class SlicedPatches:
    """Features (n, levels * 64 * 16) of pictures (n, h, w, 3) uint8, with fixed directions."""

    name = "sliced patches, no network"

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        x = torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float() / 127.5 - 1
        *bands, rest = laplacian_pyramid(x)
        levels = [(band, _SPREAD["band"]) for band in bands] + [(rest, _SPREAD["rest"])]
        return torch.cat([_quantiles(level) / spread for level, spread in levels], 1).numpy()


def laplacian_pyramid(x: Tensor) -> Sequence[Tensor]:
    """The Laplacian pyramid of `x` (n, c, h, w), finest level first (Burt & Adelson 1983).

    The sum of all levels, each enlarged to the next, is `x`.
    """
    levels = []
    while min(x.shape[-2:]) >= 2 * COARSEST:
        smaller = _blurred(x)[..., ::2, ::2]
        levels.append(x - enlarged(smaller, x.shape[-2:]))
        x = smaller
    return [*levels, x]


def enlarged(x: Tensor, size: Sequence[int]) -> Tensor:
    """`x` at twice its size, cropped to `size` (height, width)."""
    larger = x.new_zeros(*x.shape[:2], 2 * x.shape[-2], 2 * x.shape[-1])
    larger[..., ::2, ::2] = 4 * x
    return _blurred(larger)[..., : size[0], : size[1]]


def directions(channels: int = 3) -> Tensor:
    """The directions that patches are projected on, as filters (64, channels, 7, 7) of unit norm."""
    filters = np.random.default_rng(0).standard_normal((DIRECTIONS, channels, PATCH, PATCH))
    return torch.from_numpy(filters / np.sqrt((filters**2).sum((1, 2, 3), keepdims=True))).float()


def _quantiles(level: Tensor) -> Tensor:
    projected = conv2d(level, directions(), stride=_STRIDE).flatten(2)
    middles = (torch.arange(QUANTILES) + 0.5) / QUANTILES
    return torch.quantile(projected, middles, dim=2).permute(1, 2, 0).flatten(1)


def _blurred(x: Tensor) -> Tensor:
    channels = x.shape[1]
    row = _BINOMIAL.expand(channels, 1, 1, 5)
    x = conv2d(pad(x, (2, 2, 0, 0), "reflect"), row, groups=channels)
    return conv2d(pad(x, (0, 0, 2, 2), "reflect"), row.mT, groups=channels)
