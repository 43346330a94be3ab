"""Reverse-time solvers: short generators from a noise level down to 0, all in VE coordinates.

Each takes a denoiser, the state `x` (b, c, h, w) at the first level, the levels ending in 0, a source of noise, and
what to `keep`: it puts fixed parts of the picture back after every step. It yields a `Step` after each model call, so
whoever consumes it can preview, and stop by not asking for more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import exp, expm1, inf, log, sqrt
from typing import Protocol

from torch import Tensor

from sdedit_studio.diffusion.denoiser import Denoiser
from sdedit_studio.diffusion.level import Level, broadcast, map_level, map_to_levels
from sdedit_studio.diffusion.noise import NoiseSource
from sdedit_studio.diffusion.schedule import VE, VP
from sdedit_studio.parameters import Sde, Solver

LAST_LEVEL = 0.05
"""Where the rho 7 grid ends; the denoiser takes the rest in one call (METHOD 4.2b: better than 0.02 or 0.1)."""

RHO = 7.0

RENOISE_RATIO = 0.25
"""From one level of a few-step network to the next: low enough to keep what is there, high enough to mend it."""


class Keep(Protocol):
    """Puts the fixed parts of the picture back into `x`, which step `index` took from level `above` to `level`.

    An estimate is a step straight to level 0, of index 0: what is put back into it has no noise.
    """

    def __call__(self, x: Tensor, above: Level, level: Level, index: int, /) -> Tensor: ...


def nothing_kept(x: Tensor, above: Level, level: Level, index: int) -> Tensor:
    return x


@dataclass(frozen=True)
class Step:
    """After model call `index` of `total`. `x`: the state, brought to level `sigma`; `estimate`: `D`, the picture it
    promises.

    The picture made is the last estimate. For the solvers that end with `x = D` that is the last state too;
    Euler-Maruyama's last state still carries the noise of its last step, as the paper writes it, and score_sde too
    takes the mean there.
    """

    index: int
    total: int
    sigma: Level
    x: Tensor
    estimate: Tensor


def solve(
    denoiser: Denoiser,
    x: Tensor,
    sigma: Level,
    calls: int,
    noise: NoiseSource,
    *,
    solver: Solver = Solver.DPMPP_2M,
    sde: Sde = Sde.VP,
    keep: Keep = nothing_kept,
) -> Iterator[Step]:
    """Run the named solver from level `sigma` to 0 in exactly `calls` model calls, on the grid that suits it.

    Pictures of different levels go down in step, each on the grid from its own.
    """

    def levels(grid: Callable[..., Sequence[float]], *args: object) -> Sequence[Level]:
        return map_to_levels(lambda start: grid(start, *args), sigma)

    match solver:
        case Solver.DPMPP_2M:
            return multistep(denoiser, x, levels(rho_grid, calls), noise, keep, eta=0.0, order=2)
        case Solver.DPMPP_2M_SDE:
            return multistep(denoiser, x, levels(rho_grid, calls), noise, keep, eta=1.0, order=2)
        case Solver.ANCESTRAL:
            return multistep(denoiser, x, levels(rho_grid, calls), noise, keep, eta=1.0, order=1)
        case Solver.HEUN:
            return heun(denoiser, x, levels(rho_grid, calls // 2 + 1), noise, keep, calls=calls)
        case Solver.EULER_MARUYAMA:
            return euler_maruyama(denoiser, x, levels(paper_grid, calls, sde), noise, keep, sde=sde)
        case Solver.RENOISE:
            return multistep(denoiser, x, levels(renoise_grid, calls), noise, keep, eta=inf, order=1)


def rho_grid(sigma: float, count: int, last: float = LAST_LEVEL) -> Sequence[float]:
    """`count` levels from `sigma` down to `last` (a quarter of `sigma` where that is lower), then 0: Karras et al.
    2022, eq. 5.
    """
    if count == 1:
        return [sigma, 0.0]
    high, low = sigma ** (1 / RHO), min(last, sigma / 4) ** (1 / RHO)
    return [sigma, *((high + i / (count - 1) * (low - high)) ** RHO for i in range(1, count)), 0.0]


def paper_grid(sigma: float, count: int, sde: Sde) -> Sequence[float]:
    """The paper's grid: `count` steps uniform in the SDE's own time, from the time of `sigma` to 0."""
    schedule = VE() if sde is Sde.VE else VP()
    t0 = schedule.t(sigma)
    return [sigma, *(schedule.sigma(t0 * n / count) for n in range(count - 1, 0, -1)), 0.0]


def renoise_grid(sigma: float, count: int) -> Sequence[float]:
    """`count` levels from `sigma`, each a quarter of the one before, then 0: where a few-step network is called."""
    return [*(sigma * RENOISE_RATIO**index for index in range(count)), 0.0]


def multistep(
    denoiser: Denoiser, x: Tensor, sigmas: Sequence[Level], noise: NoiseSource, keep: Keep, *, eta: float, order: int
) -> Iterator[Step]:
    """`x <- (s'/s) e^(-eta h) x + (1 - e^(-(1+eta) h)) D~ + s' sqrt(1 - e^(-2 eta h)) z`, h = ln(s/s') (METHOD 4.4).

    `D~ = D + h / (2 h_before) (D - D_before)` at order 2, `D` at order 1 and in the first step. eta = 0: DDIM (order
    1) and DPM-Solver++ 2M (order 2); eta = 1: DDPM's ancestral sampling and 2M-SDE (Lu et al. 2022); eta = infinity:
    multistep consistency sampling, `x <- D + s' z` (Song et al. 2023, algorithm 1). One call a step; the last is `x =
    D`.
    """
    before: tuple[Tensor, Level] | None = None
    for index, (sigma, lower) in enumerate(pairwise(sigmas), 1):
        estimate = denoiser(x, sigma)
        if lower == 0:
            x = estimate
        else:
            ahead = estimate
            if order == 2 and before is not None:
                earlier, above = before
                ahead = estimate + broadcast(map_level(_extrapolation, above, sigma, lower), x) * (estimate - earlier)
            kept, taken, fresh = (broadcast(part, x) for part in map_to_levels(partial(_parts, eta=eta), sigma, lower))
            x = kept * x + taken * ahead
            if eta > 0:
                x = x + fresh * noise(index)
            before = estimate, sigma
        x = keep(x, sigma, lower, index)
        yield Step(index, len(sigmas) - 1, lower, x, keep(estimate, sigma, 0.0, 0))


def _parts(sigma: float, lower: float, eta: float) -> tuple[float, float, float]:
    """What `multistep`'s step takes of the state, of the picture and of fresh noise."""
    h = log(sigma / lower)
    return lower / sigma * exp(-eta * h), -expm1(-(1 + eta) * h), lower * sqrt(-expm1(-2 * eta * h))


def _extrapolation(above: float, sigma: float, lower: float) -> float:
    """`h / (2 h_before)` of the step from `sigma` to `lower`, the one before having come from `above`."""
    return log(sigma / lower) / (2 * log(above / sigma))


def heun(
    denoiser: Denoiser, x: Tensor, sigmas: Sequence[Level], noise: NoiseSource, keep: Keep, *, calls: int
) -> Iterator[Step]:
    """The probability-flow ODE by Heun's rule (Karras et al. 2022, algorithm 1): two calls a step, one in the last.

    An even number of calls is met exactly by taking the first step, where the path is straightest, by Euler's rule.
    """
    index = 0
    for sigma, lower in pairwise(sigmas):
        estimate = denoiser(x, sigma)
        above, below = broadcast(sigma, x), broadcast(lower, x)
        slope = (x - estimate) / above
        index += 1
        ahead = keep(x + (below - above) * slope, sigma, lower, index)
        yield Step(index, calls, lower, ahead, keep(estimate, sigma, 0.0, 0))
        if lower != 0 and not (sigma == sigmas[0] and calls % 2 == 0):
            estimate = denoiser(ahead, lower)
            slope = (slope + (ahead - estimate) / below) / 2
            index += 1
            ahead = keep(x + (below - above) * slope, sigma, lower, index)
            yield Step(index, calls, lower, ahead, keep(estimate, lower, 0.0, 0))
        x = ahead


def euler_maruyama(
    denoiser: Denoiser, x: Tensor, sigmas: Sequence[Level], noise: NoiseSource, keep: Keep, *, sde: Sde
) -> Iterator[Step]:
    """The paper's algorithms 1 (VE) and 4 (VP), noise in the last step included.

    VE: `x <- x + e^2 score + e z`, `e^2 = s^2 - s'^2`. VP, with `beta dt` taken as its integral over the step so that
    the start level does not depend on the number of steps: in VE coordinates the same, with `e z` scaled by `sqrt((1
    + s'^2) / (1 + s^2))`.
    """
    for index, (sigma, lower) in enumerate(pairwise(sigmas), 1):
        estimate = denoiser(x, sigma)
        drift, spread = (
            broadcast(part, x) for part in map_to_levels(partial(_drift_and_spread, sde=sde), sigma, lower)
        )
        x = x + drift * (estimate - x) + spread * noise(index)
        x = keep(x, sigma, lower, index)
        yield Step(index, len(sigmas) - 1, lower, x, keep(estimate, sigma, 0.0, 0))


def _drift_and_spread(sigma: float, lower: float, sde: Sde) -> tuple[float, float]:
    """`e^2 / s^2`, and what `euler_maruyama` scales the noise by."""
    variance = sigma**2 - lower**2
    spread = variance if sde is Sde.VE else variance * (1 + lower**2) / (1 + sigma**2)
    return variance / sigma**2, sqrt(spread)
