"""The noise level of a batch: one number for all of its pictures, or one for each.

Levels, and coefficients computed from them, are Python floats until they meet a tensor. So nothing waits for a device,
and a level shared by all pictures gives the same bits as for one picture alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from sdedit_studio.diffusion.to_device import to_device

Level = float | tuple[float, ...]
"""One float for all pictures of a batch, or a tuple of one for each where they differ."""


def level_of(values: Iterable[float]) -> Level:
    """The level of a batch, from that of each of its pictures."""
    first, *others = values
    return (first, *others) if any(other != first for other in others) else first


def of_picture(level: Level, index: int) -> float:
    """The level of picture `index` of the batch."""
    return level[index] if isinstance(level, tuple) else level


def lowest(level: Level) -> float:
    """The lowest level of the batch."""
    return min(level) if isinstance(level, tuple) else level


def map_level(function: Callable[..., float], *levels: Level) -> Level:
    """`function` of the levels, applied per picture where they differ."""
    (value,) = map_to_levels(lambda *numbers: (function(*numbers),), *levels)
    return value


def map_to_levels(function: Callable[..., Sequence[float]], *levels: Level) -> Sequence[Level]:
    """`map_level` for a function that returns several numbers, such as a grid of levels or a step's coefficients."""
    count = max(len(level) if isinstance(level, tuple) else 1 for level in levels)
    pictures = [function(*(of_picture(level, index) for level in levels)) for index in range(count)]
    return [level_of(values) for values in zip(*pictures, strict=True)]


def broadcast(level: Level, like: Tensor) -> float | Tensor:
    """The level as a factor for the batch `like` (b, ...): the float itself, or a (b, 1, ..., 1) tensor of its type."""
    if not isinstance(level, tuple):
        return level
    return to_device(torch.tensor(level, dtype=like.dtype), like.device).reshape(-1, *(1 for _ in like.shape[1:]))


def as_vector(level: Level, batch: Tensor) -> Tensor:
    """The level of each picture of `batch` (b, ...), as networks take their time input: (b,) float32 on its device."""
    if not isinstance(level, tuple):
        return torch.full((len(batch),), level, device=batch.device)
    return to_device(torch.tensor(level), batch.device)
