"""The outline of the brush's tip, in place of the mouse pointer."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QPainter, QPainterPath, QRegion

from sdedit_studio.ui.tools.lines import draw_line, near

SMALLEST = 6.0
"""View pixels: a smaller tip is shown by a cross instead."""

WIDTH = 3.0
"""View pixels to either side of the outline that its line and the smoothing of it take at most."""

LARGE = 150.0
"""View pixels: the box around a smaller tip costs less to paint than its parts cost to find."""

_angles = np.linspace(0, 2 * np.pi, 65)
_CIRCLE = np.stack([np.cos(_angles), np.sin(_angles)], axis=1)


class Tip:
    """A circle around the pointer, in view pixels."""

    def __init__(self) -> None:
        self._centre = QPointF()
        self._diameter = 0.0
        self._region = QRegion()

    @property
    def shown(self) -> bool:
        return self._diameter > 0

    def place(self, centre: QPointF, diameter: float, area: QRect) -> QRegion:
        """Show it there, or not at all with a diameter of 0. Returns where the view has to be painted again."""
        if (centre, diameter) == (self._centre, self._diameter):
            return QRegion()
        before = self._region
        self._centre, self._diameter = centre, diameter
        self._region = self._around(area) if diameter else QRegion()
        return before + self._region

    def _around(self, area: QRect) -> QRegion:
        """Where the outline is painted, with the width of its line."""
        x, y, radius = self._centre.x(), self._centre.y(), self._diameter / 2
        if self._diameter > LARGE:
            return near([_CIRCLE * radius + (x, y)], area)
        reach = radius + WIDTH
        return QRegion(QRectF(x - reach, y - reach, 2 * reach, 2 * reach).toAlignedRect() & area)

    def paint(self, painter: QPainter) -> None:
        if self._diameter:
            circle = QPainterPath()
            circle.addEllipse(self._centre, self._diameter / 2, self._diameter / 2)
            draw_line(painter, circle)
