"""Losses for a network that is a denoiser `D(x; sigma)` in VE coordinates, with a noise level for each picture.

A network is any callable of `x` (b, c, h, w), `sigma` (b,) and `labels` (b,) or None that returns (b, c, h, w).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import Protocol

import torch
from torch import Tensor

from sdedit_studio.diffusion.schedule import VE, VP, Schedule
from sdedit_studio.training.recipe import SIGMA_DATA, Objective, Recipe

Network = Callable[[Tensor, Tensor, Tensor | None], Tensor]


@dataclass(frozen=True)
class Batch:
    """`clean`: (b, c, h, w), data in [-1, 1]; `noise`: as large, standard normal; `sigma`, `labels` (or None): (b,)."""

    clean: Tensor
    noise: Tensor
    sigma: Tensor
    labels: Tensor | None

    def noisy(self, sigma: Tensor) -> Tensor:
        """The pictures with this noise at levels `sigma` (b,)."""
        return self.clean + _each(sigma) * self.noise

    def part(self, which: slice) -> Batch:
        labels = None if self.labels is None else self.labels[which]
        return Batch(self.clean[which], self.noise[which], self.sigma[which], labels)


class Loss(Protocol):
    """A training loss. `sigma_min`, `sigma_max`: the range of levels that it trains."""

    @property
    def sigma_min(self) -> float: ...

    @property
    def sigma_max(self) -> float: ...

    def levels(self, count: int, device: torch.device) -> Tensor:
        """Noise levels (count,) to train at, drawn from torch's own generator."""
        ...

    def __call__(self, network: Network, batch: Batch, progress: float) -> Tensor:
        """The mean loss of the batch, a scalar. `progress`: of the run, 0 to 1."""
        ...


def loss_of(recipe: Recipe) -> Loss:
    """The loss of a recipe."""
    if recipe.few_step:
        return Consistency()
    match recipe.objective:
        case Objective.EDM:
            return Edm()
        case Objective.VE:
            return ScoreMatching(VE())
        case Objective.VP:
            return ScoreMatching(VP())


@dataclass(frozen=True)
class LogNormal:
    """Levels with `ln sigma ~ N(mean, std^2)` (Karras et al. 2022, table 1), clamped to [sigma_min, sigma_max]."""

    mean: float
    std: float
    sigma_min: float = 0.002
    sigma_max: float = 80.0

    def levels(self, count: int, device: torch.device) -> Tensor:
        sigma = (self.mean + self.std * torch.randn(count, device=device)).exp()
        return sigma.clamp(self.sigma_min, self.sigma_max)


@dataclass(frozen=True)
class Edm(LogNormal):
    """`(sigma^2 + sd^2) / (sigma sd)^2 |D - x0|^2` (Karras et al. 2022): initially all levels weigh the same."""

    mean: float = -0.6
    std: float = 1.3
    sigma_data: float = SIGMA_DATA

    def __call__(self, network: Network, batch: Batch, progress: float) -> Tensor:
        sigma = batch.sigma
        weight = (sigma**2 + self.sigma_data**2) / (sigma * self.sigma_data) ** 2
        return (weight * _squared_error(network, batch)).mean()


@dataclass(frozen=True)
class ScoreMatching:
    """Denoising score matching (Song et al. 2021, eq. 7), weighted by the variance of the noise, t uniform.

    `s(t)^2 |score - score_t(x | x0)|^2` is, in VE coordinates, `|D - x0|^2 / sigma(t)^2`, for VE and VP alike.
    `t_min`: the smallest t; nearer to 0 the target would diverge. `intervals`: of the table of levels.
    """

    schedule: Schedule
    t_min: float = 1e-3
    intervals: int = 4096

    @property
    def sigma_min(self) -> float:
        return self.schedule.sigma(self.t_min)

    @property
    def sigma_max(self) -> float:
        return self.schedule.sigma(1.0)

    @cached_property
    def _log_sigmas(self) -> Tensor:
        times = (self.t_min + (1 - self.t_min) * i / self.intervals for i in range(self.intervals + 1))
        return torch.tensor([log(self.schedule.sigma(t)) for t in times])

    def levels(self, count: int, device: torch.device) -> Tensor:
        table = self._log_sigmas.to(device)
        at = torch.rand(count, device=device) * self.intervals
        below = at.long().clamp(max=self.intervals - 1)
        return torch.lerp(table[below], table[below + 1], at - below).exp()

    def __call__(self, network: Network, batch: Batch, progress: float) -> Tensor:
        return (_squared_error(network, batch) / batch.sigma**2).mean()


@dataclass(frozen=True)
class Consistency(LogNormal):
    """Consistency tuning of a trained denoiser (Geng et al. 2024, "Consistency Models Made Easy").

    The loss compares the estimates at two levels t > r of one picture with one noise: `(sqrt(|D(x_t; t) - D(x_r; r)|^2
    + c^2) - c) / (t - r)`, with no gradient through D(x_r; r), and D(x_0; 0) = x_0. At first r = 0 for all but the
    highest levels, which is denoising. Then `r = t - t (1 + k / (1 + e^t)) / q^(1 + stages progress)` approaches t, and
    D becomes a consistency model: it maps to the end of the path in one call.
    """

    mean: float = -0.6
    std: float = 1.5
    stages: float = 7.0
    q: float = 2.0
    k: float = 8.0
    c: float = 1e-3

    def __call__(self, network: Network, batch: Batch, progress: float) -> Tensor:
        sigma = batch.sigma
        lower = self.lower(sigma, progress)
        with torch.no_grad():
            target = network(
                batch.noisy(lower.clamp(min=self.sigma_min)), lower.clamp(min=self.sigma_min), batch.labels
            )
            target = torch.where(_each(lower) > 0, target, batch.clean)
        difference = network(batch.noisy(sigma), sigma, batch.labels) - target
        distance = (difference.square().flatten(1).mean(1) + self.c**2).sqrt() - self.c
        return (distance / (sigma - lower)).mean()

    def lower(self, sigma: Tensor, progress: float) -> Tensor:
        """The level r for each level t = `sigma`, 0 <= r < t."""
        gap = (1 + self.k * torch.sigmoid(-sigma)) / self.q ** (1 + self.stages * progress)
        return (sigma * (1 - gap)).clamp(min=0)


def _squared_error(network: Network, batch: Batch) -> Tensor:
    """`|D(x0 + sigma z; sigma) - x0|^2` as a mean over each picture's values: (b,)."""
    estimate = network(batch.noisy(batch.sigma), batch.sigma, batch.labels)
    return (estimate - batch.clean).square().flatten(1).mean(1)


def _each(values: Tensor) -> Tensor:
    """(b,) as (b, 1, 1, 1), one value for each picture."""
    return values[:, None, None, None]
