"""The output of a run: a folder that can be a model's `detail` folder, with a subfolder for the training's history.

DIR/detail.json, model.safetensors, README.md              the network, whole at any moment
DIR/training/checkpoint.safetensors, frames/               the state to resume from
DIR/training/loss.csv, loss.png, samples-037.png           progress; 037: at 37 % of the run
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from sdedit_studio.diffusion.cascade import as_pixels, as_tensor
from sdedit_studio.diffusion.detail import enlarged, with_cell_means
from sdedit_studio.evaluation.sheet import sheet
from sdedit_studio.models.catalogue import ModelCard
from sdedit_studio.models.detail import CARD
from sdedit_studio.models.span import FACTOR, RECEPTIVE_RADIUS
from sdedit_studio.training.checkpoint import write, write_json
from sdedit_studio.training.detail.card import detail_card
from sdedit_studio.training.detail.recipe import DetailRecipe
from sdedit_studio.training.detail.start import Start
from sdedit_studio.training.detail.trainer import DetailTrainer
from sdedit_studio.training.history import Row
from sdedit_studio.training.run_folder import RunFolder

SHOWN, SHOWN_SIDE = 3, 80
"""Light and usual passes on a sheet of samples, so many of each, and the side in pixels of what is shown of them."""

WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class DetailOutput(RunFolder[DetailTrainer]):
    """`source`: the names of the folders and zips of photographs. `count`: photographs of all processes."""

    base: ModelCard
    start: Start
    source: str
    count: int

    @property
    def recipe(self) -> DetailRecipe:
        return self.trainer.recipe

    def differences(self, state: Mapping[str, Any]) -> list[str]:
        """The differences that keep this run from resuming from a checkpoint's `state`."""
        found = self.recipe.differences(state["recipe"])
        if state["base"] != self.base.name:
            found.append(f"--base {state['base']}")
        if state["start"] != self.start.sha256:
            found.append("another --start")
        return found

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"base": self.base.name, "start": self.start.sha256}

    def save_network(self, last: Row) -> None:
        weights = {name: value.half().contiguous() for name, value in self.trainer.ema.network.state_dict().items()}
        text = detail_card(
            self.recipe,
            last,
            name=self._name,
            base=self.base,
            start=self.start,
            count=self.count,
            source=self.source,
            size=self.trainer.frame.size,
            device=self.trainer.device,
        )
        write(self.folder / WEIGHTS, save(weights, {"format": "pt"}))
        write(self.folder / "README.md", text.encode())
        write_json(
            self.folder / CARD,
            {
                "title": self._name.replace("-", " ").capitalize(),
                "format": "span",
                "weights": WEIGHTS,
                "factor": FACTOR,
                "reach": RECEPTIVE_RADIUS,
                "licence": self.start.licence,
                "source": f"derived from {self.start.name}",
            },
        )

    @property
    def _name(self) -> str:
        return self.folder.resolve().name

    @torch.inference_mode()
    def samples(self) -> np.ndarray:
        """A sheet (h, w, 3) uint8: enlarged passes of the base model, outputs of teacher and student, photographs."""
        frames = self.trainer.frames
        indices = np.linspace(0, len(frames.usual) - 1, min(SHOWN, len(frames.usual))).astype(int)
        rows = [(frames.photographs[index], made[index]) for made in (frames.usual, frames.light) for index in indices]
        side = min(SHOWN_SIDE, *frames.usual.shape[1:3])
        pictures = [as_tensor(_middle(made, side), self.trainer.device) for _, made in rows]

        def made_by(network: torch.nn.Module) -> np.ndarray:
            return _stacked([with_cell_means(network(picture), picture) for picture in pictures])

        columns = {
            "base model's pass, enlarged": _stacked([enlarged(picture, FACTOR) for picture in pictures]),
            "start network": made_by(self.trainer.teacher),
            "student": made_by(self.trainer.ema.network),
            "photograph": np.stack([_middle(photograph, FACTOR * side) for photograph, _ in rows]),
        }
        return sheet(columns)


def _middle(pixels: np.ndarray, side: int) -> np.ndarray:
    """The middle square of (h, w, 3) pixels."""
    top, left = ((length - side) // 2 // FACTOR * FACTOR for length in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]


def _stacked(pictures: Sequence[Tensor]) -> np.ndarray:
    return np.stack([as_pixels(picture) for picture in pictures])
