"""SDEdit (Meng et al. 2021): noise the guide to a level, then solve the reverse SDE down to a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from torch import Tensor

from sdedit_studio.diffusion.denoiser import Denoiser
from sdedit_studio.diffusion.level import Level, broadcast
from sdedit_studio.diffusion.noise import NoiseSource
from sdedit_studio.diffusion.solver import Constraint, ModelCall, solve, unconstrained
from sdedit_studio.parameters import Masking, Sde, Solver


def sdedit(
    denoiser: Denoiser,
    guide: Tensor,
    sigma: Level,
    calls: int,
    noise: Callable[[int], NoiseSource],
    *,
    start_levels: Tensor | None = None,
    solver: Solver = Solver.DPMPP_2M,
    sde: Sde = Sde.VP,
    repeats: int = 1,
    masking: Masking = Masking.STEADY,
) -> Iterator[ModelCall]:
    """Edit `guide` (b, c, h, w) in [-1, 1] from noise level `sigma` > 0; yields after each model call.

    The picture made is the last call's estimate. `calls`: model calls of one round. `repeats`: rounds, the paper's K;
    each starts from the last one's picture. `noise(round)`: the noise source of a round.
    `start_levels`: (b, 1, h, w), the noise level from which each pixel is edited; above it, the pixel is the guide
    noised to the state's level (Levin & Fried 2023, "Differential Diffusion"). At infinity a pixel is edited from
    `sigma`; at 0 it stays the guide, bit for bit. The paper's binary mask has these two values only. None: infinity
    everywhere.
    Raises ValueError when the guide has values that are not finite.
    """
    if not guide.isfinite().all():
        raise ValueError("The guide has values that are not numbers.")
    picture = guide
    for index in range(repeats):
        source = noise(index)
        constrain = unconstrained if start_levels is None else held_to_guide(picture, start_levels, source, masking)
        x = picture + broadcast(sigma, picture) * source(0)
        for call in solve(denoiser, x, sigma, calls, source, solver=solver, sde=sde, constrain=constrain):
            picture = call.estimate
            yield replace(call, index=index * calls + call.index, total=repeats * calls)


def held_to_guide(
    guide: Tensor, start_levels: Tensor, noise: NoiseSource, masking: Masking = Masking.STEADY
) -> Constraint:
    """The constraint `w x + (1 - w) (guide + s z)`, w being the fraction of the step below each pixel's start level.

    `masking` decides s and z; see `Masking`. A pixel whose start level lies within a step follows the noised guide down
    to it, and the step's slope from there: Euler's rule for the rest of the step. So a soft map shows no bands, however
    few the steps.
    """
    start = noise(0)

    def constrain(x: Tensor, above: Level, level: Level, index: int) -> Tensor:
        edited = fraction_below(start_levels, above, level)
        if masking is Masking.OFFICIAL:
            edited = (edited > 0).to(x.dtype)
        if index == 0:
            return edited * x + (1 - edited) * guide
        match masking:
            case Masking.STEADY:
                held = guide + broadcast(level, guide) * start
            case Masking.PAPER:
                held = guide + broadcast(above, guide) * noise(index)
            case Masking.OFFICIAL:
                held = guide + broadcast(above, guide) * start
        return edited * x + (1 - edited) * held

    return constrain


def fraction_below(threshold: Tensor, above: Level, level: Level) -> Tensor:
    """The fraction, 0 .. 1, of the way in sigma from `above` to `level` that lies below `threshold` (b, 1, h, w)."""
    start, end = broadcast(above, threshold), broadcast(level, threshold)
    return ((threshold - end) / (start - end)).clamp(0, 1)
