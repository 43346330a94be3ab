"""Outlines that are visible on any picture, and the region of the view that they cover."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QRegion

from sdedit_studio.ui.base import theme

DARK, LIGHT = QColor(0, 0, 0, 130), QColor(255, 255, 255)

BLUE = QColor(116, 172, 248)
"""Of lines that concern the model. They lie on pictures, so no theme changes them."""

HANDLE = 4.0
"""Half the side of a square handle in view pixels."""

CELL = 48
"""View pixels: lines are repainted in squares of this side."""

MANY = 200
"""More squares than this cost more than the pixels they save."""


def draw_line(painter: QPainter, line: QPainterPath, width: float = 1.25) -> None:
    """A light line with a dark rim."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(DARK, width + 1.6))
    painter.drawPath(line)
    painter.setPen(QPen(LIGHT, width))
    painter.drawPath(line)


def draw_dashes(painter: QPainter, line: QPainterPath, colour: QColor = LIGHT, dash: float = 4.0) -> None:
    """Dashes of `dash` pixels on a thin dark line."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(DARK, 1))
    painter.drawPath(line)
    dashes = QPen(colour, 1)
    dashes.setCapStyle(Qt.PenCapStyle.FlatCap)
    dashes.setDashPattern([dash, dash])
    painter.setPen(dashes)
    painter.drawPath(line)


def draw_handles(painter: QPainter, points: Iterable[QPointF], accent: QColor, angle: float = 0.0) -> None:
    """White squares to grip, turned by `angle` degrees."""
    square = QRectF(-HANDLE, -HANDLE, 2 * HANDLE, 2 * HANDLE)
    for point in points:
        painter.save()
        painter.translate(point)
        painter.rotate(angle)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 60))
        painter.drawRoundedRect(square.adjusted(-1.5, -1.0, 1.5, 2.0), 2.5, 2.5)
        painter.setPen(QPen(accent, 1.25))
        painter.setBrush(QColor(255, 255, 255))
        painter.drawRoundedRect(square, 1.5, 1.5)
        painter.restore()


def draw_tag(painter: QPainter, at: QPointF, text: str) -> None:
    """A few words beside the pointer, such as a size."""
    painter.save()
    painter.setFont(theme.font(theme.HINT_PIXELS))
    box = QRectF(painter.fontMetrics().boundingRect(text)).adjusted(-6, -3, 6, 3)
    box.moveTopLeft(at + QPointF(14, 14))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(20, 21, 23, 215))
    painter.drawRoundedRect(box, theme.RADIUS_INPUT, theme.RADIUS_INPUT)
    painter.setPen(QColor(235, 236, 238))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def subdivided(points: np.ndarray, longest: float) -> np.ndarray:
    """A line through points, float (n, 2), with more points so that no two are farther apart than `longest`."""
    steps = np.diff(points, axis=0)
    pieces = np.maximum(1, np.ceil(np.hypot(*steps.T) / longest)).astype(np.intp)
    first = np.cumsum(pieces) - pieces
    part = (np.arange(pieces.sum()) - np.repeat(first, pieces)) / np.repeat(pieces, pieces)
    return np.concatenate(
        [np.repeat(points[:-1], pieces, axis=0) + np.repeat(steps, pieces, axis=0) * part[:, None], points[-1:]]
    )


def near(lines: Sequence[np.ndarray], within: QRect) -> QRegion:
    """The screen near lines through view points, float (n, 2): the squares they meet, or one box if they are many."""
    if not lines:
        return QRegion()
    dense = np.concatenate([subdivided(line, CELL / 4) for line in lines])
    inside = (
        (dense[:, 0] > within.left() - CELL)
        & (dense[:, 0] < within.right() + CELL)
        & (dense[:, 1] > within.top() - CELL)
        & (dense[:, 1] < within.bottom() + CELL)
    )
    # A square's neighbour is included where the line runs within 8 px of their common side.
    near_by = [dense[inside] + offset for offset in ((-8, -8), (-8, 8), (8, -8), (8, 8))]
    cells = np.unique(np.floor(np.concatenate(near_by) / CELL).astype(np.int64), axis=0)
    if not len(cells):
        return QRegion()
    if len(cells) > MANY:
        left, top = cells.min(axis=0) * CELL
        right, bottom = (cells.max(axis=0) + 1) * CELL
        return QRegion(QRect(int(left), int(top), int(right - left), int(bottom - top))) & within
    region = QRegion()
    for column, row in cells.tolist():
        region += QRect(column * CELL, row * CELL, CELL, CELL)
    return region & within
