"""From a model's card to a denoiser on a device. Importing this module loads torch."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import torch

from sdedit_studio.models.catalogue import ModelCard, ModelProblem
from sdedit_studio.models.detail_network import load_detail
from sdedit_studio.models.loaded import LoadedModel


def load(card: ModelCard, device: torch.device, dtype: torch.dtype, *, compiled: bool = False) -> LoadedModel:
    """Read the model's weights.

    `compiled`: on the CPU in float32, as a graph of ONNX Runtime where that is possible; it takes some seconds more,
    the first time. Raises ModelProblem when a file is missing or damaged, or its format is unknown.
    """
    model = _load(card, device, dtype, compiled=compiled)
    return replace(model, by_detail=cache(partial(load_detail, device=device, dtype=dtype, compiled=compiled)))


def _load(card: ModelCard, device: torch.device, dtype: torch.dtype, *, compiled: bool) -> LoadedModel:
    match card.format:
        case "edm-unet" | "unet":
            from sdedit_studio.models.unet import load_unet

            return LoadedModel(card, device, load_unet(card, device, dtype, compiled=compiled))
        case "latent":
            from sdedit_studio.models.latent import load_latent

            return load_latent(card, device, dtype)
        case _:
            raise ModelProblem(f"The model {card.name} has the unknown format “{card.format}”. Update SDEdit Studio.")
