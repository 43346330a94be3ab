"""Compositing layers: `flatten` for any thread, and `Composite`, the canvas picture that is updated in parts."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

from sdedit_studio.raster.blend import PAINTER_MODES, BlendMode, blend_nonseparable
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import TILE, Tiles, as_image, blank


class Paintable(Protocol):
    """A layer, as far as compositing is concerned."""

    @property
    def pixels(self) -> Tiles: ...
    @property
    def mask(self) -> Tiles | None: ...
    @property
    def opacity(self) -> float: ...
    @property
    def mode(self) -> BlendMode: ...
    @property
    def visible(self) -> bool: ...


def flatten(layers: Sequence[Paintable], rect: Rect, paper: tuple[int, int, int] | None = None) -> np.ndarray:
    """The visible layers, bottom first, blended by the W3C formulas inside `rect`.

    Returns premultiplied BGRA uint8 of shape (height, width, 4). `paper`: opaque sRGB below the bottom layer; without
    it the picture starts transparent. Pixels under a mask of 0 are untouched, and a Normal layer's pixels that are
    opaque and fully shown are copied, both bit for bit. Safe on any thread.
    """
    array = blank(max(0, rect.width), max(0, rect.height))
    if not rect.empty:
        if paper is not None:
            array[:] = (*reversed(paper), 255)
        _compose(layers, rect, array, (rect.x, rect.y))
    return array


def _compose(layers: Sequence[Paintable], rect: Rect, array: np.ndarray, origin: tuple[int, int]) -> None:
    """Blend the layers inside `rect` onto a picture whose corner is at document point `origin`."""
    image = as_image(array)
    painter = QPainter(image)
    for layer in layers:
        if not layer.visible or layer.opacity <= 0:
            continue
        if (mode := PAINTER_MODES.get(layer.mode)) is not None:
            painter.setCompositionMode(mode)
            painter.setOpacity(layer.opacity)
            for part, source, where in _shown(layer, rect):
                painter.drawImage(QPoint(part.x - origin[0], part.y - origin[1]), source, QRect(*where))
        else:
            for whole, tile in layer.pixels.items(rect):
                part = whole & rect
                amount = layer.opacity if layer.mask is None else layer.mask.read(part) * (layer.opacity / 255)
                backdrop = array[part.moved(-origin[0], -origin[1]).slices]
                blend_nonseparable(layer.mode, backdrop, tile.array[part.moved(-whole.x, -whole.y).slices], amount)
    painter.end()


def _shown(layer: Paintable, rect: Rect) -> Iterator[tuple[Rect, QImage, Rect]]:
    """The layer's pixels in `rect`, its mask applied: (document rectangle, image, the pixels' place in the image)."""
    for whole, tile in layer.pixels.items(rect):
        part = whole & rect
        local = part.moved(-whole.x, -whole.y)
        if layer.mask is None:
            yield part, tile.image, local
        elif (coverage := layer.mask.read(part)).any():
            masked = tile.image.copy(QRect(*local))
            painter = QPainter(masked)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
            painter.drawImage(0, 0, as_image(coverage))
            painter.end()
            yield part, masked, Rect(0, 0, part.width, part.height)


_Cells = dict[tuple[int, int], Rect]
"""Rectangles that are out of date, at most one in each 256 px cell of a picture."""

_SMALLEST_LEVEL = 64
"""Longest side in pixels below which a level is not halved again."""


class Composite:
    """The picture of the canvas, kept up to date where the document changes.

    One contiguous image, so that drawing has no tile seams, and a pyramid of half, quarter, ... size images, so that
    zoomed-out drawing is neither slow nor rough. What a change costs depends on its own size, not on the canvas's.
    For the UI thread only.
    """

    def __init__(self, width: int, height: int) -> None:
        self.bounds = Rect(0, 0, width, height)
        self._arrays = [blank(width, height)]
        while max(width, height) > _SMALLEST_LEVEL:
            width, height = (width + 1) // 2, (height + 1) // 2
            self._arrays.append(blank(width, height))
        self._stale: list[_Cells] = [{} for _ in self._arrays]
        self.invalidate([self.bounds])

    @property
    def levels(self) -> int:
        """How many sizes there are; level n is 2**n times smaller than the canvas."""
        return len(self._arrays)

    @property
    def pending(self) -> bool:
        """Whether `update` has work left."""
        return bool(self._stale[0])

    def invalidate(self, rects: Iterable[Rect]) -> None:
        """Mark canvas rectangles as out of date."""
        for rect in rects:
            _mark(self._stale[0], rect & self.bounds)

    def update(self, layers: Sequence[Paintable], first: Rect, budget: float | None = None) -> list[Rect]:
        """Recomposite what is out of date, the parts that meet `first` before the others.

        Stops after about `budget` seconds (never, when None), but always gets some work done. Returns the canvas
        rectangles that are now up to date and have to be drawn again.
        """
        deadline = math.inf if budget is None else time.perf_counter() + budget
        stale = self._stale[0]
        done: list[Rect] = []
        for cell in sorted(stale, key=lambda cell: (stale[cell] & first).empty):
            rect = stale.pop(cell)
            self._arrays[0][rect.slices] = 0
            _compose(layers, rect, self._arrays[0], (0, 0))
            done.append(rect)
            if time.perf_counter() >= deadline:
                break
        for level, cells in enumerate(self._stale[1:], start=1):
            for rect in done:
                _mark(cells, _scaled_down(rect, level))
        return done

    def image(self, level: int = 0) -> QImage:
        """The canvas at 1/2**level of its size, as far as it has been composited.

        It changes when the composite does, so copy it to keep it.
        """
        self._halve(level, self.bounds)
        return as_image(self._arrays[level])

    def draw(self, painter: QPainter, to_view: QTransform, visible: Rect) -> None:
        """Draw the canvas rectangle `visible` through `to_view` (canvas pixels to the painter's coordinates).

        Crisp pixels from 2x up, smooth below.
        """
        visible = visible & self.bounds
        if visible.empty:
            return
        scale = math.sqrt(abs((to_view * painter.deviceTransform()).determinant()))
        level = min(max(0, math.floor(-math.log2(scale))), self.levels - 1) if scale > 0 else 0
        factor = 2**level
        self._halve(level, visible.grown(2 * factor))
        painter.save()
        # The whole picture under a clip, and not a part of it: Qt then samples at the same places whatever the part.
        painter.setClipRect(to_view.mapRect(QRectF(*visible)).toAlignedRect(), Qt.ClipOperation.IntersectClip)
        painter.setTransform(to_view, True)
        painter.scale(factor, factor)
        resampled = painter.deviceTransform().isScaling()  # true for rotation too
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, resampled and scale < 2)
        painter.drawImage(0, 0, as_image(self._arrays[level]))
        painter.restore()

    def _halve(self, level: int, rect: Rect) -> None:
        """Bring a level up to date in the cells that meet a canvas rectangle, and first what they are made from."""
        if level == 0:
            return
        stale = self._stale[level]
        wanted = _scaled_down(rect, level)
        for cell in [cell for cell, part in stale.items() if not (part & wanted).empty]:
            part = stale.pop(cell)
            self._halve(level - 1, Rect(*(side << level for side in part)))
            source = self._arrays[level - 1][2 * part.y : 2 * part.bottom, 2 * part.x : 2 * part.right]
            self._arrays[level][part.slices] = _halved(source)


def _halved(pixels: np.ndarray) -> np.ndarray:
    """Mean of each 2x2 block, to the nearest level. An odd last row or column counts twice."""
    height, width = pixels.shape[:2]
    if height % 2 or width % 2:
        pixels = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    pairs = np.add(pixels[0::2], pixels[1::2], dtype=np.uint16).view(np.uint64)[..., 0]
    # A pixel is now four 16-bit sums in one 64-bit word, so one addition or shift works on all its channels.
    sums = pairs[:, 0::2] + pairs[:, 1::2] + np.uint64(0x0002_0002_0002_0002)
    return ((sums >> np.uint64(2)).view(np.uint16).reshape(*sums.shape, 4)).astype(np.uint8)


def _mark(cells: _Cells, rect: Rect) -> None:
    if rect.empty:
        return
    for row in range(rect.y // TILE, (rect.bottom - 1) // TILE + 1):
        for column in range(rect.x // TILE, (rect.right - 1) // TILE + 1):
            part = rect & Rect(column * TILE, row * TILE, TILE, TILE)
            cells[column, row] = cells[column, row] | part if (column, row) in cells else part


def _scaled_down(rect: Rect, level: int) -> Rect:
    """The pixels of a level that a canvas rectangle touches."""
    left, top = rect.x >> level, rect.y >> level
    return Rect(left, top, -(-rect.right >> level) - left, -(-rect.bottom >> level) - top)
