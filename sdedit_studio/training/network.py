"""The network in training: diffusers' `UNet2DModel` with EDM preconditioning and a noise level for each picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, pixel_unshuffle
from torch.utils.flop_counter import FlopCounterMode

from sdedit_studio.diffusion.denoiser import edm_scales
from sdedit_studio.models.unet import TIME_SCALE, build
from sdedit_studio.training.recipe import SIGMA_DATA


class EdmUNet(nn.Module):
    """The denoiser of `models.unet` as a module: `D = c_skip x + c_out F(c_in x, 250 ln(sigma) / 4, label)`.

    `config`: a `config.json`.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.network = build(config)
        self.patch: int = config["patch"]

    def forward(self, x: Tensor, sigma: Tensor, labels: Tensor | None) -> Tensor:
        skip, out, scale = edm_scales(sigma[:, None, None, None], SIGMA_DATA)
        folded = pixel_unshuffle(scale * x, self.patch).contiguous(memory_format=torch.channels_last)
        output = self.network(folded, TIME_SCALE * sigma.log() / 4, labels, return_dict=False)[0]
        return skip * x + out * pixel_shuffle(output.float(), self.patch)


def cost(config: Mapping[str, Any]) -> tuple[int, float]:
    """The parameters of the network of a `config.json`, and the floating-point operations of a call at native size."""
    with torch.device("meta"):
        network = EdmUNet(config)
        side = config["sample_size"] * config["patch"]
        labels = torch.zeros(1, dtype=torch.int64) if config["num_class_embeds"] else None
        with FlopCounterMode(display=False) as counter:
            network(torch.zeros(1, 3, side, side), torch.ones(1), labels)
    return sum(parameter.numel() for parameter in network.parameters()), counter.get_total_flops()
