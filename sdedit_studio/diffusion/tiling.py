"""Denoising in overlapping windows, so that memory does not grow with the size of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import torch
from torch import Tensor

from sdedit_studio.diffusion.denoiser import Denoiser
from sdedit_studio.diffusion.level import Level

_NONE = 1e-6
"""Below the weight of any window that was run; avoids a division by 0."""


def tiled(denoiser: Denoiser, side: int, overlap: int, stride: int, wanted: Tensor | None = None) -> Denoiser:
    """The weighted mean of `denoiser` over windows of at most `side` x `side` that overlap by at least `overlap`.

    Weights fall linearly towards the edges of a window. The mean is taken in every model call, so that no seam can form
    (MultiDiffusion; Bar-Tal et al. 2023). Sides of `x` and of windows are multiples of `stride`. `wanted`: (..., h, w),
    not 0 where the estimate is needed; windows without such a value are not run, and the estimate there is 0.
    """

    def denoise(x: Tensor, sigma: Level) -> Tensor:
        rows, columns = (spans(length, side, overlap, stride) for length in x.shape[-2:])
        if len(rows) == len(columns) == 1:
            return denoiser(x, sigma)
        total, weight = torch.zeros_like(x), torch.zeros_like(x[:1, :1])
        for top, bottom in rows:
            for left, right in columns:
                if wanted is not None and not wanted[..., top:bottom, left:right].any():
                    continue
                ramp = _ramp(bottom - top, overlap, x)[:, None] * _ramp(right - left, overlap, x)
                window = denoiser(x[..., top:bottom, left:right], sigma)
                total[..., top:bottom, left:right] += ramp * window
                weight[..., top:bottom, left:right] += ramp
        return total / weight.clamp(min=_NONE)

    return denoise


def spans(length: int, side: int, overlap: int, stride: int) -> Sequence[tuple[int, int]]:
    """The start and end of the fewest equal windows along an axis of `length` pixels, evenly spaced."""
    if length <= side:
        return [(0, length)]
    count = ceil((length - overlap) / (side - overlap))
    size = min(side, ceil((length + (count - 1) * overlap) / count / stride) * stride)
    starts = [round(i * (length - size) / (count - 1) / stride) * stride for i in range(count)]
    return [(start, start + size) for start in starts]


def _ramp(length: int, overlap: int, like: Tensor) -> Tensor:
    """Weights (length,) that rise linearly from near 0 to 1 over `overlap` pixels at both ends."""
    distance = torch.arange(length, device=like.device, dtype=like.dtype) + 0.5
    return torch.minimum(distance, length - distance).div(overlap).clamp(max=1)
