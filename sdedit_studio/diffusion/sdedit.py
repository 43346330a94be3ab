"""SDEdit (Meng et al. 2021): noise the guide to a level, then solve the reverse SDE down to a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from torch import Tensor

from sdedit_studio.diffusion.denoiser import Denoiser
from sdedit_studio.diffusion.noise import NoiseSource
from sdedit_studio.diffusion.solver import Keep, Step, nothing_kept, solve
from sdedit_studio.parameters import Masking, Sde, Solver


def sdedit(
    denoiser: Denoiser,
    guide: Tensor,
    sigma: float,
    calls: int,
    noise: Callable[[int], NoiseSource],
    *,
    mask: Tensor | None = None,
    solver: Solver = Solver.DPMPP_2M,
    sde: Sde = Sde.VP,
    repeats: int = 1,
    masking: Masking = Masking.STEADY,
) -> Iterator[Step]:
    """Edit `guide` (b, c, h, w) in [-1, 1] from noise level `sigma` > 0; the picture is the last step's estimate.

    `mask`: (b, 1, h, w) in [0, 1], 1 where the guide may change (the paper's Omega); outside it the estimate equals
    the guide. `noise(round)` is the source of each of the `repeats` rounds (the paper's K), of `calls` model calls
    each; every round starts from the last one's picture. Raises ValueError when the guide has values that are not
    finite.
    """
    if not guide.isfinite().all():
        raise ValueError("The guide has values that are not numbers.")
    picture = guide
    for index in range(repeats):
        source = noise(index)
        keep = nothing_kept if mask is None else keeping(guide, mask, source, masking)
        x = picture + sigma * source(0)
        for step in solve(denoiser, x, sigma, calls, source, solver=solver, sde=sde, keep=keep):
            picture = step.estimate
            yield replace(step, index=index * calls + step.index, total=repeats * calls)


def keeping(guide: Tensor, mask: Tensor, noise: NoiseSource, masking: Masking = Masking.STEADY) -> Keep:
    """`mask x + (1 - mask) (guide + s z)`: what is outside the mask stays the guide, noised as `masking` says.

    Where an estimate is kept, s = 0 and it is the guide itself.
    """
    start = noise(0)
    where = (mask > 0).to(mask.dtype) if masking is Masking.OFFICIAL else mask

    def keep(x: Tensor, above: float, level: float, index: int) -> Tensor:
        match masking:
            case Masking.STEADY:
                kept = guide + level * start
            case Masking.PAPER:
                kept = guide if above == 0 else guide + above * noise(index)
            case Masking.OFFICIAL:
                kept = guide + above * start
        return where * x + (1 - where) * kept

    return keep
