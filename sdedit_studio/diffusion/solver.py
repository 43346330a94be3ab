"""Reverse-time solvers: short generators from a noise level down to 0, all in VE coordinates.

Each takes a denoiser, the state `x` (b, c, h, w) at the first level, the levels ending in 0, a noise source and a
`constrain` function, which is applied to the state after every step. It yields a `ModelCall` after each model call, so
whoever consumes it can show previews, and stops it by not asking for more.
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
"""Where the Karras grid ends; the last model call goes from there to 0. Measured with the bundled model in 4 to 8 model
calls: lower KID than 0.02 or 0.1, at the same L2.
"""

RHO = 7.0
"""The exponent of the Karras grid (Karras et al. 2022, section 3)."""

CONSISTENCY_RATIO = 0.25
"""From one level of the consistency grid to the next: low enough to keep the structure, high enough to correct it."""


class Constraint(Protocol):
    """Puts the known parts of the picture back into `x`, which step `index` took from level `above` to `level`.

    An estimate counts as a step straight to level 0, with index 0: what is put back into it has no noise.
    """

    def __call__(self, x: Tensor, above: Level, level: Level, index: int, /) -> Tensor: ...


def unconstrained(x: Tensor, above: Level, level: Level, index: int) -> Tensor:
    """No part of the picture is known: returns `x`."""
    return x


@dataclass(frozen=True)
class ModelCall:
    """The state after model call `index` of `total`.

    `x`: the state (b, c, h, w), at level `sigma`. `estimate`: the denoiser's estimate D of the clean picture.
    The picture made is the last estimate. For the solvers that end with `x = D` it is the last state too. The last
    state of Euler-Maruyama still carries the noise of its last step, as in the paper's algorithms; score_sde takes the
    mean there too.
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
    constrain: Constraint = unconstrained,
) -> Iterator[ModelCall]:
    """Run `solver` from level `sigma` to 0 in exactly `calls` model calls, on the grid that suits it.

    Where pictures of the batch start at levels of their own, each has a grid of its own. `sde`: for Euler-Maruyama.
    """

    def levels(grid: Callable[..., Sequence[float]], *args: object) -> Sequence[Level]:
        return map_to_levels(lambda start: grid(start, *args), sigma)

    match solver:
        case Solver.DPMPP_2M:
            return multistep(denoiser, x, levels(karras_grid, calls), noise, constrain, eta=0.0, order=2)
        case Solver.DPMPP_2M_SDE:
            return multistep(denoiser, x, levels(karras_grid, calls), noise, constrain, eta=1.0, order=2)
        case Solver.ANCESTRAL:
            return multistep(denoiser, x, levels(karras_grid, calls), noise, constrain, eta=1.0, order=1)
        case Solver.HEUN:
            return heun(denoiser, x, levels(karras_grid, calls // 2 + 1), noise, constrain, calls=calls)
        case Solver.EULER_MARUYAMA:
            return euler_maruyama(denoiser, x, levels(paper_grid, calls, sde), noise, constrain, sde=sde)
        case Solver.CONSISTENCY:
            return multistep(denoiser, x, levels(consistency_grid, calls), noise, constrain, eta=inf, order=1)


def karras_grid(sigma: float, count: int, last: float = LAST_LEVEL) -> Sequence[float]:
    """`count` levels from `sigma` to `last`, then 0, with `sigma^(1/rho)` linear: Karras et al. 2022, eq. 5.

    The last level above 0 is at most `sigma / 4`.
    """
    if count == 1:
        return [sigma, 0.0]
    high, low = sigma ** (1 / RHO), min(last, sigma / 4) ** (1 / RHO)
    return [sigma, *((high + i / (count - 1) * (low - high)) ** RHO for i in range(1, count)), 0.0]


def paper_grid(sigma: float, count: int, sde: Sde) -> Sequence[float]:
    """`count` levels from `sigma`, then 0: uniform in the SDE's own time (Meng et al. 2021, algorithms 1 and 4)."""
    schedule = VE() if sde is Sde.VE else VP()
    t0 = schedule.t(sigma)
    return [sigma, *(schedule.sigma(t0 * n / count) for n in range(count - 1, 0, -1)), 0.0]


def consistency_grid(sigma: float, count: int) -> Sequence[float]:
    """`count` levels from `sigma`, each `CONSISTENCY_RATIO` of the one before, then 0."""
    return [*(sigma * CONSISTENCY_RATIO**index for index in range(count)), 0.0]


def multistep(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Sequence[Level],
    noise: NoiseSource,
    constrain: Constraint,
    *,
    eta: float,
    order: int,
) -> Iterator[ModelCall]:
    """The exponential integrators of DPM-Solver++ (Lu et al. 2022), deterministic and stochastic, in VE coordinates.

    Formula, from level s to s' with `h = ln(s / s')`:
    `x <- (s'/s) e^(-eta h) x + (1 - e^(-(1 + eta) h)) D~ + s' sqrt(1 - e^(-2 eta h)) z`, z ~ N(0, I).
    First order: `D~ = D`. Second order: `D~ = D + h / (2 h_before) (D - D_before)`, and first order in the first step.
    The last step, to level 0, is `x <- D`.

    | eta | order 1 | order 2 |
    |---|---|---|
    | 0 | DDIM (Song, Meng & Ermon 2021) | DPM-Solver++ 2M |
    | 1 | ancestral sampling of DDPM (Ho et al. 2020) | SDE-DPM-Solver++ 2M |
    | inf | multistep consistency sampling, `x <- D + s' z` (Song et al. 2023, algorithm 1) | |

    Order of convergence: `order`; weak for eta > 0. Consistency sampling has none: it calls a consistency model, which
    maps to the end of the path in one step. Model calls per step: 1.
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
        x = constrain(x, sigma, lower, index)
        yield ModelCall(index, len(sigmas) - 1, lower, x, constrain(estimate, sigma, 0.0, 0))


def _parts(sigma: float, lower: float, eta: float) -> tuple[float, float, float]:
    """What `multistep`'s step takes of the state, of the picture and of fresh noise."""
    h = log(sigma / lower)
    return lower / sigma * exp(-eta * h), -expm1(-(1 + eta) * h), lower * sqrt(-expm1(-2 * eta * h))


def _extrapolation(above: float, sigma: float, lower: float) -> float:
    """`h / (2 h_before)` of the step from `sigma` to `lower`, the one before having come from `above`."""
    return log(sigma / lower) / (2 * log(above / sigma))


def heun(
    denoiser: Denoiser, x: Tensor, sigmas: Sequence[Level], noise: NoiseSource, constrain: Constraint, *, calls: int
) -> Iterator[ModelCall]:
    """Heun's method on the probability-flow ODE (Karras et al. 2022, algorithm 1 with `sigma(t) = t`).

    Formula, from level s to s': `d = (x - D(x; s)) / s`, `x~ = x + (s' - s) d`, `d' = (x~ - D(x~; s')) / s'`,
    `x <- x + (s' - s) (d + d') / 2`. The step to level 0 is Euler's, `x <- x~`, which is D.

    Order of convergence: 2. Model calls per step: 2, and 1 in the step to level 0. An even number of `calls` is met
    exactly by an Euler step first, where the path is straightest.
    """
    index = 0
    for sigma, lower in pairwise(sigmas):
        estimate = denoiser(x, sigma)
        above, below = broadcast(sigma, x), broadcast(lower, x)
        slope = (x - estimate) / above
        index += 1
        ahead = constrain(x + (below - above) * slope, sigma, lower, index)
        yield ModelCall(index, calls, lower, ahead, constrain(estimate, sigma, 0.0, 0))
        if lower != 0 and not (sigma == sigmas[0] and calls % 2 == 0):
            estimate = denoiser(ahead, lower)
            slope = (slope + (ahead - estimate) / below) / 2
            index += 1
            ahead = constrain(x + (below - above) * slope, sigma, lower, index)
            yield ModelCall(index, calls, lower, ahead, constrain(estimate, lower, 0.0, 0))
        x = ahead


def euler_maruyama(
    denoiser: Denoiser, x: Tensor, sigmas: Sequence[Level], noise: NoiseSource, constrain: Constraint, *, sde: Sde
) -> Iterator[ModelCall]:
    """Euler-Maruyama on the reverse SDE: SDEdit's own algorithms 1 (VE) and 4 (VP) (Meng et al. 2021, appendix C).

    Formula, from level s to s' with `e^2 = s^2 - s'^2` and `score = (D - x) / s^2`: `x <- x + e^2 score + c e z`,
    z ~ N(0, I), also in the last step. VE: c = 1. VP, in VE coordinates: `c = sqrt((1 + s'^2) / (1 + s^2))`; there
    `beta dt` is taken as the integral of beta over the step, so that the start level does not depend on the number of
    steps.

    Order of convergence: 1, in the strong sense too, as the noise is additive. Model calls per step: 1.
    """
    for index, (sigma, lower) in enumerate(pairwise(sigmas), 1):
        estimate = denoiser(x, sigma)
        drift, spread = (
            broadcast(part, x) for part in map_to_levels(partial(_drift_and_spread, sde=sde), sigma, lower)
        )
        x = x + drift * (estimate - x) + spread * noise(index)
        x = constrain(x, sigma, lower, index)
        yield ModelCall(index, len(sigmas) - 1, lower, x, constrain(estimate, sigma, 0.0, 0))


def _drift_and_spread(sigma: float, lower: float, sde: Sde) -> tuple[float, float]:
    """`e^2 / s^2`, and what `euler_maruyama` scales the noise by."""
    variance = sigma**2 - lower**2
    spread = variance if sde is Sde.VE else variance * (1 + lower**2) / (1 + sigma**2)
    return variance / sigma**2, sqrt(spread)
