"""How far a picture is from photographs, by the model's own account and without any reference pictures.

A denoiser that is right has errors that it knows beforehand. With y = x + s z and e = D(y; s) - x, for any x drawn from
the data the error is orthogonal to whatever depends on y alone, so that E[e.(D - y)] = 0 and with it

    E|e|^2 = s E[z.e],

whose right side says what the denoiser expects (by Stein's lemma it is s^2 times the trace of its derivative, the
posterior variance), and whose left side what happened. Flat strokes have less than it expects, their hard edges more;
the two would cancel over a whole picture, so it is looked at in windows. `docs/t0-strip.md` compares it with KID.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from sdedit_studio.diffusion.denoiser import Denoiser

LEVEL = 0.4
"""The noise level at which a picture is judged: it hides texture and small shapes, but not the composition."""

WINDOWS = 4
"""Windows along the shorter side."""

FARTHEST = 5.0
"""No window counts for more, so that one with nothing in it does not drown the others."""


def away_from_photographs(denoiser: Denoiser, x: Tensor, noise: Tensor, where: Tensor | None = None) -> Sequence[float]:
    """`|ln(|e|^2 / s z.e)|` of each of `x` (b, c, h, w), averaged over windows with the mean of the two as weights.

    Near 0 for the data of the model: what is left is the noise of so few values. `noise`: z, of one picture's shape;
    with it goes -z, which cancels much of what is left. `where`: weights (1, 1, h, w) of what counts, or None for all.
    Two model calls, so that something urgent never waits for more than one.
    """
    height, width = x.shape[-2:]
    shorter = min(height, width)
    grid = round(WINDOWS * height / shorter), round(WINDOWS * width / shorter)
    z = torch.stack([noise, -noise])
    error = torch.stack([denoiser(x + LEVEL * each, LEVEL) for each in z]) - x
    weighted = error if where is None else where * error
    happened, expected = (adaptive_avg_pool2d((weighted * other).mean(0).sum(1), grid) for other in (error, LEVEL * z))
    return [_away(*windows) for windows in zip(happened, expected, strict=True)]


def _away(happened: Tensor, expected: Tensor) -> float:
    """The mean over windows of one picture, by what happened in each and what was expected."""
    weight = (happened + expected.clamp(min=0)) / 2
    if not weight.sum() > 0:
        return 0.0
    floor = exp(-FARTHEST) * happened.maximum(expected) + torch.finfo(weight.dtype).tiny
    apart = (happened.maximum(floor) / expected.maximum(floor)).log().abs()
    return float((weight * apart).sum() / weight.sum())
