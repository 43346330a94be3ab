"""The layout of bars and panels: the default, the stored one, and hiding them all for a while."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer
from PySide6.QtWidgets import QMainWindow, QStyle, QTabBar, QToolBar

from sdedit_studio.ui.base.preferences import Preferences
from sdedit_studio.ui.widgets.dock import Dock

COLUMN_WIDTH = 348
FIRST_SIZE = QSize(1600, 1000)
SCREEN_PART = 0.94
"""Of a smaller screen, so that the frame of the window and the desktop's own bars have room."""

LEAST_LAYERS, LEAST_COLOUR = 166, 126
"""Heights of panels when the window is low."""

VERSION = 2
"""Of the remembered layout: another one whenever there is a panel more."""


class Arrangement:
    """`docks`: from the top of the column, of which the middle one can use any height; then those behind others."""

    def __init__(
        self, window: QMainWindow, bars: Sequence[QToolBar], docks: Sequence[Dock], preferences: Preferences
    ) -> None:
        self._window, self._bars, self._docks, self._preferences = window, bars, docks, preferences
        self._before_hiding: QByteArray | None = None
        self._remembered = False
        for corner in (Qt.Corner.TopRightCorner, Qt.Corner.BottomRightCorner):
            window.setCorner(corner, Qt.DockWidgetArea.RightDockWidgetArea)
        options = QMainWindow.DockOption
        window.setDockOptions(options.AllowTabbedDocks | options.AllowNestedDocks | options.AnimatedDocks)
        self._dropped = QTimer(window, singleShot=True, interval=0)
        self._dropped.timeout.connect(self._show_tabs)
        for dock in docks:
            self._place(dock)
            dock.topLevelChanged.connect(lambda _floats: self._dropped.start())

    def restore(self) -> None:
        """Put everything where it was left; call it before the window shows, and `settle` after."""
        window = self._window
        window.resize(FIRST_SIZE.boundedTo(window.screen().availableSize() * SCREEN_PART))
        geometry, state = self._preferences.geometry, self._preferences.state
        self._remembered = (
            not geometry.isEmpty() and window.restoreGeometry(geometry) and window.restoreState(state, VERSION)
        )
        for dock in self._docks:
            dock.set_folded(dock.objectName() in self._preferences.folded)

    def settle(self) -> None:
        """Give panels their heights, now that there is a height to share."""
        if not self._remembered:
            self._share_column()
            return
        # Panels may have more to say than when they were left; those that were seen whole still are.
        for dock in self._docks:
            if not dock.fills and dock.objectName() not in self._preferences.cut:
                dock.show_all()

    def reset(self) -> None:
        """All panels in the column at the right, unfolded, as they were at first."""
        for dock in self._docks:
            dock.setFloating(False)
            self._place(dock)
            dock.set_folded(False)
        self._share_column()

    def _place(self, dock: Dock) -> None:
        self._window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        if dock.behind is not None:
            self._window.tabifyDockWidget(dock.behind, dock)
        dock.setVisible(dock.behind is None)

    @property
    def hidden(self) -> bool:
        return self._before_hiding is not None

    def toggle_hidden(self) -> None:
        """Leave nothing but the canvas, or bring everything back as it was."""
        if self._before_hiding is not None:
            self._window.restoreState(self._before_hiding, VERSION)
            self._before_hiding = None
        else:
            self._before_hiding = self._window.saveState(VERSION)
            for part in (*self._bars, *self._docks):
                part.hide()

    def store(self) -> None:
        """Remember how everything lies now."""
        if self.hidden:
            self.toggle_hidden()
        preferences = self._preferences
        preferences.geometry = self._window.saveGeometry()
        preferences.state = self._window.saveState(VERSION)
        preferences.folded = [dock.objectName() for dock in self._docks if dock.folded]
        preferences.cut = [dock.objectName() for dock in self._docks if not dock.fills and not dock.all_seen]

    def _show_tabs(self) -> None:
        """Qt 6.9 leaves the tabs hidden after a panel was dropped on another (seen under X11, by mouse only)."""
        for tabs in self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            tabs.setVisible(tabs.count() > 1)

    def _share_column(self) -> None:
        """The edit is seen whole, then layers, and colours get what is left."""
        window = self._window
        window.resizeDocks(self._docks[:1], [COLUMN_WIDTH], Qt.Orientation.Horizontal)
        sdedit, layers, colour = (dock for dock in self._docks if dock.behind is None)
        line = window.style().pixelMetric(QStyle.PixelMetric.PM_DockWidgetSeparatorExtent, None, window)
        room = window.centralWidget().height() - 2 * line
        colour_height = max(LEAST_COLOUR, min(colour.full_height, room - sdedit.full_height - LEAST_LAYERS))
        sdedit_height = min(sdedit.full_height, room - colour_height - LEAST_LAYERS)
        heights = [sdedit_height, room - sdedit_height - colour_height, colour_height]
        window.resizeDocks([sdedit, layers, colour], heights, Qt.Orientation.Vertical)
