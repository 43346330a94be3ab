"""SDEdit (Meng et al. 2021): noise the guide to a level, then solve the reverse SDE down to a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from torch import Tensor

from sdedit_studio.diffusion.denoiser import Denoiser
from sdedit_studio.diffusion.noise import NoiseSource
from sdedit_studio.diffusion.solver import Step, solve
from sdedit_studio.parameters import Sde, Solver


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
) -> Iterator[Step]:
    """Edit `guide` (b, c, h, w) in [-1, 1] from noise level `sigma` > 0; the picture is the last step's estimate.

    `mask`: (b, 1, h, w) in [0, 1], 1 where the guide may change (the paper's Omega); outside it the estimate equals
    the guide. `noise(round)` is the source of each of the `repeats` rounds (the paper's K), of `calls` model calls
    each; every round starts from the last one's picture. The kept region follows the round's first field of noise
    down, as in the official code, noised to the level that each step arrives at. Raises ValueError when the guide has
    values that are not finite.
    """
    if not guide.isfinite().all():
        raise ValueError("The guide has values that are not numbers.")
    picture = guide
    for index in range(repeats):
        source = noise(index)
        start = source(0)

        def keep(x: Tensor, level: float, start: Tensor = start) -> Tensor:
            return x if mask is None else mask * x + (1 - mask) * (guide + level * start)

        x = picture + sigma * start
        for step in solve(denoiser, x, sigma, calls, source, solver=solver, sde=sde, keep=keep):
            picture = step.estimate
            yield replace(step, index=index * calls + step.index, total=repeats * calls)
