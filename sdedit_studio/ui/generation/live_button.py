"""The switch of live mode, and a dot that pulses with every new picture."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, QObject, QPoint, QPointF, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.generation.live import Live
from sdedit_studio.ui.widgets.buttons import SecondaryButton

BEAT_MS = 450
"""Duration of a pulse. A new picture restarts it."""

FRAMES = 6
"""Of a beat. Each has the canvas under the banner drawn again, while somebody paints."""

RADIUS, RING = 4.0, 4.5
"""Of the dot, and how much further a beat spreads, in pixels."""


class Beat(QObject):
    """A dot that pulses once for each picture of `live`. `moved()` when it has to be painted again."""

    moved = Signal()

    def __init__(self, live: Live, parent: QObject) -> None:
        super().__init__(parent)
        self._live = live
        self._ring = QVariantAnimation(self, startValue=0, endValue=FRAMES, duration=BEAT_MS)
        self._ring.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._ring.valueChanged.connect(self.moved)
        live.followed.connect(self._beat)
        live.switched.connect(self.moved)

    def paint(self, painter: QPainter, middle: QPointF) -> None:
        """The dot, and the ring that spreads from it."""
        colour = theme.current().colour("error" if self._live.broken else "realistic")
        painter.setPen(Qt.PenStyle.NoPen)
        if self._ring.state() == QVariantAnimation.State.Running:
            spread = self._ring.currentValue() / FRAMES
            halo = QColor(colour)
            halo.setAlphaF(0.5 * (1 - spread))
            painter.setBrush(halo)
            painter.drawEllipse(middle, RADIUS + RING * spread, RADIUS + RING * spread)
        painter.setBrush(colour)
        painter.drawEllipse(middle, RADIUS, RADIUS)

    def _beat(self) -> None:
        self._ring.stop()
        self._ring.start()


class LiveButton(SecondaryButton):
    """Shows a play triangle while live mode is off, and the pulsing dot while it is on."""

    def __init__(self, live: Live) -> None:
        super().__init__("Live", "play")
        self.setCheckable(True)
        self._beat = Beat(live, self)
        self._beat.moved.connect(self.update)

    def _paint_icon(self, painter: QPainter, at: QPoint, ink: QColor) -> None:
        if self.isChecked():
            self._beat.paint(painter, QPointF(at) + QPointF(9, 9))
        else:
            super()._paint_icon(painter, at, ink)


class BeatingDot(QWidget):
    """The dot alone, beside words that say the same."""

    def __init__(self, live: Live) -> None:
        super().__init__()
        self.setFixedSize(18, 18)
        self._beat = Beat(live, self)
        self._beat.moved.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._beat.paint(painter, QPointF(9, 9))
