"""Where a box of pixels is put: shifted, scaled, flipped and rotated. Pure arithmetic, in document pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QTransform

from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.tools.grips import Grip

SMALLEST = 1.0
"""A side is never shorter than this."""


@dataclass(frozen=True)
class Placement:
    """`box` is what is placed. `x`, `y`: where its middle comes to lie. `across`, `down`: factors, negative for a flip.
    `angle`: degrees clockwise, in (-180, 180].
    """

    box: Rect
    x: float
    y: float
    across: float = 1.0
    down: float = 1.0
    angle: float = 0.0

    @staticmethod
    def of(box: Rect) -> Placement:
        """The box at its place, unscaled and not rotated."""
        return Placement(box, box.x + box.width / 2, box.y + box.height / 2)

    @property
    def middle(self) -> QPointF:
        return QPointF(self.x, self.y)

    @property
    def width(self) -> float:
        return self.box.width * self.across

    @property
    def height(self) -> float:
        return self.box.height * self.down

    @property
    def only_moved(self) -> bool:
        return (self.across, self.down, self.angle) == (1.0, 1.0, 0.0)

    @property
    def unchanged(self) -> bool:
        return self == Placement.of(self.box)

    @property
    def turn(self) -> QTransform:
        return QTransform().rotate(self.angle)

    @property
    def transform(self) -> QTransform:
        """Document to document. What is only moved goes by whole pixels, so that it stays as sharp as it was."""
        start = Placement.of(self.box)
        if self.only_moved:
            return QTransform.fromTranslate(round(self.x - start.x), round(self.y - start.y))
        moved = QTransform.fromTranslate(self.x, self.y).rotate(self.angle).scale(self.across, self.down)
        return moved.translate(-start.x, -start.y)

    @property
    def rect(self) -> QRectF:
        return QRectF(*self.box)

    def moved(self, dx: float, dy: float) -> Placement:
        return replace(self, x=self.x + dx, y=self.y + dy)

    def rotated_to(self, angle: float) -> Placement:
        return replace(self, angle=180 - (180 - angle) % 360)

    def flipped(self, *, horizontally: bool) -> Placement:
        """Mirrored as it is seen, across or down."""
        turned = self.rotated_to(-self.angle)
        return replace(turned, across=-self.across) if horizontally else replace(turned, down=-self.down)

    def sized(self, width: float | None, height: float | None, *, keep_aspect: bool) -> Placement:
        """Given another width or height, with its middle where it is and its flips kept."""
        across = (
            self.across if width is None else math.copysign(max(SMALLEST, abs(width)) / self.box.width, self.across)
        )
        down = self.down if height is None else math.copysign(max(SMALLEST, abs(height)) / self.box.height, self.down)
        if keep_aspect and width is not None:
            down = self.down * abs(across / self.across)
        elif keep_aspect:
            across = self.across * abs(down / self.down)
        return replace(self, across=across, down=down)

    def pulled(self, grip: Grip, by: QPointF, *, keep_aspect: bool, centred: bool) -> Placement:
        """With a grip pulled by a document vector; the opposite side, or the middle when `centred`, stays."""
        pull = self.turn.inverted()[0].map(by)
        sides = self.width, self.height
        share = 2 if centred else 1
        wanted = [side + share * way * step for side, way, step in zip(sides, grip, (pull.x(), pull.y()), strict=True)]
        if keep_aspect:
            factor = _common_factor(sides, wanted, grip)
            wanted = [side * factor for side in sides]
        width, height = (_at_least(side) for side in wanted)
        grown = replace(self, across=width / self.box.width, down=height / self.box.height)
        if centred:
            return grown
        offset = self.turn.map(QPointF((width - self.width) * grip[0] / 2, (height - self.height) * grip[1] / 2))
        return grown.moved(offset.x(), offset.y())


def _common_factor(sides: tuple[float, float], wanted: list[float], grip: Grip) -> float:
    """By how much both sides grow: a corner follows the pointer along the diagonal."""
    ways = [abs(way) for way in grip]
    return sum(w * side * way for w, side, way in zip(wanted, sides, ways, strict=True)) / sum(
        side * side * way for side, way in zip(sides, ways, strict=True)
    )


def _at_least(side: float) -> float:
    return math.copysign(max(SMALLEST, abs(side)), side)
