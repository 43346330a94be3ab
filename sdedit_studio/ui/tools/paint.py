"""The base of all tools that paint on a layer."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor, QPainter, QTransform

from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.tools.pick import PickTool
from sdedit_studio.ui.tools.tool import Canvas, Pointer, Tool

OUTSIDE = "Only the selection can be painted on. Paint inside it, or select nothing to paint everywhere."


def inside_selection(session: Session, at: Pointer) -> bool:
    """Whether paint shows at this point; if not, a message says why."""
    selection = session.document.selection
    if selection is not None and selection.pixel(math.floor(at.x), math.floor(at.y)) == (0,):
        session.notices.tell(OUTSIDE)
        return False
    return True


class PaintTool(Tool):
    """Paints between `begin`, `drag` and `end`; with Alt held at the press it takes colours instead."""

    def __init__(self, session: Session, canvas: Canvas) -> None:
        super().__init__(session, canvas)
        self._picker = PickTool(session, canvas)
        self._picking = False

    def begin(self, at: Pointer) -> None: ...

    def drag(self, at: Pointer) -> None: ...

    def end(self, at: Pointer) -> None: ...

    def press(self, at: Pointer) -> None:
        self._picking = at.alt
        if self._picking:
            self._picker.press(at)
        else:
            self.begin(at)

    def move(self, at: Pointer) -> None:
        if self._picking:
            self._picker.move(at)
        else:
            self.drag(at)

    def release(self, at: Pointer) -> None:
        if self._picking:
            self._picking = False
            self._picker.release(at)
        else:
            self.end(at)

    def cancel(self) -> bool:
        if self._picking:
            self._picking = False
            return self._picker.cancel()
        return super().cancel()

    def settle(self) -> None:
        self._picking = False
        self._picker.settle()
        super().settle()

    def cursor(self, at: Pointer) -> QCursor | Qt.CursorShape:
        return self._picker.cursor(at) if at.alt else Qt.CursorShape.CrossCursor

    def paint_overlay(self, painter: QPainter, to_view: QTransform) -> None:
        self._picker.paint_overlay(painter, to_view)
