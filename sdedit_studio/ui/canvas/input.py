"""From mouse, pen, wheel and keys to the tool and the view.

Events are only written down when they come, and worked off as soon as no other event waits; so none is lost while a
stroke is being painted, and the window never lags behind them.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from enum import Enum, auto
from time import perf_counter

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QCursor, QEnterEvent, QInputDevice, QKeyEvent, QMouseEvent, QPointingDevice, QTabletEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QPlainTextEdit

from sdedit_studio.ui.canvas.page_view import PageView
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.tools.tool import Pointer, Tool
from sdedit_studio.ui.tools.toolbox import Toolbox

BUDGET = 0.010
"""Seconds of painting after which the window gets a turn."""

BUDGET_AT_END = 0.1
"""The same at the end of a drag, when what has been painted should be there at once."""

DOUBLE_TAP = 0.4, 8.0
"""Seconds and view pixels between two taps of a pen that count as a double click."""

SIZING = 120.0
"""View pixels of dragging with the right button that double a tip's size."""

_MODIFIERS = {
    Qt.Key.Key_Shift: Qt.KeyboardModifier.ShiftModifier,
    Qt.Key.Key_Alt: Qt.KeyboardModifier.AltModifier,
    Qt.Key.Key_Control: Qt.KeyboardModifier.ControlModifier,
}

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class _Kind(Enum):
    PRESS = auto()
    DOUBLE_PRESS = auto()
    MOVE = auto()
    RELEASE = auto()
    HOVER = auto()


_BEGINNINGS = (_Kind.PRESS, _Kind.DOUBLE_PRESS)


class _Doing(Enum):
    """What the pressed button does."""

    NOTHING = auto()
    TOOL = auto()
    PAN = auto()
    SIZE = auto()


@dataclass(frozen=True)
class _Sample:
    """An event as it came, in view pixels: where that is in the document is only known when its turn comes."""

    kind: _Kind
    point: QPointF
    pressure: float = 1.0
    time: float = 0.0
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    eraser: bool = False


class ToolView(PageView):
    """A view in which the pointer works with a tool."""

    toolbox: Toolbox
    session: Session

    @property
    def tool(self) -> Tool:
        """The one that is chosen."""
        raise NotImplementedError

    def to_document(self, point: QPointF) -> QPointF:
        """The document point under a point of the view."""
        raise NotImplementedError

    def accept(self) -> bool:
        """Finish a gesture that waits for Enter. Returns whether there was one."""
        raise NotImplementedError

    def show_pointer(
        self, cursor: QCursor | Qt.CursorShape, at: QPointF | None = None, diameter: float | None = None
    ) -> None:
        """Show the mouse pointer, or at a view point the outline of a tip of `diameter` document pixels instead."""
        raise NotImplementedError

    def report_pointer(self, point: QPointF | None) -> None:
        """The pointer is at this point of the view, or has left it."""
        raise NotImplementedError


