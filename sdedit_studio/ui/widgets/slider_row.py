"""A number with a label, a slider and a field, used everywhere in the window."""

from __future__ import annotations

from math import exp, log

from PySide6.QtCore import QEvent, QLocale, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetrics,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.widgets.fields import TextField

FINE = 0.1
"""How much slower everything moves while Shift is held."""

REST_MS = 400
"""After this pause, wheel and arrow steps count as one finished gesture."""


class Track(QWidget):
    """A slider over positions 0 .. 1.

    `pressed()` when the mouse takes hold of it, `moved(float)` while a person changes it, `released()` at a gesture's
    end, `reset()` at a double click, `typed(str)` when someone begins to type a number.
    """

    pressed = Signal()
    moved = Signal(float)
    released = Signal()
    reset = Signal()
    typed = Signal(str)

    KNOB = 7.0

    def __init__(self, step: float = 0.01, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._position, self._step = 0.0, step
        self._grip: tuple[float, float] | None = None
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self.released)
        self.setFocusPolicy(Qt.FocusPolicy.WheelFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(40)

    @property
    def position(self) -> float:
        return self._position

    def set_position(self, position: float) -> None:
        """Show a position, held within 0 .. 1, without telling anyone."""
        position = min(1.0, max(0.0, position))
        if position != self._position:
            self._position = position
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(90, 22)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, 22)

    def x_of(self, position: float) -> float:
        """Where a position lies, in this widget's pixels."""
        return self.KNOB + position * (self.width() - 2 * self.KNOB)

    def _move(self, position: float) -> None:
        before = self._position
        self.set_position(position)
        if self._position != before:
            self.moved.emit(self._position)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return super().mousePressEvent(event)
        x = event.position().x()
        if abs(x - self.x_of(self._position)) > self.KNOB + 2 and not _fine(event):
            self._move((x - self.KNOB) / (self.width() - 2 * self.KNOB))
        self._grip = (x, self._position)
        self.update()
        self.pressed.emit()
        return None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            return
        x, position = self._grip
        travel = (event.position().x() - x) / (self.width() - 2 * self.KNOB)
        moved = position + travel * (FINE if _fine(event) else 1)
        self._move(moved)
        self._grip = (event.position().x(), moved)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._let_go()

    def hideEvent(self, event: QHideEvent) -> None:
        """End the drag: a hidden widget gets no release event."""
        self._let_go()

    def _let_go(self) -> None:
        if self._grip is not None:
            self._grip = None
            self.update()
            self.released.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.reset.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Alt and some pads swap the axes, so that a turn of the wheel arrives as a horizontal one.
        turn = event.angleDelta().y() or event.angleDelta().x()
        self._nudge(turn / 120 * self._step * (FINE if _fine(event) else 1))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        scale = FINE if _fine(event) else 1
        match event.key():
            case Qt.Key.Key_Right | Qt.Key.Key_Up:
                self._nudge(self._step * scale)
            case Qt.Key.Key_Left | Qt.Key.Key_Down:
                self._nudge(-self._step * scale)
            case Qt.Key.Key_PageUp:
                self._nudge(10 * self._step)
            case Qt.Key.Key_PageDown:
                self._nudge(-10 * self._step)
            case Qt.Key.Key_Home:
                self._nudge(-1)
            case Qt.Key.Key_End:
                self._nudge(1)
            case _ if _begins_number(event):
                self.typed.emit(event.text())
            case _:
                super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Digits belong to a track with the focus, whatever they are shortcuts for."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _begins_number(event):
            event.accept()
            return True
        return super().event(event)

    def _nudge(self, by: float) -> None:
        self._move(self._position + by)
        self._rest.start()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        if self._rest.isActive():
            self._rest.stop()
            self.released.emit()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle, knob = self.height() / 2, self.x_of(self._position)
        groove = QRectF(0, middle - 2, self.width(), 4)
        painter.setBrush(look.colour("border"))
        painter.drawRoundedRect(groove, 2, 2)
        painter.setBrush(look.colour("accent" if self.isEnabled() else "disabled"))
        groove.setRight(knob)
        painter.drawRoundedRect(groove, 2, 2)
        if self.hasFocus():
            painter.setBrush(look.colour("accent", 0.35))
            painter.drawEllipse(QPointF(knob, middle), self.KNOB + 3, self.KNOB + 3)
        painter.setBrush(look.colour("handle" if self.isEnabled() else "disabled"))
        if look.name == "light":
            painter.setPen(QPen(look.colour("hint"), 1))
        radius = self.KNOB + (0.5 if self._grip or self.underMouse() else 0)
        painter.drawEllipse(QPointF(knob, middle), radius, radius)


