"""Denoisers, and the adapters that make one of a network, whatever it predicts (METHOD 6, "One formulation").

Everything downstream knows only `D(x, sigma) = E[x0 | x0 + sigma z = x]`; score and noise follow as `(D - x) /
sigma^2` and `(x - D) / sigma`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log
from typing import Any, Protocol, overload

from torch import Tensor

from sdedit_studio.diffusion.level import Level, broadcast, map_level

Network = Callable[[Tensor, Level], Tensor]
"""A network of a noisy batch (b, c, h, w) and its own time label for the level; returns a batch of the same shape."""


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
    """`c_skip`, `c_out` and `c_in`, for one level or many: they give the network's input and target variance 1."""
    total = sigma**2 + sigma_data**2
    root = total**0.5
    return sigma_data**2 / total, sigma * sigma_data / root, 1 / root


def edm_label(sigma: float) -> float:
    """`ln(sigma) / 4`."""
    return log(sigma) / 4


def from_noise(network: Network, label: Callable[[float], float]) -> Denoiser:
    """`D = x - sigma eps(x / sqrt(1 + sigma^2), label(sigma))`: DDPM's prediction of the noise, in VP coordinates."""

    def denoise(x: Tensor, sigma: Level) -> Tensor:
        s = broadcast(sigma, x)
        return x - s * network(x / (1 + s**2) ** 0.5, map_level(label, sigma))

    return denoise


def from_velocity(network: Network, label: Callable[[float], float]) -> Denoiser:
    """`D = (x / c - sigma v(x / c, label(sigma))) / c` with `c = sqrt(1 + sigma^2)`: v = alpha eps - s x0, in VP
    coordinates.
    """

    def denoise(x: Tensor, sigma: Level) -> Tensor:
        s = broadcast(sigma, x)
        scale = (1 + s**2) ** 0.5
        return (x / scale - s * network(x / scale, map_level(label, sigma))) / scale

    return denoise


def from_picture(network: Network, label: Callable[[float], float]) -> Denoiser:
    """`D = x0(x / sqrt(1 + sigma^2), label(sigma))`: a network that predicts the clean picture, in VP coordinates."""

    def denoise(x: Tensor, sigma: Level) -> Tensor:
        return network(x / (1 + broadcast(sigma, x) ** 2) ** 0.5, map_level(label, sigma))

    return denoise


def from_score(network: Network, low: float = 0.0, high: float = 1.0) -> Denoiser:
    """`D = u + s^2 score(u, s)` where data lie in [low, high]: `u` is `x` and `s` is `sigma` in that range.

    The default is the range of score_sde's VE networks. D is brought back to [-1, 1].
    """
    scale = (high - low) / 2

    def denoise(x: Tensor, sigma: Level) -> Tensor:
        u, s = low + scale * (x + 1), map_level(lambda level: scale * level, sigma)
        return (u + broadcast(s, x) ** 2 * network(u, s) - low) / scale - 1

    return denoise


def from_consistency(network: Network, sigma_min: float = 0.002, sigma_data: float = 0.5) -> Denoiser:
    """`D = c_skip x + c_out F(c_in x, ln(sigma) / 4)` with EDM's scales moved so that `D(x, sigma_min) = x` (Song et
    al. 2023, appendix C): a network that maps to the end of the path.
    """

    def denoise(x: Tensor, sigma: Level) -> Tensor:
        _, _, scale = edm_scales(broadcast(sigma, x), sigma_data)
        above = broadcast(map_level(lambda level: max(0.0, level - sigma_min), sigma), x)
        skip = sigma_data**2 / (above**2 + sigma_data**2)
        return skip * x + above * sigma_data * scale * network(scale * x, map_level(edm_label, sigma))

    return denoise


def from_flow(network: Network) -> Denoiser:
    """`D = x_t - t v(x_t, t)` with `x_t = x / (1 + sigma)`, `t = sigma / (1 + sigma)`: rectified flow, v = eps - x0."""

    def denoise(x: Tensor, sigma: Level) -> Tensor:
        s = broadcast(sigma, x)
        scale = 1 + s
        return x / scale - s / scale * network(x / scale, map_level(lambda level: level / (1 + level), sigma))

    return denoise


def guided(conditional: Denoiser, unconditional: Denoiser, scale: float) -> Denoiser:
    """`D = D_u + w (D_c - D_u)`: classifier-free guidance (Ho & Salimans 2022), w = 1 being the conditional one.

    At w = 1 and w = 0 only the one that counts is called.
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
    """`D = sum_i w_i D_i`, for shares w_i that are 1 together: its score is `sum_i w_i score_i`, that of the product of
    the densities to the powers w_i (Du et al. 2023), so a picture is likely for each of them.

    Each is called, so a mix of two takes twice as long as one. A network's mean class embedding would take one call,
    but no training has shown the network that: its pictures are a quarter softer (docs/local.md).
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
