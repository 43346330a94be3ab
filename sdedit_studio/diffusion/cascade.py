"""An edit's passes: SDEdit at the model's native size, then again on the enlarged result, and a detail network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_max_pool2d, interpolate, max_pool2d

from sdedit_studio.diffusion.denoiser import Denoiser
from sdedit_studio.diffusion.detail import DetailNetwork, with_detail
from sdedit_studio.diffusion.level import Level, as_vector, level_of, lowest, map_level
from sdedit_studio.diffusion.noise import NoiseSource, noise_source
from sdedit_studio.diffusion.plan import REDRAWN_FROM, REDRAWN_WHOLE, Detail, Stage, sigma_of_t0
from sdedit_studio.diffusion.sdedit import fraction_below, sdedit
from sdedit_studio.diffusion.space import PIXELS, Space, pooled
from sdedit_studio.diffusion.tiling import tiled
from sdedit_studio.parameters import Parameters, Solver

TILE, OVERLAP = 288, 32
"""Side and overlap of tiles, in pixels. The result differs from an untiled one by 1 grey level, without seams. No run
of the bundled model on one tile takes longer than about 0.4 s on two cores, the longest wait of live mode
(`docs/live.md`).
"""

_STRENGTHS = 1024
"""Entries of the table of start levels; finer than the 255 levels of a strength map."""


@dataclass(frozen=True)
class EditState:
    """The state of an edit after model call `call` (from 1) of the pass `stage`, which has the index `index`.

    `sigma`: the noise level reached, 0 after a detail network. `picture`: (b, 3, h, w) in [-1, 1], the estimate of the
    clean picture, at the size of the pass after its last call, and until then as the model's space previews it.
    """

    index: int
    stage: Stage
    call: int
    sigma: Level
    picture: Tensor


def edit(
    denoiser: Denoiser,
    guide: np.ndarray,
    mask: np.ndarray | None,
    passes: Sequence[Stage],
    parameters: Parameters,
    *,
    stride: int,
    detail: DetailNetwork | None = None,
    strength: np.ndarray | None = None,
    device: torch.device | str = "cpu",
    first: np.ndarray | None = None,
    space: Space = PIXELS,
    tile: int = TILE,
    few_step: bool = False,
    others: Sequence[tuple[Parameters, Sequence[Stage]]] = (),
) -> Iterator[EditState]:
    """Run the `passes` of an edit of `guide` (h, w, 3) uint8; yields after every model call.

    The last picture is the result, before it is pasted into the guide.
    `mask`: coverage (h, w) uint8 or None for all of it. Pixels of coverage above 0 are edited; the others are the guide
    in every pass. `strength`: (h, w) uint8, the share of t0 that each pixel is edited from, 255 for all of it; None for
    all of it everywhere (see `start_levels_of`). A pixel whose start level is below the level of a pass starts that
    pass from the guide, and not from the pass before.
    The first pass runs the chosen solver. The later ones run DPM-Solver++ 2M, which their few model calls were tuned
    for, or consistency sampling for a `few_step` model.
    `stride`: sides of pictures that the denoiser takes are multiples of it, in pixels. `detail`: the network of the
    passes that need one. `first`: the picture of the first pass, (h, w, 3) uint8, if it was made before; that pass is
    then left out. `space`: the space of the denoiser. `tile`: side of tiles in pixels. `others`: the parameters and
    passes of what is made in the same batch, from the same guide; they may differ in seed and t0, and in levels.
    """
    batch = [(parameters, passes), *others]
    seeds, t0 = [chosen.seed for chosen, _ in batch], level_of(chosen.t0 for chosen, _ in batch)
    picture = None if first is None else as_tensor(first, device)
    whole = as_tensor(guide, device)
    changeable = _changeable(mask, strength)
    factor = space.factor
    tile = max(1, tile // stride) * stride
    sizes = tile // factor, max(OVERLAP, stride) // factor, stride // factor
    refining = Solver.CONSISTENCY if few_step else Solver.DPMPP_2M
    highest = level_of([plan[0].sigma for _, plan in batch if plan] or [0.0])
    for index, stages in list(enumerate(zip(*(plan for _, plan in batch), strict=True)))[0 if first is None else 1 :]:
        stage = stages[0]
        size = (stage.height, stage.width)
        start_levels = None if changeable is None else start_levels_of(resized(changeable.to(device), size), t0)
        if isinstance(stage, Detail):
            assert picture is not None and detail is not None, "A plan has a detail network where it needs one."
            picture = _detailed(detail, stage, picture, whole, highest, start_levels, tile, parameters.crispness)
            yield EditState(index, stage, 1, 0.0, picture)
            continue
        level = level_of(one.sigma for one in stages)
        start = resized(whole, size)
        if picture is not None:
            larger = resized(picture, size)
            if start_levels is None:
                start = larger
            else:
                # Over a factor of two, so that no edge shows where pixels begin to take part in the pass before.
                taken = fraction_below(
                    start_levels, map_level(lambda low, high: min(2 * low, high), level, highest), level
                )
                start = taken * larger + (1 - taken) * start
        x = space.encode(start)
        start_levels = None if start_levels is None else pooled(start_levels, factor)
        for step in sdedit(
            tiled(denoiser, *sizes, wanted=start_levels),
            x,
            level,
            stage.calls,
            partial(_noise, seeds, (x.shape[1], x.shape[2], x.shape[3]), index, device),
            start_levels=start_levels,
            solver=parameters.solver if index == 0 else refining,
            sde=parameters.sde,
            repeats=stage.repeats,
            masking=parameters.masking,
        ):
            picture = space.decode(step.estimate) if step.index == step.total else space.preview(step.estimate)
            yield EditState(index, stage, step.index, step.sigma, picture)


def _detailed(
    network: DetailNetwork,
    stage: Detail,
    picture: Tensor,
    guide: Tensor,
    highest: Level,
    start_levels: Tensor | None,
    side: int,
    crispness: float,
) -> Tensor:
    """The picture of the pass before, enlarged by the detail network to the size of `stage`.

    At pixels edited from a low level the detail is the guide's own. Between `REDRAWN_FROM` and `REDRAWN_WHOLE` the
    network's detail replaces it. Pixels that are not edited are the guide.
    """
    size, base = (stage.height, stage.width), (stage.base[1], stage.base[0])
    before = resized(picture, base)
    wanted = None if start_levels is None else max_pooled(start_levels, base)
    made = resized(with_detail(network, before, side=side, crispness=crispness, wanted=wanted), size)
    if start_levels is None and lowest(highest) >= REDRAWN_WHOLE:
        return made
    edited_from = as_vector(highest, picture)[:, None, None, None]
    if start_levels is not None:
        edited_from = torch.minimum(edited_from, start_levels)
    redrawn = fraction_below(edited_from, REDRAWN_WHOLE, REDRAWN_FROM)
    start, plain = resized(guide, size), resized(before, size)
    own_detail = start - resized(resized(guide, base), size)
    mixed = plain + redrawn * (made - plain) + (1 - redrawn) * own_detail
    return mixed if start_levels is None else torch.where(start_levels > 0, mixed, start)


def start_levels_of(strength: Tensor, t0: Level) -> Tensor:
    """The start level of each pixel: the noise level at `strength` times `t0`; infinity where the strength is 1.

    `strength`: 0 .. 1, of any shape; (1, ...) where `t0` differs between pictures, and then returns (b, ...).
    """
    if isinstance(t0, tuple):
        return torch.cat([start_levels_of(strength, own) for own in t0])
    levels = [*(sigma_of_t0(t0 * step / _STRENGTHS) for step in range(_STRENGTHS)), inf]
    table = torch.tensor(levels, device=strength.device, dtype=strength.dtype)
    return table[(strength.clamp(0, 1) * _STRENGTHS).round().long()]


def resized(picture: Tensor, size: tuple[int, ...]) -> Tensor:
    """`picture` (b, c, h, w) at `size` (height, width), by bicubic interpolation with antialiasing."""
    if picture.shape[-2:] == size:
        return picture
    return interpolate(picture, size, mode="bicubic", antialias=True)


def max_pooled(coverage: Tensor, size: tuple[int, int]) -> Tensor:
    """`coverage` (b, 1, h, w) max-pooled to a smaller `size` (height, width), one pixel of margin included."""
    return adaptive_max_pool2d(max_pool2d(coverage, 3, 1, 1), size)


def as_tensor(pixels: np.ndarray, device: torch.device | str) -> Tensor:
    """(h, w, 3) uint8 as (1, 3, h, w) float32 in [-1, 1]."""
    return torch.from_numpy(pixels.copy()).to(device).permute(2, 0, 1)[None].float().div_(127.5).sub_(1)


def as_bytes(picture: Tensor) -> Tensor:
    """(1, 3, h, w) in [-1, 1] as (h, w, 3) uint8, rounded and clipped."""
    return ((picture[0] + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous()


def as_pixels(picture: Tensor) -> np.ndarray:
    """`as_bytes` as an array."""
    return as_bytes(picture).cpu().numpy()


def _changeable(mask: np.ndarray | None, strength: np.ndarray | None) -> Tensor | None:
    """Mask and strength as one share of t0 for each pixel, (1, 1, h, w), 0 .. 1; None for 1 everywhere."""
    parts = []
    if mask is not None:
        parts.append((mask > 0).astype(np.float32))
    if strength is not None:
        parts.append(strength / np.float32(255))
    if all(part.min() == 1 for part in parts):
        return None
    return torch.from_numpy(np.prod(parts, axis=0, dtype=np.float32))[None, None]


def _noise(
    seeds: Sequence[int], size: tuple[int, int, int], index: int, device: torch.device | str, repeat: int
) -> NoiseSource:
    return noise_source(seeds, size, place=(index, repeat), device=device)
