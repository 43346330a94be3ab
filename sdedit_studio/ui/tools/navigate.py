"""Pan and zoom as tools; the canvas also does both at any time by Space, middle button, wheel and pinch."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPainterPath, QTransform

from sdedit_studio.ui.tools.drag import CLICK, Drag, whole_pixels
from sdedit_studio.ui.tools.lines import draw_dashes
from sdedit_studio.ui.tools.tool import Pointer, Tool


class PanTool(Tool):
    id = "pan"
    title = "Pan"
    icon = "hand"
    shortcut = "H"
    hint = "Drag to move the canvas. Space or the middle button does so in every tool."

    _grabbed: Pointer | None = None

    def press(self, at: Pointer) -> None:
        self._grabbed = at

    def move(self, at: Pointer) -> None:
        if self._grabbed is not None:
            self.canvas.pan(at.x - self._grabbed.x, at.y - self._grabbed.y)

    def release(self, at: Pointer) -> None:
        self.move(at)
        self._grabbed = None

    def cancel(self) -> bool:
        self._grabbed = None
        return False

    def cursor(self, at: Pointer) -> Qt.CursorShape:
        return Qt.CursorShape.OpenHandCursor if self._grabbed is None else Qt.CursorShape.ClosedHandCursor


class ZoomTool(Tool):
    id = "zoom"
    title = "Zoom"
    icon = "zoom-in"
    shortcut = "Z"
    hint = "Click to zoom in, Alt-click to zoom out; drag over a part to fill the view with it."

    _drag: Drag | None = None

    def press(self, at: Pointer) -> None:
        self._drag = Drag(at)

    def move(self, at: Pointer) -> None:
        if self._drag is not None:
            self._drag.move(at)
            self.canvas.redraw()

    def release(self, at: Pointer) -> None:
        drag, self._drag = self._drag, None
        if drag is None:
            return
        drag.move(at)
        rect = whole_pixels(drag.rect())
        if drag.length < CLICK * self.canvas.pixel or rect.empty:
            self.canvas.zoom_step(not at.alt, at.x, at.y)
        else:
            self.canvas.show_rect(rect)
        self.canvas.redraw()

    def cancel(self) -> bool:
        dragging, self._drag = self._drag is not None, None
        self.canvas.redraw()
        return dragging

    def paint_overlay(self, painter: QPainter, to_view: QTransform) -> None:
        if self._drag is not None:
            path = QPainterPath()
            path.addRect(self._drag.rect())
            draw_dashes(painter, to_view.map(path))
