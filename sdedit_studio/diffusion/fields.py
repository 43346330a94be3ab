"""Gaussian noise fields as arrays, each determined by a seed, a pass, a round and a step. Loads no torch."""

from __future__ import annotations

import numpy as np


def field(seed: int, step: int, size: tuple[int, ...], place: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Standard normal noise of shape `size`, float32. Field 0 noises the guide; field i enters in step i.

    `place`: the indices of pass and round. A counter-based generator (Philox; Salmon et al. 2011) keyed by the seed
    makes each field without drawing those before it.
    """
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, step, *place])).standard_normal(size, np.float32)
