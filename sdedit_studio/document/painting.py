"""Painting areas of a document: fills, gradients and shapes. Pure, for any thread."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtGui import QColor, QPainter, QPainterPath

from sdedit_studio.document.document import Document
from sdedit_studio.document.target import Target, surface, with_surface
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import as_image, blank, grey

Paint = Callable[[Rect], np.ndarray]
"""The colours of the document pixels in a rectangle: premultiplied BGRA uint8 of shape (height, width, 4)."""


def paint_over(document: Document, rect: Rect, paint: Paint, target: Target = Target.PIXELS) -> Document:
    """The document with `paint` over `target` inside `rect`, the canvas and the selection; on coverage as its grey.

    A layer with locked alpha changes its colour but not its transparency. Returns `document` when nothing can change.
    """
    selection = document.selection
    alpha_locked = target is Target.PIXELS and document.active_layer.alpha_locked
    area = rect & document.bounds
    if selection is not None:
        area = area & selection.bounds
    if area.empty:
        return document

    def change(pixels: np.ndarray, where: Rect) -> None:
        source = paint(where).astype(np.uint16)
        if selection is not None:
            source = (source * selection.read(where)[..., None] + 127) // 255
        if pixels.ndim == 2:
            under, over = pixels * (255 - source[..., 3]), grey(source) * np.uint16(255)
        else:
            under = pixels * (255 - source[..., 3:])
            over = source * pixels[..., 3:] if alpha_locked else source * np.uint16(255)
        pixels[:] = (under + over + 127) // 255

    return with_surface(document, target, surface(document, target).changed(area, change))


def plain(colour: tuple[int, int, int], opacity: float, coverage: np.ndarray) -> Paint:
    """One sRGB colour where there is coverage, uint8 (h, w) of the canvas's size."""
    straight = np.array([*reversed(colour), 255], np.float32) * opacity / 255

    def paint(where: Rect) -> np.ndarray:
        return np.rint(coverage[where.slices][..., None] * straight).astype(np.uint8)

    return paint


def filled(colour: tuple[int, int, int], opacity: float, path: QPainterPath) -> Paint:
    """One sRGB colour inside an antialiased path in document pixels."""
    brush = QColor(*colour)
    brush.setAlphaF(opacity)

    def paint(where: Rect) -> np.ndarray:
        array = blank(where.width, where.height)
        image = as_image(array)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(-where.x, -where.y)
        painter.fillPath(path, brush)
        painter.end()
        return array

    return paint
