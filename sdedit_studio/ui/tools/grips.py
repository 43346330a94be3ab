"""The eight grips of a box: where they are, which one is under the pointer, and how the pointer looks there."""

from __future__ import annotations

import math
from collections.abc import Mapping

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QTransform

from sdedit_studio.ui.tools.tool import Pointer

Grip = tuple[int, int]
"""Across and down: -1, 0 or 1. (0, 0) is the inside of the box."""

INSIDE: Grip = (0, 0)

GRIPS: tuple[Grip, ...] = ((-1, -1), (0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0))

NEAR = 9.0
"""View pixels from its middle within which a grip can be taken."""

_SHAPES = (
    Qt.CursorShape.SizeHorCursor,
    Qt.CursorShape.SizeFDiagCursor,
    Qt.CursorShape.SizeVerCursor,
    Qt.CursorShape.SizeBDiagCursor,
)
"""For directions of 0, 45, 90 and 135 degrees, clockwise."""


def places(rect: QRectF, transform: QTransform) -> dict[Grip, QPointF]:
    """The points of a box's grips, mapped by a transform."""
    middle, half = rect.center(), QPointF(rect.width() / 2, rect.height() / 2)
    return {
        (across, down): transform.map(middle + QPointF(across * half.x(), down * half.y())) for across, down in GRIPS
    }


def under(at: Pointer, grips: Mapping[Grip, QPointF], to_view: QTransform) -> Grip | None:
    """The grip at the pointer, given all grips in view pixels; the corners come first."""
    point = to_view.map(QPointF(at.x, at.y))
    near = [
        (across * down == 0, distance, (across, down))
        for (across, down), place in grips.items()
        if (distance := QLineF(place, point).length()) <= NEAR
    ]
    return min(near)[2] if near else None


def resize_cursor(grip: Grip, grips: Mapping[Grip, QPointF]) -> Qt.CursorShape:
    """The double arrow in the direction in which a grip pulls, given all grips in view pixels."""
    there, opposite = grips[grip], grips[(-grip[0], -grip[1])]
    angle = math.degrees(math.atan2(there.y() - opposite.y(), there.x() - opposite.x()))
    if 0 not in grip:  # a corner of a long box still pulls across and down
        sides = [grips[(grip[0], 0)] - grips[(-grip[0], 0)], grips[(0, grip[1])] - grips[(0, -grip[1])]]
        units = [side * (1 / max(1e-6, math.hypot(side.x(), side.y()))) for side in sides]
        angle = math.degrees(math.atan2(units[0].y() + units[1].y(), units[0].x() + units[1].x()))
    return _SHAPES[round(angle / 45) % 4]
