"""Denoisers, and the adapters that make one of a network, whatever the network predicts.

A denoiser is the posterior mean `D(x, sigma) = E[x0 | x0 + sigma z = x]` in VE coordinates, as in Karras et al. 2022.
The score is `(D - x) / sigma^2` and the noise `(x - D) / sigma` (Tweedie's formula). Solvers know nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log
from typing import Any, Protocol, overload

from torch import Tensor

from sdedit_studio.diffusion.level import Level, broadcast, map_level

Network = Callable[[Tensor, Level], Tensor]
"""A function of a noisy batch (b, c, h, w) and of the network's own time input; returns (b, c, h, w)."""


class Denoiser(Protocol):
    """`x`: (b, c, h, w) in VE coordinates, data in [-1, 1]; `sigma` > 0: its noise level. Returns (b, c, h, w)."""

    def __call__(self, x: Tensor, sigma: Level, /) -> Tensor: ...


def from_edm(network: Network, sigma_data: float = 0.5) -> Denoiser:
    """`D = c_skip x + c_out F(c_in x, ln(sigma) / 4)` (Karras et al. 2022, table 1)."""

    def denoise(x: Tensor, sigma: Level) -> Tensor:
        skip, out, scale = edm_scales(broadcast(sigma, x), sigma_data)
        return skip * x + out * network(scale * x, map_level(edm_label, sigma))

    return denoise


@overload
def edm_scales(sigma: float, sigma_data: float) -> tuple[float, float, float]: ...


@overload
def edm_scales(sigma: Tensor, sigma_data: float) -> tuple[Tensor, Tensor, Tensor]: ...


def edm_scales(sigma: Any, sigma_data: float) -> Any:
    """`c_skip`, `c_out` and `c_in` (Karras et al. 2022, table 1): the input and target have variance 1."""
    total = sigma**2 + sigma_data**2
    root = total**0.5
    return sigma_data**2 / total, sigma * sigma_data / root, 1 / root


def edm_label(sigma: float) -> float:
    """`c_noise = ln(sigma) / 4` (Karras et al. 2022, table 1)."""
    return log(sigma) / 4


def from_noise(network: Network, label: Callable[[float], float]) -> Denoiser:
    """`D = x - sigma eps(x / sqrt(1 + sigma^2), label(sigma))`: noise prediction in VP coordinates (Ho et al. 2020)."""

    def denoise(x: Tensor, sigma: Level) -> Tensor:
        s = broadcast(sigma, x)
        return x - s * network(x / (1 + s**2) ** 0.5, map_level(label, sigma))

    return denoise


def from_velocity(network: Network, label: Callable[[float], float]) -> Denoiser:
    """`D = (x / c - sigma v(x / c, label(sigma))) / c` with `c = sqrt(1 + sigma^2)`: v-prediction in VP coordinates.

    `v = alpha eps - s x0` (Salimans & Ho 2022).
    """

    def denoise(x: Tensor, sigma: Level) -> Tensor:
        s = broadcast(sigma, x)
        scale = (1 + s**2) ** 0.5
        return (x / scale - s * network(x / scale, map_level(label, sigma))) / scale

    return denoise


def from_picture(network: Network, label: Callable[[float], float]) -> Denoiser:
    """`D = x0(x / sqrt(1 + sigma^2), label(sigma))`: x0-prediction in VP coordinates."""

    def denoise(x: Tensor, sigma: Level) -> Tensor:
        return network(x / (1 + broadcast(sigma, x) ** 2) ** 0.5, map_level(label, sigma))

    return denoise


def from_score(network: Network, low: float = 0.0, high: float = 1.0) -> Denoiser:
    """`D = u + s^2 score(u, s)` for a score network on data in [low, high], rescaled to [-1, 1] (Song et al. 2021).

    `u` is `x` and `s` is `sigma`, both rescaled to [low, high]. The default is the range of score_sde's VE networks.
    """
    scale = (high - low) / 2

    def denoise(x: Tensor, sigma: Level) -> Tensor:
        u, s = low + scale * (x + 1), map_level(lambda level: scale * level, sigma)
        return (u + broadcast(s, x) ** 2 * network(u, s) - low) / scale - 1

    return denoise


def from_consistency(network: Network, sigma_min: float = 0.002, sigma_data: float = 0.5) -> Denoiser:
    """`D = c_skip x + c_out F(c_in x, ln(sigma) / 4)`: a consistency model (Song et al. 2023, appendix C).

    It maps to the end of the probability-flow path. EDM's scales are shifted so that `D(x, sigma_min) = x`.
    """

    def denoise(x: Tensor, sigma: Level) -> Tensor:
        _, _, scale = edm_scales(broadcast(sigma, x), sigma_data)
        above = broadcast(map_level(lambda level: max(0.0, level - sigma_min), sigma), x)
        skip = sigma_data**2 / (above**2 + sigma_data**2)
        return skip * x + above * sigma_data * scale * network(scale * x, map_level(edm_label, sigma))

    return denoise


def from_flow(network: Network) -> Denoiser:
    """`D = x_t - t v(x_t, t)`: rectified flow, `v = eps - x0` (Liu et al. 2022).

    `x_t = x / (1 + sigma)` and `t = sigma / (1 + sigma)`.
    """

    def denoise(x: Tensor, sigma: Level) -> Tensor:
        s = broadcast(sigma, x)
        scale = 1 + s
        return x / scale - s / scale * network(x / scale, map_level(lambda level: level / (1 + level), sigma))

    return denoise


def guided(conditional: Denoiser, unconditional: Denoiser, scale: float) -> Denoiser:
    """`D = D_u + w (D_c - D_u)`: classifier-free guidance (Ho & Salimans 2022) of `scale` w.

    w = 1 is the conditional denoiser. Two model calls; one at w = 1 and w = 0.
    """
    if scale == 1:
        return conditional
    if scale == 0:
        return unconditional

    def denoise(x: Tensor, sigma: Level) -> Tensor:
        without = unconditional(x, sigma)
        return without + scale * (conditional(x, sigma) - without)

    return denoise


def mixed(parts: Sequence[tuple[Denoiser, float]]) -> Denoiser:
    """`D = sum_i w_i D_i` for shares w_i that sum to 1: the composition of densities of Du et al. 2023.

    Its score is `sum_i w_i score_i`, that of the product of the densities to the powers w_i. Each denoiser is called
    once. The mean of class embeddings would take one call only, but no network was trained on that: its pictures are a
    quarter softer (docs/local.md).
    """
    if len(parts) == 1:
        return parts[0][0]

    def denoise(x: Tensor, sigma: Level) -> Tensor:
        (first, share), *others = parts
        total = share * first(x, sigma)
        for denoiser, share in others:
            total = total + share * denoiser(x, sigma)
        return total

    return denoise
