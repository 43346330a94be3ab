"""Faithfulness: how far an edit is from its guide. All take and return numpy; pictures are (..., h, w, 3) uint8."""

from __future__ import annotations

import numpy as np


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


def _squares(guide: np.ndarray, picture: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    if guide.shape != picture.shape:
        raise ValueError(f"Pictures of the shapes {guide.shape} and {picture.shape} cannot be compared.")
    squares = np.square(guide.astype(np.float64) - picture)
    return squares if mask is None else squares * np.asarray(mask, np.float64)[..., None]
