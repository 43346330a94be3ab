"""The passes of one edit: which sizes, from which noise level, in how many model calls. Loads no torch.

DESIGN: the guide is brought to about the model's native area and edited there; the result is enlarged 2x, noised a
little and solved again, until the frame's own size is reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, sqrt

from sdedit_studio.diffusion.schedule import VP
from sdedit_studio.parameters import Parameters, Refine

REFINE_LEVELS = ((0.35, 4), (0.18, 3))
"""Noise level s and model calls of the first refine pass, and of every later one (METHOD 4.2b)."""

CLOCK = VP()
"""The canonical clock, the paper's continuous VP SDE: the same t0 means the same noise level on every model."""


@dataclass(frozen=True)
class Pass:
    """One SDEdit at one size. `sigma`: the level s (data in [-1, 1]) that its guide is noised to.

    `calls`: model calls of one round; `repeats`: rounds, each starting from the last one's result (the paper's K).
    """

    width: int
    height: int
    sigma: float
    calls: int
    repeats: int = 1

    @property
    def pixels(self) -> int:
        return self.width * self.height

    @property
    def model_calls(self) -> int:
        return self.calls * self.repeats


def sigma_of_t0(t0: float) -> float:
    """The level s at `t0` on the canonical clock: `s^2 = exp(0.1 t0 + 9.95 t0^2) - 1`; 0 at t0 = 0."""
    return CLOCK.sigma(t0)


def t0_of_sigma(sigma: float) -> float:
    """Inverse of `sigma_of_t0`."""
    return CLOCK.t(sigma)


def native_size(width: int, height: int, native: int, stride: int) -> tuple[int, int]:
    """The size of the first pass for a frame: the frame's aspect, short side `native`, sides multiples of `stride`.

    Frames longer than 2:1 keep the area of a 2:1 one, so that no frame costs more than twice a square.
    """
    aspect = max(width, height) / min(width, height)
    short = native if aspect <= 2 else native * sqrt(2 / aspect)
    wide, high = short * max(1.0, width / height), short * max(1.0, height / width)
    return max(stride, round(wide / stride) * stride), max(stride, round(high / stride) * stride)


def plan(
    width: int, height: int, parameters: Parameters, *, native: int, stride: int, sigma_max: float = inf
) -> Sequence[Pass]:
    """The passes of an edit of a `width` x `height` frame on a model of side `native`; none at t0 = 0.

    `sigma_max`: the highest level the model knows; a t0 beyond it starts there.
    """
    if parameters.t0 == 0:
        return ()
    first_width, first_height = native_size(width, height, native, stride)
    sigma = min(sigma_of_t0(parameters.t0), sigma_max)
    passes = [Pass(first_width, first_height, sigma, parameters.calls, parameters.repeats)]
    if parameters.refine is Refine.OFF:
        return passes
    scale = 1
    while scale * first_width < width or scale * first_height < height:
        scale *= 2
        if parameters.refine is Refine.DOUBLE and scale > 2:
            break
        level, calls = REFINE_LEVELS[min(len(passes) - 1, len(REFINE_LEVELS) - 1)]
        size = (min(scale * first_width, _up(width, stride)), min(scale * first_height, _up(height, stride)))
        passes.append(Pass(*size, min(level, sigma), calls))
    return passes


def _up(side: int, stride: int) -> int:
    return ceil(side / stride) * stride
