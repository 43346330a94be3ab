"""A hand in a whole window."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sdedit_studio.ui.shell.window import Window

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def paint(window: Window, x: int = 0, y: int = 0) -> None:
    """A short stroke about the middle of the canvas."""
    canvas = window.canvas
    middle = canvas.rect().center() + QPoint(x, y)
    QTest.mousePress(canvas, LEFT, pos=middle)
    for step in range(1, 6):
        QTest.mouseMove(canvas, middle + QPoint(8 * step, 2 * step))
    QTest.mouseRelease(canvas, LEFT, pos=middle + QPoint(40, 10))


def key(window: Window, which: Qt.Key, modifiers=NONE) -> None:
    QTest.keyClick(QApplication.focusWidget() or window, which, modifiers)
