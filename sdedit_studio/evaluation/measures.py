"""Measures of pictures (..., h, w, 3) uint8: L2 and RMSE to a guide, sharpness, and drift of colours. All in numpy."""

from __future__ import annotations

import numpy as np

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue (ITU-R BT.601)."""

CELL = 16
"""Side in pixels of the cells whose mean colours `drift` compares."""


def l2(guide: np.ndarray, picture: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """The paper's L2 of each picture: the sum of squared differences over pixels and channels, of values in [0, 1].

    `mask`: weights (h, w) or (..., h, w) in [0, 1], or None for the whole picture. The sum grows with the area of the
    picture, so only pictures of one size can be compared. Raises ValueError when the shapes differ.
    """
    return _squares(guide, picture, mask).sum((-3, -2, -1)) / 255**2


def rmse(guide: np.ndarray, picture: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """The root mean squared difference of each picture, in grey levels (0 .. 255), weighted by `mask`.

    Raises ValueError when the mask is empty, or the shapes differ.
    """
    squares = _squares(guide, picture, mask)
    area = squares.shape[-3] * squares.shape[-2] if mask is None else np.asarray(mask, np.float64).sum((-2, -1))
    if not np.all(area):
        raise ValueError("The mask is empty, so there is nothing to measure.")
    return np.sqrt(squares.sum((-3, -2, -1)) / (3 * area))


def sharpness(picture: np.ndarray) -> np.ndarray:
    """The variance of the Laplacian of the luma of each picture, in squared grey levels.

    The Laplacian is the sum of a pixel's four neighbours minus four times the pixel, without the outermost pixels.
    """
    luma = picture @ np.array(LUMA)
    across = luma[..., 1:-1, :-2] + luma[..., 1:-1, 2:]
    down = luma[..., :-2, 1:-1] + luma[..., 2:, 1:-1]
    return (across + down - 4 * luma[..., 1:-1, 1:-1]).var((-2, -1))


def drift(before: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """The drift of colours of each picture: the RMSE, in grey levels, of the mean colours of 16 x 16 pixel cells.

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
