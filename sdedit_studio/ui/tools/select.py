"""Selecting by rectangle, ellipse and lasso, and what all selection tools have in common."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPolygonF, QTransform
from PySide6.QtWidgets import QWidget

from sdedit_studio.document.document import Document
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import How, combine, ellipse, feather, polygon, rectangle
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.tools.controls import Setting, icon_choice, slider
from sdedit_studio.ui.tools.drag import CLICK, Drag, whole_pixels
from sdedit_studio.ui.tools.lines import draw_dashes, draw_line, draw_tag
from sdedit_studio.ui.tools.tool import Canvas, Pointer, Tool

HOWS: tuple[tuple[How, str, str], ...] = (
    ("replace", "square", "New selection"),
    ("add", "squares-unite", "Add to the selection (Shift)"),
    ("subtract", "squares-subtract", "Subtract from the selection (Alt)"),
    ("intersect", "squares-intersect", "Keep what both select (Shift+Alt)"),
)

CLOSE = 9.0
"""View pixels around a lasso's first point where a click closes it."""


class Selecting:
    """How all selection tools combine a new selection with the present one: shared by them, like the brushes."""

    def __init__(self) -> None:
        self.how: Setting[How] = Setting("replace")
        self.feather = Setting(0.0)


class SelectTool(Tool):
    """Makes selections. A drag that starts inside the selection, without modifiers, moves its outline."""

    def __init__(self, session: Session, canvas: Canvas, selecting: Selecting) -> None:
        super().__init__(session, canvas)
        self._selecting = selecting
        self._moving: Drag | None = None

    def how(self, at: Pointer) -> How:
        """The way to combine that the modifiers choose, or else the option bar."""
        if at.shift and at.alt:
            return "intersect"
        if at.shift:
            return "add"
        return "subtract" if at.alt else self._selecting.how.value

    def select(self, label: str, how: How, make: Callable[[Document], Tiles | None]) -> None:
        """Combine what `make` selects with the selection, in one step. `make` is called in a thread."""
        radius = self._selecting.feather.value

        def change(document: Document) -> Document:
            made, bounds = make(document), document.bounds
            soft = feather(made, radius, bounds) if radius else made
            selection = combine(document.selection, soft, how, bounds)
            return document if selection is document.selection else document.replace(selection=selection)

        self.session.change(label, change)

    def deselect(self) -> None:
        if self.session.document.selection is not None:
            self.session.change("Deselect", lambda document: document.replace(selection=None), at_once=True)

    def start_moving(self, at: Pointer) -> bool:
        """Take hold of the selection if the press is inside it and asks for nothing else."""
        selection = self.session.document.selection
        if self.how(at) != "replace" or selection is None or not _selected(selection, at):
            return False
        self._moving = Drag(at)
        return True

    def keep_moving(self, at: Pointer) -> bool:
        if self._moving is None:
            return False
        self._moving.move(at)
        self.canvas.shift_ants(*self._distance(self._moving))
        return True

    def stop_moving(self, at: Pointer) -> bool:
        if self._moving is None:
            return False
        self.keep_moving(at)
        distance = self._distance(self._moving)
        self._moving = None
        self._move_by(*distance)
        return True

    def nudge(self, dx: int, dy: int) -> bool:
        self._move_by(dx, dy)
        return self.session.document.selection is not None

    def drop(self) -> bool:
        """Forget a drag that has not become a selection. Returns whether there was one."""
        if self._moving is None:
            return False
        self._moving = None
        self.canvas.shift_ants(0, 0)
        return True

    def cancel(self) -> bool:
        return self.drop() or super().cancel()

    def deactivate(self) -> None:
        self.drop()
        super().deactivate()

    def cursor(self, at: Pointer) -> Qt.CursorShape:
        selection = self.session.document.selection
        inside = selection is not None and self.how(at) == "replace" and _selected(selection, at)
        return Qt.CursorShape.SizeAllCursor if inside else Qt.CursorShape.CrossCursor

    def options(self) -> list[QWidget]:
        return [
            icon_choice("What becomes of the selection there is", self._selecting.how, HOWS),
            slider("Feather", self._selecting.feather, 0, 100, " px"),
        ]

    def _distance(self, drag: Drag) -> tuple[int, int]:
        offset = drag.offset
        if drag.shift:
            offset = QPointF(offset.x(), 0) if abs(offset.x()) > abs(offset.y()) else QPointF(0, offset.y())
        return round(offset.x()), round(offset.y())

    def _move_by(self, dx: int, dy: int) -> None:
        if self.session.document.selection is None or not (dx or dy):
            return

        def change(document: Document) -> Document:
            selection = document.selection
            return document.replace(
                selection=selection and combine(None, selection.moved(dx, dy), "replace", document.bounds)
            )

        self.session.change("Move selection", change)


