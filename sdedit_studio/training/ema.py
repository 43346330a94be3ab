"""The exponential moving average of a network's weights, which is the network that a run saves."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

SHARE = 0.05
"""The half-life of the average, as a share of the pictures seen so far (as the ramp-up of Karras et al. 2022)."""


class Ema:
    """`average <- decay average + (1 - decay) weights`, in `network`, a copy for inference."""

    def __init__(self, network: nn.Module) -> None:
        self.network = deepcopy(network).eval().requires_grad_(False)

    def update(self, network: nn.Module, images: int, batch: int) -> None:
        """Update the average after a step of `batch` pictures, `images` having been seen in all."""
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
    """The decay of the average in a step of `batch` pictures: 1/2 after `SHARE` of `images`, those seen so far."""
    return 0.5 ** (batch / (SHARE * images))
