"""The curve that edges fade along."""

from __future__ import annotations

import numpy as np


def smoothstep(part: np.ndarray) -> np.ndarray:
    """From 0 to 1 as `part`, of any shape, goes from 0 to 1, with no slope and so no visible corner at either end;
    beyond, 0 and 1.
    """
    part = np.clip(part, 0, 1)
    return part * part * (3 - 2 * part)
