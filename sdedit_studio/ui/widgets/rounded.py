"""Pictures with round corners."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPixmap


def rounded(image: QImage, radius: float, ratio: float) -> QPixmap:
    """The picture with round corners, for a screen of this device pixel ratio."""
    drawn = QPixmap(image.size())
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    shape = QPainterPath()
    shape.addRoundedRect(0, 0, image.width(), image.height(), radius * ratio, radius * ratio)
    painter.setClipPath(shape)
    painter.drawImage(0, 0, image)
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn
