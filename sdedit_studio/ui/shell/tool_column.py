"""The column of tools at the left, with the two colours at its foot."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QFrame, QVBoxLayout, QWidget

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.actions import Actions
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.tools.tool import Tool
from sdedit_studio.ui.widgets.action_button import ActionButton
from sdedit_studio.ui.widgets.buttons import IconButton

WIDTH = 46

GROUPS = (
    ("brush", "eraser", "smudge", "gradient", "fill", "shapes"),
    ("rectangle-select", "ellipse-select", "lasso", "wand"),
    ("move", "crop", "frame", "pick"),
    ("pan", "zoom"),
)
"""Tools that belong together, with a thin line between the groups."""


class ColourPair(QWidget):
    """Foreground over background. Clicking the front emits `edit_requested()`, the back `swap_requested()`."""

    edit_requested = Signal()
    swap_requested = Signal()
    SIDE = 20
    FRONT, BACK = QPoint(6, 2), QPoint(18, 16)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setFixedSize(WIDTH - 2, 40)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Foreground and background colour")
        self.setToolTip("The colour that paints, over the one to swap with. Click the front to edit, the back to swap.")
        session.colours_changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for corner, colour in ((self.BACK, self._session.background), (self.FRONT, self._session.foreground)):
            painter.setPen(QPen(look.colour("panel"), 4))
            painter.setBrush(QColor(*colour))
            square = QRect(corner, QSize(self.SIDE, self.SIDE))
            painter.drawRoundedRect(square, 4, 4)
            painter.setPen(QPen(look.colour("accent" if self.hasFocus() else "hint"), 1))
            painter.drawRoundedRect(square, 4, 4)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        size = QSize(self.SIDE, self.SIDE)
        if QRect(self.FRONT, size).contains(at):
            self.edit_requested.emit()
        elif QRect(self.BACK, size).contains(at):
            self.swap_requested.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.swap_requested.emit()
        else:
            super().keyPressEvent(event)


class ToolButton(IconButton):
    """Becomes lower where the window is low, so that all tools stay in sight."""

    SIDE, LOWEST = 34, 22

    def __init__(self, tool: type[Tool]) -> None:
        super().__init__(tool.icon, tool.title, side=self.SIDE, checkable=True, checked_role="strong")
        self.setMinimumHeight(self.LOWEST)

    def sizeHint(self) -> QSize:
        return QSize(self.SIDE, self.SIDE)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.SIDE, self.LOWEST)


class ToolColumn(QWidget):
    def __init__(self, session: Session, actions: Actions, tools: Sequence[type[Tool]]) -> None:
        super().__init__()
        self.setObjectName("toolColumn")
        self._session, self._actions = session, actions
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH)
        self.buttons: dict[str, ToolButton] = {}
        self.colours = ColourPair(session)
        self._group = QButtonGroup(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 6, 0, 6)
        self._column.setSpacing(1)
        by_id = {tool.id: tool for tool in tools}
        for group in _grouped(by_id):
            if self.buttons:
                self._add_line()
            for tool_id in group:
                self._add_tool(by_id[tool_id])
        self._column.addStretch(1)
        self.protect = ActionButton(actions, "protect.paint", side=ToolButton.SIDE)
        self._column.addWidget(self.protect, 0, Qt.AlignmentFlag.AlignHCenter)
        self._column.addSpacing(5)
        self._column.addWidget(self.colours, 0, Qt.AlignmentFlag.AlignHCenter)
        session.tool_changed.connect(self._show)
        actions.changed.connect(self._show_tips)
        self._show_tips()
        self._show(session.tool)

    def _add_tool(self, tool: type[Tool]) -> None:
        button = ToolButton(tool)
        button.clicked.connect(lambda: self._session.set_tool(tool.id))
        self._group.addButton(button)
        self._column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        self.buttons[tool.id] = button

    def _add_line(self) -> None:
        line = QFrame()
        line.setObjectName("separator")
        line.setFixedSize(24, 1)
        self._column.addSpacing(5)
        self._column.addWidget(line, 0, Qt.AlignmentFlag.AlignHCenter)
        self._column.addSpacing(5)

    def _show(self, tool_id: str) -> None:
        self.buttons[tool_id].setChecked(True)

    def _show_tips(self) -> None:
        for tool_id, button in self.buttons.items():
            button.setToolTip(self._actions.tip(f"tool.{tool_id}"))


def _grouped(tools: dict[str, type[Tool]]) -> list[list[str]]:
    """The tools in the order of `GROUPS`; ones that no group names come last."""
    groups = [[tool_id for tool_id in group if tool_id in tools] for group in GROUPS]
    named = {tool_id for group in GROUPS for tool_id in group}
    return [group for group in (*groups, [tool_id for tool_id in tools if tool_id not in named]) if group]
