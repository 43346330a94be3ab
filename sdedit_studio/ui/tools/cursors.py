"""Mouse pointers made from icons."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor, QGuiApplication, QPainter, QPixmap

from sdedit_studio.ui.base.icons import pixmap

SIDE = 18
RIM = 1


@cache
def icon_cursor(name: str, x: int = SIDE // 2, y: int = SIDE // 2) -> QCursor:
    """An icon, black with a white rim, that points at its pixel (x, y)."""
    ratio = QGuiApplication.primaryScreen().devicePixelRatio()
    dark, light = pixmap(name, "#000000", SIDE, ratio), pixmap(name, "#ffffff", SIDE, ratio)
    drawn = QPixmap(dark.size() + dark.size() * (2 * RIM / SIDE))
    drawn.setDevicePixelRatio(ratio)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    for dx in (0, 1, 2):
        for dy in (0, 1, 2):
            painter.drawPixmap(QPoint(dx, dy), light)
    painter.drawPixmap(QPoint(RIM, RIM), dark)
    painter.end()
    return QCursor(drawn, x + RIM, y + RIM)
