"""Hatching over the protected parts of the canvas, shown while tools paint on the protection."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPixmap, QTransform

from sdedit_studio.document.target import Target
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.canvas.view import CanvasView
from sdedit_studio.ui.document.session import Session

PERIOD = 10
"""View pixels from one stripe to the next, across and down."""

TINT, STRIPE, RIM = QColor(224, 164, 88, 76), QColor(255, 214, 150, 190), QColor(40, 24, 4, 90)
"""The colour of what stays faithful, in any theme, because it lies on the picture; stripes show on every colour."""


class Hatching:
    """Drawn over a view's picture while the protection is what tools paint on."""

    def __init__(self, session: Session, view: CanvasView) -> None:
        self._session, self._view = session, view
        view.add_overlay(self._draw)
        session.target_changed.connect(view.update)

    def _draw(self, painter: QPainter, to_view: QTransform, visible: Rect) -> None:
        protection = self._session.document.protection
        area = to_view.mapRect(QRectF(*visible)).toAlignedRect() & self._view.rect()
        if protection is None or self._session.target is not Target.PROTECTION or area.isEmpty():
            return
        ratio = self._view.devicePixelRatioF()
        plate = QImage(area.size() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
        plate.setDevicePixelRatio(ratio)
        plate.fill(Qt.GlobalColor.transparent)
        hatcher = QPainter(plate)
        hatcher.translate(-area.topLeft())
        hatcher.save()
        hatcher.setTransform(to_view, combine=True)
        hatcher.setClipRect(QRectF(*visible))
        for where, tile in protection.items(visible):
            hatcher.drawImage(where.x, where.y, tile.image)
        hatcher.restore()
        hatcher.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
        hatcher.fillRect(area, QBrush(_stripes(ratio)))
        hatcher.end()
        painter.drawImage(area.topLeft(), plate)


@cache
def _stripes(ratio: float) -> QPixmap:
    side = round(PERIOD * ratio)
    made = QPixmap(side, side)
    made.fill(TINT)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, width in ((RIM, 0.34 * side), (STRIPE, 0.16 * side)):
        painter.setPen(QPen(colour, width))
        for shift in (-side, 0, side):
            painter.drawLine(QLineF(shift - side, 2 * side, shift + 2 * side, -side))
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made
