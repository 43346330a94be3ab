"""Models in closed form that can be slow, fail, or be told to wait, and guides for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch

from sdedit_studio.diffusion.detail import DetailNetwork
from sdedit_studio.diffusion.exact import GaussianDenoiser
from sdedit_studio.engine.job import Job, Pixels
from sdedit_studio.engine.measured import Measured
from sdedit_studio.models.catalogue import ModelCard, ModelProblem
from sdedit_studio.models.detail import DetailCard
from sdedit_studio.models.loaded import LoadedModel
from sdedit_studio.parameters import Parameters, Refine

FOLDER = Path(__file__).parent / "model"
"""Of a model that brings a detail network."""

CARD = ModelCard("scenes-96", FOLDER, "Fake", "none", "none", 16, 8, 0.002, 80.0, classes=("hill", "lake"), any_class=2)


@dataclass
class FakeModels:
    """Opens models whose every call takes `seconds`; `before_call` may raise. `calls` are the sizes asked for."""

    seconds: float = 0.0
    before_call: Callable[[], None] = lambda: None
    broken: bool = False
    calls: list[tuple[int, int]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    thread: threading.Thread | None = None

    def __call__(self, name: str) -> LoadedModel:
        if self.broken or name == "missing":
            raise ModelProblem(f"There is no model called “{name}”.")
        self.opened.append(name)
        self.thread = threading.current_thread()
        card = CARD if name == CARD.name else ModelCard(**{**CARD.__dict__, "name": name})
        return LoadedModel(card, torch.device("cpu"), lambda label: self._denoise, by_detail=self._by_detail)

    def _by_detail(self, card: DetailCard) -> DetailNetwork:
        return DetailNetwork(self._enlarge, card.factor, card.reach or 0)

    def _enlarge(self, x: torch.Tensor) -> torch.Tensor:
        self.before_call()
        self.calls.append((4 * x.shape[-1], 4 * x.shape[-2]))
        return x.repeat_interleave(4, -1).repeat_interleave(4, -2)

    def _denoise(self, x: torch.Tensor, sigma: float) -> torch.Tensor:
        self.before_call()
        time.sleep(self.seconds)
        self.calls.append((x.shape[-1], x.shape[-2]))
        grey = torch.zeros(3, *x.shape[-2:])
        return GaussianDenoiser(grey, torch.full_like(grey, 0.1))(x, sigma)


@pytest.fixture
def models() -> FakeModels:
    return FakeModels()


@pytest.fixture
def measured(tmp_path: Path) -> Measured:
    return Measured(1, tmp_path / "measured.json")


def guide(width: int = 40, height: int = 32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def job(width: int = 40, height: int = 32, mask: np.ndarray | None = None, revision: int = 0, **parameters) -> Job:
    chosen = Parameters(**{"calls": 4, "refine": Refine.OFF} | parameters)
    return Job(Pixels.of(guide(width, height)), chosen, None if mask is None else Pixels.of(mask), revision)
