"""Crop and frame: tools that set a rectangle of the canvas by dragging and by grips."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPolygonF, QTransform
from PySide6.QtWidgets import QComboBox, QWidget

from sdedit_studio.document.edits import cropped, frame_of
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.base.theme import current
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.tools.controls import Setting, button
from sdedit_studio.ui.tools.drag import CLICK, Drag
from sdedit_studio.ui.tools.grips import INSIDE, Grip, places, resize_cursor, under
from sdedit_studio.ui.tools.lines import BLUE, draw_dashes, draw_handles, draw_line, draw_tag
from sdedit_studio.ui.tools.tool import Canvas, Pointer, Tool
from sdedit_studio.ui.widgets.number_field import NumberField

ASPECTS: tuple[tuple[str, float | None], ...] = (
    ("Any shape", None),
    ("1 : 1", 1.0),
    ("4 : 3", 4 / 3),
    ("3 : 2", 3 / 2),
    ("16 : 9", 16 / 9),
    ("3 : 4", 3 / 4),
    ("2 : 3", 2 / 3),
)
"""Width to height."""


class BoxTool(Tool):
    """Drags a new box, pulls the grips of the one there is, or moves it. The box stays inside the canvas."""

    least = 1
    """Shortest side in pixels."""

    def __init__(self, session: Session, canvas: Canvas) -> None:
        super().__init__(session, canvas)
        self.aspect: Setting[float | None] = Setting(None)
        self._drag: Drag | None = None
        self._grip: Grip | None = None
        self._start = Rect(0, 0, 0, 0)
        self._show_numbers: Callable[[], None] = lambda: None

    @property
    def box(self) -> Rect:
        raise NotImplementedError

    def set_box(self, box: Rect) -> None:
        """Show another box while it is dragged."""
        raise NotImplementedError

    def drag_ended(self) -> None:
        """A drag has ended."""

    def press(self, at: Pointer) -> None:
        self._drag, self._grip, self._start = Drag(at), self._hit(at), self.box

    def move(self, at: Pointer) -> None:
        if self._drag is None:
            return
        self._drag.move(at)
        if self._drag.length >= CLICK * self.canvas.pixel:
            self._set(self._dragged(self._drag))

    def release(self, at: Pointer) -> None:
        if self._drag is None:
            return
        self.move(at)
        self._drag = None
        self.drag_ended()
        self.canvas.redraw()

    def cancel(self) -> bool:
        dragging, self._drag = self._drag is not None, None
        return super().cancel() or dragging

    def settle(self) -> None:
        self._drag = None
        super().settle()

    def document_changed(self) -> None:
        self._show_numbers()
        self.canvas.redraw()

    def cursor(self, at: Pointer) -> Qt.CursorShape:
        grip = self._grip if self._drag is not None else self._hit(at)
        if grip is None:
            return Qt.CursorShape.CrossCursor
        return Qt.CursorShape.SizeAllCursor if grip == INSIDE else resize_cursor(grip, self._grips())

    def paint_overlay(self, painter: QPainter, to_view: QTransform) -> None:
        grips = self._grips()
        side = grips[(1, 0)] - grips[(-1, 0)]
        draw_handles(painter, grips.values(), current().colour("accent"), math.degrees(math.atan2(side.y(), side.x())))
        if self._drag is not None:
            draw_tag(painter, to_view.map(self._drag.end), f"{self.box.width} × {self.box.height}")

    def size_fields(self) -> list[QWidget]:
        """Width and height, and the shapes that dragging keeps to."""
        width, height = NumberField("W", "Width in pixels"), NumberField("H", "Height in pixels")
        shapes = QComboBox()
        shapes.setAccessibleName("Proportions")
        for words, _ in ASPECTS:
            shapes.addItem(words)

        def show() -> None:
            width.set_value(self.box.width)
            height.set_value(self.box.height)

        def resize(across: float | None, down: float | None) -> None:
            self.session.in_turn(lambda: (self._resize(across, down), self.drag_ended()))

        def keep(index: int) -> None:
            self.aspect.set(ASPECTS[index][1])
            if self.aspect.value is not None:
                resize(None, None)

        width.value_changed.connect(lambda value: resize(value, None))
        height.value_changed.connect(lambda value: resize(None, value))
        shapes.activated.connect(keep)
        self._show_numbers = show
        show()
        return [shapes, width, height]

    def _resize(self, across: float | None, down: float | None) -> None:
        """Give the box another width or height (or, with neither, another shape) about its middle."""
        box, canvas = self.box, self.session.document.bounds
        width, height = across or box.width, down or box.height
        if self.aspect.value is not None:
            width, height = (width, width / self.aspect.value) if down is None else (height * self.aspect.value, height)
        shrink = min(1.0, canvas.width / width, canvas.height / height)
        size = [max(self.least, round(side * shrink)) for side in (width, height)]
        x = min(max(box.x + (box.width - size[0]) // 2, 0), canvas.width - size[0])
        y = min(max(box.y + (box.height - size[1]) // 2, 0), canvas.height - size[1])
        self._set(Rect(x, y, *size) & canvas)

    def _set(self, box: Rect) -> None:
        if not box.empty and box != self.box:
            self.set_box(box)
        self._show_numbers()
        self.canvas.redraw()

    def _grips(self) -> dict[Grip, QPointF]:
        """In view pixels."""
        return places(QRectF(*self.box), self.canvas.to_view)

    def _hit(self, at: Pointer) -> Grip | None:
        """The grip under the pointer, the inside, or None where a drag makes a new box."""
        grip = under(at, self._grips(), self.canvas.to_view)
        inside = (math.floor(at.x), math.floor(at.y)) in self.box and self.box != self.session.document.bounds
        return grip or (INSIDE if inside else None)

    def _dragged(self, drag: Drag) -> Rect:
        canvas, start = self.session.document.bounds, self._start
        dx, dy = round(drag.offset.x()), round(drag.offset.y())
        if self._grip == INSIDE:
            dx = min(max(dx, -start.x), canvas.width - start.right)
            dy = min(max(dy, -start.y), canvas.height - start.bottom)
            return start.moved(dx, dy)
        if self._grip is None:
            fixed, moving = drag.start, drag.end
        else:
            across, down = self._grip
            fixed = QPointF(start.right if across < 0 else start.x, start.bottom if down < 0 else start.y)
            moving = QPointF(
                (start.x if across < 0 else start.right) + (dx if across else 0),
                (start.y if down < 0 else start.bottom) + (dy if down else 0),
            )
        square = 1.0 if drag.shift and self._grip is None else None
        return self._between(fixed, moving, square or self.aspect.value, self._grip)

    def _between(self, fixed: QPointF, moving: QPointF, aspect: float | None, grip: Grip | None) -> Rect:
        """The box from a fixed corner towards another point, cut to the canvas with its proportions kept."""
        canvas = self.session.document.bounds
        sides = canvas.width, canvas.height
        x0, y0 = (min(max(round(value), 0), side) for value, side in zip((fixed.x(), fixed.y()), sides, strict=True))
        x1, y1 = (min(max(round(value), 0), side) for value, side in zip((moving.x(), moving.y()), sides, strict=True))
        width, height = max(self.least, abs(x1 - x0)), max(self.least, abs(y1 - y0))
        left, up = x1 < x0, y1 < y0
        if aspect is not None:
            across, down = grip or (1, 1)
            longest = max(width if across else 0, height * aspect if down else 0)
            room = x0 if left else canvas.width - x0, (y0 if up else canvas.height - y0) * aspect
            longest = min(longest, *room)
            width, height = max(1, round(longest)), max(1, round(longest / aspect))
        return Rect(x0 - width if left else x0, y0 - height if up else y0, width, height) & canvas


class CropTool(BoxTool):
    """Nothing is cut before Enter."""

    id = "crop"
    title = "Crop"
    icon = "crop"
    shortcut = "C"
    hint = "Drag over the part to keep, or pull the handles. Enter or a double-click crops, Esc starts anew."

    def __init__(self, session: Session, canvas: Canvas) -> None:
        super().__init__(session, canvas)
        self._box: Rect | None = None

    @property
    def box(self) -> Rect:
        canvas = self.session.document.bounds
        box = canvas if self._box is None else self._box & canvas
        return canvas if box.empty else box

    def set_box(self, box: Rect) -> None:
        self._box = box

    def cancel(self) -> bool:
        chosen, self._box = self._box, None
        self._drag = None
        self._show_numbers()
        self.canvas.redraw()
        return Tool.cancel(self) or chosen is not None

    @property
    def waits(self) -> bool:
        return self._box is not None and self.box != self.session.document.bounds

    def accept(self) -> bool:
        if not self.waits:
            return False
        box = self.box
        self._box = None
        self.session.change("Crop", lambda document: cropped(document, box))
        return True

    def double_press(self, at: Pointer) -> None:
        if not self.accept():
            self.press(at)

    def deactivate(self) -> None:
        self._drag = self._box = None
        super().deactivate()

    def paint_overlay(self, painter: QPainter, to_view: QTransform) -> None:
        """What will be cut off is darkened; thirds help to compose while dragging."""
        box = QRectF(*self.box)
        shade = QPainterPath()
        shade.addPolygon(to_view.map(QPolygonF(QRectF(*self.session.document.bounds))))
        shade.addPolygon(to_view.map(QPolygonF(box)))
        painter.fillPath(shade, QColor(0, 0, 0, 150))
        if self._drag is not None:
            thirds = QPainterPath()
            for part in (1 / 3, 2 / 3):
                x, y = box.x() + part * box.width(), box.y() + part * box.height()
                for start, end in (
                    (QPointF(x, box.top()), QPointF(x, box.bottom())),
                    (QPointF(box.left(), y), QPointF(box.right(), y)),
                ):
                    thirds.moveTo(to_view.map(start))
                    thirds.lineTo(to_view.map(end))
            painter.setPen(QColor(255, 255, 255, 110))
            painter.drawPath(thirds)
        outline = QPainterPath()
        outline.addPolygon(to_view.map(QPolygonF(box)))
        outline.closeSubpath()
        draw_line(painter, outline)
        super().paint_overlay(painter, to_view)

    def options(self) -> list[QWidget]:
        return [
            *self.size_fields(),
            button("check", "Crop (Enter)", self.accept),
            button("x", "Take back (Esc)", self.cancel),
        ]


class FrameTool(BoxTool):
    """Each drag is one undo step."""

    id = "frame"
    title = "Frame"
    icon = "frame"
    shortcut = "Shift+C"
    hint = "Drag over the part of the canvas that goes to the model, or pull the handles. Double-click for all of it."
    least = 16

    @property
    def box(self) -> Rect:
        return frame_of(self.session.document)

    def set_box(self, box: Rect) -> None:
        document = self.session.document
        if self.gesture is None:
            self.gesture = self.session.begin("Frame", self.settle)
        self.gesture.show(document.replace(frame=None if box == document.bounds else box))

    def drag_ended(self) -> None:
        self.settle()

    def double_press(self, at: Pointer) -> None:
        self._whole_canvas()

    def paint_overlay(self, painter: QPainter, to_view: QTransform) -> None:
        outline = QPainterPath()
        outline.addPolygon(to_view.map(QPolygonF(QRectF(*self.box))))
        outline.closeSubpath()
        draw_dashes(painter, outline, BLUE, dash=8)
        super().paint_overlay(painter, to_view)

    def options(self) -> list[QWidget]:
        return [*self.size_fields(), button("maximize", "The whole canvas (double-click)", self._whole_canvas)]

    def _whole_canvas(self) -> None:
        if self.session.document.frame is not None:
            self.session.change("Frame", lambda document: document.replace(frame=None), at_once=True)
