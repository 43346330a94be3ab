"""A panel of the dock column: a title bar with icon, title and small buttons over scrolling content; it folds."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.icons import pixmap

TITLE_HEIGHT = 32
NO_LIMIT = 16777215
"""Qt's own largest widget size."""


class _Title(QWidget):
    """Icon and title. A click folds the panel, a drag is left to the dock, which moves with it."""

    clicked = Signal()

    def __init__(self, text: str, icon_name: str) -> None:
        super().__init__()
        self._text, self._icon_name = text, icon_name
        self._pressed: QPoint | None = None
        self.folded = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(text)
        self.setToolTip("Click to fold. Drag to move the panel.")
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        return QSize(120, TITLE_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, TITLE_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hovered = self.underMouse() or self.hasFocus()
        name = ("chevron-right" if self.folded else "chevron-down") if hovered or self.folded else self._icon_name
        role = "accent" if self._icon_name == "sparkles" and name == "sparkles" else "secondary"
        drawn = pixmap(name, getattr(look, role), 16, self.devicePixelRatioF())
        painter.drawPixmap(12, (self.height() - 16) // 2, drawn)
        painter.setPen(look.colour("strong"))
        painter.setFont(theme.font(theme.TITLE_PIXELS, QFont.Weight.DemiBold))
        painter.drawText(self.rect().adjusted(36, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self._text)
        if self.hasFocus():
            painter.setPen(QPen(look.colour("accent"), 1))
            painter.drawRoundedRect(self.rect().adjusted(4, 4, -4, -4), theme.RADIUS_INPUT, theme.RADIUS_INPUT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.globalPosition().toPoint() if event.button() == Qt.MouseButton.LeftButton else None
        event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None:
            travel = (event.globalPosition().toPoint() - self._pressed).manhattanLength()
            if travel >= QApplication.startDragDistance():
                self._pressed = None
        event.ignore()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.ignore()
        if self._pressed is not None:
            self._pressed = None
            self.clicked.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)


class Column(QScrollArea):
    """Content that is as wide as the panel and scrolls up and down when the panel is too low for it.

    `fitted(int)`: the height that shows all of it has changed.
    """

    fitted = Signal(int)

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        content.setAutoFillBackground(False)
        self.setWidget(content)
        content.installEventFilter(self)
        self._fitted = self._natural_height()

    def sizeHint(self) -> QSize:
        return QSize(300, self._natural_height())

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 60)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _natural_height(self) -> int:
        content, width = self.widget(), self.width()
        height = content.heightForWidth(width) if content.hasHeightForWidth() else content.sizeHint().height()
        return max(height, content.minimumHeight())

    def _fit(self) -> None:
        height = self._natural_height()
        if height != self._fitted:
            self._fitted = height
            self.updateGeometry()
            self.fitted.emit(height)


class Dock(QDockWidget):
    """`name` identifies the panel in the remembered layout.

    `fills`: the content can use any height and scrolls by itself; else the panel is as high as its content, and scrolls
    when there is less room. `behind`: the panel whose place it shares when it is asked for; it is hidden at first.
    """

    def __init__(
        self,
        name: str,
        title: str,
        icon_name: str,
        content: QWidget,
        buttons: Sequence[QWidget] = (),
        *,
        fills: bool = False,
        behind: Dock | None = None,
    ) -> None:
        super().__init__(title)
        self.setObjectName(name)
        self.fills, self.behind = fills, behind
        self._content = content if fills else Column(content)
        self._limit = NO_LIMIT
        self._unfolded_height = 0
        self._title = _Title(title, icon_name)
        bar = QWidget()
        bar.setObjectName("dockTitle")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        bar.setFixedHeight(TITLE_HEIGHT)
        row = QHBoxLayout(bar)
        row.setContentsMargins(0, 0, 2 * theme.SPACE, 0)
        row.setSpacing(0)
        row.addWidget(self._title, 1)
        for button in buttons:
            row.addWidget(button)
        self.setTitleBarWidget(bar)
        self._body = QWidget()
        self._body.setObjectName("dockBody")
        self._body.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._content)
        self.setWidget(self._body)
        self._title.clicked.connect(lambda: self.set_folded(not self.folded))
        if isinstance(self._content, Column):
            self._content.fitted.connect(self._fit)
            self._fit(self._content.sizeHint().height())

    def _fit(self, height: int) -> None:
        """Never be higher than the content, but grow with it if all of it was seen."""
        all_seen, self._limit = self.all_seen, height
        if self.folded:
            return
        self._body.setMaximumHeight(height)
        if all_seen:
            self.show_all()

    @property
    def all_seen(self) -> bool:
        """Whether the panel, when unfolded, is as high as its content."""
        return self.folded or self._body.height() >= self._limit

    def show_all(self) -> None:
        """Be as high as the content, as far as the column has room."""
        self._take_height(self.full_height)

    def _take_height(self, height: int) -> None:
        """Ask the column for this height, at the cost of the panels that can use any, or else of the highest; Qt would
        have all others pay.
        """
        window = self.parent()
        if not (isinstance(window, QMainWindow) and self.isVisible() and not self.isFloating()):
            return
        area, more = window.dockWidgetArea(self), height - self.height()
        same_place = {self, *window.tabifiedDockWidgets(self)}
        column = [dock for dock in window.findChildren(Dock) if dock.isVisible() and not dock.isFloating()]
        column = [dock for dock in column if dock not in same_place and window.dockWidgetArea(dock) == area]
        paying = [dock for dock in column if dock.fills] or sorted(column, key=Dock.height)[-1:]
        heights = [dock.height() - (more if dock in paying else 0) for dock in column]
        window.resizeDocks([self, *column], [height, *heights], Qt.Orientation.Vertical)

    @property
    def full_height(self) -> int:
        """The height that shows all of the content; `NO_LIMIT` for a panel that can use any height."""
        return min(NO_LIMIT, TITLE_HEIGHT + self._limit)

    @property
    def folded(self) -> bool:
        return self._title.folded

    def set_folded(self, folded: bool) -> None:
        """Show only the title bar, or everything again."""
        if folded == self.folded:
            return
        if folded:
            self._unfolded_height = self.height()
        self._title.folded = folded
        self._content.setVisible(not folded)
        self._body.setMaximumHeight(0 if folded else self._limit)
        self._title.update()
        if not folded:
            self._take_height(min(self._unfolded_height or self.full_height, self.full_height))

    def reveal(self) -> None:
        """Show the panel unfolded, in front of the panels tabbed with it, at its preferred height if there is room."""
        self.show()
        self.raise_()
        self.set_folded(False)
        if self.fills and self.height() < (wanted := TITLE_HEIGHT + self._content.sizeHint().height()):
            self._take_height(wanted)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.pos().y() > TITLE_HEIGHT:
            return super().contextMenuEvent(event)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Unfold" if self.folded else "Fold", lambda: self.set_folded(not self.folded))
        menu.addAction("Put back" if self.isFloating() else "Float", lambda: self.setFloating(not self.isFloating()))
        menu.addAction("Hide", self.hide)
        menu.popup(event.globalPos())
        return None
