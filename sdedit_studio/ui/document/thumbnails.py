"""Small pictures of layers, drawn when there is time and never while someone paints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from PySide6.QtCore import QObject, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap

from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles, as_image, blank

REST_MS = 300
"""Thumbnails are renewed once the painting has rested this long."""

SLICE = 0.004
"""Seconds of drawing at a time."""

OVERSAMPLING = 2
"""Samples along a side of each thumbnail pixel."""


def sampled(pixels: Tiles, rect: Rect, step: int) -> np.ndarray:
    """Every `step`-th pixel of `rect` in both directions: uint8, (ceil(h / step), ceil(w / step), 4) or without the 4.

    Costs the same however large the picture is, but for a little per tile.
    """
    out = blank(-(-rect.width // step), -(-rect.height // step), pixels.channels)
    for where, tile in pixels.items(rect):
        part = where & rect
        left, top = -(-(part.x - rect.x) // step), -(-(part.y - rect.y) // step)
        block = tile.array[
            rect.y + top * step - where.y : part.bottom - where.y : step,
            rect.x + left * step - where.x : part.right - where.x : step,
        ]
        out[top : top + block.shape[0], left : left + block.shape[1]] = block
    return out


def fitted(width: int, height: int, within: QSize) -> QSize:
    """The size of a picture of this shape inside a box, at least 8 pixels a side where the box allows."""
    size = QSize(width, height).scaled(within, Qt.AspectRatioMode.KeepAspectRatio)
    return size.expandedTo(QSize(8, 8)).boundedTo(within)


def thumbnail(pixels: Tiles, rect: Rect, size: QSize) -> QImage:
    """`rect` of a picture reduced to `size` device pixels: colours as they are, coverage as white on black."""
    step = max(1, min(rect.width // (OVERSAMPLING * size.width()), rect.height // (OVERSAMPLING * size.height())))
    array = sampled(pixels, rect, step)
    if array.ndim == 2:
        array = np.dstack([array, array, array, np.full_like(array, 255)])
    array = np.ascontiguousarray(array)
    smooth = Qt.TransformationMode.SmoothTransformation
    return as_image(array).scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth).copy()


@dataclass(frozen=True)
class _Drawn:
    pixels: Tiles
    rect: Rect
    ratio: float
    pixmap: QPixmap


class Thumbnails(QObject):
    """Pixmaps by a key of the caller's. `ready()` when some that were asked for have been drawn."""

    ready = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._drawn: dict[str, _Drawn] = {}
        self._wanted: dict[str, Callable[[], _Drawn]] = {}
        self._turn = QTimer(self, interval=0)
        self._turn.timeout.connect(self._draw_some)

    def get(self, key: str, pixels: Tiles, rect: Rect, box: QSize, ratio: float) -> QPixmap | None:
        """The picture of `rect`, fitted into `box` logical pixels; an older one, or None, until it has been drawn."""
        known = self._drawn.get(key)
        if known is None or known.pixels is not pixels or known.rect != rect or known.ratio != ratio:
            size = fitted(rect.width, rect.height, box)
            self._wanted[key] = lambda: _Drawn(pixels, rect, ratio, _pixmap(pixels, rect, size, ratio))
            self._turn.start()
        return known and known.pixmap

    def keep_only(self, keys: set[str]) -> None:
        """Forget the pictures of everything else."""
        self._drawn = {key: drawn for key, drawn in self._drawn.items() if key in keys}
        self._wanted = {key: draw for key, draw in self._wanted.items() if key in keys}

    def _draw_some(self) -> None:
        end = perf_counter() + SLICE
        while self._wanted and perf_counter() < end:
            key = next(iter(self._wanted))
            self._drawn[key] = self._wanted.pop(key)()
        if not self._wanted:
            self._turn.stop()
        self.ready.emit()


def _pixmap(pixels: Tiles, rect: Rect, size: QSize, ratio: float) -> QPixmap:
    picture = thumbnail(pixels, rect, size * ratio)
    drawn = QPixmap(picture.size())
    drawn.setDevicePixelRatio(ratio)
    painter = QPainter(drawn)
    draw_checkerboard(painter, QRectF(0, 0, size.width(), size.height()))
    painter.drawImage(QRectF(0, 0, size.width(), size.height()), picture)
    painter.end()
    return drawn


def draw_checkerboard(painter: QPainter, area: QRectF, side: int = 5) -> None:
    """Paint the background that shows through transparent pixels."""
    painter.fillRect(area, QColor(150, 150, 150))
    for row in range(int(area.height() // side) + 1):
        for column in range(row % 2, int(area.width() // side) + 1, 2):
            square = QRectF(area.x() + column * side, area.y() + row * side, side, side)
            painter.fillRect(square & area, QColor(190, 190, 190))
