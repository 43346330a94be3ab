"""A model in closed form, and small pictures."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sdedit_studio.diffusion.exact import GaussianDenoiser
from sdedit_studio.models.catalogue import ModelCard
from sdedit_studio.models.loaded import LoadedModel

SIDE = 32


@dataclass
class Calls:
    """Counts model calls, and can stop a study as Ctrl+C does."""

    count: int = 0
    stop_at: int | None = None

    def __call__(self, x: torch.Tensor, sigma: float) -> torch.Tensor:
        self.count += 1
        if self.count == self.stop_at:
            raise KeyboardInterrupt
        return _GAUSSIAN(x, sigma)


_GAUSSIAN = GaussianDenoiser(torch.zeros(3, 1, 1), torch.tensor(0.25))


@dataclass
class FakeModel:
    """A model of grey noise; `calls` counts."""

    loaded: LoadedModel
    calls: Calls = field(default_factory=Calls)


@pytest.fixture
def model(tmp_path: Path) -> FakeModel:
    folder = tmp_path / "fake"
    folder.mkdir()
    card = ModelCard("fake", folder, "Fake", "closed form", "none", SIDE, 16, 0.002, 80.0)
    calls = Calls()
    return FakeModel(LoadedModel(card, torch.device("cpu"), lambda label: calls), calls)


def photograph(seed: int, side: int = SIDE) -> np.ndarray:
    """Something smooth with many colours."""
    small = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC))


@pytest.fixture
def photographs() -> Callable[[int], np.ndarray]:
    """(n, side, side, 3) uint8."""
    return lambda count: np.stack([photograph(seed) for seed in range(count)])


@pytest.fixture
def folder_of_pictures(tmp_path: Path) -> Callable[[int], Path]:
    """A folder of so many pictures."""

    def make(count: int) -> Path:
        folder = tmp_path / "pictures"
        folder.mkdir()
        for seed in range(count):
            Image.fromarray(photograph(seed, 40)).save(folder / f"{seed:03d}.png")
        return folder

    return make
