"""The bar above the canvas: the chosen tool's own options at the left, what concerns every tool at the right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QSizePolicy, QStackedWidget, QWidget, QWidgetAction

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.icons import pixmap
from sdedit_studio.ui.tools.brushes import Brushes
from sdedit_studio.ui.tools.tool import Tool
from sdedit_studio.ui.widgets.buttons import IconButton
from sdedit_studio.ui.widgets.slider_row import SliderRow

HEIGHT = 40


class _Icon(QWidget):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.setFixedSize(18, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        drawn = pixmap(self._name, theme.current().text, ratio=self.devicePixelRatioF())
        QPainter(self).drawPixmap(0, (self.height() - 18) // 2, drawn)


class _Name(QWidget):
    """A tool's name, with a thin line after it where controls follow."""

    def __init__(self, title: str, *, lined: bool) -> None:
        super().__init__()
        name = QLabel(title)
        name.setProperty("role", "strong")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4 * theme.SPACE)
        row.addWidget(name)
        if lined:
            line = QFrame()
            line.setObjectName("separator")
            line.setFixedSize(1, 16)
            row.addWidget(line)


class _Options(QWidget):
    """One tool's icon, name and controls. Where there is less room, sliders become shorter and then the name goes."""

    def __init__(self, tool: Tool) -> None:
        super().__init__()
        controls = tool.options()
        self._name = _Name(tool.title, lined=bool(controls))
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 0, 0)
        row.setSpacing(3 * theme.SPACE)
        for part in (_Icon(tool.icon), self._name, *controls):
            row.addWidget(part)
        row.addStretch(1)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        name = self._name.sizeHint().width() + self._row.spacing()
        rest = self._row.minimumSize().width() - (0 if self._name.isHidden() else name)
        self._name.setVisible(rest + name <= self.width())


class StabiliserButton(IconButton):
    """How far strokes trail the pointer, as a slider that opens below; the icon is lit while they do."""

    def __init__(self, brushes: Brushes) -> None:
        super().__init__("spline", "Stabiliser: smooth strokes that trail the pointer")
        self._brushes = brushes
        self.strength = SliderRow("Stabiliser", 0, 100, 0, suffix=" %")
        self.strength.setFixedWidth(280)
        self.strength.setContentsMargins(8, 4, 8, 4)
        self._menu = QMenu(self)
        holder = QWidgetAction(self._menu)
        holder.setDefaultWidget(self.strength)
        self._menu.addAction(holder)
        self.strength.value_changed.connect(lambda percent: brushes.set_stabiliser(percent / 100))
        self.clicked.connect(lambda: self._menu.popup(self.mapToGlobal(QPoint(self.width() - 290, self.height() + 6))))
        brushes.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        self.strength.set_value(100 * self._brushes.stabiliser)
        self.set_icon("spline", "accent" if self._brushes.stabiliser else "text")


class OptionBar(QWidget):
    """`always`: the widgets at the right end."""

    def __init__(self, always: Sequence[QWidget]) -> None:
        super().__init__()
        self.setObjectName("optionBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._always = always
        self._made: dict[str, _Options] = {}
        self._stack = QStackedWidget()
        self._stack.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(2)
        row.addWidget(self._stack, 1)
        for widget in always:
            row.addWidget(widget)

    def show_tool(self, tool: Tool) -> None:
        """Show a tool's options; they are made when it is first chosen."""
        if tool.id not in self._made:
            self._made[tool.id] = _Options(tool)
            self._stack.addWidget(self._made[tool.id])
            self._put_in_tab_order(self._made[tool.id])
        self._stack.setCurrentWidget(self._made[tool.id])

    def _put_in_tab_order(self, options: _Options) -> None:
        """Let the keyboard reach these before the widgets at the right end, though they were made later."""
        parts = (part for part in options.findChildren(QWidget) if part.window() is self.window())
        made = [part for part in parts if part.focusPolicy() & Qt.FocusPolicy.TabFocus]
        for stop, following in pairwise((self._always[-1], *made, *self._always)):
            QWidget.setTabOrder(stop, following)
