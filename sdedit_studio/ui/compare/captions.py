"""Captions of compared pictures, and the legend of the difference colours. Drawn in view pixels."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QLinearGradient, QPainter

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.compare.overlay_image import AMPLIFIED, SCALE

PLATE, INK = QColor(20, 21, 23, 190), QColor("#f2f3f5")
"""They lie on pictures and not on the theme."""

MARGIN, PADDING, HEIGHT = 10, 8, 24
RAMP = 96
"""Width of the colours of a difference."""


def draw_name(painter: QPainter, name: str, area: QRectF, side: Qt.AlignmentFlag) -> None:
    """A name at the top of a picture that shows in `area`: at its left, right or middle; cut short for lack of room."""
    metrics = QFontMetrics(theme.font())
    room = area.width() - 2 * (MARGIN + PADDING)
    if room < 3 * HEIGHT or area.height() < 3 * HEIGHT:
        return
    text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, round(room))
    width = metrics.horizontalAdvance(text) + 2 * PADDING
    lefts = {
        Qt.AlignmentFlag.AlignLeft: area.left() + MARGIN,
        Qt.AlignmentFlag.AlignRight: area.right() - MARGIN - width,
    }
    left = lefts.get(side, area.center().x() - width / 2)
    painter.save()
    plate = _plate(painter, QPointF(left, area.top() + MARGIN), width)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def draw_legend(painter: QPainter, area: QRectF) -> None:
    """Which colour stands for which difference, under the name in the middle of a picture that shows in `area`.

    At its foot the banner would lie over it.
    """
    metrics = QFontMetrics(theme.font())
    ends = "same", f"{round(255 / AMPLIFIED)} grey levels or more"
    first, last = (metrics.horizontalAdvance(end) for end in ends)
    width = first + last + RAMP + 4 * PADDING
    if area.width() < width + 2 * MARGIN or area.height() < 5 * HEIGHT:
        return
    painter.save()
    plate = _plate(painter, QPointF(area.center().x() - width / 2, area.top() + 2 * MARGIN + HEIGHT), width)
    inner = plate.adjusted(PADDING, 0, -PADDING, 0)
    painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, ends[0])
    painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, ends[1])
    ramp = QRectF(inner.left() + first + PADDING, inner.center().y() - 5, RAMP, 10)
    colours = QLinearGradient(ramp.topLeft(), ramp.topRight())
    for index, colour in enumerate(SCALE):
        colours.setColorAt(index / (len(SCALE) - 1), QColor(*colour))
    painter.setPen(QColor(255, 255, 255, 90))
    painter.setBrushOrigin(0, 0)
    painter.setBrush(colours)
    painter.drawRect(ramp)
    painter.restore()


def _plate(painter: QPainter, corner: QPointF, width: float) -> QRectF:
    """Draw the plate under words, and leave the painter ready to write them."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(theme.font())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    plate = QRectF(corner, QSizeF(width, HEIGHT))
    painter.drawRoundedRect(plate, theme.RADIUS_INPUT, theme.RADIUS_INPUT)
    painter.setPen(INK)
    return plate
