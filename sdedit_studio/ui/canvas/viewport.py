"""How the page lies in the view: zoom, place, rotation and mirroring, as one immutable value."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QTransform

from sdedit_studio.raster.geometry import Rect

LARGEST_ZOOM = 64.0
SMALLEST_PAGE = 48
"""In view pixels: zooming out ends when the page's longer side would be shorter than this."""

IN_SIGHT = 64
"""View pixels by which the page always reaches into the view."""

STEPS = (
    1 / 64,
    1 / 32,
    1 / 16,
    1 / 8,
    1 / 6,
    1 / 4,
    1 / 3,
    1 / 2,
    2 / 3,
    1,
    1.5,
    2,
    3,
    4,
    6,
    8,
    12,
    16,
    24,
    32,
    48,
    64,
)
"""The round zooms that zooming in steps stops at."""


@dataclass(frozen=True)
class Viewport:
    """A page of `page_width` x `page_height` document pixels in a view of `width` x `height` view pixels.

    `ratio`: screen pixels to a view pixel. `zoom`: screen pixels to a document pixel, so 1 shows every pixel once.
    `x`, `y`: the document point in the middle of the view. `rotation`: degrees clockwise, in (-180, 180], before
    `mirrored` swaps left and right of what is seen.
    """

    width: float = 1.0
    height: float = 1.0
    page_width: int = 1
    page_height: int = 1
    ratio: float = 1.0
    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0
    rotation: float = 0.0
    mirrored: bool = False

    @property
    def scale(self) -> float:
        """View pixels to a document pixel."""
        return self.zoom / self.ratio

    @property
    def page(self) -> Rect:
        return Rect(0, 0, self.page_width, self.page_height)

    @property
    def upright(self) -> bool:
        """Whether the page's sides are parallel to those of the view."""
        return self.rotation % 90 == 0

    @property
    def middle(self) -> QPointF:
        return QPointF(self.width / 2, self.height / 2)

    @cached_property
    def to_view(self) -> QTransform:
        """Document pixels to view pixels. An upright page begins on a whole screen pixel, so that it is sharp."""
        exact = self._turn(self.scale)
        middle = exact.map(QPointF(self.x, self.y))
        exact = exact * QTransform.fromTranslate(self.width / 2 - middle.x(), self.height / 2 - middle.y())
        if not self.upright:
            return exact
        dx, dy = (round(offset * self.ratio) / self.ratio for offset in (exact.dx(), exact.dy()))
        return QTransform(exact.m11(), exact.m12(), exact.m21(), exact.m22(), dx, dy)

    @cached_property
    def from_view(self) -> QTransform:
        return self.to_view.inverted()[0]

    def to_document(self, point: QPointF) -> QPointF:
        return self.from_view.map(point)

    def seen(self, area: QRectF | None = None) -> Rect:
        """The document rectangle that covers a rectangle of the view (all of it when None); it may exceed the page."""
        box = self.from_view.mapRect(QRectF(0, 0, self.width, self.height) if area is None else area)
        left, top = math.floor(box.left()), math.floor(box.top())
        return Rect(left, top, math.ceil(box.right()) - left, math.ceil(box.bottom()) - top)

    def resized(self, width: float, height: float, ratio: float) -> Viewport:
        """The same part of the page in a view of another size; each document pixel keeps its size on screen."""
        return replace(self, width=max(1.0, width), height=max(1.0, height), ratio=ratio)._held()

    def with_page(self, width: int, height: int) -> Viewport:
        return replace(self, page_width=width, page_height=height)._held()

    def panned(self, dx: float, dy: float) -> Viewport:
        """The page moved by view pixels."""
        by = self._turn(self.scale).inverted()[0].map(QPointF(dx, dy))
        return replace(self, x=self.x - by.x(), y=self.y - by.y())._held()

    def zoomed_to(self, zoom: float, about: QPointF | None = None) -> Viewport:
        """Another zoom, within the limits; the document point at view point `about` (the middle when None) stays."""
        smallest = min(1.0, SMALLEST_PAGE * self.ratio / max(self.page_width, self.page_height))
        zoom = min(max(zoom, smallest), max(LARGEST_ZOOM, self._fitting_zoom(0)))
        return self._changed(about, zoom=zoom)

    def zoomed(self, factor: float, about: QPointF | None = None) -> Viewport:
        return self.zoomed_to(self.zoom * factor, about)

    def stepped(self, inwards: bool, about: QPointF | None = None) -> Viewport:
        """To the next round zoom."""
        if inwards:
            return self.zoomed_to(next((step for step in STEPS if step > self.zoom * 1.01), STEPS[-1]), about)
        return self.zoomed_to(next((step for step in reversed(STEPS) if step < self.zoom / 1.01), STEPS[0]), about)

    def rotated(self, degrees: float, about: QPointF | None = None) -> Viewport:
        """Turned clockwise as seen on screen."""
        turned = self.rotation + (-degrees if self.mirrored else degrees)
        return self.rotated_to(turned, about)

    def rotated_to(self, rotation: float, about: QPointF | None = None) -> Viewport:
        rotation = 180 - (180 - rotation) % 360
        return self._changed(about, rotation=rotation)

    def flipped(self) -> Viewport:
        """Left and right of what is seen swapped."""
        return replace(self, mirrored=not self.mirrored)._held()

    def fitted(self) -> Viewport:
        """The whole page as large as it goes, in the middle with some air around it."""
        air = min(72.0, 0.06 * min(self.width, self.height))
        zoom = max(self._fitting_zoom(air), 1e-6)
        return replace(self, zoom=zoom, x=self.page_width / 2, y=self.page_height / 2).zoomed_to(zoom)

    def showing(self, rect: Rect) -> Viewport:
        """A document rectangle as large as it goes."""
        box = self._turn(1 / self.ratio).mapRect(QRectF(*rect))
        zoom = min(self.width / max(box.width(), 1e-6), self.height / max(box.height(), 1e-6))
        return replace(self, x=rect.x + rect.width / 2, y=rect.y + rect.height / 2).zoomed_to(zoom)

    def _turn(self, scale: float) -> QTransform:
        """Document to view but for the shift."""
        return QTransform.fromScale(-1 if self.mirrored else 1, 1).rotate(self.rotation).scale(scale, scale)

    def _fitting_zoom(self, air: float) -> float:
        box = self._turn(1 / self.ratio).mapRect(QRectF(*self.page))
        return min((self.width - 2 * air) / box.width(), (self.height - 2 * air) / box.height())

    def _changed(self, about: QPointF | None, **changes: float) -> Viewport:
        """With another zoom or rotation, and the document point at view point `about` where it was."""
        at = self.middle if about is None else about
        point, changed = self.to_document(at), replace(self, **changes)
        offset = changed._turn(changed.scale).inverted()[0].map(at - self.middle)
        return replace(changed, x=point.x() - offset.x(), y=point.y() - offset.y())._held()

    def _held(self) -> Viewport:
        """Moved, if need be, so that the page's nearest point is not out of sight."""
        turn = self._turn(self.scale)
        nearest = QPointF(min(max(self.x, 0.0), self.page_width), min(max(self.y, 0.0), self.page_height))
        away = turn.map(nearest - QPointF(self.x, self.y))
        room_x, room_y = (max(0.0, side / 2 - IN_SIGHT) for side in (self.width, self.height))
        back = QPointF(away.x() - min(max(away.x(), -room_x), room_x), away.y() - min(max(away.y(), -room_y), room_y))
        if back.isNull():
            return self
        by = turn.inverted()[0].map(back)
        return replace(self, x=self.x + by.x(), y=self.y + by.y())
