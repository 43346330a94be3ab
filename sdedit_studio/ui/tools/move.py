"""The move tool: shifts, scales and rotates a layer, or the pixels selected on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QCursor, QPainter, QPainterPath, QPolygonF, QTransform
from PySide6.QtWidgets import QWidget

from sdedit_studio.document.document import Document
from sdedit_studio.document.transforming import Lifted, extent
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.base.theme import current
from sdedit_studio.ui.document.gesture import ComputedGesture
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.document.targets import can_paint, only_pixels
from sdedit_studio.ui.tools.controls import Setting, button, switch
from sdedit_studio.ui.tools.cursors import icon_cursor
from sdedit_studio.ui.tools.drag import ANGLE, Drag
from sdedit_studio.ui.tools.grips import INSIDE, Grip, places, resize_cursor, under
from sdedit_studio.ui.tools.lines import draw_handles, draw_line, draw_tag
from sdedit_studio.ui.tools.placement import Placement
from sdedit_studio.ui.tools.tool import Canvas, Pointer, Tool
from sdedit_studio.ui.widgets.number_field import NumberField

TURN = 30.0
"""View pixels outside a corner within which a drag rotates."""


class MoveTool(Tool):
    """A plain move of a layer is a step of its own. Once a grip was pulled, all drags are one transform that waits for
    Enter. Selected pixels float: all their moves are one step, until the tool, the selection or the document otherwise
    changes.
    """

    id = "move"
    title = "Move"
    icon = "move"
    shortcut = "V"
    hint = "Drag to move, a handle to scale (Shift frees the proportions), outside a corner to rotate. Enter applies."

    def __init__(self, session: Session, canvas: Canvas) -> None:
        super().__init__(session, canvas)
        self.keep_aspect = Setting(True)
        self._placement: Placement | None = None
        self._place: Callable[[Placement], Callable[[Document], Document]] | None = None
        self._start: Placement | None = None
        self._drag: Drag | None = None
        self._grip: Grip | None = None
        self._waits = False
        self._box: tuple[Tiles, Tiles | None, Rect] | None = None
        self._show_numbers: Callable[[], None] = lambda: None

    @property
    def placement(self) -> Placement | None:
        """Where the handles are; None when there is nothing to move."""
        if self._placement is not None:
            return self._placement
        box = self._extent()
        return None if box.empty else Placement.of(box)

    def press(self, at: Pointer) -> None:
        placement = self.placement
        if not self._can_move():
            return
        if placement is None:
            name = self.session.document.active_layer.name
            what = "inside the selection" if self.session.document.selection is not None else "yet"
            self.session.notices.tell(
                f"There is nothing on “{name}” {what}. Choose the layer to move in the Layers panel."
            )
            return
        self._start, self._drag, self._grip = placement, Drag(at), self._hit(at)

    def move(self, at: Pointer) -> None:
        if self._drag is None or self._start is None:
            return
        self._drag.move(at)
        drag, start = self._drag, self._start
        if drag.offset.isNull() and self.gesture is None:
            return
        self._waits = self._waits or self._grip != INSIDE
        if self._grip == INSIDE:
            offset = drag.offset
            if drag.shift:
                offset = QPointF(offset.x(), 0) if abs(offset.x()) > abs(offset.y()) else QPointF(0, offset.y())
            self._put(start.moved(offset.x(), offset.y()))
        elif self._grip is None:
            turned = QLineF(start.middle, drag.end).angle() - QLineF(start.middle, drag.start).angle()
            angle = start.angle - turned
            self._put(start.rotated_to(round(angle / ANGLE) * ANGLE if drag.shift else angle))
        else:
            keep = self.keep_aspect.value != drag.shift
            self._put(start.pulled(self._grip, drag.offset, keep_aspect=keep, centred=drag.alt))

    def release(self, at: Pointer) -> None:
        if self._drag is None:
            return
        self.move(at)
        self._drag = None
        self._end_plain_move()
        self.canvas.redraw()

    def double_press(self, at: Pointer) -> None:
        if not self.accept():
            self.press(at)

    def cancel(self) -> bool:
        self._forget_placement()
        return super().cancel()

    @property
    def waits(self) -> bool:
        return self._waits and self._placement is not None

    def accept(self) -> bool:
        waited = self._waits and self.gesture is not None
        self.settle()
        return waited

    def settle(self) -> None:
        self._drag = None
        if not isinstance(gesture := self.gesture, ComputedGesture) or gesture.finishing:
            return
        if self._placement is None or self._placement.unchanged:
            self.cancel()
            return
        gesture.label = self._label(self._placement)
        gesture.finish(lambda: self._finished(gesture))

    def activate(self) -> None:
        self._show_numbers()

    def document_changed(self) -> None:
        if self.gesture is None:
            self._show_numbers()
            self.canvas.redraw()

    def nudge(self, dx: int, dy: int) -> bool:
        if self.placement is None or not self._can_move():
            return False
        self._step(lambda placement: placement.moved(dx, dy))
        return True

    def cursor(self, at: Pointer) -> QCursor | Qt.CursorShape:
        if self.placement is None:
            return Qt.CursorShape.ArrowCursor
        grip = self._hit(at) if self._drag is None else self._grip
        if grip is None:
            return icon_cursor("rotate-ccw")
        return Qt.CursorShape.SizeAllCursor if grip == INSIDE else resize_cursor(grip, self._grips())

    def paint_overlay(self, painter: QPainter, to_view: QTransform) -> None:
        placement = self.placement
        if placement is None or not self.session.document.active_layer.visible:
            return
        outline = QPainterPath()
        outline.addPolygon((placement.transform * to_view).map(QPolygonF(placement.rect)))
        outline.closeSubpath()
        draw_line(painter, outline)
        grips = self._grips()
        side = QLineF(grips[(-1, 0)], grips[(1, 0)])
        draw_handles(painter, grips.values(), current().colour("accent"), -side.angle())
        if self._drag is not None and self._grip != INSIDE:
            size = f"{abs(placement.width):.0f} × {abs(placement.height):.0f}"
            text = f"{placement.angle:.1f}°" if self._grip is None else size
            draw_tag(painter, to_view.map(self._drag.end), text)

    def options(self) -> list[QWidget]:
        fields = {
            "x": NumberField("X", "Left edge in pixels"),
            "y": NumberField("Y", "Top edge in pixels"),
            "width": NumberField("W", "Width in pixels"),
            "height": NumberField("H", "Height in pixels"),
            "angle": NumberField("Angle", "Rotation in degrees", " °", "-188.8"),
        }

        def show() -> None:
            placement = self.placement
            for name, field in fields.items():
                field.set_value(None if placement is None else round(_NUMBERS[name](placement), 1))
            for made in (apply, back):
                made.setEnabled(self.waits)

        def entered(name: str, value: float) -> None:
            self._change(lambda placement: self._with_number(placement, name, value))

        for name, field in fields.items():
            field.value_changed.connect(lambda value, name=name: entered(name, value))
        apply = button("check", "Apply (Enter)", self.accept)
        back = button("x", "Take back (Esc)", self.cancel)
        self._show_numbers = show
        show()
        return [
            fields["x"],
            fields["y"],
            fields["width"],
            switch("link-2", "Keep the proportions (Shift does the opposite)", self.keep_aspect),
            fields["height"],
            fields["angle"],
            button("flip-horizontal-2", "Flip left to right", lambda: self._flip(horizontally=True)),
            button("flip-vertical-2", "Flip top to bottom", lambda: self._flip(horizontally=False)),
            apply,
            back,
        ]

    def _with_number(self, placement: Placement, name: str, value: float) -> Placement:
        keep = self.keep_aspect.value
        match name:
            case "x":
                return placement.moved(value - _NUMBERS["x"](placement), 0)
            case "y":
                return placement.moved(0, value - _NUMBERS["y"](placement))
            case "width":
                return placement.sized(value, None, keep_aspect=keep)
            case "height":
                return placement.sized(None, value, keep_aspect=keep)
            case _:
                return placement.rotated_to(value)

    def _flip(self, *, horizontally: bool) -> None:
        self._change(lambda placement: placement.flipped(horizontally=horizontally))

    def _change(self, change: Callable[[Placement], Placement]) -> None:
        """A step of a transform that waits for Enter."""

        def step(placement: Placement) -> Placement:
            self._waits = True
            return change(placement)

        if self._can_move():
            self._step(step)

    def _step(self, change: Callable[[Placement], Placement]) -> None:
        """Move on at once if a gesture is open, else in its turn."""

        def step() -> None:
            if (placement := self.placement) is not None:
                self._put(change(placement))
                self._end_plain_move()

        if self.gesture is not None and not self.gesture.finishing:
            step()
        else:
            self.session.in_turn(step)

    def _end_plain_move(self) -> None:
        if not self._waits and self.session.document.selection is None:
            self.settle()

    def _can_move(self) -> bool:
        return only_pixels(self.session, "The move tool moves") and can_paint(self.session)

    def _put(self, placement: Placement) -> None:
        """Show what moves at a placement, beginning a gesture if there is none."""
        if not isinstance(self.gesture, ComputedGesture):
            self.gesture = self.session.begin_computed("Move", self.settle)
            lifted = cache(Lifted.of)
            self._place = lambda there: lambda document: lifted(document).placed(there.transform)
        self._placement = placement
        if placement.unchanged:
            self.gesture.want(lambda document: document)
        elif self._place is not None:
            self.gesture.want(self._place(placement))
        self._show_numbers()
        self.canvas.redraw()

    def _label(self, placement: Placement) -> str:
        what = "layer" if self.session.document.selection is None else "selected pixels"
        return f"{'Move' if placement.only_moved else 'Transform'} {what}"

    def _finished(self, gesture: ComputedGesture) -> None:
        if self.gesture is gesture:
            self.gesture = None
            self._forget_placement()

    def _forget_placement(self) -> None:
        self._placement = self._start = self._drag = self._place = None
        self._waits = False
        self._show_numbers()
        self.canvas.redraw()

    def _extent(self) -> Rect:
        document = self.session.document
        pixels, selection = document.active_layer.pixels, document.selection
        if self._box is None or self._box[0] is not pixels or self._box[1] is not selection:
            self._box = pixels, selection, extent(document)
        return self._box[2]

    def _grips(self) -> dict[Grip, QPointF]:
        """In view pixels."""
        placement = self.placement
        return {} if placement is None else places(placement.rect, placement.transform * self.canvas.to_view)

    def _hit(self, at: Pointer) -> Grip | None:
        """The grip under the pointer, the inside where a drag moves, or None outside a corner, where it rotates."""
        placement, to_view = self.placement, self.canvas.to_view
        grips = self._grips()
        if placement is None or (grip := under(at, grips, to_view)) is None:
            if placement is not None and not self._inside(placement, at):
                point = to_view.map(QPointF(at.x, at.y))
                corners = [place for grip, place in grips.items() if 0 not in grip]
                if min(QLineF(place, point).length() for place in corners) <= TURN:
                    return None
            return INSIDE
        return grip

    def _inside(self, placement: Placement, at: Pointer) -> bool:
        back, possible = placement.transform.inverted()
        return possible and placement.rect.contains(back.map(QPointF(at.x, at.y)))


_NUMBERS: dict[str, Callable[[Placement], float]] = {
    "x": lambda placement: placement.x - abs(placement.width) / 2,
    "y": lambda placement: placement.y - abs(placement.height) / 2,
    "width": lambda placement: abs(placement.width),
    "height": lambda placement: abs(placement.height),
    "angle": lambda placement: placement.angle,
}
