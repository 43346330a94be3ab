"""Marching ants: the moving outline of the selection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRect, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QRegion, QTransform

from sdedit_studio.document.document import Document
from sdedit_studio.raster.selection import contours
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.document.background import Background
from sdedit_studio.ui.tools.lines import near, subdivided

STEP_MS = 120
DASH = 4

LONGEST = 256.0
"""View pixels: lines are cut into pieces of this length, so that what is out of sight is not drawn."""

SMALLEST = 2.0
"""View pixels: a line that is nowhere longer than this is left out."""

MOST = 20_000
"""Points that are drawn. Of a selection that has more, the longest lines are."""


@dataclass(frozen=True, eq=False)
class Trace:
    """Lines as they lie on screen at one view transform, each with the length of line before it, and where they are."""

    to_view: QTransform
    lines: list[tuple[QPolygonF, float]]
    region: QRegion


NO_TRACE = Trace(QTransform(), [], QRegion())


class Ants(QObject):
    """The outline of one selection. `stepped(QRegion)`: the ants there look different now.

    It is found, and fitted to the view, in a thread; until that is done the former one is drawn where it belongs.
    """

    stepped = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)
        self._selection: Tiles | None = None
        self._contours: list[np.ndarray] = []
        self._trace = NO_TRACE
        self._tracing = False
        self._to_view, self._area = QTransform(), QRect()
        self._shift = (0, 0)
        self._offset = 0
        self._showing = False
        self._timer = QTimer(self, interval=STEP_MS)
        self._timer.timeout.connect(self._step)

    @property
    def marching(self) -> bool:
        return self._timer.isActive()

    def follow(self, document: Document) -> None:
        """Outline this document's selection."""
        selection, bounds = document.selection, document.bounds
        if selection is self._selection:
            return
        self._selection = selection
        if selection is None:
            self._take(None, [])
        else:
            self._background.start(lambda: contours(selection, bounds), lambda found: self._take(selection, found))

    def shift(self, dx: int, dy: int) -> None:
        """Draw the outline moved by document pixels, while someone drags it."""
        self._shift = (dx, dy)
        self.stepped.emit(QRegion(self._area))

    def place(self, to_view: QTransform, area: QRect) -> None:
        """Where the document and the visible part of the view are now."""
        self._to_view, self._area = to_view, area
        self._retrace()

    def set_showing(self, showing: bool) -> None:
        """Whether anybody can see them; if not, no time is spent on them."""
        self._showing = showing
        self._set_going()

    def paint(self, painter: QPainter) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setTransform(self._moved(), combine=True)
        dark, light = QPen(QColor(0, 0, 0), 1), QPen(QColor(255, 255, 255), 1)
        dark.setCosmetic(True)
        light.setCosmetic(True)
        light.setDashPattern([DASH, DASH])
        for line, start in self._trace.lines:
            painter.setPen(dark)
            painter.drawPolyline(line)
            light.setDashOffset((start - self._offset) % (2 * DASH))
            painter.setPen(light)
            painter.drawPolyline(line)
        painter.restore()

    def _moved(self) -> QTransform:
        """From where the lines were traced to where they belong."""
        return self._trace.to_view.inverted()[0] * QTransform.fromTranslate(*self._shift) * self._to_view

    def _take(self, selection: Tiles | None, found: list[np.ndarray]) -> None:
        if selection is self._selection:
            self._contours, self._shift = found, (0, 0)
            self._retrace()

    def _retrace(self) -> None:
        if not self._contours:
            self._show(NO_TRACE)
        elif not self._tracing:
            self._tracing = True
            lines, to_view, area = self._contours, self._to_view, self._area

            def take(traced: Trace) -> None:
                self._tracing = False
                self._show(traced if self._contours else NO_TRACE)
                if lines is not self._contours or (to_view, area) != (self._to_view, self._area):
                    self._retrace()

            self._background.start(lambda: trace(lines, to_view, area), take)

    def _show(self, traced: Trace) -> None:
        before, self._trace = self._trace.region, traced
        self._set_going()
        self.stepped.emit(before + traced.region)

    def _set_going(self) -> None:
        going = self._showing and bool(self._trace.lines)
        if going != self._timer.isActive():
            self._timer.start() if going else self._timer.stop()

    def _step(self) -> None:
        self._offset = (self._offset + 1) % (2 * DASH)
        self.stepped.emit(self._trace.region if self._moved().isIdentity() else QRegion(self._area))


def trace(contours: list[np.ndarray], to_view: QTransform, area: QRect) -> Trace:
    """Lines through document points, float (n, 2), as they show in `area` of the view. Safe on any thread."""
    linear = np.array([[to_view.m11(), to_view.m12()], [to_view.m21(), to_view.m22()]])
    points = np.concatenate(contours) @ linear + (to_view.dx(), to_view.dy())
    ends = np.cumsum([len(line) for line in contours])
    starts = np.concatenate([[0], ends[:-1]])
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    extent = (high - low).max(axis=1)
    seen = (extent > SMALLEST) & np.all(high >= area.topLeft().toTuple(), axis=1)
    seen &= np.all(low <= area.bottomRight().toTuple(), axis=1)
    longest_first = np.flatnonzero(seen)[np.argsort(-extent[seen])]
    kept: list[np.ndarray] = []
    room = MOST
    for index in longest_first.tolist():
        kept.append(_thinned(points[starts[index] : ends[index]]))
        room -= len(kept[-1])
        if room < 0:
            break
    return Trace(to_view, [part for line in kept for part in _visible(line, area)], near(kept, area))


def _thinned(points: np.ndarray) -> np.ndarray:
    """Without the points that fall on the pixel of the one before."""
    moved = np.any(np.diff(np.floor(points), axis=0) != 0, axis=1)
    moved[-1:] = True
    return points[np.concatenate([[True], moved])]


def _visible(points: np.ndarray, area: QRect) -> list[tuple[QPolygonF, float]]:
    """The parts of a line that meet `area`, each with the length of line before it."""
    points = subdivided(points, LONGEST)
    steps = np.diff(points, axis=0)
    before = np.concatenate([[0.0], np.cumsum(np.abs(steps).max(axis=1))])  # as QPainter counts along aliased lines
    low, high = np.minimum(points[:-1], points[1:]), np.maximum(points[:-1], points[1:])
    seen = np.all(high >= (area.left(), area.top()), axis=1)
    seen &= np.all(low <= (area.right() + 1, area.bottom() + 1), axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]])))
    return [
        (QPolygonF([QPointF(x, y) for x, y in points[first : last + 1].tolist()]), float(before[first]))
        for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    ]
