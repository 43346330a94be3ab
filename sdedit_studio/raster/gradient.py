"""Linear and radial gradients."""

from __future__ import annotations

from typing import Literal

import numpy as np

from sdedit_studio.raster.geometry import Rect

Kind = Literal["linear", "radial"]


def gradient(
    rect: Rect,
    start: tuple[float, float],
    end: tuple[float, float],
    colour0: tuple[int, int, int, int],
    colour1: tuple[int, int, int, int],
    kind: Kind = "linear",
) -> np.ndarray:
    """Premultiplied BGRA uint8 (height, width, 4) of the document pixels in `rect`.

    `colour0` and `colour1`: sRGB and straight alpha, 0 .. 255. From `start` (the centre, when radial) to `end`, in
    document pixels, the premultiplied colours are mixed linearly; beyond them they go on unchanged. The fractions of a
    level are dithered, so that wide gradients show no bands.
    """
    columns = np.arange(rect.x, rect.right, dtype=np.float32) + np.float32(0.5 - start[0])
    rows = np.arange(rect.y, rect.bottom, dtype=np.float32)[:, None] + np.float32(0.5 - start[1])
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = max(np.hypot(dx, dy), 1e-3)
    if kind == "linear":
        along = columns * np.float32(dx / length**2) + rows * np.float32(dy / length**2)
    else:
        along = np.hypot(columns, rows) / np.float32(length)
    along = np.clip(along, 0, 1)
    noise = _dither(rect)
    out = np.empty((rect.height, rect.width, 4), np.uint8)
    for channel, (first, last) in enumerate(zip(_premultiplied(colour0), _premultiplied(colour1), strict=True)):
        # One noise for all channels keeps every colour at most its alpha, as premultiplied pixels must be.
        out[..., channel] = along * np.float32(last - first) + np.float32(first) + noise
    return out


def _premultiplied(colour: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
    red, green, blue, alpha = colour
    return blue * alpha / 255, green * alpha / 255, red * alpha / 255, float(alpha)


def _dither(rect: Rect) -> np.ndarray:
    rows, columns = np.arange(rect.y, rect.bottom) % len(_NOISE), np.arange(rect.x, rect.right) % len(_NOISE)
    return _NOISE[rows[:, None], columns]


def _interleaved_gradient_noise(size: int) -> np.ndarray:
    """Noise in [0, 1), even and free of clumps (Jimenez, "Next generation post processing", SIGGRAPH 2014)."""
    rows, columns = np.indices((size, size))
    return (52.9829189 * ((0.06711056 * columns + 0.00583715 * rows) % 1.0) % 1.0).astype(np.float32)


_NOISE = _interleaved_gradient_noise(256)
