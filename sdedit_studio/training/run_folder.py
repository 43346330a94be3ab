"""The folder of a training run: its checkpoint, its loss table, and the network itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from PIL import Image
from torch import Tensor

from sdedit_studio.training.checkpoint import save_checkpoint, write, write_png
from sdedit_studio.training.history import Row, as_csv, plot


class Recorded(Protocol):
    """A recipe, as far as it is stored."""

    def as_dict(self) -> dict[str, Any]: ...


class Trained(Protocol):
    """A trainer, as far as it is stored. `images`: pictures seen."""

    images: int

    @property
    def recipe(self) -> Recorded: ...

    def state(self) -> Mapping[str, Tensor]: ...


AnyTrainer = TypeVar("AnyTrainer", bound=Trained)


@dataclass(frozen=True)
class RunFolder(ABC, Generic[AnyTrainer]):
    """The folder of a run. Subclasses say what identifies the run, and write its network and samples."""

    folder: Path
    trainer: AnyTrainer

    @property
    def checkpoint(self) -> Path:
        return self.folder / "training" / "checkpoint.safetensors"

    @property
    def table(self) -> Path:
        return self.folder / "training" / "loss.csv"

    @property
    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """What must be the same, beside the recipe, for a run to resume from this folder; plain JSON values."""

    @abstractmethod
    def save_network(self, last: Row) -> None:
        """Write the network and its card. `last`: the table's last row."""

    @abstractmethod
    def samples(self) -> np.ndarray:
        """A sheet of pictures that the network makes now, (h, w, 3) uint8."""

    def save(self, rows: Sequence[Row], seconds: float, progress: float) -> None:
        """Write everything, each file atomically. `seconds`: of training; `progress`: 0 to 1.

        Raises TrainingProblem when the disk is full.
        """
        run = {"images": self.trainer.images, "seconds": seconds, "recipe": self.trainer.recipe.as_dict()}
        # Rows after the checkpoint's are dropped when it is read, so the table goes first.
        write(self.table, as_csv(rows).encode())
        save_checkpoint(self.checkpoint, self.trainer.state(), {**run, **self.identity})
        self.save_network(rows[-1])
        training = self.folder / "training"
        write_png(training / "loss.png", plot(rows))
        write_png(training / f"samples-{int(100 * progress):03}.png", Image.fromarray(self.samples()))
