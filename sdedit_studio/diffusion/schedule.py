"""Noise schedules: t <-> sigma <-> log-SNR. Plain floats; loads no torch.

A forward process `x(t) = alpha(t) x0 + s(t) z`, t in [0, 1], is described in VE coordinates `y = x / alpha`. There it
is determined by `sigma(t) = s(t) / alpha(t)` (Karras et al. 2022, section 2), in units of data in [-1, 1]. Schedules
differ in that map only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from math import asinh, cos, exp, expm1, inf, log, log1p, pi, sinh, sqrt


class Schedule(ABC):
    """One forward process. `sigma` increases strictly with t, from `sigma(0) = 0`."""

    @abstractmethod
    def sigma(self, t: float) -> float:
        """The noise level at time t in [0, 1]."""

    @abstractmethod
    def t(self, sigma: float) -> float:
        """The time at which the noise level is `sigma`, clamped to [0, 1]."""

    def alpha(self, t: float) -> float:
        """The factor of the clean picture at time t. For VP, where alpha^2 + s^2 = 1, it is `1 / sqrt(1 + sigma^2)`."""
        return 1 / sqrt(1 + self.sigma(t) ** 2)

    def log_snr(self, t: float) -> float:
        """`ln(alpha^2 / s^2) = -2 ln sigma`; infinite at t = 0."""
        sigma = self.sigma(t)
        return inf if sigma == 0 else -2 * log(sigma)

    def t_of_log_snr(self, log_snr: float) -> float:
        """Inverse of `log_snr`."""
        return self.t(exp(-log_snr / 2))


@dataclass(frozen=True)
class VP(Schedule):
    """The variance-preserving SDE (Song et al. 2021): `beta(t)` linear, `sigma(t)^2 = exp(integral of beta) - 1`."""

    beta_min: float = 0.1
    beta_max: float = 20.0

    def sigma(self, t: float) -> float:
        return sqrt(expm1(self.integral(t)))

    def t(self, sigma: float) -> float:
        return min(1.0, self.t_of_integral(log1p(sigma * sigma)))

    def integral(self, t: float) -> float:
        """The integral of beta from 0 to t."""
        return self.beta_min * t + (self.beta_max - self.beta_min) * t * t / 2

    def t_of_integral(self, integral: float) -> float:
        """Inverse of `integral`."""
        slope = self.beta_max - self.beta_min
        return (sqrt(self.beta_min**2 + 2 * slope * integral) - self.beta_min) / slope


@dataclass(frozen=True)
class SubVP(VP):
    """The sub-VP SDE (Song et al. 2021): VP's alpha and `s = 1 - alpha^2`.

    `sigma = 2 sinh(B / 2)`, B being the integral of beta.
    """

    def sigma(self, t: float) -> float:
        return 2 * sinh(self.integral(t) / 2)

    def t(self, sigma: float) -> float:
        return min(1.0, self.t_of_integral(2 * asinh(sigma / 2)))

    def alpha(self, t: float) -> float:
        return exp(-self.integral(t) / 2)


@dataclass(frozen=True)
class VE(Schedule):
    """The variance-exploding SDE (Song et al. 2021): `sigma(t) = sigma_min (sigma_max / sigma_min)^t`, `sigma(0) = 0`.

    The defaults are SDEdit's for LSUN bedrooms, 0.01 and 378 for data in [0, 1], doubled for data in [-1, 1].
    """

    sigma_min: float = 0.02
    sigma_max: float = 756.0

    def sigma(self, t: float) -> float:
        return self.sigma_min * (self.sigma_max / self.sigma_min) ** t if t > 0 else 0.0

    def t(self, sigma: float) -> float:
        if sigma <= self.sigma_min:
            return 0.0
        return min(1.0, log(sigma / self.sigma_min) / log(self.sigma_max / self.sigma_min))

    def alpha(self, t: float) -> float:
        return 1.0


@dataclass(frozen=True)
class EDM(Schedule):
    """The time steps of Karras et al. 2022, eq. 5, as a schedule: `sigma^(1/rho)` linear in t > 0, `sigma(0) = 0`."""

    sigma_min: float = 0.002
    sigma_max: float = 80.0
    rho: float = 7.0

    def sigma(self, t: float) -> float:
        low, high = self._ends
        return (low + t * (high - low)) ** self.rho if t > 0 else 0.0

    def t(self, sigma: float) -> float:
        if sigma <= self.sigma_min:
            return 0.0
        low, high = self._ends
        return min(1.0, (sigma ** (1 / self.rho) - low) / (high - low))

    def alpha(self, t: float) -> float:
        return 1.0

    @property
    def _ends(self) -> tuple[float, float]:
        return self.sigma_min ** (1 / self.rho), self.sigma_max ** (1 / self.rho)


@dataclass(frozen=True)
class Flow(Schedule):
    """Rectified flow, `x = (1 - u) x0 + u z` with `u = shift t / (1 + (shift - 1) t)`: `sigma = shift t / (1 - t)`.

    `shift`: 1 for Liu et al. 2022, 3 for Stable Diffusion 3 (Esser et al. 2024). `sigma` is infinite at t = 1.
    """

    shift: float = 1.0

    def sigma(self, t: float) -> float:
        return self.shift * t / (1 - t) if t < 1 else inf

    def t(self, sigma: float) -> float:
        return 1.0 if sigma == inf else sigma / (self.shift + sigma)

    def alpha(self, t: float) -> float:
        return (1 - t) / (1 + (self.shift - 1) * t)


class Betas(StrEnum):
    """How the betas of a discrete schedule are spaced.

    LINEAR: linearly (Ho et al. 2020). SCALED_LINEAR: linearly in their square root (Rombach et al. 2022). COSINE: so
    that alpha^2 is a squared cosine (Nichol & Dhariwal 2021), each beta at most 0.999.
    """

    LINEAR = "linear"
    SCALED_LINEAR = "scaled-linear"
    COSINE = "cosine"


@dataclass(frozen=True)
class DiscreteVP(Schedule):
    """The discrete schedule of DDPM (Ho et al. 2020): `steps` betas from `beta_first` to `beta_last`.

    The cosine schedule has no use for the two. Time t is level `steps t`, counted from 1 as in the `--t` of SDEdit's
    code: t = 0.5 of 1000 steps is `abar[499]`. Between levels log sigma is linear in t; below the first level sigma is
    proportional to t.
    """

    steps: int = 1000
    beta_first: float = 1e-4
    beta_last: float = 0.02
    betas: Betas = Betas.LINEAR

    @cached_property
    def sigmas(self) -> Sequence[float]:
        """The noise level of each step, ascending."""
        kept, levels = 1.0, []
        for step in range(self.steps):
            kept *= 1 - self.beta(step)
            levels.append(sqrt(1 / kept - 1))
        return levels

    def beta(self, step: int) -> float:
        """The beta of the step with index 0 .. steps - 1."""
        part = step / (self.steps - 1)
        match self.betas:
            case Betas.LINEAR:
                return self.beta_first + part * (self.beta_last - self.beta_first)
            case Betas.SCALED_LINEAR:
                first, last = sqrt(self.beta_first), sqrt(self.beta_last)
                return (first + part * (last - first)) ** 2
            case Betas.COSINE:
                now, after = (cos((at / self.steps + 0.008) / 1.008 * pi / 2) ** 2 for at in (step, step + 1))
                return min(0.999, 1 - after / now)

    def sigma(self, t: float) -> float:
        level = t * self.steps - 1
        if level <= 0:
            return (level + 1) * self.sigmas[0]
        below = min(int(level), self.steps - 2)
        low, high = log(self.sigmas[below]), log(self.sigmas[below + 1])
        return exp(low + (level - below) * (high - low))

    def t(self, sigma: float) -> float:
        if sigma <= self.sigmas[0]:
            return sigma / self.sigmas[0] / self.steps
        return (self.label(sigma) + 1) / self.steps

    def label(self, sigma: float) -> float:
        """The network's time input for a noise level, 0 .. steps - 1, clamped; linear in log sigma between steps."""
        if sigma <= self.sigmas[0]:
            return 0.0
        if sigma >= self.sigmas[-1]:
            return self.steps - 1.0
        above = bisect_left(self.sigmas, sigma)
        low, high = log(self.sigmas[above - 1]), log(self.sigmas[above])
        return above - 1 + (log(sigma) - low) / (high - low)
