"""How an edited picture is blended into the guide. Loads no torch."""

from __future__ import annotations

import numpy as np

_FADE = 8
"""The guide fades in over the lowest eighth of strengths."""


def strength_coverage(strength: np.ndarray) -> np.ndarray:
    """The coverage (h, w) uint8 to paste with for a strength map (h, w) uint8; 0 where the strength is."""
    return np.minimum(strength.astype(np.uint16) * _FADE, 255).astype(np.uint8)


def coverage(mask: np.ndarray | None, strength: np.ndarray | None) -> np.ndarray | None:
    """The coverage to paste with for a mask and a strength map, (h, w) uint8; None for 255 everywhere."""
    parts = [part for part in (mask, None if strength is None else strength_coverage(strength)) if part is not None]
    if all(part.min() == 255 for part in parts):
        return None
    return parts[0] if len(parts) == 1 else ((parts[0].astype(np.uint16) * parts[1] + 127) // 255).astype(np.uint8)


def paste(guide: np.ndarray, picture: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """`picture` blended into `guide` by the mask; all (h, w, 3) uint8, the mask (h, w).

    Bit for bit the guide where the mask is 0, and the picture where it is 255.
    """
    if mask is None:
        return picture
    cover = mask[..., None].astype(np.int32)
    return ((guide * (255 - cover) + picture * cover + 127) // 255).astype(np.uint8)
