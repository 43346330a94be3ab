"""Stroke paintings simulated from photographs, as the paper did for its tables (Meng et al. 2021, appendix)."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

KERNEL, SIDE = 23, 256
"""The paper's median filter: 23 pixels wide on pictures of 256."""

COLOURS = 6


def strokes(picture: np.ndarray, colours: int = COLOURS) -> np.ndarray:
    """`picture` (h, w, 3) uint8 as if painted in broad strokes of `colours` colours: a median filter, then an adaptive
    palette.
    """
    smooth = Image.fromarray(picture).filter(ImageFilter.MedianFilter(kernel(min(picture.shape[:2]))))
    return np.asarray(smooth.quantize(colours).convert("RGB"))


def kernel(side: int) -> int:
    """The filter's width for a picture whose shorter side is `side` pixels: the odd number nearest to the paper's
    share of it.
    """
    return 2 * round((KERNEL * side / SIDE - 1) / 2) + 1
