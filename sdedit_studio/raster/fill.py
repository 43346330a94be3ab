"""Flood fill: the area of similar colour around a pixel."""

from __future__ import annotations

import numpy as np
from scipy import ndimage


def flood(image: np.ndarray, x: int, y: int, tolerance: float, contiguous: bool = True, grow: int = 1) -> np.ndarray:
    """Coverage, uint8 (h, w) of 0 or 255, of the pixels that have about the colour of pixel (x, y).

    `image`: premultiplied BGRA uint8 (h, w, 4). `tolerance`: 0 .. 1, the largest difference in any premultiplied
    channel. `contiguous`: only what is connected to (x, y) by pixel sides; otherwise everywhere.
    `grow`: by how many pixels the area creeps up the slope of an antialiased edge, so that no halo of half-covered
    pixels is left. It stops at the edge's crest and does not pass a hard edge. Raises ValueError when (x, y) is
    outside the image.
    """
    height, width = image.shape[:2]
    if not (0 <= x < width and 0 <= y < height):
        raise ValueError("Click inside the canvas to fill.")
    seed = image[y, x]
    distance = (np.maximum(image, seed) - np.minimum(image, seed)).max(axis=2)
    inside = distance <= round(tolerance * 255)
    if contiguous:
        areas = np.empty(inside.shape, np.int32)
        ndimage.label(inside, output=areas)
        inside = areas == areas[y, x]
    if grow:
        slope = ndimage.maximum_filter(distance, 3) > distance
        inside = ndimage.binary_dilation(inside, iterations=grow, mask=inside | slope)
    return inside.astype(np.uint8) * np.uint8(255)
