"""Gaussian noise by address, as arrays: a seed and a place name one field, always the same. Loads no torch."""

from __future__ import annotations

import numpy as np


def field(seed: int, step: int, size: tuple[int, ...], place: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Standard normal noise of shape `size`, float32; field 0 of a place starts its process.

    `place`: pass and round, so that no two of them share a field. A counter-based generator (Philox; Salmon et al.
    2011) keyed by the seed makes each field without drawing those before it.
    """
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, step, *place])).standard_normal(size, np.float32)
