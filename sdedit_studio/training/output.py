"""The output of a training run: a model's folder, and a subfolder with the history of the training.

DIR/model.json, config.json, model.safetensors, README.md     the model, whole at any moment
DIR/training/checkpoint.safetensors                           the state to resume from
DIR/training/loss.csv, loss.png, samples-037.png              progress; 037: at 37 % of the run
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors.torch import save

from sdedit_studio.diffusion.plan import sigma_of_t0, t0_of_sigma
from sdedit_studio.parameters import Parameters
from sdedit_studio.training.card import model_card
from sdedit_studio.training.checkpoint import write, write_json
from sdedit_studio.training.dataset import Dataset
from sdedit_studio.training.history import Row
from sdedit_studio.training.network import EdmUNet
from sdedit_studio.training.recipe import SIGMA_DATA, Recipe
from sdedit_studio.training.run_folder import RunFolder
from sdedit_studio.training.samples import FEW_CALLS, sample_sheet
from sdedit_studio.training.trainer import Trainer

SHOWN = 8
"""Pictures on a sheet of samples."""


@dataclass(frozen=True)
class Output(RunFolder[Trainer]):
    """`config`: of the network. `source`: the name of the training pictures. `base`: of the model tuned, or None."""

    config: Mapping[str, Any]
    data: Dataset
    source: str
    base: str | None
    licence: str

    @property
    def recipe(self) -> Recipe:
        return self.trainer.recipe

    def differences(self, state: Mapping[str, Any]) -> list[str]:
        """The differences that keep this run from resuming from a checkpoint's `state`."""
        found = Recipe.from_dict(state["recipe"]).differences(self.recipe)
        if state["classes"] != list(self.data.classes):
            found.append(f"the classes {', '.join(state['classes']) or 'none'}")
        if state["base"] != self.base:
            found.append(f"--from {state['base'] or 'nothing'}")
        return found

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"classes": list(self.data.classes), "base": self.base}

    def save_network(self, last: Row) -> None:
        network = self.trainer.ema.network
        assert isinstance(network, EdmUNet)
        model = self._model_json()
        text = model_card(
            model,
            self.config,
            self.recipe,
            self.data,
            last,
            name=self.folder.resolve().name,
            source=self.source,
            base=self.base,
            device=self.trainer.device,
        )
        weights = {name: value.half().contiguous() for name, value in network.network.state_dict().items()}
        write(self.folder / "model.safetensors", save(weights, {"format": "pt"}))
        write_json(self.folder / "config.json", self.config)
        write(self.folder / "README.md", text.encode())
        write_json(self.folder / "model.json", model)

    def _model_json(self) -> dict[str, Any]:
        few_step = self.recipe.few_step
        return {
            "title": self.folder.resolve().name.replace("-", " ").capitalize(),
            "format": "edm-unet",
            "weights": "model.safetensors",
            "native": self.recipe.size,
            "stride": self.recipe.stride,
            "classes": list(self.data.classes),
            "any_class": self.trainer.any_label,
            "sigma_min": self.trainer.loss.sigma_min,
            "sigma_max": self.trainer.loss.sigma_max,
            "sigma_data": SIGMA_DATA,
            "default_t0": default_t0(self.recipe.size),
            "default_calls": FEW_CALLS if few_step else Parameters.calls,
            "few_step": few_step,
            "licence": self.licence,
        }

    def samples(self) -> np.ndarray:
        aside = self.data.held_out
        shown = aside if len(aside) >= SHOWN else self.data.training
        indices = np.linspace(0, len(shown) - 1, SHOWN).astype(int).tolist()
        return sample_sheet(
            self.trainer.denoiser,
            shown.centres(indices, self.recipe.size),
            shown.labels[indices],
            t0=default_t0(self.recipe.size),
            sigma_max=self.trainer.loss.sigma_max,
            few_step=self.recipe.few_step,
            device=self.trainer.device,
        )


def default_t0(size: int) -> float:
    """The default t0 of a model of `size` px: its noise level is proportional to the size, from the default at 96 px.

    The noise that hides a structure grows with the structure's size in pixels.
    """
    return round(t0_of_sigma(sigma_of_t0(Parameters.t0) * size / 96), 2)
