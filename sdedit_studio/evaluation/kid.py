"""Kernel inception distance (Binkowski et al. 2018): the squared maximum mean discrepancy of two sets of features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FEWEST = 8
"""Below this many pictures on a side the estimate is mostly noise."""

MANY = 500
"""From this many pictures on a side the estimate is steady enough to quote without its spread."""


@dataclass(frozen=True)
class Kid:
    """An estimate of KID. `mean`, `std`: over `subsets` pairs of random subsets of `size` pictures.

    The estimator is unbiased: for two sets from one distribution it scatters around 0 and can be negative. `pictures`,
    `references`: how many there were to draw from.
    """

    mean: float
    std: float
    subsets: int
    size: int
    pictures: int
    references: int

    @property
    def steady(self) -> bool:
        """Whether there were enough pictures to state the mean without its spread."""
        return min(self.pictures, self.references) >= MANY


def kid(
    features: np.ndarray, reference: np.ndarray, *, subsets: int = 100, size: int | None = None, seed: int = 0
) -> Kid:
    """KID between `features` (m, d) and `reference` (n, d), over random subsets drawn without replacement.

    `size`: of each subset; by default 1000 as everywhere, or half of the smaller set where that is less, so that
    subsets differ and their spread means something. Raises ValueError for fewer than FEWEST rows on a side, widths
    that differ, a size that a side cannot give, or values that are not finite.
    """
    fewest = min(len(features), len(reference))
    if fewest < FEWEST:
        raise ValueError(f"KID needs at least {FEWEST} pictures on either side, and one has {fewest}.")
    if features.shape[1] != reference.shape[1]:
        raise ValueError(
            f"Features of {features.shape[1]} and {reference.shape[1]} values come from different extractors."
        )
    if not (np.isfinite(features).all() and np.isfinite(reference).all()):
        raise ValueError("The features have values that are not numbers.")
    size = min(1000, fewest // 2) if size is None else size
    if not 2 <= size <= fewest:
        raise ValueError(f"Subsets of {size} cannot be drawn from {fewest} pictures.")
    random = np.random.default_rng(seed)
    estimates = [
        mmd2(
            features[random.choice(len(features), size, replace=False)],
            reference[random.choice(len(reference), size, replace=False)],
        )
        for _ in range(subsets)
    ]
    return Kid(float(np.mean(estimates)), float(np.std(estimates)), subsets, size, len(features), len(reference))


def mmd2(x: np.ndarray, y: np.ndarray) -> float:
    """The unbiased estimate of the squared MMD of `x` (m, d) and `y` (n, d) with the kernel `(x.y / d + 1)^3`.

    Computed in float64, as large cubes cancel in it. It can be negative.
    """
    x, y = x.astype(np.float64), y.astype(np.float64)
    return _mean_of_pairs(_kernel(x, x)) + _mean_of_pairs(_kernel(y, y)) - 2 * float(_kernel(x, y).mean())


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (x @ y.T / x.shape[1] + 1) ** 3


def _mean_of_pairs(kernel: np.ndarray) -> float:
    """The mean over i != j."""
    count = len(kernel)
    return float((kernel.sum() - np.trace(kernel)) / (count * (count - 1)))
