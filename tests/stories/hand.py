"""A person at the window: moves the mouse over the real canvas and presses real keys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sdedit_studio.engine.job import Phase
from sdedit_studio.ui.document.session import Colour
from sdedit_studio.ui.shell.window import Window
from tests.ui.documents import push

Point = tuple[float, float]
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


class Hand:
    """Works on a shown window; coordinates are document pixels."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.canvas = window.canvas
        self.session = window.session

    @property
    def engine_phase(self) -> Phase:
        return self.window.generation.status.phase

    async def until(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        """Let the program run until something is so."""
        for _ in range(round(seconds / 0.005)):
            if condition():
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"It did not happen within {seconds:g} seconds.")

    async def settled(self) -> None:
        """Wait until everything that was begun shows."""
        await asyncio.sleep(0.02)
        await self.session.until_settled()
        await asyncio.sleep(0.01)

    async def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key for what is seen: what has just happened shows a moment after, and so do its actions."""
        await asyncio.sleep(0.02)
        self.window.activateWindow()
        await self.until(self.window.isActiveWindow)
        self.canvas.setFocus()
        QTest.keyClick(self.canvas, key, modifiers)
        await self.settled()

    async def tool(self, tool: str, colour: Colour | None = None, to: Colour | None = None, **brush: Any) -> None:
        """Take a tool up, with its colours, and with changes to its brush."""
        self.session.set_tool(tool)
        self.session.set_colours(colour, to)
        if brush:
            self.canvas.brushes.change(tool, **brush)
        await asyncio.sleep(0)

    async def drag(self, points: Iterable[Point]) -> None:
        """Press at the first point, move through the others, release at the last."""
        places = [self.canvas.to_view.map(QPointF(x, y)) for x, y in points]
        self._mouse(QEvent.Type.MouseMove, places[0])
        self._mouse(QEvent.Type.MouseButtonPress, places[0])
        for place in places[1:]:
            self._mouse(QEvent.Type.MouseMove, place, held=True)
            await asyncio.sleep(0)  # never processEvents in a coroutine: another task could not go on then
        self._mouse(QEvent.Type.MouseButtonRelease, places[-1])
        await self.settled()

    async def click(self, x: float, y: float) -> None:
        await self.drag([(x, y)])

    async def lasso(self, outline: Sequence[Point]) -> None:
        """Select a shape by drawing round it."""
        await self.tool("lasso")
        await self.drag(walked([*outline, outline[0]], 6))

    async def fill(self, colour: Colour) -> None:
        """Fill the selection, or the canvas."""
        self.session.set_colours(colour)
        self.window.actions_["edit.fill"].trigger()
        await self.settled()

    async def deselect(self) -> None:
        self.window.actions_["select.none"].trigger()
        await self.settled()

    async def new_layer(self, name: str) -> None:
        self.window.actions_["layer.add"].trigger()
        await self.settled()
        document = self.session.document
        push(self.session, "Rename layer", document.with_layer(document.active, name=name))

    def _mouse(self, kind: QEvent.Type, place: QPointF, *, held: bool = False) -> None:
        """QTest would move the real pointer, whose events come later than its own press and release."""
        button = NONE if kind == QEvent.Type.MouseMove else LEFT
        held = held or kind == QEvent.Type.MouseButtonPress
        at = QPointF(self.canvas.mapToGlobal(place))
        event = QMouseEvent(kind, place, at, button, LEFT if held else NONE, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(self.canvas, event)


def walked(points: Sequence[Point], step: float) -> list[Point]:
    """The same path with points no further apart than `step`."""
    path = [points[0]]
    for (x0, y0), (x1, y1) in pairwise(points):
        count = max(1, round(max(abs(x1 - x0), abs(y1 - y0)) / step))
        path += [(x0 + (x1 - x0) * i / count, y0 + (y1 - y0) * i / count) for i in range(1, count + 1)]
    return path
