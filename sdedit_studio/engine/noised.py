"""The noised guide that an edit starts from, at the native size of a first pass. Loads no torch.

An edit whose t0 is so low that it starts at a larger pass has noise of that size, which looks alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from PIL import Image

from sdedit_studio.diffusion.fields import field
from sdedit_studio.diffusion.plan import native_size, sigma_of_t0
from sdedit_studio.engine.job import Job, Pixels
from sdedit_studio.models.catalogue import ModelCard


@dataclass(frozen=True, eq=False)
class Noised:
    """A guide and its noise at the model's native size, both (h, w, 3) float32 with the guide in [-1, 1]."""

    guide: np.ndarray
    noise: np.ndarray
    sigma_max: float

    @staticmethod
    def of(job: Job, card: ModelCard) -> Noised:
        """The guide and noise of the first round of a job's first pass. `card`: of a model in pixel space."""
        size = native_size(job.guide.width, job.guide.height, card.native, card.stride)
        small = Image.fromarray(job.guide.array).resize(size, Image.Resampling.BICUBIC)
        noise = field(job.parameters.seed, 0, (3, size[1], size[0])).transpose(1, 2, 0)
        return Noised(np.asarray(small, np.float32) / 127.5 - 1, noise, card.sigma_max)

    def at(self, t0: float) -> Pixels:
        """`(x + s z) / sqrt(1 + s^2)` at the level s of `t0`: the noised guide in VP coordinates, as an RGB picture."""
        sigma = min(sigma_of_t0(t0), self.sigma_max)
        mixed = (self.guide + sigma * self.noise) / sqrt(1 + sigma**2)
        return Pixels.of(((mixed + 1) * 127.5).round().clip(0, 255).astype(np.uint8))
