"""The batches of training: patches of photographs, and of degraded or edited versions of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, interpolate, pad

from sdedit_studio.models.span import FACTOR
from sdedit_studio.training.detail.frames import Frames
from sdedit_studio.training.detail.photographs import Photographs

LIGHT, USUAL = 3 / 8, 2 / 8
"""Shares of a batch from light and from usual passes of the base model; the rest are degraded photographs."""

SCALES = (0.625, 1.43)
"""The range of long sides that photographs are resized to before cropping, in widths of the frame."""

MOST_BLUR, MOST_NOISE, MOST_HATCHING = 0.7, 0.03, 0.06
"""The strongest degradations: a standard deviation in pixels, and two amplitudes for data in [-1, 1]."""

BLUR_REACH = 3


@dataclass(frozen=True)
class Batch:
    """`photograph`: (b, 3, 4 s, 4 s); `picture`: (b, 3, s, s), the student's input; both in [-1, 1].

    `aligned`: (b, 1, 1, 1), 1 where the photograph is the target of the picture, 0 where they are only similar.
    """

    photograph: Tensor
    picture: Tensor
    aligned: Tensor

    @property
    def clean(self) -> Tensor:
        """The teacher's input: the photograph at the picture's size, (b, 3, s, s)."""
        return avg_pool2d(self.photograph, FACTOR)


def draw(frames: Frames, photographs: Photographs, count: int, side: int, width: int, seed: int) -> Batch:
    """A batch of `count` patches of `side` pixels, on the CPU. `width`: of the frame, in pixels."""
    random = np.random.default_rng(seed)
    light, usual = round(count * LIGHT), round(count * USUAL)
    made = [frames.patch(frames.light, side, random) for _ in range(light)]
    made += [frames.patch(frames.usual, side, random) for _ in range(usual)]
    longest = (SCALES[0] * width, SCALES[1] * width)
    crops = [photographs.crop(FACTOR * side, longest, random) for _ in range(count - light - usual)]
    photograph = _tensor([*(whole for whole, _ in made), *crops])
    spoilt = degrade(avg_pool2d(photograph[len(made) :], FACTOR), torch.Generator().manual_seed(seed))
    picture = torch.cat([_tensor([small for _, small in made]), spoilt])
    aligned = torch.ones(count, 1, 1, 1)
    aligned[light : light + usual] = 0
    return Batch(photograph, picture, aligned)


def degrade(x: Tensor, generator: torch.Generator) -> Tensor:
    """Add blur, noise and the fine hatching of networks with 2x2 patches, each of random strength per picture.

    `x`: (b, 3, h, w) in [-1, 1], on the CPU like `generator`. Returns the same shape, not clamped.
    """
    count, _, height, width = x.shape

    def share() -> Tensor:
        return torch.rand(count, 1, 1, 1, generator=generator)

    blurred = _blurred(x, MOST_BLUR * share().flatten())
    noisy = blurred + MOST_NOISE * share() * torch.randn(x.shape, generator=generator)
    columns, rows = (1 - 2 * (torch.arange(length) % 2).float() for length in (width, height))
    patterns = torch.stack([columns.expand(height, -1), rows[:, None].expand(-1, width), columns * rows[:, None]])
    where = interpolate(torch.randn(count, 3, 6, 6, generator=generator), (height, width), mode="bicubic")
    return noisy + MOST_HATCHING * share() ** 2 * (where * patterns).sum(1, keepdim=True)


def _blurred(x: Tensor, sigma: Tensor) -> Tensor:
    """Each picture of `x` (b, 3, h, w) under a Gaussian of its own `sigma` (b,) in pixels."""
    along = torch.arange(-BLUR_REACH, BLUR_REACH + 1.0)
    kernel = torch.exp(-(along**2) / (2 * sigma[:, None].clamp(min=0.05) ** 2))
    kernel = kernel / kernel.sum(1, keepdim=True)
    padded = pad(x, (BLUR_REACH,) * 4, mode="reflect").transpose(0, 1)
    across = conv2d(padded, kernel[:, None, None, :], groups=len(x))
    return conv2d(across, kernel[:, None, :, None], groups=len(x)).transpose(0, 1)


def _tensor(pictures: list[np.ndarray]) -> Tensor:
    """Pictures (h, w, 3) uint8 as (b, 3, h, w) float32 in [-1, 1]."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
