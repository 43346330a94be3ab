"""Arranges the canvas and the views of the result: over it, beside it, or in a window of its own."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCloseEvent, QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.preferences import Preferences
from sdedit_studio.ui.canvas.view import CanvasView
from sdedit_studio.ui.compare.compare import RESULT_PLACES, Compare, CompareMode
from sdedit_studio.ui.compare.result_view import ResultView

WINDOW_SIZE = QSize(900, 640)


class ResultWindow(QWidget):
    """The result in a window of its own, for a second screen. Closing it brings the result back over the canvas."""

    def __init__(self, canvas: CanvasView, compare: Compare, preferences: Preferences, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._compare, self._preferences = compare, preferences
        self.view = ResultView(canvas, compare, linked=False)
        self.setWindowTitle("Result — SDEdit Studio")
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self.resize(WINDOW_SIZE)
        if not preferences.result_geometry.isEmpty():
            self.restoreGeometry(preferences.result_geometry)

    def hideEvent(self, event: QHideEvent) -> None:
        self._preferences.result_geometry = self.saveGeometry()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._compare.set_mode(CompareMode.SPLIT)
        event.accept()


class Stage(QWidget):
    """Holds the canvas, and shows the result where `compare.mode` says; that is remembered."""

    def __init__(self, canvas: CanvasView, compare: Compare, preferences: Preferences) -> None:
        super().__init__()
        self._compare, self._preferences = compare, preferences
        self.side_by_side = ResultView(canvas, compare, linked=True)
        self.side_by_side.hide()
        self.window_ = ResultWindow(canvas, compare, preferences, self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        row.addWidget(canvas, 1)
        row.addWidget(self.side_by_side, 1)
        self.setFocusProxy(canvas)
        remembered = {mode.value: mode for mode in RESULT_PLACES}.get(preferences.result_place, CompareMode.SPLIT)
        compare.set_mode(remembered)
        compare.changed.connect(self._arrange)

    def _arrange(self) -> None:
        mode = self._compare.mode
        self.side_by_side.setVisible(mode is CompareMode.SIDE_BY_SIDE)
        self.window_.setVisible(mode is CompareMode.WINDOW and self.isVisible())
        self._preferences.result_place = self._compare.result_place.value

    def showEvent(self, event: QShowEvent) -> None:
        self._arrange()

    def hideEvent(self, event: QHideEvent) -> None:
        if not event.spontaneous():
            self.window_.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line between the two."""
        QPainter(self).fillRect(event.rect(), theme.current().colour("line"))
