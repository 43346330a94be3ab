"""Gaussian noise fields as tensors: the same for any device, batch and order of drawing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from sdedit_studio.diffusion.fields import field
from sdedit_studio.diffusion.to_device import to_device

NoiseSource = Callable[[int], Tensor]
"""Standard normal noise by the index of a solver's step: field 0 noises the guide, field i enters in step i."""


def noise_source(
    seeds: Sequence[int],
    size: tuple[int, int, int],
    *,
    place: tuple[int, int] = (0, 0),
    device: torch.device | str = "cpu",
) -> NoiseSource:
    """Fields of shape (len(seeds), *size), float32 on `device`; each picture of the batch has its own seed.

    `place`: the indices of pass and round; see `fields.field`, which draws them on the CPU.
    """

    def draw(step: int) -> Tensor:
        return to_device(torch.from_numpy(np.stack([field(seed, step, size, place) for seed in seeds])), device)

    return draw