class BoxSelectTool(SelectTool):
    """A drag makes a box; Shift makes it square and Alt centres it, when they are pressed during the drag."""

    _drag: Drag | None = None
    _how: How = "replace"

    def make(self, rect: Rect, bounds: Rect) -> Tiles | None:
        raise NotImplementedError

    def outline(self, rect: Rect) -> QPainterPath:
        raise NotImplementedError

    def press(self, at: Pointer) -> None:
        if not self.start_moving(at):
            self._drag, self._how = Drag(at), self.how(at)

    def move(self, at: Pointer) -> None:
        if not self.keep_moving(at) and self._drag is not None:
            self._drag.move(at)
            self.canvas.redraw()

    def release(self, at: Pointer) -> None:
        if self.stop_moving(at) or self._drag is None:
            return
        self._drag.move(at)
        drag, self._drag = self._drag, None
        rect = whole_pixels(drag.rect())
        if drag.length < CLICK * self.canvas.pixel or rect.empty:
            if self._how == "replace":
                self.deselect()
        else:
            self.select(
                f"Select {self.title.split()[0].lower()}", self._how, lambda document: self.make(rect, document.bounds)
            )
        self.canvas.redraw()

    def drop(self) -> bool:
        if self._drag is None:
            return super().drop()
        self._drag = None
        self.canvas.redraw()
        return True

    def paint_overlay(self, painter: QPainter, to_view: QTransform) -> None:
        if self._drag is not None:
            rect = whole_pixels(self._drag.rect())
            draw_dashes(painter, to_view.map(self.outline(rect)))
            draw_tag(painter, to_view.map(self._drag.end), f"{rect.width} × {rect.height}")


class RectangleSelectTool(BoxSelectTool):
    id = "rectangle-select"
    title = "Rectangle selection"
    icon = "square-dashed"
    shortcut = "M"
    hint = "Drag to select a rectangle. Shift adds, Alt subtracts, both intersect; drag inside to move it."

    def make(self, rect: Rect, bounds: Rect) -> Tiles | None:
        return rectangle(rect, bounds)

    def outline(self, rect: Rect) -> QPainterPath:
        path = QPainterPath()
        path.addRect(*rect)
        return path


class EllipseSelectTool(BoxSelectTool):
    id = "ellipse-select"
    title = "Ellipse selection"
    icon = "circle-dashed"
    shortcut = "Shift+M"
    hint = "Drag to select an ellipse. Shift adds, Alt subtracts, both intersect; drag inside to move it."

    def make(self, rect: Rect, bounds: Rect) -> Tiles | None:
        return ellipse(rect, bounds)

    def outline(self, rect: Rect) -> QPainterPath:
        path = QPainterPath()
        path.addEllipse(*rect)
        return path


class LassoTool(SelectTool):
    """A drag draws the outline freehand; clicks set the corners of a polygon until it is closed."""

    id = "lasso"
    title = "Lasso"
    icon = "lasso"
    shortcut = "L"
    hint = "Drag round an area, or click its corners and press Enter. Shift adds, Alt subtracts, both intersect."
    every_sample = True

    def __init__(self, session: Session, canvas: Canvas, selecting: Selecting) -> None:
        super().__init__(session, canvas, selecting)
        self._points: list[tuple[float, float]] = []
        self._corners = 0
        self._freehand = False
        self._drag: Drag | None = None
        self._how: How = "replace"
        self._pointer = QPointF()

    def press(self, at: Pointer) -> None:
        if not self._points:
            if self.start_moving(at):
                return
            self._how = self.how(at)
        elif self._corners > 2 and self._near_start(at):
            self._close()
            return
        self._drag, self._freehand = Drag(at), False
        self._add(at)
        self._corners += 1

    def move(self, at: Pointer) -> None:
        if self.keep_moving(at) or self._drag is None:
            return
        self._drag.move(at)
        if self._freehand or self._drag.length >= CLICK * self.canvas.pixel:
            self._freehand = True
            self._add(at)

    def release(self, at: Pointer) -> None:
        if self.stop_moving(at) or self._drag is None:
            return
        self.move(at)
        self._drag = None
        if self._corners > 1:
            return
        if self._freehand:
            self._close()
        elif self._how == "replace" and self.session.document.selection is not None:
            self.drop()
            self.deselect()

    def hover(self, at: Pointer) -> None:
        if self._points:
            self._pointer = QPointF(at.x, at.y)
            self.canvas.redraw()

    def double_press(self, at: Pointer) -> None:
        if len(self._points) > 2:
            self._close()
        else:
            self.press(at)

    @property
    def waits(self) -> bool:
        return bool(self._points)

    def accept(self) -> bool:
        if not self._points:
            return False
        self._close()
        return True

    def drop(self) -> bool:
        if not self._points:
            return super().drop()
        self._points, self._corners, self._drag, self._freehand = [], 0, None, False
        self.canvas.redraw()
        return True

    def paint_overlay(self, painter: QPainter, to_view: QTransform) -> None:
        if not self._points:
            return
        line = QPolygonF([QPointF(x, y) for x, y in self._points])
        path = QPainterPath()
        path.addPolygon(to_view.map(line))
        draw_line(painter, path)
        loose = QPainterPath(to_view.map(line.last()))
        loose.lineTo(to_view.map(self._pointer))
        loose.lineTo(to_view.map(line.first()))
        draw_dashes(painter, loose)
        if self._drag is None:
            painter.drawEllipse(to_view.map(line.first()), 4, 4)

    def _add(self, at: Pointer) -> None:
        self._pointer = QPointF(at.x, at.y)
        if not self._points or math.dist(self._points[-1], (at.x, at.y)) >= 0.75 * self.canvas.pixel:
            self._points.append((at.x, at.y))
        self.canvas.redraw()

    def _near_start(self, at: Pointer) -> bool:
        return math.dist(self._points[0], (at.x, at.y)) <= CLOSE * self.canvas.pixel

    def _close(self) -> None:
        points, how = self._points, self._how
        self.drop()
        if len(points) > 2:
            self.select("Select lasso", how, lambda document: polygon(points, document.bounds))


def _selected(selection: Tiles, at: Pointer) -> bool:
    return selection.pixel(math.floor(at.x), math.floor(at.y)) > (127,)
