"""Taking a colour from the picture."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QCursor, QPainter, QPen, QTransform
from PySide6.QtWidgets import QWidget

from sdedit_studio.document.document import Document
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.document.session import Colour, Session
from sdedit_studio.ui.tools.controls import Setting, choice
from sdedit_studio.ui.tools.cursors import icon_cursor
from sdedit_studio.ui.tools.tool import Canvas, Pointer, Tool

RING = 34.0
"""Outer radius in view pixels of the ring that shows the colour."""


def colour_at(document: Document, x: float, y: float, side: int = 1, *, all_layers: bool = True) -> Colour | None:
    """The mean colour of a square of `side` pixels around a document point; None where it is transparent or outside."""
    column, row = math.floor(x), math.floor(y)
    if (column, row) not in document.bounds:
        return None
    square = Rect(column - side // 2, row - side // 2, side, side) & document.bounds
    layers = document.layers if all_layers else [document.active_layer]
    blue, green, red, alpha = flatten(layers, square).reshape(-1, 4).sum(axis=0, dtype=np.int64).tolist()
    if not alpha:
        return None
    return round(255 * red / alpha), round(255 * green / alpha), round(255 * blue / alpha)


class PickTool(Tool):
    """Takes colours. Other tools that paint use one of these while Alt is held."""

    id = "pick"
    title = "Pick colour"
    icon = "pipette"
    shortcut = "I"
    hint = "Click or drag to take the colour. Alt takes it as the background colour."

    def __init__(self, session: Session, canvas: Canvas) -> None:
        super().__init__(session, canvas)
        self._side = Setting(1)
        self._all_layers = Setting(True)
        self._at: Pointer | None = None
        self._picked: Colour | None = None
        self._before = session.foreground
        self._background = False

    def press(self, at: Pointer) -> None:
        self._background = at.alt and self.session.tool == self.id
        self._before = self.session.background if self._background else self.session.foreground
        self.move(at)

    def move(self, at: Pointer) -> None:
        self._at = at
        self._picked = colour_at(self.session.document, at.x, at.y, self._side.value, all_layers=self._all_layers.value)
        if self._picked is not None:
            self._set(self._picked)
        self.canvas.redraw()

    def release(self, at: Pointer) -> None:
        if self._picked is None and self._at is not None:
            self.session.notices.tell("There is no colour here to take.")
        self._at = None
        self.canvas.redraw()

    def cancel(self) -> bool:
        if self._at is None:
            return False
        self._at = None
        self._set(self._before)
        self.canvas.redraw()
        return True

    def settle(self) -> None:
        self._at = None

    def cursor(self, at: Pointer) -> QCursor:
        return icon_cursor("pipette", 2, 15)

    def paint_overlay(self, painter: QPainter, to_view: QTransform) -> None:
        """A ring of the colour being taken over the one it replaces."""
        if self._at is None:
            return
        centre = to_view.map(QPointF(self._at.x, self._at.y))
        ring = QRectF(-RING, -RING, 2 * RING, 2 * RING).translated(centre).adjusted(5, 5, -5, -5)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 60), 13))
        painter.drawEllipse(ring)
        painter.setPen(QPen(QColor(255, 255, 255), 11.5))
        painter.drawEllipse(ring)
        for colour, start in ((self._picked or self._before, 0), (self._before, 180)):
            painter.setPen(QPen(QColor(*colour), 9, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            painter.drawArc(ring, start * 16, 180 * 16)

    def options(self) -> list[QWidget]:
        return [
            choice("Size of the sample", self._side, [(1, "1 px"), (3, "3 × 3"), (5, "5 × 5"), (11, "11 × 11")]),
            choice(
                "Look at the whole picture, or at the active layer alone",
                self._all_layers,
                [(True, "All layers"), (False, "This layer")],
            ),
        ]

    def _set(self, colour: Colour) -> None:
        if self._background:
            self.session.set_colours(background=colour)
        else:
            self.session.set_colours(foreground=colour)
