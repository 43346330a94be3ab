"""The distance from results to photographs, estimated by the model that made them. Loads torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from sdedit_studio.diffusion.cascade import as_tensor, resized
from sdedit_studio.diffusion.denoiser import Denoiser
from sdedit_studio.diffusion.noise import noise_source
from sdedit_studio.diffusion.plan import native_size
from sdedit_studio.diffusion.realism import distance_to_photographs
from sdedit_studio.diffusion.space import pooled
from sdedit_studio.engine.job import Job
from sdedit_studio.models.loaded import LoadedModel

_PLACE = (1 << 32, 0)
"""The address of the noise that pictures are judged with: of no pass of any edit, and the same for all pictures."""


def judged(
    job: Job, model: LoadedModel, pictures: Sequence[np.ndarray], stoppable: Callable[[Denoiser], Denoiser]
) -> Sequence[float | None]:
    """The distance of each of `pictures` (h, w, 3) uint8, results of `job` and of its batch; see `diffusion.realism`.

    The photographs are those of any class, or of the job's class where the model needs one. Pictures are judged at the
    model's native size, and only where they may differ from the guide. None for a few-step model: it predicts one
    picture and not the posterior mean, so the estimate does not hold.
    """
    card, space, device = model.card, model.space, model.device
    if card.few_step:
        return [None for _ in pictures]
    width, height = native_size(job.guide.width, job.guide.height, card.native, card.stride)
    x = torch.cat([space.encode(resized(as_tensor(picture, device), (height, width))) for picture in pictures])
    where = None
    if (coverage := job.coverage) is not None:
        editable = torch.from_numpy(coverage > 0).to(device, torch.float32)[None, None]
        where = pooled(resized(editable, (height, width)).clamp(0, 1), space.factor)
    denoiser = model.denoiser(job.parameters.condition if card.default_condition else None)
    noise = noise_source([0], (x.shape[1], x.shape[2], x.shape[3]), place=_PLACE, device=device)(0)
    return distance_to_photographs(stoppable(denoiser), x, noise, where)
