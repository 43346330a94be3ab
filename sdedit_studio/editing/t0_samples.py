"""The picture that one t0 makes of a painting, and its distances to the painting and to photographs. For any thread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from sdedit_studio.engine.job import Job, Pixels
from sdedit_studio.evaluation.measures import l2, rmse


@dataclass(frozen=True, eq=False)
class Sample:
    """The picture at one t0, at the model's native size.

    `l2`, `rmse`: its distance to the guide where it may differ, as the paper measures it and in grey levels.
    `photo_distance`: its distance to photographs as the model estimates it, None when the model cannot.
    """

    picture: Pixels
    l2: float
    rmse: float
    photo_distance: float | None


def sample_of(job: Job, picture: Pixels, photo_distance: float | None) -> Sample:
    """A picture with its distance to the job's guide, where the mask lets it change. For any thread."""
    size = picture.width, picture.height
    guide, coverage = _resized(job.guide.array, size), job.coverage
    mask = None if coverage is None else _resized(coverage, size) / 255
    if mask is not None and not mask.any():
        mask = None  # too small to be seen at this size
    return Sample(
        picture, float(l2(guide, picture.array, mask)), float(rmse(guide, picture.array, mask)), photo_distance
    )


def guide_at(job: Job, size: tuple[int, int]) -> Pixels:
    """The guide at another size, which is the picture that t0 = 0 gives."""
    return Pixels.of(_resized(job.guide.array, size))


def _resized(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))
