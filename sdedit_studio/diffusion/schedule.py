"""Noise schedules: t <-> sigma <-> log-SNR. Plain floats; loads no torch.

Every forward process `x(t) = alpha(t) x0 + s(t) z`, t in [0, 1], is read in VE coordinates `y = x / alpha` (METHOD
6), where one number says all: `sigma(t) = s(t) / alpha(t)`, in units of data in [-1, 1]. Schedules differ only in
that map.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, expm1, inf, log, log1p, sqrt


class Schedule(ABC):
    """One forward process. `sigma` grows strictly with t, from `sigma(0) = 0`."""

    @abstractmethod
    def sigma(self, t: float) -> float:
        """The noise level at time t in [0, 1]."""

    @abstractmethod
    def t(self, sigma: float) -> float:
        """The time at which the noise level is `sigma`, clamped to [0, 1]."""

    def alpha(self, t: float) -> float:
        """What is left of the picture at time t: 1 for VE; for VP, where alpha^2 + s^2 = 1, `1 / sqrt(1 + sigma^2)`."""
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
    """The paper's variance-preserving SDE: `beta(t)` linear, `sigma(t)^2 = exp(integral of beta) - 1`."""

    beta_min: float = 0.1
    beta_max: float = 20.0

    def sigma(self, t: float) -> float:
        return sqrt(expm1(self.beta_min * t + (self.beta_max - self.beta_min) * t * t / 2))

    def t(self, sigma: float) -> float:
        slope = self.beta_max - self.beta_min
        root = sqrt(self.beta_min**2 + 2 * slope * log1p(sigma * sigma))
        return min(1.0, (root - self.beta_min) / slope)


@dataclass(frozen=True)
class VE(Schedule):
    """The paper's variance-exploding SDE: `sigma(t) = sigma_min (sigma_max / sigma_min)^t` for t > 0, `sigma(0) = 0`.

    The defaults are the paper's for LSUN bedrooms, 0.01 and 378 for data in [0, 1], doubled for data in [-1, 1].
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
class DiscreteVP(Schedule):
    """The DDPM schedule of old checkpoints: `steps` betas, linear from `beta_first` to `beta_last`.

    Time t is level `steps t` counted from 1, as the official code's `--t`: t = 0.5 of 1000 steps is `abar[499]`.
    Between levels log sigma is linear in t; below the first level sigma is proportional to t.
    """

    steps: int = 1000
    beta_first: float = 1e-4
    beta_last: float = 0.02

    @cached_property
    def sigmas(self) -> Sequence[float]:
        """The noise level of each step, ascending."""
        kept, levels = 1.0, []
        for step in range(self.steps):
            kept *= 1 - self.beta_first - (self.beta_last - self.beta_first) * step / (self.steps - 1)
            levels.append(sqrt(1 / kept - 1))
        return levels

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
        """The network's time input, 0 .. steps - 1, for a noise level; clamped at both ends."""
        if sigma <= self.sigmas[0]:
            return 0.0
        if sigma >= self.sigmas[-1]:
            return self.steps - 1.0
        above = bisect_left(self.sigmas, sigma)
        low, high = log(self.sigmas[above - 1]), log(self.sigmas[above])
        return above - 1 + (log(sigma) - low) / (high - low)
