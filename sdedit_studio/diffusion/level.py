"""The noise level of a batch: one for all of its pictures, or one for each.

Levels, and what follows from them, stay numbers of the host until they meet a tensor. So nobody ever waits for a device
to tell them, and what holds for all pictures is a plain number, to the last bit the one of a picture made alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from sdedit_studio.diffusion.to_device import to_device

Level = float | tuple[float, ...]
"""One number for all pictures of a batch, or a number for each of them where they differ."""


def level_of(values: Iterable[float]) -> Level:
    """The level of a batch, from that of each of its pictures."""
    first, *others = values
    return (first, *others) if any(other != first for other in others) else first


def of_picture(level: Level, index: int) -> float:
    """That of one picture of the batch."""
    return level[index] if isinstance(level, tuple) else level


def lowest(level: Level) -> float:
    """The lowest of the batch."""
    return min(level) if isinstance(level, tuple) else level


def map_level(function: Callable[..., float], *levels: Level) -> Level:
    """`function` of the levels, picture by picture where they differ."""
    (value,) = map_to_levels(lambda *numbers: (function(*numbers),), *levels)
    return value


def map_to_levels(function: Callable[..., Sequence[float]], *levels: Level) -> Sequence[Level]:
    """`map_level` for a function that gives several numbers, such as a grid of levels or the coefficients of a step."""
    count = max(len(level) if isinstance(level, tuple) else 1 for level in levels)
    pictures = [function(*(of_picture(level, index) for level in levels)) for index in range(count)]
    return [level_of(values) for values in zip(*pictures, strict=True)]


def broadcast(level: Level, like: Tensor) -> float | Tensor:
    """A factor for the batch `like` (b, ...): the number itself, or (b, 1, ..., 1) of its type where they differ."""
    if not isinstance(level, tuple):
        return level
    return to_device(torch.tensor(level, dtype=like.dtype), like.device).reshape(-1, *(1 for _ in like.shape[1:]))


def as_vector(level: Level, batch: Tensor) -> Tensor:
    """A number for each picture of `batch` (b, ...), as networks take their labels: (b,) float32."""
    if not isinstance(level, tuple):
        return torch.full((len(batch),), level, device=batch.device)
    return to_device(torch.tensor(level), batch.device)
