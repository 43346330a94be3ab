"""Moving, scaling and rotating the active layer, or the pixels selected on it. Pure, for any thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from PySide6.QtGui import QPainter, QTransform

from sdedit_studio.document.document import Document
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import combine
from sdedit_studio.raster.tiles import EMPTY, Tiles
from sdedit_studio.raster.transform import transformed


def extent(document: Document) -> Rect:
    """The rectangle around the pixels that would move; empty when there are none."""
    content = document.active_layer.pixels.content_bounds()
    return content if document.selection is None else content & document.selection.content_bounds()


@dataclass(frozen=True, eq=False)
class Lifted:
    """A document with the pixels that move taken off the active layer.

    `moving`: the layer's pixels, or with a selection those inside it. `staying`: the others.
    """

    document: Document
    moving: Tiles
    staying: Tiles

    @classmethod
    def of(cls, document: Document) -> Self:
        pixels, selection = document.active_layer.pixels, document.selection
        if selection is None:
            return cls(document, pixels, EMPTY)

        def keep(target: np.ndarray, where: Rect) -> None:
            target[:] = (target * selection.read(where)[..., None].astype(np.uint16) + 127) // 255

        area = pixels.bounds & selection.bounds
        moving = pixels.cropped(area).changed(area, keep)

        def take(target: np.ndarray, where: Rect) -> None:
            target -= moving.read(where)

        return cls(document, moving, pixels.changed(area, take))

    def placed(self, transform: QTransform, *, smooth: bool = True) -> Document:
        """The document with the moving pixels mapped by `transform`, with the layer's mask or the selection."""
        layer, selection = self.document.active_layer, self.document.selection
        if selection is None:
            mask = layer.mask and transformed(layer.mask, transform, smooth)
            return self.document.with_layer(layer.id, pixels=transformed(self.moving, transform, smooth), mask=mask)
        placed = transformed(self.moving, transform, smooth)
        outline = combine(None, transformed(selection, transform, smooth), "replace", self.document.bounds)
        return self.document.with_pixels(_over(self.staying, placed)).replace(selection=outline)


def _over(below: Tiles, above: Tiles) -> Tiles:
    def paint(painter: QPainter) -> None:
        clip = painter.clipBoundingRect().toAlignedRect()
        for where, tile in above.items(Rect(clip.x(), clip.y(), clip.width(), clip.height())):
            painter.drawImage(where.x, where.y, tile.image)

    return below.painted(above.bounds, paint)
