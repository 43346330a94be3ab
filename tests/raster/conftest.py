"""Random pictures, and layers to put them in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from sdedit_studio.raster.blend import BlendMode
from sdedit_studio.raster.tiles import EMPTY, Tiles


@dataclass(frozen=True)
class Layer:
    """What the compositor asks of a layer, and no more."""

    pixels: Tiles = EMPTY
    mask: Tiles | None = None
    opacity: float = 1.0
    mode: BlendMode = BlendMode.NORMAL
    visible: bool = True


@pytest.fixture(scope="session")
def layer() -> type[Layer]:
    return Layer


@pytest.fixture(scope="session")
def picture() -> Callable[..., np.ndarray]:
    """picture(seed, width, height): random premultiplied BGRA, rich in transparent, opaque, black and white pixels."""

    def make(seed: int, width: int, height: int) -> np.ndarray:
        random = np.random.default_rng(seed)
        alpha = random.choice([0, 255, *random.integers(1, 255, 6)], (height, width, 1))
        colour = random.integers(0, 256, (height, width, 3))
        special = random.random((height, width, 3))
        colour[special < 0.1], colour[special > 0.9] = 0, 255
        return np.concatenate([np.rint(colour * alpha / 255), alpha], axis=2).astype(np.uint8)

    return make


@pytest.fixture(scope="session")
def coverage() -> Callable[..., np.ndarray]:
    """coverage(seed, width, height): random masks with a good part of 0 and 255."""

    def make(seed: int, width: int, height: int) -> np.ndarray:
        random = np.random.default_rng(seed)
        return random.choice([0, 255, *random.integers(1, 255, 2)], (height, width)).astype(np.uint8)

    return make
