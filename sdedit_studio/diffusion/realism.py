"""An estimate of the distance from pictures to photographs, by the model itself and without reference pictures.

The optimal denoiser knows the size of its own errors. With y = x + s z and e = D(y; s) - x, for x drawn from the data,
e is orthogonal to every function of y alone. So E[e.(D - y)] = 0, and with it

    E|e|^2 = s E[z.e].

The right side is the error that the denoiser expects; by Stein's lemma it is s^2 times the trace of its Jacobian, the
posterior variance. The left side is its actual error. Flat strokes have less error than expected, and their hard edges
more. The two would cancel over a whole picture, so they are compared in windows. `docs/t0-strip.md` compares this
distance with KID.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from sdedit_studio.diffusion.denoiser import Denoiser

LEVEL = 0.4
"""The noise level s of the test: it hides texture and small shapes, but not the composition."""

WINDOWS = 4
"""Windows along the shorter side."""

LARGEST = 5.0
"""The largest distance of one window, so that one with nothing in it does not drown the others."""


def distance_to_photographs(
    denoiser: Denoiser, x: Tensor, noise: Tensor, where: Tensor | None = None
) -> Sequence[float]:
    """`|ln(|e|^2 / (s z.e))|` of each picture in `x` (b, c, h, w): a weighted mean over windows, 0 or more.

    The weight of a window is the mean of its actual and its expected error. Near 0 for the model's own data, where only
    sampling noise is left. `noise`: z, (1, c, h, w); -z is used as well, which cancels much of the sampling noise.
    `where`: weights (1, 1, h, w) of what counts, or None for all of it. Two model calls, one after the other, so that
    something urgent waits for one at most.
    """
    height, width = x.shape[-2:]
    shorter = min(height, width)
    grid = round(WINDOWS * height / shorter), round(WINDOWS * width / shorter)
    z = torch.stack([noise, -noise])
    error = torch.stack([denoiser(x + LEVEL * each, LEVEL) for each in z]) - x
    weighted = error if where is None else where * error
    actual, expected = (adaptive_avg_pool2d((weighted * other).mean(0).sum(1), grid) for other in (error, LEVEL * z))
    return [_distance(*windows) for windows in zip(actual, expected, strict=True)]


def _distance(actual: Tensor, expected: Tensor) -> float:
    """The weighted mean over the windows of one picture, from their actual and expected squared errors."""
    weight = (actual + expected.clamp(min=0)) / 2
    if not weight.sum() > 0:
        return 0.0
    floor = exp(-LARGEST) * actual.maximum(expected) + torch.finfo(weight.dtype).tiny
    distance = (actual.maximum(floor) / expected.maximum(floor)).log().abs()
    return float((weight * distance).sum() / weight.sum())
