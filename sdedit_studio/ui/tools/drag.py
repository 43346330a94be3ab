"""Drags with modifiers: squares, centred shapes, and lines at multiples of an angle."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt

from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.tools.tool import Pointer

CLICK = 3.0
"""View pixels: a shorter drag is a click."""

ANGLE = 15.0
"""Degrees between the lines that Shift keeps to."""


class Drag:
    """From a press to the pointer. Modifiers that were held at the press, and still are, do not count."""

    def __init__(self, at: Pointer) -> None:
        self.start = QPointF(at.x, at.y)
        self.end = self.start
        self._held = at.modifiers
        self._modifiers = Qt.KeyboardModifier.NoModifier

    def move(self, at: Pointer) -> None:
        self.end = QPointF(at.x, at.y)
        self._held &= at.modifiers
        self._modifiers = at.modifiers & ~self._held

    @property
    def shift(self) -> bool:
        return bool(self._modifiers & Qt.KeyboardModifier.ShiftModifier)

    @property
    def alt(self) -> bool:
        return bool(self._modifiers & Qt.KeyboardModifier.AltModifier)

    @property
    def offset(self) -> QPointF:
        return self.end - self.start

    @property
    def length(self) -> float:
        return math.hypot(self.offset.x(), self.offset.y())

    def rect(self) -> QRectF:
        """The rectangle between the two points; Shift makes it a square, Alt centres it on the press."""
        dx, dy = self.offset.x(), self.offset.y()
        if self.shift:
            side = max(abs(dx), abs(dy))
            dx, dy = math.copysign(side, dx), math.copysign(side, dy)
        corner = self.start - QPointF(dx, dy) if self.alt else self.start
        return QRectF(corner, self.start + QPointF(dx, dy)).normalized()

    def line(self) -> tuple[QPointF, QPointF]:
        """The line between the two points; Shift turns it to the next round angle, Alt centres it on the press."""
        offset = round_angle(self.offset) if self.shift else self.offset
        return (self.start - offset if self.alt else self.start), self.start + offset


def whole_pixels(rect: QRectF) -> Rect:
    """The rectangle with its sides on the nearest borders between pixels."""
    left, top = round(rect.left()), round(rect.top())
    return Rect(left, top, round(rect.right()) - left, round(rect.bottom()) - top)


def round_angle(offset: QPointF) -> QPointF:
    """The vector turned to the nearest multiple of `ANGLE`, as long as it was."""
    length = math.hypot(offset.x(), offset.y())
    angle = math.radians(round(math.degrees(math.atan2(offset.y(), offset.x())) / ANGLE) * ANGLE)
    return QPointF(length * math.cos(angle), length * math.sin(angle))
