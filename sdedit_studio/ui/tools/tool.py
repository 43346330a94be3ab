"""The base of all tools. A tool turns pointer events in document coordinates into new documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor, QPainter, QTransform

from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.document.gesture import ComputedGesture, Gesture

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from sdedit_studio.ui.document.session import Session


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


class Canvas(Protocol):
    """What tools need of the view. All points and distances are in document pixels."""

    @property
    def to_view(self) -> QTransform:
        """Document pixels to view pixels."""
        ...

    @property
    def pixel(self) -> float:
        """The width of a view pixel, for handles and tolerances that are the same size at every zoom."""
        ...

    def redraw(self) -> None:
        """The tool's overlay looks different now."""
        ...

    def pan(self, dx: float, dy: float) -> None:
        """Move the page under the view."""
        ...

    def zoom_step(self, inwards: bool, x: float, y: float) -> None:
        """To the next round zoom, with a point staying where it is."""
        ...

    def show_rect(self, rect: Rect) -> None:
        """Show a rectangle as large as it goes."""
        ...

    def shift_ants(self, dx: int, dy: int) -> None:
        """Draw the selection's outline away from its place, while it is dragged."""
        ...


class Tool:
    """A mode of the canvas. Subclasses override what they need; a drag is press, any number of moves, release.

    A gesture amends the document while it lasts and commits one undo step at its end; `cancel` takes it back whole.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    icon: ClassVar[str]
    """Name of a Lucide icon in resources/icons."""
    shortcut: ClassVar[str]
    hint: ClassVar[str] = ""
    """One line for the status bar: what dragging and the modifiers do."""
    every_sample: ClassVar[bool] = False
    """Whether each sample counts, as in a stroke; otherwise only the latest of those that wait is given to `move`."""

    def __init__(self, session: Session, canvas: Canvas) -> None:
        self.session = session
        self.canvas = canvas
        self.gesture: Gesture | None = None

    def press(self, at: Pointer) -> None: ...

    def move(self, at: Pointer) -> None: ...

    def release(self, at: Pointer) -> None: ...

    def hover(self, at: Pointer) -> None: ...

    def double_press(self, at: Pointer) -> None:
        """The second press of a double click; the release that follows is given to `release`."""
        self.press(at)

    def cancel(self) -> bool:
        """Take back the gesture in progress. Returns whether there was one."""
        gesture, self.gesture = self.gesture, None
        if gesture is not None:
            gesture.cancel()
        return gesture is not None

    @property
    def waits(self) -> bool:
        """Whether there is something that `accept` would finish."""
        return False

    def accept(self) -> bool:
        """Finish a gesture that waits for Enter (a transform). Returns whether there was one."""
        return False

    def activate(self) -> None:
        """The tool was chosen."""

    def deactivate(self) -> None:
        """Another tool was chosen; finish what is in progress."""
        self.settle()

    def settle(self) -> None:
        """Make a step of what is in progress, as it looks now: the tool is done, or something else is about to change
        the document.
        """
        gesture = self.gesture
        if isinstance(gesture, ComputedGesture):
            gesture.finish(lambda: self._forget(gesture))
        elif gesture is not None:
            self.gesture = None
            gesture.commit()

    def _forget(self, gesture: Gesture) -> None:
        if self.gesture is gesture:
            self.gesture = None

    def document_changed(self) -> None:
        """The document, its selection or its frame has become another one."""

    @property
    def diameter(self) -> float | None:
        """Document pixels of the circle that takes the place of the cursor, if the tool has one."""
        return None

    def cursor(self, at: Pointer) -> QCursor | Qt.CursorShape:
        return Qt.CursorShape.CrossCursor

    def nudge(self, dx: int, dy: int) -> bool:
        """An arrow key. Returns whether the tool moves anything by it."""
        return False

    def resize(self, steps: float) -> None:
        """Make the tip larger or smaller, if the tool has one; one step is a press of a bracket key."""

    def scale_tip(self, factor: float) -> None:
        """Make the tip's diameter so many times larger."""

    def harden(self, steps: float) -> None:
        """Make the tip's edge harder or softer."""

    def set_opacity(self, opacity: float) -> None:
        """Set how strongly the tool paints, 0 .. 1."""

    def paint_overlay(self, painter: QPainter, to_view: QTransform) -> None:
        """Draw outlines and handles over the canvas. The painter is in view pixels; `to_view` maps document to view."""

    def options(self) -> list[QWidget]:
        """The controls for the option bar, made once when the tool is first shown."""
        return []
