"""The networks of the student's loss: frozen feature maps, and a critic that learns to recognise photographs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from sdedit_studio.evaluation.features import LITE0, lite_network

BLOCKS, WIDTHS = (0, 2, 4), (16, 24, 40)
"""The blocks of EfficientNet-Lite0 whose maps are used, of a half, a quarter and an eighth of the side, and their
channels.
"""

MIXED = (32, 64, 64)
"""Channels of the maps that are the critic's input."""


class Features(nn.Module):
    """Pictures (b, 3, h, w) in [-1, 1] to feature maps of EfficientNet-Lite0 (ImageNet), frozen.

    A finished network must not be evaluated on them, as it was trained on them. Raises EvaluationProblem when the
    `evaluation` extra is not installed.
    """

    def __init__(self) -> None:
        super().__init__()
        # The package gives no maps of its own accord, so its parts are called one by one.
        network: Any = lite_network(LITE0)
        self.stem = nn.Sequential(network._conv_stem, network._bn0, nn.ReLU6())
        self.blocks = nn.ModuleList(network._blocks[: BLOCKS[-1] + 1])
        self.eval().requires_grad_(False)

    def forward(self, x: Tensor) -> list[Tensor]:
        h, maps = self.stem(x), []
        for number, block in enumerate(self.blocks):
            h = block(h)
            if number in BLOCKS:
                maps.append(h)
        return maps


class Critic(nn.Module):
    """Pictures (b, 3, h, w) and their feature maps to maps of scores, higher for photographs.

    It has heads on randomly mixed, frozen features (Sauer et al. 2021, "Projected GANs Converge Faster") and one on
    pixels, all with spectral normalisation (Miyato et al. 2018).
    """

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.ModuleList(
            nn.Conv2d(width, mixed, 1) for width, mixed in zip(WIDTHS, MIXED, strict=True)
        ).requires_grad_(False)
        self.heads = nn.ModuleList(
            nn.Sequential(
                *_layer(mixed, 64, 3, stride=2 if level < 2 else 1),
                *_layer(64, 64, 3, stride=2 if level == 0 else 1),
                spectral_norm(nn.Conv2d(64, 1, 3, padding=1)),
            )
            for level, mixed in enumerate(MIXED)
        )
        self.pixels = nn.Sequential(
            *_layer(3, 32, 4, stride=2),
            *_layer(32, 64, 4, stride=2),
            *_layer(64, 96, 3),
            spectral_norm(nn.Conv2d(96, 1, 3, padding=1)),
        )

    def forward(self, x: Tensor, maps: Sequence[Tensor]) -> list[Tensor]:
        levels = zip(self.heads, self.mix, maps, strict=True)
        return [*(head(mix(features)) for head, mix, features in levels), self.pixels(x)]

    @property
    def learning(self) -> list[nn.Parameter]:
        """The trained parameters: all but those that mix features."""
        return [*self.heads.parameters(), *self.pixels.parameters()]

    def learn(self, on: bool) -> None:
        """Set whether gradients are computed for its parameters."""
        for parameter in self.learning:
            parameter.requires_grad_(on)


def _layer(inputs: int, outputs: int, kernel: int, stride: int = 1) -> tuple[nn.Module, nn.Module]:
    return spectral_norm(nn.Conv2d(inputs, outputs, kernel, stride, padding=1)), nn.LeakyReLU(0.2)
