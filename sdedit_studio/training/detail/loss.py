"""The parts of the student's loss. Pictures are in [-1, 1]; `aligned` is a batch's, (b, 1, 1, 1)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, pad, relu

from sdedit_studio.models.span import FACTOR

Maps = Sequence[Tensor]

LIKENESS, DRIFT = 0.5, 2.0
"""Weights of the feature loss and the drift loss; the pixel loss has weight 1."""

ONLY_LIKE = 0.15
"""Weight of the feature loss of pictures that are not aligned; aligned ones have 1 more."""

DRIFT_CELL = 8
"""Side in pixels of the cells, in the enlarged picture, of the drift loss: small enough to keep edges in place, and one
period of the hatching.
"""

WINDOW = 7
"""Side in pixels of the window of `local_contrast`."""

FULL_CONTRAST = 0.06
"""The local contrast from which the critic has full weight. In flatter places it would cause scratches."""

LUMA = (0.299, 0.587, 0.114)


def distance(made: Tensor, goal: Tensor, picture: Tensor, maps: Maps, goal_maps: Maps, aligned: Tensor) -> Tensor:
    """The student's loss without the adversarial part, of its output `made` (b, 3, 4 h, 4 w); a scalar.

    `goal`: the teacher's output, (b, 3, 4 h, 4 w). `picture`: the student's input. `maps`, `goal_maps`: of `made`,
    `goal`.
    """
    likeness = feature_loss(maps, goal_maps, aligned)
    return pixel_loss(made, goal, aligned) + LIKENESS * likeness + DRIFT * drift_loss(made, picture)


def pixel_loss(made: Tensor, goal: Tensor, aligned: Tensor) -> Tensor:
    """The L1 distance of aligned pictures."""
    return (aligned * (made - goal).abs()).mean()


def feature_loss(maps: Maps, goal_maps: Maps, aligned: Tensor) -> Tensor:
    """The L1 distance of feature maps (b, c, h, w), relative to the mean magnitude of the goal's."""
    parts = [
        ((aligned + ONLY_LIKE) * (ours.float() - theirs.float()).abs()).mean() / (theirs.float().abs().mean() + 1e-3)
        for ours, theirs in zip(maps, goal_maps, strict=True)
    ]
    return torch.stack(parts).mean()


def drift_loss(made: Tensor, picture: Tensor) -> Tensor:
    """The L1 distance of the cell means of `made` (b, 3, 4 h, 4 w) and `picture` (b, 3, h, w)."""
    return (avg_pool2d(made, DRIFT_CELL) - avg_pool2d(picture, DRIFT_CELL // FACTOR)).abs().mean()


def adversarial_loss(scores: Maps, weight: Tensor) -> Tensor:
    """The negative mean of the critic's scores (b, 1, ?, ?), weighted by `weight` (b, 1, h, w) at their place."""
    parts = [
        (adaptive_avg_pool2d(weight, (score.shape[-2], score.shape[-1])) * score.float()).mean() for score in scores
    ]
    return -torch.stack(parts).mean()


def critic_weight(picture: Tensor) -> Tensor:
    """The weight of the critic at each pixel of `picture` (b, 3, h, w): (b, 1, h, w), 0 to 1."""
    return (local_contrast(picture) / FULL_CONTRAST).clamp(max=1)


def local_contrast(picture: Tensor) -> Tensor:
    """The standard deviation of the luma in a window around each pixel: (b, 3, h, w) to (b, 1, h, w)."""
    luma = (picture * torch.tensor(LUMA, device=picture.device).view(1, 3, 1, 1)).sum(1, keepdim=True)
    around = pad(luma, (WINDOW // 2,) * 4, mode="replicate")
    mean = avg_pool2d(around, WINDOW, 1)
    return (avg_pool2d(around**2, WINDOW, 1) - mean**2).clamp(min=0).sqrt()


def hinge_loss(made: Maps, real: Maps) -> Tensor:
    """The critic's hinge loss: `relu(1 + score)` of pictures made, `relu(1 - score)` of photographs."""
    parts = [
        relu(1 + fake.float()).mean() + relu(1 - true.float()).mean() for fake, true in zip(made, real, strict=True)
    ]
    return torch.stack(parts).mean()
