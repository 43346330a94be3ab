"""Choosing a colour by hand: a square of saturation and value beside a strip of hue."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QLinearGradient, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from sdedit_studio.ui.base import theme

STEP = 0.01


class _Pad(QWidget):
    """What the square and the strip share: a drag or an arrow key moves a point in 0 .. 1 by 0 .. 1."""

    moved = Signal(float, float)
    released = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._held = False

    def _point(self) -> tuple[float, float]:
        raise NotImplementedError

    def _at(self, event: QMouseEvent) -> None:
        at = event.position()
        x, y = at.x() / max(1, self.width() - 1), at.y() / max(1, self.height() - 1)
        self.moved.emit(min(1.0, max(0.0, x)), min(1.0, max(0.0, y)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = True
            self._at(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held:
            self._at(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held:
            self._held = False
            self.released.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: (-STEP, 0.0),
            Qt.Key.Key_Right: (STEP, 0.0),
            Qt.Key.Key_Up: (0.0, -STEP),
            Qt.Key.Key_Down: (0.0, STEP),
        }
        if (move := moves.get(Qt.Key(event.key()))) is None:
            super().keyPressEvent(event)
            return
        x, y = self._point()
        self.moved.emit(min(1.0, max(0.0, x + move[0])), min(1.0, max(0.0, y + move[1])))
        self.released.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def _frame(self, painter: QPainter) -> None:
        look = theme.current()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(look.colour("accent" if self.hasFocus() else "line"), 2 if self.hasFocus() else 1))
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))


class _Square(_Pad):
    def __init__(self) -> None:
        super().__init__("Saturation and brightness")
        self.hue, self.saturation, self.value = 0.0, 0.0, 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(120, 96)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 64)

    def _point(self) -> tuple[float, float]:
        return self.saturation, 1 - self.value

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        across = QLinearGradient(0, 0, self.width(), 0)
        across.setColorAt(0, Qt.GlobalColor.white)
        across.setColorAt(1, QColor.fromHsvF(self.hue, 1, 1))
        painter.fillRect(self.rect(), across)
        down = QLinearGradient(0, 0, 0, self.height())
        down.setColorAt(0, QColor(0, 0, 0, 0))
        down.setColorAt(1, Qt.GlobalColor.black)
        painter.fillRect(self.rect(), down)
        self._frame(painter)
        at = QPointF(self.saturation * (self.width() - 1), (1 - self.value) * (self.height() - 1))
        painter.setPen(QPen(QColor(0, 0, 0, 160), 3))
        painter.drawEllipse(at, 5, 5)
        painter.setPen(QPen(Qt.GlobalColor.white, 1.5))
        painter.drawEllipse(at, 5, 5)


class _Strip(_Pad):
    def __init__(self) -> None:
        super().__init__("Hue")
        self.hue = 0.0
        self.setFixedWidth(16)

    def _point(self) -> tuple[float, float]:
        return 0.0, self.hue

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        down = QLinearGradient(0, 0, 0, self.height())
        for sixth in range(7):
            down.setColorAt(sixth / 6, QColor.fromHsvF(sixth / 6 % 1, 1, 1))
        painter.fillRect(self.rect(), down)
        self._frame(painter)
        y = self.hue * (self.height() - 1)
        bar = QRectF(0.5, min(max(0.0, y - 2), self.height() - 5) + 0.5, self.width() - 1, 4)
        painter.setPen(QPen(QColor(0, 0, 0, 160), 1))
        painter.setBrush(Qt.GlobalColor.white)
        painter.drawRoundedRect(bar, 2, 2)


class ColourField(QWidget):
    """`changed(QColor)` while a person drags, `released()` at the end. Greys keep the hue that was chosen last."""

    changed = Signal(QColor)
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.square, self.strip = _Square(), _Strip()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3 * theme.SPACE)
        row.addWidget(self.square, 1)
        row.addWidget(self.strip)
        self.square.moved.connect(self._choose_shade)
        self.strip.moved.connect(lambda _x, hue: self._choose_hue(hue))
        self.square.released.connect(self.released)
        self.strip.released.connect(self.released)

    @property
    def colour(self) -> QColor:
        return QColor.fromHsvF(self.square.hue, self.square.saturation, self.square.value)

    def set_colour(self, colour: QColor) -> None:
        """Show a colour without telling anyone."""
        if colour.rgb() == self.colour.rgb():
            return
        hue, saturation, value = colour.hsvHueF(), colour.hsvSaturationF(), colour.valueF()
        if hue >= 0 and saturation > 0:
            self.square.hue = self.strip.hue = hue
        self.square.saturation, self.square.value = saturation, value
        self._repaint()

    def _choose_shade(self, saturation: float, darkness: float) -> None:
        self.square.saturation, self.square.value = saturation, 1 - darkness
        self._tell()

    def _choose_hue(self, hue: float) -> None:
        self.square.hue = self.strip.hue = min(hue, 0.9999)
        self._tell()

    def _tell(self) -> None:
        self._repaint()
        self.changed.emit(self.colour)

    def _repaint(self) -> None:
        self.square.update()
        self.strip.update()
