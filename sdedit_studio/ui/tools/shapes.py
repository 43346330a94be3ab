"""Filled rectangles, ellipses and straight lines."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainterPath, QPainterPathStroker
from PySide6.QtWidgets import QWidget

from sdedit_studio.document.painting import filled, paint_over
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.document.gesture import ComputedGesture
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.document.targets import can_paint, step_name
from sdedit_studio.ui.tools.controls import Setting, icon_choice, percent, slider
from sdedit_studio.ui.tools.drag import CLICK, Drag, whole_pixels
from sdedit_studio.ui.tools.paint import PaintTool
from sdedit_studio.ui.tools.tool import Canvas, Pointer

Shape = Literal["rectangle", "ellipse", "line"]


class ShapesTool(PaintTool):
    id = "shapes"
    title = "Shapes"
    icon = "shapes"
    shortcut = "U"
    hint = "Drag to draw a filled shape. While dragging, Shift makes it regular and Alt centres it."

    def __init__(self, session: Session, canvas: Canvas) -> None:
        super().__init__(session, canvas)
        self._shape: Setting[Shape] = Setting("rectangle")
        self._width = Setting(8.0)
        self._opacity = Setting(100.0)
        self._drag: Drag | None = None

    def begin(self, at: Pointer) -> None:
        if can_paint(self.session):
            self._drag = Drag(at)
            self.gesture = self.session.begin_computed(
                step_name(self.session.target, f"Draw {self._shape.value}"), self.settle
            )

    def drag(self, at: Pointer) -> None:
        if self._drag is None or not isinstance(self.gesture, ComputedGesture):
            return
        self._drag.move(at)
        if self._drag.length < CLICK * self.canvas.pixel:
            return
        path = self._path(self._drag)
        box = path.boundingRect().toAlignedRect()
        area = Rect(box.x(), box.y(), box.width(), box.height())
        target, paint = self.session.target, filled(self.session.paint[0], self._opacity.value / 100, path)
        self.gesture.want(lambda document: paint_over(document, area, paint, target))

    def end(self, at: Pointer) -> None:
        self.drag(at)
        self.settle()

    def cancel(self) -> bool:
        self._drag = None
        return super().cancel()

    def settle(self) -> None:
        self._drag = None
        super().settle()

    def set_opacity(self, opacity: float) -> None:
        self._opacity.set(100 * opacity)

    def resize(self, steps: float) -> None:
        self._width.set(float(min(200, max(1, round(self._width.value + steps)))))

    def options(self) -> list[QWidget]:
        shapes = icon_choice(
            "Shape",
            self._shape,
            [("rectangle", "square", "Rectangle"), ("ellipse", "circle", "Ellipse"), ("line", "slash", "Line")],
        )
        width = slider("Line width", self._width, 1, 200, " px", logarithmic=True)
        width.setEnabled(self._shape.value == "line")
        self._shape.changed.connect(lambda: width.setEnabled(self._shape.value == "line"))
        return [shapes, percent("Opacity", self._opacity), width]

    def _path(self, drag: Drag) -> QPainterPath:
        path = QPainterPath()
        match self._shape.value:
            case "rectangle":
                path.addRect(QRectF(*whole_pixels(drag.rect())))
            case "ellipse":
                path.addEllipse(drag.rect())
            case "line":
                start, end = drag.line()
                path.moveTo(start)
                path.lineTo(end)
                stroker = QPainterPathStroker()
                stroker.setWidth(self._width.value)
                stroker.setCapStyle(Qt.PenCapStyle.RoundCap)
                path = stroker.createStroke(path)
        return path
