"""The rounded bars that float over the canvas."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, QEvent, QRectF, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QStyle, QWidget

from sdedit_studio.ui.base import theme

FOOT = 14
"""Pixels between a pill and the edge of the canvas, and between two pills."""

SHADOW = 8
"""Pixels around a pill that its shadow takes."""


class Pill(QWidget):
    """A rounded plate with a soft shadow. It lets no click through to the canvas under it, and rises as it appears."""

    resized = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._canvas = parent
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.lift = 0.0
        self._rise = QVariantAnimation(self, startValue=10.0, endValue=0.0)
        self._rise.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._rise.valueChanged.connect(self._lifted)
        self.hide()

    def _lifted(self, lift: float) -> None:
        self.lift = lift
        self.resized.emit()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.resized.emit()
        return super().event(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        usual = self.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, self)
        self._rise.setDuration(usual * 3 // 4)
        self._rise.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._rise.stop()
        self.lift = 0.0

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plate = QRectF(self.rect()).adjusted(SHADOW, SHADOW, -SHADOW, -SHADOW)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 4 if look.name == "light" else 9))
        for spread in range(SHADOW, 0, -1):
            radius = theme.RADIUS_BANNER + spread
            painter.drawRoundedRect(plate.adjusted(-spread, -spread + 2, spread, spread), radius, radius)
        painter.setPen(QPen(look.colour("border"), 1))
        painter.setBrush(look.colour("raised"))
        painter.drawRoundedRect(plate.adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS_BANNER, theme.RADIUS_BANNER)
