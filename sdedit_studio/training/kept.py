"""What every run keeps in its folder: what the next sitting needs, how the training went, and the network itself."""

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
    def as_dict(self) -> dict[str, Any]: ...


class Trained(Protocol):
    """What takes a run's steps, as far as it is kept. `images`: pictures seen."""

    images: int

    @property
    def recipe(self) -> Recorded: ...

    def state(self) -> Mapping[str, Tensor]: ...


AnyTrainer = TypeVar("AnyTrainer", bound=Trained)


@dataclass(frozen=True)
class Kept(ABC, Generic[AnyTrainer]):
    """The folder of a run. Its kinds say what sets them apart, and write their network and samples."""

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
        """Beside the recipe, what a run that goes on must have in common; plain JSON values."""

    @abstractmethod
    def save_network(self, last: Row) -> None:
        """Write the network and its card. `last`: the table's last row."""

    @abstractmethod
    def samples(self) -> np.ndarray:
        """A sheet of what it makes now, (h, w, 3) uint8."""

    def save(self, rows: Sequence[Row], seconds: float, progress: float) -> None:
        """Write everything, each file in one move. Raises TrainingProblem for a full disk."""
        run = {"images": self.trainer.images, "seconds": seconds, "recipe": self.trainer.recipe.as_dict()}
        # Rows after the checkpoint's are dropped when it is read, so the table goes first.
        write(self.table, as_csv(rows).encode())
        save_checkpoint(self.checkpoint, self.trainer.state(), {**run, **self.identity})
        self.save_network(rows[-1])
        training = self.folder / "training"
        write_png(training / "loss.png", plot(rows))
        write_png(training / f"samples-{int(100 * progress):03}.png", Image.fromarray(self.samples()))