class Input(QObject):
    """Watches the events of a canvas."""

    def __init__(self, view: ToolView) -> None:
        super().__init__(view)
        self._view = view
        self._queue: deque[_Sample] = deque()
        self._doing = _Doing.NOTHING
        self._button = Qt.MouseButton.NoButton
        self._pen_down = False
        self._unpressed: _Sample | None = None  # a pen's press that has reported no pressure yet
        self._last = _Sample(_Kind.HOVER, QPointF(-1, -1))
        self._last_tap = _Sample(_Kind.PRESS, QPointF(-1e9, 0))
        self._space = False
        self._inside = False
        self._sizing = 0.0
        self._draining = False
        self._presses: list[object] = []  # those whose turn has not come
        self._has_turn = False
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._drain)
        view.installEventFilter(self)

    @property
    def busy(self) -> bool:
        """Whether a button or the pen is down."""
        return self._doing is not _Doing.NOTHING

    @property
    def waits(self) -> bool:
        """Whether a drag waits until what was asked for before is done."""
        return bool(self._presses)

    def drop(self) -> None:
        """Forget the drag in progress: the tool has ended it."""
        self._queue.clear()
        self._unpressed = None
        if self._doing is _Doing.TOOL:
            self._doing = _Doing.NOTHING
        self._presses.clear()
        self._end_turn()

    def flush(self) -> None:
        """Work off everything now."""
        self._drain(math.inf)

    def refresh(self) -> None:
        """The tool, its tip, or the view has changed under a resting pointer."""
        self._show_pointer()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        match event:
            case QTabletEvent():
                return self._tablet(event)
            case QMouseEvent():
                return self._mouse(event)
            case QKeyEvent():
                return self._key(event)
            case QEnterEvent():
                self._enter(event.position())
                return False
        match event.type():
            case QEvent.Type.Leave:
                self._leave()
            case QEvent.Type.FocusOut if self._space:
                self._space = False
                self._show_pointer()
            case QEvent.Type.Hide:
                self._finish()
        return False

    # --- Mouse -----------------------------------------------------------------------------------------------------

    def _mouse(self, event: QMouseEvent) -> bool:
        if self._pen_down:  # some platforms send a mouse event along with each one of the pen
            return True
        sample = _Sample(_Kind.MOVE, event.position(), 1.0, event.timestamp() / 1000, event.modifiers())
        match event.type():
            case QEvent.Type.MouseButtonPress:
                self._press(sample, event.button(), _Kind.PRESS)
            case QEvent.Type.MouseButtonDblClick:
                self._press(sample, event.button(), _Kind.DOUBLE_PRESS)
            case QEvent.Type.MouseMove:
                if self.busy and not event.buttons() & self._button:
                    self._release(sample)  # the release was lost, to another window perhaps
                self._move(sample)
            case QEvent.Type.MouseButtonRelease:
                if self.busy and event.button() == self._button:
                    self._release(sample)
        return True

    # --- Pen -------------------------------------------------------------------------------------------------------

    def _tablet(self, event: QTabletEvent) -> bool:
        event.accept()
        knows_pressure = QInputDevice.Capability.Pressure in event.pointingDevice().capabilities()
        sample = _Sample(
            _Kind.MOVE,
            event.position(),
            event.pressure() if knows_pressure else 1.0,
            event.timestamp() / 1000,
            event.modifiers(),
            event.pointerType() == QPointingDevice.PointerType.Eraser,
        )
        match event.type():
            case QEvent.Type.TabletPress:
                if not self._pen_down:
                    self._pen_down = True
                    self._tap(sample, event.button())
            case QEvent.Type.TabletMove:
                if self._pen_down and not event.buttons():
                    self._pen_up(sample)
                elif self._unpressed is not None and sample.pressure > 0:
                    self._press(replace(self._unpressed, pressure=sample.pressure), self._button, self._unpressed.kind)
                self._move(sample)
            case QEvent.Type.TabletRelease:
                if self._pen_down and event.button() == self._button:
                    self._pen_up(sample)
        return True

    def _tap(self, sample: _Sample, button: Qt.MouseButton) -> None:
        seconds, pixels = DOUBLE_TAP
        last, self._last_tap = self._last_tap, sample
        near = (sample.point - last.point).manhattanLength() <= pixels
        double = near and 0 < sample.time - last.time <= seconds
        kind = _Kind.DOUBLE_PRESS if double else _Kind.PRESS
        if sample.pressure > 0 or button != Qt.MouseButton.LeftButton:
            self._press(sample, button, kind)
        else:
            self._unpressed, self._button = replace(sample, kind=kind), button

    def _pen_up(self, sample: _Sample) -> None:
        self._pen_down = False
        if self._unpressed is not None:
            self._press(self._unpressed, self._button, self._unpressed.kind)
        self._release(sample)

    # --- Both ------------------------------------------------------------------------------------------------------

    def _press(self, sample: _Sample, button: Qt.MouseButton, kind: _Kind) -> None:
        if self.busy:
            return
        self._unpressed, self._button, self._last = None, button, sample
        self._inside = True
        tool = self._view.tool
        if button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and self._space):
            self._doing = _Doing.PAN
        elif button == Qt.MouseButton.LeftButton:
            self._doing = _Doing.TOOL
            self._queue.append(replace(sample, kind=kind))
            self._ask_for_turn()
        elif button == Qt.MouseButton.RightButton and tool.diameter is not None:
            self._doing, self._sizing = _Doing.SIZE, 0.0
        self._show_pointer()

    def _move(self, sample: _Sample) -> None:
        before, self._last = self._last, sample
        match self._doing:
            case _Doing.PAN:
                self._view.pan_by(sample.point - before.point)
                self._show_pointer()
            case _Doing.SIZE:
                self._size(sample.point.x() - before.point.x())
                self._last = replace(before, point=QPointF(sample.point.x(), before.point.y()))
                self._show_pointer()
            case _Doing.TOOL:
                self._queue.append(sample)
                self._turn.start()
            case _Doing.NOTHING:
                self._queue.append(replace(sample, kind=_Kind.HOVER))
                self._turn.start()
        self._view.report_pointer(sample.point)

    def _release(self, sample: _Sample) -> None:
        doing, self._doing = self._doing, _Doing.NOTHING
        self._last = sample
        if doing is _Doing.TOOL:
            self._queue.append(replace(sample, kind=_Kind.RELEASE))
            self._drain(BUDGET_AT_END)
        self._show_pointer()

    def _finish(self) -> None:
        """The canvas goes out of sight: nothing more will be heard of a pressed button."""
        self._pen_down = False
        if self.busy:
            self._release(self._last)
        self.flush()

    def _enter(self, point: QPointF) -> None:
        self._inside = True
        if not self.busy:
            self._last = replace(self._last, point=point)
        # Keys such as Space are meant for the canvas under the pointer, unless someone is typing.
        typing = isinstance(QApplication.focusWidget(), QLineEdit | QPlainTextEdit | QAbstractSpinBox)
        if self._view.isActiveWindow() and not typing:
            self._view.setFocus(Qt.FocusReason.MouseFocusReason)

    def _leave(self) -> None:
        self._inside = False
        if not self.busy:
            self._view.report_pointer(None)
            self._show_pointer()

    def _size(self, dx: float) -> None:
        tool = self._view.tool
        if tool.diameter is not None:
            tool.scale_tip(2 ** (dx / SIZING))

    # --- Keys ------------------------------------------------------------------------------------------------------

    def _key(self, event: QKeyEvent) -> bool:
        pressed = event.type() == QEvent.Type.KeyPress
        if event.key() in _MODIFIERS:
            if event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                flag = _MODIFIERS[Qt.Key(event.key())]
                self._hold(self._last.modifiers | flag if pressed else self._last.modifiers & ~flag)
            return False
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            if not event.isAutoRepeat() and event.type() != QEvent.Type.ShortcutOverride:
                self._space = pressed
                self._show_pointer()
            event.accept()
            return True
        if not pressed:
            return False
        match event.key():
            case Qt.Key.Key_Escape:
                return self._view.cancel()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                return self._view.accept()
            case key if key in _ARROWS and not self.busy:
                far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
                dx, dy = _ARROWS[Qt.Key(key)]
                return self._view.tool.nudge(far * dx, far * dy)
        return False

    def _hold(self, modifiers: Qt.KeyboardModifier) -> None:
        """A modifier was pressed or let go: what the drag in progress means may have changed."""
        self._last = replace(self._last, modifiers=modifiers)
        if self._doing is _Doing.TOOL and not self._view.tool.every_sample:
            self._queue.append(replace(self._last, kind=_Kind.MOVE))
            self._turn.start()
        self._show_pointer()

    # --- The tool's turn -------------------------------------------------------------------------------------------

    def _drain(self, budget: float = BUDGET) -> None:
        """Give waiting samples to the tool; only the latest of them if it just needs to know where the pointer is.

        The outline of the tip moves along, so that both are painted at once.
        """
        if self._draining:
            return
        self._draining = True
        deadline = perf_counter() + budget
        try:
            while self._queue and perf_counter() < deadline:
                if self._queue[0].kind in _BEGINNINGS and not self._has_turn:
                    return  # what was asked for before comes first
                sample = self._queue.popleft()
                overtaken = bool(self._queue) and self._queue[0].kind is sample.kind
                if overtaken and not (sample.kind is _Kind.MOVE and self._view.tool.every_sample):
                    continue
                self._give(sample)
        finally:
            self._draining = False
            self._show_pointer()
        if self._queue:
            self._turn.start()

    def _ask_for_turn(self) -> None:
        """Have the drag begin when what was asked for before is done, and hold up what is asked for later."""
        press = object()
        self._presses.append(press)

        def begin() -> None:
            if press in self._presses:
                self._presses.remove(press)
                self._has_turn = True
                self._view.session.set_pen_down(True)
                self._drain()

        self._view.session.in_turn(begin, changes=False)

    def _end_turn(self) -> None:
        self._has_turn = False
        self._view.session.set_pen_down(False)

    def _give(self, sample: _Sample) -> None:
        tool, at, door = self._view.tool, self._pointer(sample), self._view.session
        match sample.kind:
            case _Kind.PRESS:
                door.by_pen(lambda: tool.press(at))
            case _Kind.DOUBLE_PRESS:
                door.by_pen(lambda: tool.double_press(at))
            case _Kind.MOVE:
                door.by_pen(lambda: tool.move(at))
            case _Kind.RELEASE:
                try:
                    door.by_pen(lambda: tool.release(at))
                finally:
                    self._end_turn()
            case _Kind.HOVER:
                tool.hover(at)

    def _pointer(self, sample: _Sample) -> Pointer:
        at = self._view.to_document(sample.point)
        return Pointer(at.x(), at.y(), sample.pressure, sample.time, sample.modifiers, sample.eraser)

    def _show_pointer(self) -> None:
        """The mouse pointer, and the outline of the tip where it takes its place."""
        at = self._pointer(self._last)
        if self._doing is _Doing.PAN or self._space:
            closed = self._doing is _Doing.PAN
            self._view.show_pointer(Qt.CursorShape.ClosedHandCursor if closed else Qt.CursorShape.OpenHandCursor)
        else:
            tool = self._view.tool
            diameter = None if at.alt and not self.busy else tool.diameter
            self._view.show_pointer(tool.cursor(at), self._last.point if self._inside else None, diameter)