class ValueField(TextField):
    """A number with its unit. Enter takes what was typed, Esc takes it back, arrows and wheel step.

    `entered(str)`: what was typed, without the unit. `nudged(float)`: a step asked for, 1 a step.
    """

    entered = Signal(str)
    nudged = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "value")
        self.setFont(theme.font(tabular=True))
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._shown = ""
        self.editingFinished.connect(self._finish)

    def show_text(self, text: str) -> None:
        self._shown = text
        if not (self.hasFocus() and self.isModified()):
            self.setText(text)

    def begin_typing(self, text: str) -> None:
        """Take the focus with `text` in place of the value."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.clear()
        self.insert(text)

    def _finish(self) -> None:
        if self.isModified():
            self.setModified(False)
            typed = self.text()
            self.setText(self._shown)
            self.entered.emit(typed)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() == Qt.FocusReason.MouseFocusReason:
            QTimer.singleShot(0, self, self.selectAll)  # the click would clear a selection made now

    def keyPressEvent(self, event: QKeyEvent) -> None:
        scale = FINE if _fine(event) else 1
        match event.key():
            case Qt.Key.Key_Up:
                self.nudged.emit(scale)
            case Qt.Key.Key_Down:
                self.nudged.emit(-scale)
            case Qt.Key.Key_Escape:
                self.setModified(False)
                self.setText(self._shown)
                self.clearFocus()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                super().keyPressEvent(event)
                self.selectAll()
                event.accept()
            case _:
                super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta().y() or event.angleDelta().x()
        self.nudged.emit(turn / 120 * (FINE if _fine(event) else 1))
        event.accept()


class SliderRow(QWidget):
    """A number within a range. Drag, wheel, arrows or type; double-click resets; Shift is fine. It never wraps.

    `decimals`: of the value shown and given. `suffix`: the unit after it, such as " px". `logarithmic`: equal
    distances on the track are equal ratios (needs `minimum` > 0). Arrows and wheel step by a hundredth of the track, at
    least by one unit of the last decimal.

    `value_changed(float)`: at each change by a person. `released()`: at the end of a gesture (one undo step).
    """

    value_changed = Signal(float)
    released = Signal()

    def __init__(
        self,
        label: str,
        minimum: float,
        maximum: float,
        default: float,
        decimals: int = 0,
        suffix: str = "",
        logarithmic: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._minimum, self._maximum, self._default = minimum, maximum, default
        self._decimals, self._suffix, self._logarithmic = decimals, suffix, logarithmic
        self._value = default
        unit = 10.0**-decimals
        self.label = QLabel(label)
        self.track = Track(0.01 if logarithmic else max(0.01, unit / (maximum - minimum)))
        self.field = ValueField()
        for part in (self.track, self.field):
            part.setAccessibleName(label)
        self.track.setToolTip("Drag, or turn the wheel. Shift is fine, double-click resets.")
        widest = max((self._text(minimum), self._text(maximum)), key=len)
        self.field.setFixedWidth(QFontMetrics(theme.font(tabular=True)).horizontalAdvance(widest) + 20)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * theme.SPACE)
        if label:
            row.addWidget(self.label)
        row.addWidget(self.track, 1)
        row.addWidget(self.field)
        self.setFocusProxy(self.track)
        self.track.moved.connect(lambda position: self._change(self._at(position)))
        self.track.released.connect(self.released)
        self.track.reset.connect(self.reset)
        self.track.typed.connect(self.field.begin_typing)
        self.field.entered.connect(self._entered)
        self.field.nudged.connect(self._nudged)
        self._show()

    @property
    def value(self) -> float:
        return self._value

    def set_value(self, value: float) -> None:
        """Show a value, held within the range, without telling anyone."""
        self._value = self._held(value)
        self._show()

    def set_default(self, default: float) -> None:
        """Set the value that a double-click goes back to."""
        self._default = default

    def set_label_width(self, width: int) -> None:
        """Give the label a fixed width, so that rows below each other line up."""
        self.label.setFixedWidth(width)

    def reset(self) -> None:
        self._change(self._default)
        self._show()
        self.released.emit()

    def _held(self, value: float) -> float:
        return round(min(self._maximum, max(self._minimum, value)), self._decimals)

    def _position(self, value: float) -> float:
        if self._logarithmic:
            return log(value / self._minimum) / log(self._maximum / self._minimum)
        return (value - self._minimum) / (self._maximum - self._minimum)

    def _at(self, position: float) -> float:
        if self._logarithmic:
            return self._minimum * exp(position * log(self._maximum / self._minimum))
        return self._minimum + position * (self._maximum - self._minimum)

    def _text(self, value: float) -> str:
        return f"{value:.{self._decimals}f}{self._suffix}"

    def _show(self) -> None:
        self.field.show_text(self._text(self._value))
        # While a hand is on the track its position is finer than the rounded value; leave it there.
        if self._held(self._at(self.track.position)) != self._value:
            self.track.set_position(self._position(self._value))
        self.track.setAccessibleDescription(self._text(self._value))

    def _change(self, value: float) -> None:
        value = self._held(value)
        if value != self._value:
            self._value = value
            self._show()
            self.value_changed.emit(value)

    def _nudged(self, steps: float) -> None:
        unit = 10.0**-self._decimals
        by = max(unit, abs(self._at(min(1.0, self.track.position + 0.01)) - self._value)) if abs(steps) >= 1 else unit
        self._change(self._value + by * (1 if steps > 0 else -1) * max(1.0, abs(steps)))
        self.released.emit()

    def _entered(self, typed: str) -> None:
        number = typed.replace(self._suffix.strip(), "").strip() if self._suffix.strip() else typed.strip()
        value, understood = QLocale().toDouble(number)
        if not understood:
            value, understood = QLocale.c().toDouble(number.replace(",", "."))
        if understood:
            self._change(value)
            self.released.emit()
        self._show()


def _begins_number(event: QKeyEvent) -> bool:
    modified = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    return not modified and event.text() != "" and event.text() in "0123456789-"


def _fine(event: QKeyEvent | QMouseEvent | QWheelEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
