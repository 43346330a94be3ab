"""The gradient tool: skies and water in one drag."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPainterPath, QTransform
from PySide6.QtWidgets import QWidget

from sdedit_studio.document.document import Document
from sdedit_studio.document.painting import paint_over
from sdedit_studio.raster.gradient import Kind, gradient
from sdedit_studio.ui.base.theme import current
from sdedit_studio.ui.document.gesture import Change, ComputedGesture
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.document.targets import can_paint, step_name
from sdedit_studio.ui.tools.controls import Setting, choice, percent
from sdedit_studio.ui.tools.drag import CLICK, Drag
from sdedit_studio.ui.tools.lines import draw_handles, draw_line
from sdedit_studio.ui.tools.paint import PaintTool
from sdedit_studio.ui.tools.tool import Canvas, Pointer


class GradientTool(PaintTool):
    id = "gradient"
    title = "Gradient"
    icon = "blend"
    shortcut = "G"
    hint = (
        "Drag from the first colour to the second; it fills the selection, or the canvas. Shift keeps to round angles."
    )

    def __init__(self, session: Session, canvas: Canvas) -> None:
        super().__init__(session, canvas)
        self._kind: Setting[Kind] = Setting("linear")
        self._to_transparent = Setting(False)
        self._opacity = Setting(100.0)
        self._drag: Drag | None = None

    def begin(self, at: Pointer) -> None:
        if can_paint(self.session):
            self._drag = Drag(at)
            self.gesture = self.session.begin_computed(step_name(self.session.target, "Gradient"), self.settle)

    def drag(self, at: Pointer) -> None:
        if self._drag is not None and isinstance(self.gesture, ComputedGesture):
            self._drag.move(at)
            if self._drag.length >= CLICK * self.canvas.pixel:
                self.gesture.want(self._change(*self._drag.line()))
            self.canvas.redraw()

    def end(self, at: Pointer) -> None:
        self.drag(at)
        self.settle()
        self.canvas.redraw()

    def cancel(self) -> bool:
        self._drag = None
        self.canvas.redraw()
        return super().cancel()

    def settle(self) -> None:
        self._drag = None
        super().settle()

    def paint_overlay(self, painter: QPainter, to_view: QTransform) -> None:
        super().paint_overlay(painter, to_view)
        if self._drag is not None:
            start, end = (to_view.map(point) for point in self._drag.line())
            path = QPainterPath(start)
            path.lineTo(end)
            draw_line(painter, path)
            draw_handles(painter, (start, end), current().colour("accent"))

    def set_opacity(self, opacity: float) -> None:
        self._opacity.set(100 * opacity)

    def options(self) -> list[QWidget]:
        return [
            choice("Shape of the gradient", self._kind, [("linear", "Linear"), ("radial", "Radial")]),
            choice(
                "What the foreground colour fades to",
                self._to_transparent,
                [(False, "To background"), (True, "To transparent")],
            ),
            percent("Opacity", self._opacity),
        ]

    def _change(self, start: QPointF, end: QPointF) -> Change:
        alpha = round(255 * self._opacity.value / 100)
        foreground, background = self.session.paint
        first = (*foreground, alpha)
        last = (*foreground, 0) if self._to_transparent.value else (*background, alpha)
        target, line, kind = self.session.target, ((start.x(), start.y()), (end.x(), end.y())), self._kind.value

        def change(document: Document) -> Document:
            return paint_over(
                document, document.bounds, lambda where: gradient(where, *line, first, last, kind), target
            )

        return change
