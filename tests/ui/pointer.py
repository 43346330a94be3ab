"""A canvas in a window, with hands that draw on it by real events, in document pixels."""

from __future__ import annotations

import itertools

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QInputDevice, QMouseEvent, QPointingDevice, QTabletEvent
from PySide6.QtWidgets import QApplication

WIDTH, HEIGHT = 200, 150

NONE, LEFT = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton


def device(pointer_type):
    kind, can = QInputDevice.DeviceType.Stylus, QInputDevice.Capability
    return QPointingDevice("test pen", 7, kind, pointer_type, can.Position | can.Pressure, 1, 3)


PEN = device(QPointingDevice.PointerType.Pen)
ERASER = device(QPointingDevice.PointerType.Eraser)


class Canvas:
    """The view with its session. Places are document pixels unless a name says view."""

    def __init__(self, view, qtbot):
        self.view, self.session, self.qtbot = view, view.session, qtbot
        self.messages, self.problems = [], []
        self.session.notices.told.connect(self.messages.append)
        self.session.notices.warned.connect(lambda sentence, _details: self.problems.append(sentence))
        self._clock = itertools.count(1000, 8)
        self._buttons = NONE

    @property
    def document(self):
        return self.session.document

    @property
    def steps(self):
        """Labels of the undo steps, the oldest first."""
        return self.session.undo_labels

    def on_view(self, x, y):
        return self.view.to_view.map(QPointF(x, y))

    def mouse(self, kind, x, y, button=LEFT, modifiers=Qt.KeyboardModifier.NoModifier):
        point = self.on_view(x, y)
        if kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            self._buttons |= button
        elif kind == QEvent.Type.MouseButtonRelease:
            self._buttons &= ~button
        else:
            button = NONE
        event = QMouseEvent(kind, point, QPointF(self.view.mapToGlobal(point)), button, self._buttons, modifiers)
        event.setTimestamp(next(self._clock))
        QApplication.sendEvent(self.view, event)

    def press(self, x, y, modifiers=Qt.KeyboardModifier.NoModifier, button=LEFT):
        self.mouse(QEvent.Type.MouseButtonPress, x, y, button, modifiers)

    def move(self, x, y, modifiers=Qt.KeyboardModifier.NoModifier):
        self.mouse(QEvent.Type.MouseMove, x, y, modifiers=modifiers)

    def release(self, x, y, modifiers=Qt.KeyboardModifier.NoModifier, button=LEFT):
        self.mouse(QEvent.Type.MouseButtonRelease, x, y, button, modifiers)

    def double(self, x, y):
        self.mouse(QEvent.Type.MouseButtonDblClick, x, y)
        self.release(x, y)

    def click(self, x, y, modifiers=Qt.KeyboardModifier.NoModifier):
        self.press(x, y, modifiers)
        self.release(x, y, modifiers)

    def drag(self, *points, modifiers=Qt.KeyboardModifier.NoModifier):
        """Press at the first point, pass the others, release at the last."""
        self.press(*points[0], modifiers)
        for point in points[1:]:
            self.move(*point, modifiers)
        self.release(*points[-1], modifiers)
        self.view._input.flush()  # on a busy machine some of it waits for its turn

    def pen(self, kind, x, y, pressure, pen=PEN, time=None):
        none = kind == QEvent.Type.TabletMove
        buttons = NONE if kind == QEvent.Type.TabletRelease else LEFT
        point = self.on_view(x, y)
        place = QPointF(self.view.mapToGlobal(point))
        tilt = (0.0, 0.0, 0.0, 0.0, 0.0)
        modifiers = Qt.KeyboardModifier.NoModifier
        event = QTabletEvent(kind, pen, point, place, pressure, *tilt, modifiers, NONE if none else LEFT, buttons)
        event.setTimestamp(next(self._clock) if time is None else time)
        QApplication.sendEvent(self.view, event)
        return event

    def pen_stroke(self, *samples, pen=PEN):
        """Samples of x, y and pressure: pressed at the first, lifted after the last."""
        self.pen(QEvent.Type.TabletPress, *samples[0], pen)
        for sample in samples[1:]:
            self.pen(QEvent.Type.TabletMove, *sample, pen)
        self.pen(QEvent.Type.TabletRelease, samples[-1][0], samples[-1][1], 0.0, pen)
        self.view._input.flush()

    def settle(self):
        """Wait until nothing is being computed."""
        self.view._input.flush()
        backgrounds = self.view._drops._background, self.session._thread, self.view._ants._background
        self.qtbot.waitUntil(lambda: not any(background.busy for background in backgrounds))

    def tool(self, tool_id):
        self.session.set_tool(tool_id)
        return self.view.tool

    def alpha(self):
        """Of the active layer, on the canvas: uint8 (height, width)."""
        return self.document.active_layer.pixels.read(self.document.bounds)[..., 3]

    def coverage(self):
        """Of the selection, on the canvas."""
        selection = self.document.selection
        return (
            np.zeros((self.document.height, self.document.width), np.uint8)
            if selection is None
            else selection.read(self.document.bounds)
        )
