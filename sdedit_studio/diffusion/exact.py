"""Denoisers in closed form, for data of a known distribution: the ground truth of the tests of solvers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sdedit_studio.diffusion.level import Level, broadcast


class GaussianDenoiser:
    """`D(x, sigma) = mu + C (C + sigma^2 I)^-1 (x - mu)` for data `N(mu, C)`.

    `mean`: (c, h, w). `covariance`: either the variance of each value, of a shape that broadcasts to `mean`, or the
    full matrix (n, n) over the n = c h w values in order.
    """

    def __init__(self, mean: Tensor, covariance: Tensor) -> None:
        self.mean = mean
        n = mean.numel()
        self._basis: Tensor | None = None
        if covariance.shape == (n, n) and covariance.ndim != mean.ndim:
            self._variance, self._basis = torch.linalg.eigh(covariance)
        else:
            self._variance = covariance

    def __call__(self, x: Tensor, sigma: Level) -> Tensor:
        if self._basis is None:
            return self.mean + self._gain(x, sigma) * (x - self.mean)
        centred = (x - self.mean).flatten(1) @ self._basis
        return self.mean + ((self._gain(centred, sigma) * centred) @ self._basis.T).reshape(x.shape)

    def _gain(self, x: Tensor, sigma: Level) -> Tensor:
        return self._variance / (self._variance + broadcast(sigma, x) ** 2)


class MixtureDenoiser:
    """The posterior mean for data of a mixture of isotropic Gaussians: `sum_k w_k N(mu_k, s^2 I)`.

    `D(x, sigma) = x + sigma^2 / (s^2 + sigma^2) (sum_k r_k(x) mu_k - x)`, with the responsibilities
    `r_k ~ w_k exp(-|x - mu_k|^2 / 2 (s^2 + sigma^2))`. `means`: (k, c, h, w).
    """

    def __init__(self, means: Tensor, std: float, weights: Sequence[float] | None = None) -> None:
        self.means = means
        self.std = std
        count = len(means)
        self._log_weights = torch.tensor(weights or [1 / count] * count, dtype=means.dtype).log()

    def responsibilities(self, x: Tensor, sigma: Level) -> Tensor:
        """The probability of each component given `x` (b, c, h, w): (b, k)."""
        distance = (x[:, None] - self.means).flatten(2).square().sum(2)
        return (self._log_weights - distance / (2 * (self.std**2 + broadcast(sigma, distance) ** 2))).softmax(1)

    def __call__(self, x: Tensor, sigma: Level) -> Tensor:
        centre = torch.einsum("bk,kchw->bchw", self.responsibilities(x, sigma), self.means)
        variance = broadcast(sigma, x) ** 2
        return x + variance / (self.std**2 + variance) * (centre - x)
