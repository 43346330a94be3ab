"""The split: the line between before and after on the canvas, and the handle that moves it."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.icons import pixmap

INK, PAPER = "#26282c", "#ffffff"
"""Of the handle, which lies on pictures and not on the theme."""


class Handle(QWidget):
    """The handle of the split, for the mouse and the keyboard. The canvas overlay draws it.

    Signals: `dragged(QPointF)` with the position in the parent's pixels; `stepped(float)` with the change of the split,
    as a part of its range; `toggled()`; `focus_changed()` when it has gained or lost the keyboard focus.
    """

    SIDE = 32

    dragged = Signal(QPointF)
    stepped = Signal(float)
    toggled = Signal()
    focus_changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = parent
        self._offset = QPointF()
        self.setFixedSize(self.SIDE, self.SIDE)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        self.setAccessibleName("Split between before and after")
        self.setToolTip("Drag to compare with your painting. Double-click to open or close it.\nHold \\ to see before.")
        self.hide()

    def paint(self, painter: QPainter, line: QLineF) -> None:
        """Draw a line across the view, and the grip on it where the line is in sight."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(0, 0, 0, 70), 4))
        painter.drawLine(line)
        painter.setPen(QPen(QColor(PAPER), 2))
        painter.drawLine(line)
        if (middle := self._grip(line)) is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            for spread, alpha in ((3.0, 25), (1.5, 60)):
                painter.setBrush(QColor(0, 0, 0, alpha))
                painter.drawEllipse(middle + QPointF(0, 1), 13 + spread, 13 + spread)
            if self.hasFocus():
                painter.setBrush(theme.current().colour("accent"))
                painter.drawEllipse(middle, 16, 16)
            painter.setBrush(QColor(PAPER))
            painter.drawEllipse(middle, 13, 13)
            painter.translate(middle)
            painter.rotate(270 - line.angle())
            icon = pixmap("columns-2", INK, 14, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(-7, -7), icon)
        painter.restore()

    def place(self, line: QLineF | None) -> None:
        """Lie over the grip of this line; None when there is none."""
        middle = None if line is None else self._grip(line)
        if middle is None and self.hasFocus():
            self._view.setFocus()
        self.setVisible(middle is not None)
        if middle is not None:
            self.move((middle - QPointF(self.SIDE / 2, self.SIDE / 2)).toPoint())

    def _grip(self, line: QLineF) -> QPointF | None:
        """The middle of the visible part of the line, in the parent's pixels."""
        inside = QRectF(self._view.rect()).adjusted(8, 8, -8, -8)
        first, last = 0.0, 1.0
        for start, by, low, high in (
            (line.x1(), line.dx(), inside.left(), inside.right()),
            (line.y1(), line.dy(), inside.top(), inside.bottom()),
        ):
            if by == 0:
                if not low <= start <= high:
                    return None
                continue
            enters, leaves = sorted(((low - start) / by, (high - start) / by))
            first, last = max(first, enters), min(last, leaves)
        return line.pointAt((first + last) / 2) if first <= last else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._offset = event.position() - QPointF(self.SIDE / 2, self.SIDE / 2)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.dragged.emit(self.mapToParent(event.position()) - self._offset)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._offset = event.position() - QPointF(self.SIDE / 2, self.SIDE / 2)
        self.toggled.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        large = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        match event.key():
            case Qt.Key.Key_Left:
                self.stepped.emit(-0.1 if large else -0.01)
            case Qt.Key.Key_Right:
                self.stepped.emit(0.1 if large else 0.01)
            case Qt.Key.Key_Home:
                self.stepped.emit(-1)
            case Qt.Key.Key_End:
                self.stepped.emit(1)
            case Qt.Key.Key_Space:
                self.toggled.emit()
            case _:
                super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.focus_changed.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.focus_changed.emit()
