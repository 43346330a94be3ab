"""The round tip: the coverage of one dab, at sub-pixel positions."""

from __future__ import annotations

import math
from collections import OrderedDict

import numpy as np

from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.smoothstep import smoothstep

_CACHE_SIZE = 16 * 2**20
"""Pixels of cached masks: 64 MiB."""


class _Masks(OrderedDict[tuple[float, float, float, float], np.ndarray]):
    """Recently used masks by (diameter, hardness, sub-pixel x, sub-pixel y)."""

    pixels = 0

    def __missing__(self, key: tuple[float, float, float, float]) -> np.ndarray:
        mask = self[key] = _mask(*key)
        self.pixels += mask.size
        while self.pixels > _CACHE_SIZE:
            self.pixels -= self.popitem(last=False)[1].size
        return mask


_masks = _Masks()


def dab(x: float, y: float, diameter: float, hardness: float) -> tuple[np.ndarray, Rect]:
    """Coverage of a round tip centred on document point (x, y), where pixel (i, j) covers [i, i + 1) x [j, j + 1).

    Returns float32 (n, n) in 0 .. 1, read-only and shared, and the n x n pixels where it lies. It is 1 within
    `hardness` of the radius and falls smoothly to 0 at the radius; the fall is never narrower than a pixel and never
    ends less than a pixel from the centre, so hard and tiny tips are antialiased. Diameters are rounded to 1/16 px
    (whole pixels from 64 px) and centres to 1/4 px (1/8 px up to 16 px), so that masks can be kept.
    """
    diameter = max(1.0, round(diameter * 16) / 16 if diameter < 64 else float(round(diameter)))
    steps = 8 if diameter <= 16 else 4
    x, y = round(x * steps) / steps, round(y * steps) / steps
    column, row = math.floor(x), math.floor(y)
    key = (diameter, hardness, x - column, y - row)
    mask = _masks[key]
    _masks.move_to_end(key)
    reach = len(mask) // 2
    return mask, Rect(column - reach, row - reach, len(mask), len(mask))


def _mask(diameter: float, hardness: float, x: float, y: float) -> np.ndarray:
    radius = diameter / 2
    reach = math.ceil(radius + 0.5)
    pixels = np.arange(-reach, reach + 1, dtype=np.float32) + np.float32(0.5)
    distance = np.sqrt(np.square(pixels - np.float32(x)) + np.square(pixels - np.float32(y))[:, None])
    half_width = max(radius * (1 - hardness) / 2, 0.5)
    end = max(radius * (1 + hardness) / 2 + half_width, 1.0)
    fall = np.clip((np.float32(end) - distance) / np.float32(2 * half_width), 0, 1)
    # Smoothstep has no visible corners, but only a linear fall of one pixel covers pixels in proportion.
    roundness = np.float32(1 - 0.5 / half_width)
    mask = fall + (smoothstep(fall) - fall) * roundness
    mask.flags.writeable = False
    return mask
