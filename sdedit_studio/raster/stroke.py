"""The paint brush and the eraser: dabs add up to coverage, which is composited onto pixels."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage, QPainter

from sdedit_studio.raster.brush import Brush
from sdedit_studio.raster.dab import dab
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.path import Path, Sample
from sdedit_studio.raster.tiles import COVERAGE, TILE, Tile, Tiles, as_image, blank, grey

_MODE = QPainter.CompositionMode
_Key = tuple[int, int]


class Stroke:
    """One gesture of painting (or erasing) on a layer's pixels, or on coverage such as its mask.

    Dabs build up the stroke's own coverage, each towards its ceiling and never beyond, so a stroke that crosses
    itself stays even. Whatever is new is then composited once, over the pixels that were there before the stroke.

    `colour`: sRGB 0 .. 255; on coverage its grey counts. `erase`: take away instead of adding, which on coverage is
    painting with black. `alpha_locked`: paint only where there is paint; of no meaning on coverage.
    `selection`: coverage that bounds the stroke, or None for everywhere. `mirror_x`: the vertical line, in document
    pixels, at which every dab is mirrored. `stabiliser`: 0 .. 1, how far the stroke trails the pointer.
    """

    def __init__(
        self,
        brush: Brush,
        colour: tuple[int, int, int],
        pixels: Tiles,
        *,
        erase: bool = False,
        alpha_locked: bool = False,
        selection: Tiles | None = None,
        mirror_x: float | None = None,
        stabiliser: float = 0.0,
    ) -> None:
        self._brush = brush
        self._colour = QColor(*colour)
        self._grey = np.uint16(0 if erase else grey(np.array([*reversed(colour), 255], np.uint8)))
        self._before = pixels
        self._pixels = pixels
        self._selection = selection
        self._mirror_x = mirror_x
        self._path = Path(brush, stabiliser)
        self._coverage: dict[_Key, np.ndarray] = {}
        self._only_on_paint = erase or alpha_locked
        if erase:
            self._mode = _MODE.CompositionMode_DestinationOut
        elif alpha_locked:
            self._mode = _MODE.CompositionMode_SourceAtop
        else:
            self._mode = _MODE.CompositionMode_SourceOver

    def extend(self, x: float, y: float, pressure: float, time: float) -> tuple[Tiles, Rect]:
        """Go on to document point (x, y), with pressure 0 .. 1, at a time in seconds.

        Returns the layer's new pixels and the rectangle in which this call changed them.
        """
        return self._paint(self._path.extend(x, y, pressure, time))

    def finish(self) -> tuple[Tiles, Rect]:
        """Draw what the smoothing still held back. Returns the same as `extend`."""
        return self._paint(self._path.finish())

    def _paint(self, dabs: list[Sample]) -> tuple[Tiles, Rect]:
        dirty: dict[_Key, Rect] = {}
        for at in dabs:
            for x in mirrored(at.x, self._mirror_x):
                self._cover(x, at.y, at.pressure, dirty)
        self._pixels = self._pixels.with_tiles({key: self._tile(key, rect) for key, rect in dirty.items()})
        return self._pixels, Rect.around(dirty.values())

    def _cover(self, x: float, y: float, pressure: float, dirty: dict[_Key, Rect]) -> None:
        """Add one dab to the coverage: S += (ceiling - S) * dab * flow where S < ceiling (alpha darken)."""
        mask, where = dab(x, y, self._brush.diameter(pressure), self._brush.hardness)
        ceiling = np.float32(self._brush.ceiling(pressure))
        flow = np.float32(self._brush.flow)
        for key in self._before.keys(where):
            if self._only_on_paint and key not in self._before.tiles:
                continue
            tile = self._before.tile_rect(*key)
            part = where & tile
            if key not in self._coverage:
                self._coverage[key] = np.zeros((TILE, TILE), np.float32)
            coverage = self._coverage[key][part.moved(-tile.x, -tile.y).slices]
            room = np.maximum(ceiling - coverage, 0)
            room *= mask[part.moved(-where.x, -where.y).slices]
            if flow < 1:
                room *= flow
            coverage += room
            dirty[key] = dirty[key] | part if key in dirty else part

    def _tile(self, key: _Key, rect: Rect) -> Tile:
        """A new tile: the pixels from before the stroke inside `rect`, under the stroke so far."""
        origin = self._before.tile_rect(*key)
        local = rect.moved(-origin.x, -origin.y)
        before, now = self._before.tiles.get(key), self._pixels.tiles.get(key)
        array = now.array.copy() if now is not None else blank(TILE, TILE, self._before.channels)
        array[local.slices] = before.array[local.slices] if before is not None else 0

        full = 255 if self._selection is None else self._selection.read(rect)
        coverage = (self._coverage[key][local.slices] * full + 0.5).astype(np.uint8)
        if self._before.channels == COVERAGE:
            amount = coverage.astype(np.uint16)
            array[local.slices] = (array[local.slices] * (255 - amount) + self._grey * amount + 127) // 255
            return Tile(array)
        paint = QImage(rect.width, rect.height, QImage.Format.Format_ARGB32_Premultiplied)
        paint.fill(self._colour)
        painter = QPainter(paint)
        painter.setCompositionMode(_MODE.CompositionMode_DestinationIn)
        painter.drawImage(0, 0, as_image(coverage))
        painter.end()

        tile = Tile(array)
        painter = QPainter(tile.image)
        painter.setCompositionMode(self._mode)
        painter.drawImage(QPoint(local.x, local.y), paint)
        painter.end()
        return tile


def mirrored(x: float, axis: float | None) -> tuple[float, ...]:
    """The positions to paint at: `x`, and its mirror image when there is an axis."""
    return (x,) if axis is None else (x, 2 * axis - x)
