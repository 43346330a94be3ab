"""What a run hands out: a model's folder with its card, and beside it how the training went.

DIR/model.json, config.json, model.safetensors, README.md     the model, whole at any moment
DIR/training/checkpoint.safetensors                           what the next sitting needs
DIR/training/loss.csv, loss.png, samples-037.png              progress; 037: at 37 % of the run
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from safetensors.torch import save

from sdedit_studio.diffusion.plan import sigma_of_t0, t0_of_sigma
from sdedit_studio.parameters import Parameters
from sdedit_studio.training.card import model_card
from sdedit_studio.training.checkpoint import save_checkpoint, write
from sdedit_studio.training.dataset import Dataset
from sdedit_studio.training.history import Row, as_csv, plot
from sdedit_studio.training.network import EdmUNet
from sdedit_studio.training.recipe import SIGMA_DATA, Recipe
from sdedit_studio.training.samples import FEW_CALLS, sample_sheet
from sdedit_studio.training.trainer import Trainer

SHOWN = 8
"""Pictures on a sheet of samples."""


@dataclass(frozen=True)
class Output:
    """`config`: the network's. `source`: the name of what is trained on; `base`: of the model begun from, if any."""

    folder: Path
    recipe: Recipe
    config: Mapping[str, Any]
    data: Dataset
    source: str
    base: str | None
    licence: str

    @property
    def checkpoint(self) -> Path:
        return self.folder / "training" / "checkpoint.safetensors"

    @property
    def table(self) -> Path:
        return self.folder / "training" / "loss.csv"

    def save(self, trainer: Trainer, rows: Sequence[Row], seconds: float, progress: float) -> None:
        """Write everything, each file in one move, the checkpoint first. Raises TrainingProblem for a full disk."""
        state = {
            "images": trainer.images,
            "seconds": seconds,
            "recipe": self.recipe.as_dict(),
            "classes": list(self.data.classes),
            "base": self.base,
        }
        # Rows after the checkpoint's are dropped when it is read, so the table goes first.
        write(self.table, as_csv(rows).encode())
        save_checkpoint(self.checkpoint, trainer.state(), state)
        self._save_model(trainer, rows[-1])
        training = self.folder / "training"
        write(training / "loss.png", _png(plot(rows)))
        write(training / f"samples-{int(100 * progress):03}.png", _png(Image.fromarray(self._samples(trainer))))

    def _save_model(self, trainer: Trainer, last: Row) -> None:
        network = trainer.ema.network
        assert isinstance(network, EdmUNet)
        model = self._model_json(trainer)
        text = model_card(
            model,
            self.config,
            self.recipe,
            self.data,
            last,
            name=self.folder.resolve().name,
            source=self.source,
            base=self.base,
            device=trainer.device,
        )
        weights = {name: value.half().contiguous() for name, value in network.network.state_dict().items()}
        write(self.folder / "model.safetensors", save(weights, {"format": "pt"}))
        write(self.folder / "config.json", _json(self.config))
        write(self.folder / "README.md", text.encode())
        write(self.folder / "model.json", _json(model))

    def _model_json(self, trainer: Trainer) -> dict[str, Any]:
        few_step = self.recipe.few_step
        return {
            "title": self.folder.resolve().name.replace("-", " ").capitalize(),
            "format": "edm-unet",
            "weights": "model.safetensors",
            "native": self.recipe.size,
            "stride": self.recipe.stride,
            "classes": list(self.data.classes),
            "any_class": trainer.any_label,
            "sigma_min": trainer.loss.sigma_min,
            "sigma_max": trainer.loss.sigma_max,
            "sigma_data": SIGMA_DATA,
            "default_t0": default_t0(self.recipe.size),
            "default_calls": FEW_CALLS if few_step else Parameters.calls,
            "few_step": few_step,
            "licence": self.licence,
        }

    def _samples(self, trainer: Trainer) -> np.ndarray:
        aside = self.data.held_out
        shown = aside if len(aside) >= SHOWN else self.data.training
        indices = np.linspace(0, len(shown) - 1, SHOWN).astype(int).tolist()
        return sample_sheet(
            trainer.denoiser,
            shown.centres(indices, self.recipe.size),
            shown.labels[indices],
            t0=default_t0(self.recipe.size),
            sigma_max=trainer.loss.sigma_max,
            few_step=self.recipe.few_step,
            device=trainer.device,
        )


def default_t0(size: int) -> float:
    """Where to start edits with a model of `size` px until it is measured: the noise that hides a structure grows with
    the structure's size in pixels, and at 96 px the default suits.
    """
    return round(t0_of_sigma(sigma_of_t0(Parameters.t0) * size / 96), 2)


def _json(values: Mapping[str, Any]) -> bytes:
    return (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode()


def _png(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "png")
    return buffer.getvalue()
