"""A model in memory, ready to run. Importing this module loads torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch

from sdedit_studio.diffusion.denoiser import Denoiser, guided, mixed
from sdedit_studio.diffusion.detail import DetailNetwork
from sdedit_studio.diffusion.space import PIXELS, Space
from sdedit_studio.models.catalogue import ModelCard, ModelProblem
from sdedit_studio.models.detail import DetailCard
from sdedit_studio.models.detail_network import load_detail
from sdedit_studio.parameters import Parameters

_DETAIL_ON_CPU = partial(load_detail, device=torch.device("cpu"), dtype=torch.float32)


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to run. `by_class`: its denoiser for a class label, None for a model without classes.

    `space`: where its denoisers work, pixels or latents. `by_prompt`: its denoiser for a prompt and a guidance scale.
    `by_detail`: a detail network on the same device, by its card.
    """

    card: ModelCard
    device: torch.device
    by_class: Callable[[int | None], Denoiser]
    space: Space = PIXELS
    by_prompt: Callable[[str, float], Denoiser] | None = None
    by_detail: Callable[[DetailCard], DetailNetwork] = _DETAIL_ON_CPU

    def detail(self, parameters: Parameters) -> DetailNetwork | None:
        """The detail network of an edit, or None for one without. Raises ModelProblem when it cannot be had."""
        card = self.card.detail(parameters)
        return None if card is None else self.by_detail(card)

    def denoiser(self, condition: str | None, *, prompt: str | None = None, guidance: float = 1.0) -> Denoiser:
        """The denoiser of a class by its name or a mix of them, None standing for any, or of a prompt; in `space`.

        `guidance`: the scale of classifier-free guidance; it acts where the model knows the absence of a condition.
        Raises ModelProblem for an unknown class, or for a prompt that the model cannot read.
        """
        shares = self.card.shares(condition)
        if self.by_prompt is not None:
            return self.by_prompt(prompt or "", guidance)
        if prompt:
            raise ModelProblem(f"The model {self.card.name} reads no text: leave the prompt empty.")
        classes = [(self.by_class(label), share) for label, share in shares]
        if condition is None or self.card.any_class is None:
            return mixed(classes)
        return guided(mixed(classes), self.by_class(self.card.any_class), guidance)

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
