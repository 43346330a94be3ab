"""Integer rectangles in document pixels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Rect(NamedTuple):
    """Half-open rectangle `[x, x + width) x [y, y + height)` in pixels. Empty when a side is not positive."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def empty(self) -> bool:
        return self.width <= 0 or self.height <= 0

    @property
    def area(self) -> int:
        return 0 if self.empty else self.width * self.height

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of these pixels in an array of rows whose corner is at (0, 0)."""
        return slice(self.y, self.bottom), slice(self.x, self.right)

    def __and__(self, other: Rect) -> Rect:
        """Intersection; an empty rectangle where the two do not meet."""
        x, y, width, height = self  # hundreds for every sample of the pen: written for speed
        left, top, wide, high = other
        right, bottom = x + width, y + height
        if left + wide < right:
            right = left + wide
        if top + high < bottom:
            bottom = top + high
        if left < x:
            left = x
        if top < y:
            top = y
        return Rect(left, top, right - left if left < right else 0, bottom - top if top < bottom else 0)

    def __or__(self, other: Rect) -> Rect:
        """Smallest rectangle around both; an empty one adds nothing."""
        if self.empty:
            return other
        if other.empty:
            return self
        left, top = min(self.x, other.x), min(self.y, other.y)
        return Rect(left, top, max(self.right, other.right) - left, max(self.bottom, other.bottom) - top)

    def __contains__(self, other: object) -> bool:
        """Whether a rectangle lies inside this one, or a point `(x, y)`."""
        match other:
            case Rect():
                return other.empty or self & other == other
            case (x, y):
                return self.x <= x < self.right and self.y <= y < self.bottom  # type: ignore[operator]
        return False

    def moved(self, dx: int, dy: int) -> Rect:
        return Rect(self.x + dx, self.y + dy, self.width, self.height)

    def grown(self, margin: int) -> Rect:
        """The rectangle with `margin` more pixels on every side (fewer when negative)."""
        return Rect(self.x - margin, self.y - margin, self.width + 2 * margin, self.height + 2 * margin)

    @staticmethod
    def around(rects: Iterable[Rect]) -> Rect:
        """Smallest rectangle around all of them; `NOTHING` for none."""
        total = NOTHING
        for rect in rects:
            total |= rect
        return total


NOTHING = Rect(0, 0, 0, 0)
