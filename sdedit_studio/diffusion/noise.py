"""Gaussian noise by address: a seed and a place name one field, whatever the device, the batch or the order of
drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

NoiseSource = Callable[[int], Tensor]
"""Standard normal noise for a solver's step: field 0 starts the process, field i enters in step i."""


def counted(
    seeds: Sequence[int],
    size: tuple[int, int, int],
    *,
    place: tuple[int, int] = (0, 0),
    device: torch.device | str = "cpu",
) -> NoiseSource:
    """Fields of shape (len(seeds), *size), float32; each picture of the batch has the noise of its own seed.

    `place`: pass and round, so that no two of them share a field. A counter-based generator (Philox; Salmon et al.
    2011) keyed by the seed makes each field, on the CPU, without drawing those before it.
    """

    def draw(step: int) -> Tensor:
        fields = [
            np.random.Generator(np.random.Philox(key=seed, counter=[0, step, *place])).standard_normal(size, np.float32)
            for seed in seeds
        ]
        noise = torch.from_numpy(np.stack(fields))
        # From ordinary memory the copy would wait for all that the graphics card has yet to do.
        return (
            noise.pin_memory().to(device, non_blocking=True)
            if torch.device(device).type == "cuda"
            else noise.to(device)
        )

    return draw
