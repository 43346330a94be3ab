"""The moving average of a network's weights, which is what a run hands out."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

SHARE = 0.05
"""The average's half-life, as a share of the pictures seen so far (Karras et al. 2022 ramp theirs up so)."""


class Ema:
    """`average <- decay average + (1 - decay) weights`, in `network`, a copy for inference."""

    def __init__(self, network: nn.Module) -> None:
        self.network = deepcopy(network).eval().requires_grad_(False)

    def update(self, network: nn.Module, images: int, batch: int) -> None:
        """Take in the weights after a step of `batch` pictures, the last of `images`."""
        blend = get_ema_multi_avg_fn(decay(images, batch))
        blend(list(self.network.parameters()), list(network.parameters()), None)

    def saved(self) -> dict[str, Tensor]:
        """The average by the names of the weights."""
        return {f"ema.{name}": average for name, average in self.network.named_parameters()}

    @torch.no_grad()
    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Inverse of `saved`."""
        for name, average in self.network.named_parameters():
            average.copy_(state[f"ema.{name}"])


def decay(images: int, batch: int) -> float:
    """What is left of the average after a step: a half after `SHARE` of `images`, the pictures seen so far."""
    return 0.5 ** (batch / (SHARE * images))
