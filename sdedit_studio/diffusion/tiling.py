"""A denoiser that sees a large picture through overlapping windows, so that memory stays flat whatever the size."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import torch
from torch import Tensor

from sdedit_studio.diffusion.denoiser import Denoiser
from sdedit_studio.diffusion.level import Level

_NONE = 1e-6
"""Less than any weight of a window that was run."""


def tiled(denoiser: Denoiser, side: int, overlap: int, stride: int, wanted: Tensor | None = None) -> Denoiser:
    """The mean of `denoiser` over windows of at most `side` x `side` that overlap by at least `overlap`.

    Windows fade into each other where they overlap. As it is one denoiser, the blending happens in every step of a
    solver and no seam can form (MultiDiffusion; Bar-Tal et al. 2023). Sides of `x` and of windows are multiples of
    `stride`. `wanted`: (..., h, w), not 0 where the answer matters; windows without any such pixel are not run, and the
    answer there is 0.
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
    """The fewest equal windows along one axis of `length` pixels, evenly laid out."""
    if length <= side:
        return [(0, length)]
    count = ceil((length - overlap) / (side - overlap))
    size = min(side, ceil((length + (count - 1) * overlap) / count / stride) * stride)
    starts = [round(i * (length - size) / (count - 1) / stride) * stride for i in range(count)]
    return [(start, start + size) for start in starts]


def _ramp(length: int, overlap: int, like: Tensor) -> Tensor:
    """Weights that rise from nearly 0 to 1 over `overlap` pixels at both ends."""
    distance = torch.arange(length, device=like.device, dtype=like.dtype) + 0.5
    return torch.minimum(distance, length - distance).div(overlap).clamp(max=1)
