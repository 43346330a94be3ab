"""Marching ants: the moving outline of the selection."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRect, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QRegion, QTransform

from sdedit_studio.document.document import Document
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import outline
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.canvas.background import Background
from sdedit_studio.ui.canvas.lines import near, subdivided

STEP_MS = 120
DASH = 4
LONGEST = 256.0
"""View pixels: lines are cut into pieces of this length, so that what is out of sight is not drawn."""


class Ants(QObject):
    """The outline of one selection. `stepped(QRegion)`: the ants there have moved.

    The outline is found in a thread; until then the former one stays.
    """

    stepped = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)
        self._selection: Tiles | None = None
        self._contours: list[np.ndarray] = []
        self._lines: list[tuple[QPolygonF, float]] = []
        self._region = QRegion()
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
        self._shift = (0, 0)
        if selection is None:
            self._take(None, [])
        else:
            self._background.start(lambda: contours(selection, bounds), lambda found: self._take(selection, found))

    def shift(self, dx: int, dy: int) -> None:
        """Draw the outline moved by document pixels, while someone drags it."""
        self._shift = (dx, dy)
        self._trace()

    def place(self, to_view: QTransform, area: QRect) -> None:
        """Where the document and the visible part of the view are now."""
        self._to_view, self._area = to_view, area
        self._trace()

    def set_showing(self, showing: bool) -> None:
        """Whether anybody can see them; if not, no time is spent on them."""
        self._showing = showing
        self._set_going()

    def paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        dark, light = QPen(QColor(0, 0, 0), 1), QPen(QColor(255, 255, 255), 1)
        light.setDashPattern([DASH, DASH])
        for line, start in self._lines:
            painter.setPen(dark)
            painter.drawPolyline(line)
            light.setDashOffset((start - self._offset) % (2 * DASH))
            painter.setPen(light)
            painter.drawPolyline(line)

    def _take(self, selection: Tiles | None, found: list[np.ndarray]) -> None:
        if selection is self._selection:
            self._contours = found
            self._trace()

    def _trace(self) -> None:
        before = self._region
        self._lines, self._region = [], QRegion()
        for contour in self._contours:
            points = _mapped(contour + np.array(self._shift), self._to_view)
            self._region += near(points, self._area)
            self._lines += _visible(points, self._area)
        self._set_going()
        self.stepped.emit(before + self._region)

    def _set_going(self) -> None:
        going = self._showing and bool(self._lines)
        if going != self._timer.isActive():
            self._timer.start() if going else self._timer.stop()

    def _step(self) -> None:
        self._offset = (self._offset + 1) % (2 * DASH)
        self.stepped.emit(self._region)


def contours(selection: Tiles, bounds: Rect) -> list[np.ndarray]:
    """The selection's outline as closed lines through document points, float (n, 2). Safe on any thread."""
    return [
        np.array([(point.x(), point.y()) for point in polygon.toList()])
        for polygon in outline(selection, bounds).toSubpathPolygons()
    ]


def _mapped(points: np.ndarray, to_view: QTransform) -> np.ndarray:
    """View points of document points, without those that fall on the pixel of the one before."""
    linear = np.array([[to_view.m11(), to_view.m12()], [to_view.m21(), to_view.m22()]])
    mapped = points @ linear + (to_view.dx(), to_view.dy())
    moved = np.any(np.diff(np.floor(mapped), axis=0) != 0, axis=1)
    moved[-1:] = True
    return mapped[np.concatenate([[True], moved])]


def _visible(points: np.ndarray, area: QRect) -> list[tuple[QPolygonF, float]]:
    """The parts of a line that meet `area`, each with the length of line before it."""
    points = subdivided(points, LONGEST)
    steps = np.diff(points, axis=0)
    before = np.concatenate([[0.0], np.cumsum(np.abs(steps).max(axis=1))])  # as QPainter counts along aliased lines
    low, high = np.minimum(points[:-1], points[1:]), np.maximum(points[:-1], points[1:])
    seen = np.all(high >= (area.left(), area.top()), axis=1) & np.all(
        low <= (area.right() + 1, area.bottom() + 1), axis=1
    )
    edges = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]])))
    return [
        (QPolygonF([QPointF(x, y) for x, y in points[first : last + 1].tolist()]), float(before[first]))
        for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    ]
