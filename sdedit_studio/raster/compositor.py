"""Layers to one picture: `flatten` for any thread, and `Composite`, the canvas picture that is kept up to date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage, QPainter

from sdedit_studio.raster.blend import PAINTER_MODES, BlendMode, blend_nonseparable
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tile, Tiles, as_image, blank

_MODE = QPainter.CompositionMode


class Paintable(Protocol):
    """What compositing needs to know of a layer."""

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
        _compose(layers, rect, array, as_image(array), (rect.x, rect.y))
    return array


def _compose(
    layers: Sequence[Paintable], rect: Rect, array: np.ndarray, image: QImage, origin: tuple[int, int]
) -> None:
    """Blend the layers inside `rect` onto a picture, `array` and `image` in one, whose corner is at `origin`."""
    painter = QPainter(image)
    for layer in layers:
        if not layer.visible or layer.opacity <= 0:
            continue
        if (mode := PAINTER_MODES.get(layer.mode)) is not None:
            painter.setCompositionMode(mode)
            painter.setOpacity(layer.opacity)
            for part, source, where in _shown(layer, rect):
                painter.drawImage(QPoint(part.x - origin[0], part.y - origin[1]), source.image, where)
        else:
            for part, source, where in _shown(layer, rect):
                backdrop = array[_slices(part.moved(-origin[0], -origin[1]))]
                top = source.array[where.y() : where.y() + part.height, where.x() : where.x() + part.width]
                blend_nonseparable(layer.mode, backdrop, top, layer.opacity)
    painter.end()


def _shown(layer: Paintable, rect: Rect) -> Iterator[tuple[Rect, Tile, QRect]]:
    """The layer's pixels in `rect`, its mask applied: (document rectangle, pixels, rectangle inside those pixels)."""
    for whole, tile in layer.pixels.items(rect):
        part = whole & rect
        local = part.moved(-whole.x, -whole.y)
        if layer.mask is None:
            yield part, tile, QRect(*local)
        elif (coverage := layer.mask.read(part)).any():
            pixels = tile.array[_slices(local)].copy()
            painter = QPainter(as_image(pixels))
            painter.setCompositionMode(_MODE.CompositionMode_DestinationIn)
            painter.drawImage(0, 0, as_image(coverage))
            painter.end()
            yield part, Tile(pixels), QRect(0, 0, part.width, part.height)


def _slices(rect: Rect) -> tuple[slice, slice]:
    return slice(rect.y, rect.bottom), slice(rect.x, rect.right)
