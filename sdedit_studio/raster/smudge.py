"""The smudge brush, which drags the colour under its tip along."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sdedit_studio.raster.brush import Brush
from sdedit_studio.raster.dab import dab
from sdedit_studio.raster.geometry import NOTHING, Rect
from sdedit_studio.raster.path import Path, Sample
from sdedit_studio.raster.stroke import mirrored
from sdedit_studio.raster.tiles import TILE, Tile, Tiles, blank

_CLOSER = 0.25
"""Dabs are this much closer than in painting, or the steps of the drag would show."""

_Key = tuple[int, int]


class Smudge:
    """One gesture of smudging a layer's pixels, or coverage, with the same interface as `Stroke`.

    The tip carries a patch of paint. At each dab it replaces the part 1 - `flow` of that by what lies there, and lays
    the mixture down with the brush's `opacity`. So paint is dragged for about 1 / (1 - flow) diameters. The other
    parameters are those of `Stroke`.
    """

    def __init__(
        self,
        brush: Brush,
        pixels: Tiles,
        *,
        alpha_locked: bool = False,
        selection: Tiles | None = None,
        mirror_x: float | None = None,
        stabiliser: float = 0.0,
    ) -> None:
        self._brush = replace(brush, spacing=brush.spacing * _CLOSER)
        self._pixels = pixels
        self._alpha_locked = alpha_locked
        self._selection = selection
        self._mirror_x = mirror_x
        self._path = Path(self._brush, stabiliser)
        self._carried: list[np.ndarray | None] = [None, None]  # float32 patches of the dab and of its mirror image
        self._wet: dict[_Key, np.ndarray] = {}  # float32 tiles near the tip, so that light dabs are not rounded away

    def extend(self, x: float, y: float, pressure: float, time: float) -> tuple[Tiles, Rect]:
        """Go on to document point (x, y), with pressure 0 .. 1, at a time in seconds.

        Returns the layer's new pixels and the rectangle in which this call changed them.
        """
        return self._smear(self._path.extend(x, y, pressure, time))

    def finish(self) -> tuple[Tiles, Rect]:
        """Draw what the smoothing still held back. Returns the same as `extend`."""
        return self._smear(self._path.finish())

    def _smear(self, dabs: list[Sample]) -> tuple[Tiles, Rect]:
        dirty = NOTHING
        for at in dabs:
            for side, x in enumerate(mirrored(at.x, self._mirror_x)):
                dirty |= self._drag(side, x, at.y, at.pressure)
        changed = {key: wet for key in self._pixels.keys(dirty) if (wet := self._wet.get(key)) is not None}
        self._pixels = self._pixels.with_tiles(
            {key: Tile(np.rint(wet).astype(np.uint8)) for key, wet in changed.items()}
        )
        self._wet = changed or self._wet
        return self._pixels, dirty

    def _drag(self, side: int, x: float, y: float, pressure: float) -> Rect:
        """One dab. The patch is as large as the widest dab and stays centred on the tip."""
        mask, where = dab(x, y, self._brush.diameter(pressure), self._brush.hardness)
        reach = int(self._brush.size / 2) + 2
        patch = where.grown(reach - where.width // 2)
        under = self._read(patch)
        carried = self._carried[side]
        if carried is None:
            self._carried[side] = under
            return NOTHING
        carried = self._carried[side] = under + (carried - under) * np.float32(self._brush.flow)
        inside = where.moved(-patch.x, -patch.y).slices
        strength = mask * np.float32(self._brush.ceiling(pressure))
        if self._selection is not None:
            strength *= self._selection.read(where) / np.float32(255)
        below = under[inside]
        mixed = below + (carried[inside] - below) * (strength[..., None] if below.ndim == 3 else strength)
        if self._alpha_locked:
            alpha = mixed[..., 3:]
            mixed *= np.divide(below[..., 3:], alpha, out=np.zeros_like(alpha), where=alpha > 0)
        self._write(where, mixed)
        return where

    def _tile(self, key: _Key) -> np.ndarray:
        if key not in self._wet:
            tile = self._pixels.tiles.get(key)
            self._wet[key] = (tile.array if tile is not None else blank(TILE, TILE, self._pixels.channels)).astype(
                np.float32
            )
        return self._wet[key]

    def _read(self, rect: Rect) -> np.ndarray:
        out = blank(rect.width, rect.height, self._pixels.channels).astype(np.float32)
        for key in self._pixels.keys(rect):
            tile = self._pixels.tile_rect(*key)
            part = tile & rect
            out[part.moved(-rect.x, -rect.y).slices] = self._tile(key)[part.moved(-tile.x, -tile.y).slices]
        return out

    def _write(self, rect: Rect, pixels: np.ndarray) -> None:
        for key in self._pixels.keys(rect):
            tile = self._pixels.tile_rect(*key)
            part = tile & rect
            self._tile(key)[part.moved(-tile.x, -tile.y).slices] = pixels[part.moved(-rect.x, -rect.y).slices]
