"""What a tool is: it turns pointer events in document coordinates into new documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QTransform

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from sdedit_studio.ui.studio import Studio


@dataclass(frozen=True)
class Pointer:
    """One sample of mouse or pen. `x`, `y`: document pixels, fractional. `pressure`: 0 .. 1, 1.0 for a mouse.

    `time`: seconds. `eraser`: the pen's other end is down.
    """

    x: float
    y: float
    pressure: float = 1.0
    time: float = 0.0
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    eraser: bool = False

    @property
    def shift(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.ShiftModifier)

    @property
    def alt(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.AltModifier)

    @property
    def control(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.ControlModifier)


class Tool:
    """A mode of the canvas. Subclasses override what they need; a gesture is press, any number of moves, release.

    A gesture amends the document while it lasts and commits one undo step at its end; `cancel` takes it back whole.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    icon: ClassVar[str]
    """Name of a Lucide icon in resources/icons."""
    shortcut: ClassVar[str]
    hint: ClassVar[str] = ""
    """One line for the status bar: what dragging and the modifiers do."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def press(self, at: Pointer) -> None: ...

    def move(self, at: Pointer) -> None: ...

    def release(self, at: Pointer) -> None: ...

    def hover(self, at: Pointer) -> None: ...

    def double_press(self, at: Pointer) -> None: ...

    def cancel(self) -> bool:
        """Take back the gesture in progress. Returns whether there was one."""
        return False

    def accept(self) -> bool:
        """Finish a gesture that waits for Enter (a transform). Returns whether there was one."""
        return False

    def deactivate(self) -> None:
        """Another tool was chosen; finish what is in progress."""
        self.accept()

    def cursor(self, at: Pointer) -> Qt.CursorShape:
        return Qt.CursorShape.CrossCursor

    def paint_overlay(self, painter: QPainter, to_view: QTransform) -> None:
        """Draw outlines and handles over the canvas. The painter is in view pixels; `to_view` maps document to view."""

    def options(self) -> list[QWidget]:
        """The controls for the option bar, made once when the tool is first shown."""
        return []
