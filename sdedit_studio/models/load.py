"""From a model's card to a denoiser on a device. Importing this module loads torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from sdedit_studio.diffusion.denoiser import Denoiser
from sdedit_studio.models.catalogue import ModelCard, ModelProblem


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to run. `by_class`: its denoiser for a class label, None for a model without classes."""

    card: ModelCard
    device: torch.device
    by_class: Callable[[int | None], Denoiser]

    def denoiser(self, condition: str | None) -> Denoiser:
        """The denoiser of a class by its name; None stands for any. Raises ModelProblem for an unknown class."""
        return self.by_class(self.card.class_id(condition))

    @property
    def device_name(self) -> str:
        """For people: "CPU", "Apple GPU", or the graphics card's name."""
        match self.device.type:
            case "cuda":
                return torch.cuda.get_device_name(self.device)
            case "mps":
                return "Apple GPU"
            case kind:
                return kind.upper()


def load(card: ModelCard, device: torch.device, dtype: torch.dtype) -> LoadedModel:
    """Read the model's weights. Raises ModelProblem when a file is missing or damaged, or its format is unknown."""
    match card.format:
        case "edm-unet":
            from sdedit_studio.models.unet import load_edm_unet

            return LoadedModel(card, device, load_edm_unet(card, device, dtype))
        case _:
            raise ModelProblem(f"The model {card.name} has the unknown format “{card.format}”. Update SDEdit Studio.")
