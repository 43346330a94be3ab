"""Matching the colours of an edited picture to the guide's along the edge of a mask, so that no seam shows.

With the bundled model the mean colour step across a hard edge falls from 3.3 grey levels to 1.5 at t0 0.35; 80 px from
the edge nothing changes (docs/local.md).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, pad

GRID = 192
"""Values along the longer side of the grid that colours are compared on: only low frequencies are matched."""

BLUR_SIGMA = 3.0
"""The standard deviation, on that grid, of the Gaussian that spreads the match."""

_FIRM = 0.01
"""Blurred gradient of coverage per grid value below which an edge is not matched: a wide feather shows no seam."""

_LEAST = 1e-3
"""Avoids a division by 0 in boxes where nothing is pasted."""


def colour_matched(guide: np.ndarray, picture: Tensor, cover: np.ndarray) -> Tensor:
    """`picture` (b, 3, h, w) in [-1, 1] with its low frequencies matched to the guide's along the edge of the mask.

    `cover`: (H, W) uint8, the coverage of pasting the picture into `guide` (H, W, 3) uint8. The mean difference
    of the two inside the edge is weighted by the gradient of the coverage. It is spread by normalised convolution
    (Knutsson & Westin 1993), so that it vanishes with the distance to the edge, and added to the picture. Where nothing
    is pasted the picture is unchanged.
    """
    size = (picture.shape[-2], picture.shape[-1])
    scale = max(1.0, max(size) / GRID)
    small = (max(1, round(size[0] / scale)), max(1, round(size[1] / scale)))
    pasted = (cover > 0).astype(np.uint8)
    device = picture.device
    inside, share = (_means(pasted, each, device) for each in (size, small))
    # A pass that has another size than the guide has other boxes too, so each mean has a share of its own.
    seen = _reduced(inside, small)
    wanted = _means(guide * pasted[..., None], small, device) / share.clamp(min=_LEAST) / 127.5 - 1
    had = _reduced(picture * inside, small) / seen.clamp(min=_LEAST)
    weight = _steepness(_means(cover, small, device) / 255) * torch.minimum(share, seen).gt(0)
    spread = _blurred(weight * (wanted - had)) / (_blurred(weight) + _FIRM)
    return picture + (inside > 0) * interpolate(spread, size, mode="bilinear")


def _means(pixels: np.ndarray, size: tuple[int, int], device: torch.device) -> Tensor:
    """The means of uint8 (H, W) or (H, W, c) over the boxes of a grid, as (1, c, h, w); much faster than torch.

    The boxes are those of `_reduced`. They overlap where a side is no multiple of the grid's.
    """
    values = pixels.reshape(*pixels.shape[:2], -1)
    for axis, count in enumerate(size):
        length = values.shape[axis]
        places = np.arange(count)
        starts, ends = places * length // count, np.minimum(-(-(places + 1) * length // count), length - 1)
        lengths = np.maximum(1, ends - starts).astype(np.float32)
        lengths[-1] = length - starts[-1]  # the last box ends where the axis does
        sums = np.add.reduceat(values, np.stack([starts, ends], 1).ravel()[:-1], axis, np.float32)
        values = sums.take(range(0, 2 * count, 2), axis) / lengths.reshape((-1, 1, 1) if axis == 0 else (-1, 1))
    return torch.from_numpy(values).to(device).permute(2, 0, 1)[None]


def _reduced(x: Tensor, size: tuple[int, int]) -> Tensor:
    return x if x.shape[-2:] == size else interpolate(x, size, mode="area")


def _steepness(cover: Tensor) -> Tensor:
    """The magnitude of the gradient per grid value, (1, 1, h, w)."""
    around = pad(cover, (1, 1, 1, 1), mode="replicate")
    across = (around[..., 1:-1, 2:] - around[..., 1:-1, :-2]) / 2
    down = (around[..., 2:, 1:-1] - around[..., :-2, 1:-1]) / 2
    return torch.hypot(across, down)


def _blurred(x: Tensor) -> Tensor:
    radius = round(3 * BLUR_SIGMA)
    offsets = torch.arange(-radius, radius + 1, device=x.device, dtype=x.dtype)
    kernel = torch.exp(-(offsets**2) / (2 * BLUR_SIGMA**2))
    kernel = (kernel / kernel.sum()).expand(x.shape[1], 1, 1, -1)
    x = conv2d(x, kernel, padding=(0, radius), groups=x.shape[1])
    return conv2d(x, kernel.transpose(2, 3), padding=(radius, 0), groups=x.shape[1])
