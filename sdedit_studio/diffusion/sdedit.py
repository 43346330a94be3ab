"""SDEdit (Meng et al. 2021): noise the guide to a level, then solve the reverse SDE down to a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from torch import Tensor

from sdedit_studio.diffusion.denoiser import Denoiser
from sdedit_studio.diffusion.level import Level, broadcast
from sdedit_studio.diffusion.noise import NoiseSource
from sdedit_studio.diffusion.solver import Keep, Step, nothing_kept, solve
from sdedit_studio.parameters import Masking, Sde, Solver


def sdedit(
    denoiser: Denoiser,
    guide: Tensor,
    sigma: Level,
    calls: int,
    noise: Callable[[int], NoiseSource],
    *,
    free_below: Tensor | None = None,
    solver: Solver = Solver.DPMPP_2M,
    sde: Sde = Sde.VP,
    repeats: int = 1,
    masking: Masking = Masking.STEADY,
) -> Iterator[Step]:
    """Edit `guide` (b, c, h, w) in [-1, 1] from noise level `sigma` > 0; the picture is the last step's estimate.

    `free_below`: (b, 1, h, w), the noise level at which each pixel begins to change: until then it is the guide noised
    to the state's level, so that it is edited from a level of its own (Levin & Fried 2023, "Differential Diffusion").
    Infinity is free all along, and 0 stays the guide bit for bit: the paper's mask has only these two. None for
    infinity everywhere. `noise(round)` is the source of each of the `repeats` rounds (the paper's K), of `calls` model
    calls each; every round starts from the last one's picture. Raises ValueError when the guide has values that are
    not finite.
    """
    if not guide.isfinite().all():
        raise ValueError("The guide has values that are not numbers.")
    picture = guide
    for index in range(repeats):
        source = noise(index)
        keep = nothing_kept if free_below is None else keeping(picture, free_below, source, masking)
        x = picture + broadcast(sigma, picture) * source(0)
        for step in solve(denoiser, x, sigma, calls, source, solver=solver, sde=sde, keep=keep):
            picture = step.estimate
            yield replace(step, index=index * calls + step.index, total=repeats * calls)


def keeping(guide: Tensor, free_below: Tensor, noise: NoiseSource, masking: Masking = Masking.STEADY) -> Keep:
    """`w x + (1 - w) (guide + s z)`, w being the part of a step that each pixel is free in, and s z as `masking` says.

    A pixel freed within a step so goes along the noised guide down to its own level and from there along the step's
    slope, which is Euler's rule for the rest of it: a soft map shows no bands, however few the steps.
    """
    start = noise(0)

    def keep(x: Tensor, above: Level, level: Level, index: int) -> Tensor:
        free = part_below(free_below, above, level)
        if masking is Masking.OFFICIAL:
            free = (free > 0).to(x.dtype)
        if index == 0:
            return free * x + (1 - free) * guide
        match masking:
            case Masking.STEADY:
                kept = guide + broadcast(level, guide) * start
            case Masking.PAPER:
                kept = guide + broadcast(above, guide) * noise(index)
            case Masking.OFFICIAL:
                kept = guide + broadcast(above, guide) * start
        return free * x + (1 - free) * kept

    return keep


def part_below(threshold: Tensor, above: Level, level: Level) -> Tensor:
    """The part, 0 .. 1, of the way in sigma from `above` down to `level` that lies below a threshold (b, 1, h, w)."""
    start, end = broadcast(above, threshold), broadcast(level, threshold)
    return ((threshold - end) / (start - end)).clamp(0, 1)
