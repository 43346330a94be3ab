"""How far an edit is from its guide, how sharp it is, and whether its colours stayed. All take and return numpy;
pictures are (..., h, w, 3) uint8.
"""

from __future__ import annotations

import numpy as np

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue (ITU-R BT.601)."""

CELL = 16
"""Side in pixels of the cells whose mean colours `drift` compares."""


def l2(guide: np.ndarray, picture: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """The paper's L2, for each picture: squared differences summed over pixels and channels of values in [0, 1], no
    root taken.

    `mask`: weights (h, w) or (..., h, w) in [0, 1], or None for the whole picture; its complement measures what an
    edit should have left alone. The sum grows with the picture's area: compare pictures of one size only.
    """
    return _squares(guide, picture, mask).sum((-3, -2, -1)) / 255**2


def rmse(guide: np.ndarray, picture: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """The root of the mean squared difference, in grey levels (0..255), for each picture; over the mask's weight when
    there is one.

    Raises ValueError when the mask is empty.
    """
    squares = _squares(guide, picture, mask)
    area = squares.shape[-3] * squares.shape[-2] if mask is None else np.asarray(mask, np.float64).sum((-2, -1))
    if not np.all(area):
        raise ValueError("The mask is empty, so there is nothing to measure.")
    return np.sqrt(squares.sum((-3, -2, -1)) / (3 * area))


def sharpness(picture: np.ndarray) -> np.ndarray:
    """The variance of the Laplacian of the luma, for each picture, in squared grey levels.

    The Laplacian is the sum of a pixel's four neighbours less four times the pixel; the outermost pixels have none.
    """
    luma = picture @ np.array(LUMA)
    across = luma[..., 1:-1, :-2] + luma[..., 1:-1, 2:]
    down = luma[..., :-2, 1:-1] + luma[..., 2:, 1:-1]
    return (across + down - 4 * luma[..., 1:-1, 1:-1]).var((-2, -1))


def drift(before: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """How far colours and light moved, for each picture: the root of the mean squared difference, in grey levels,
    between the mean colours of whole cells of 16 x 16 pixels.

    Raises ValueError when the shapes differ, or a picture is smaller than a cell.
    """
    if before.shape != picture.shape or min(picture.shape[-3:-1]) < CELL:
        raise ValueError(f"The drift between pictures of the shapes {before.shape} and {picture.shape} is not defined.")
    return np.sqrt(np.square(_cells(before) - _cells(picture)).mean((-3, -2, -1)))


def _cells(picture: np.ndarray) -> np.ndarray:
    """The mean colours of the cells, (..., h // 16, w // 16, 3)."""
    rows, columns = (length // CELL for length in picture.shape[-3:-1])
    whole = picture[..., : rows * CELL, : columns * CELL, :]
    return whole.reshape(*picture.shape[:-3], rows, CELL, columns, CELL, 3).mean((-4, -2))


def _squares(guide: np.ndarray, picture: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    if guide.shape != picture.shape:
        raise ValueError(f"Pictures of the shapes {guide.shape} and {picture.shape} cannot be compared.")
    squares = np.square(guide.astype(np.float64) - picture)
    return squares if mask is None else squares * np.asarray(mask, np.float64)[..., None]
