"""Conversion between premultiplied BGRA, as the studio paints with, and straight RGBA, as in files.

`straight` loses nothing: `premultiplied(straight(x)) == x` for every pixel whose colours do not exceed its alpha.
Proof: u = round(255 c / a) is off by at most 1/2, so u a / 255 is off from c by at most a / 510 <= 1/2, and below 1/2
unless a = 255, where u = c.
"""

from __future__ import annotations

import numpy as np

_ALPHA, _COLOUR = np.ogrid[0:256, 0:256]
_PREMULTIPLIED = ((_ALPHA * _COLOUR + 127) // 255).astype(np.uint8).ravel()
_STRAIGHT = np.minimum((255 * _COLOUR + _ALPHA // 2) // np.maximum(_ALPHA, 1), 255).astype(np.uint8)
_STRAIGHT[0] = 0
_STRAIGHT = _STRAIGHT.ravel()

_ROWS = 128
"""Rows done at a time: the index arrays stay small, and other threads get their turn in between."""


def premultiplied(rgba: np.ndarray) -> np.ndarray:
    """Premultiplied BGRA of straight RGBA; both uint8 (h, w, 4)."""
    return _swapped(rgba, _PREMULTIPLIED)


def straight(bgra: np.ndarray) -> np.ndarray:
    """Straight RGBA of premultiplied BGRA; both uint8 (h, w, 4). Fully transparent pixels become black."""
    return _swapped(bgra, _STRAIGHT)


def _swapped(pixels: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Colours in reverse order, each looked up in `table` at 256 * alpha + colour."""
    out = np.empty(pixels.shape, np.uint8)
    for top in range(0, len(pixels), _ROWS):
        part, target = pixels[top : top + _ROWS], out[top : top + _ROWS]
        alpha = part[..., 3:]
        if (alpha == 255).all():
            target[..., :3] = part[..., 2::-1]
        else:
            np.take(table, (alpha.astype(np.uint16) << 8) | part[..., 2::-1], out=target[..., :3], mode="clip")
        target[..., 3] = part[..., 3]
    return out
