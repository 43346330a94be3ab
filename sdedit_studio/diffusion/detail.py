"""Detail networks: one call enlarges a picture and adds detail. The picture's colours and brightness are preserved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

CELL = 16
"""Side in pixels of the cells, in the enlarged picture, whose mean colours are preserved."""


CORRECTIONS = 2
"""Iterations that correct the smooth change of colour. With each, a pixel depends on one more cell around it."""


@dataclass(frozen=True)
class DetailNetwork:
    """`run`: pictures (b, 3, h, w) in [-1, 1] to (b, 3, factor h, factor w), roughly in [-1, 1].

    `factor`: 2 or 4. `reach`: the radius of its receptive field, in pixels of its input. `fade`: pixels of its input
    over which windows are blended; 0 for a network whose reach is known.
    """

    run: Callable[[Tensor], Tensor]
    factor: int
    reach: int
    fade: int = 0


def with_detail(
    network: DetailNetwork, picture: Tensor, *, side: int, crispness: float = 1.0, wanted: Tensor | None = None
) -> Tensor:
    """`picture` (b, 3, h, w) in [-1, 1] enlarged by the network: (b, 3, factor h, factor w), not clamped.

    It is made in windows of at most `side` pixels of `picture`, so that memory does not grow with its size. Each window
    has a margin of the network's receptive field, so that no seams show. `crispness`: 0 .. 1, how much of the network's
    difference to bicubic enlargement is taken. `wanted`: (..., h, w), not 0 where the network is needed; elsewhere the
    result is the bicubic one.
    """
    factor = network.factor
    out = enlarged(picture, factor)
    cell = CELL // factor
    margin = (ceil((network.reach + network.fade) / cell) + 1 + CORRECTIONS) * cell
    core = max(cell, (side - 2 * margin - network.fade) // cell * cell)
    (top, bottom), (left, right) = _box(wanted, picture, cell)
    for y0, y1 in _spans(top, bottom, core, cell):
        for x0, x1 in _spans(left, right, core, cell):
            if wanted is not None and not wanted[..., y0:y1, x0:x1].any():
                continue
            # What it fades over lies before it: what lies behind it fades over it in turn.
            fade_y, fade_x = (network.fade if start > first else 0 for start, first in ((y0, top), (x0, left)))
            rows, up = _around(y0 - fade_y, y1, margin, picture.shape[-2])
            columns, across = _around(x0 - fade_x, x1, margin, picture.shape[-1])
            window = _one(network, picture[..., rows, columns], crispness)
            window = window[..., _times(up, factor), _times(across, factor)]
            place = out[..., _times(slice(y0 - fade_y, y1), factor), _times(slice(x0 - fade_x, x1), factor)]
            down = _ramp(place.shape[-2], fade_y * factor, out)[:, None]
            place.lerp_(window, down * _ramp(place.shape[-1], fade_x * factor, out))
    return out


def enlarged(picture: Tensor, factor: int) -> Tensor:
    """`picture` (b, c, h, w) `factor` times as large in each direction, by bicubic interpolation."""
    return interpolate(picture, scale_factor=factor, mode="bicubic")


def with_cell_means(picture: Tensor, source: Tensor) -> Tensor:
    """`picture` (b, 3, f h, f w) with the mean colours of `source` (b, 3, h, w) in cells of `CELL` pixels.

    The difference of the means is added with bilinear interpolation between cells.
    """
    height, width = picture.shape[-2:]
    wanted = _means(source, CELL * source.shape[-1] // width) - _means(picture, CELL)
    low = wanted
    for _ in range(CORRECTIONS):
        # What is put on smoothly has smoother means than were wanted. Twice the grid is enough to tell by how much.
        low = low + wanted - avg_pool2d(interpolate(low, scale_factor=2, mode="bilinear"), 2)
    whole = [CELL * count for count in low.shape[-2:]]
    return picture + interpolate(low, whole, mode="bilinear")[..., :height, :width]


def _means(picture: Tensor, cell: int) -> Tensor:
    return avg_pool2d(picture, cell, ceil_mode=True, count_include_pad=False)


def _one(network: DetailNetwork, picture: Tensor, crispness: float) -> Tensor:
    made = with_cell_means(network.run(picture), picture)
    if crispness == 1:
        return made
    return enlarged(picture, network.factor).lerp(made, crispness)


Range = tuple[int, int]


def _box(wanted: Tensor | None, picture: Tensor, cell: int) -> tuple[Range, Range]:
    """The rows and the columns of all that is wanted, from cell to cell."""
    if wanted is None:
        return (0, picture.shape[-2]), (0, picture.shape[-1])
    where = wanted.ne(0).reshape(-1, *wanted.shape[-2:]).any(0)
    return _extent(where.any(1), cell), _extent(where.any(0), cell)


def _extent(line: Tensor, cell: int) -> Range:
    found = line.nonzero()
    if len(found) == 0:
        return 0, 0
    return int(found[0]) // cell * cell, min(len(line), (int(found[-1]) // cell + 1) * cell)


def _spans(start: int, end: int, longest: int, cell: int) -> Sequence[Range]:
    """The fewest equal parts from `start` to `end`, of whole cells but for the last."""
    if start == end:
        return []
    count = ceil((end - start) / longest)
    length = ceil((end - start) / count / cell) * cell
    return [(at, min(at + length, end)) for at in range(start, end, length)]


def _around(start: int, end: int, margin: int, length: int) -> tuple[slice, slice]:
    """The part of an axis with a margin of whole cells around it, and where the part lies in that."""
    cell_start = max(0, start - margin)
    return slice(cell_start, min(length, end + margin)), slice(start - cell_start, end - cell_start)


def _times(part: slice, factor: int) -> slice:
    return slice(part.start * factor, part.stop * factor)


def _ramp(length: int, fade: int, like: Tensor) -> Tensor:
    """Weights that rise to 1 over the first `fade` pixels."""
    distance = torch.arange(length, device=like.device, dtype=like.dtype) + 0.5
    return (distance / max(fade, 0.5)).clamp(max=1)
