"""The curve of soft edges."""

from __future__ import annotations

import numpy as np


def smoothstep(part: np.ndarray) -> np.ndarray:
    """`3 p^2 - 2 p^3` of `part` p, of any shape, clamped to 0 .. 1; its slope is 0 at both ends."""
    part = np.clip(part, 0, 1)
    return part * part * (3 - 2 * part)
