"""Sparse copy-on-write pictures: the pixels of a layer, of its mask, and of the selection.

A picture is a mapping from tile coordinates to immutable 256 px tiles. A tile's one buffer is seen both as an
ndarray and as a QImage, so numpy and QPainter work on the same pixels without a copy. Every change gives a new
`Tiles` that shares all untouched tiles with the old one: a snapshot costs nothing, and undo holds only what changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter

from sdedit_studio.raster.geometry import NOTHING, Rect

TILE = 256
"""Side of a tile in pixels: large enough that Python's cost per tile does not show, small enough to copy in 15 us."""

COLOUR = 4
"""Channels of a colour picture: premultiplied 8-bit B, G, R, A in memory, which is Qt's ARGB32_Premultiplied."""

COVERAGE = 1
"""Channels of a mask or selection: 0 is outside, 255 inside, and anything between is feather."""

_FORMATS = {COLOUR: QImage.Format.Format_ARGB32_Premultiplied, COVERAGE: QImage.Format.Format_Alpha8}


class Tile:
    """256x256 pixels that nobody changes once they are in a `Tiles`.

    `array`: uint8, shape (256, 256, 4) for colour or (256, 256) for coverage, read-only.
    `image`: a QImage on the same buffer.
    """

    __slots__ = ("array", "image")

    def __init__(self, array: np.ndarray) -> None:
        self.array = np.ascontiguousarray(array)
        self.image = as_image(self.array)
        self.array.flags.writeable = False

    @property
    def nbytes(self) -> int:
        return self.array.nbytes


def as_image(array: np.ndarray) -> QImage:
    """A QImage on the memory of a contiguous uint8 array: (h, w, 4) BGRA premultiplied, or (h, w) coverage.

    The image borrows the buffer, so the array must outlive it; painting into the image changes the array.
    """
    height, width = array.shape[:2]
    channels = array.shape[2] if array.ndim == 3 else COVERAGE
    return QImage(array.data, width, height, array.strides[0], _FORMATS[channels])


def blank(width: int, height: int, channels: int = COLOUR) -> np.ndarray:
    """A transparent (or unselected) uint8 array of shape (height, width, 4), or (height, width) for coverage."""
    return np.zeros((height, width, channels) if channels > 1 else (height, width), np.uint8)


def packed(pixels: np.ndarray) -> np.ndarray:
    """Contiguous (h, w, 4) uint8 as (h, w) uint32, on the same memory: four channels compared or set in one step."""
    return pixels.view(np.uint32)[..., 0]


def grey(pixels: np.ndarray) -> np.ndarray:
    """Premultiplied BGRA uint8 (..., 4) as coverage uint8 (...): Rec. 601 luma on black, exact for greys."""
    return (pixels[..., :3].astype(np.uint32) @ np.array([29, 150, 77], np.uint32) + 128 >> 8).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Tiles:
    """An unbounded picture, transparent wherever it has no tile. Equality is identity.

    `channels`: `COLOUR` or `COVERAGE`. `origin`: the document pixel of the corner of tile (0, 0), so that moving a
    whole layer is free. `tiles`: the tiles by (column, row).
    """

    channels: int = COLOUR
    origin: tuple[int, int] = (0, 0)
    tiles: Mapping[tuple[int, int], Tile] = field(default_factory=lambda: MappingProxyType({}))

    @staticmethod
    def from_array(array: np.ndarray, x: int = 0, y: int = 0) -> Tiles:
        """A picture holding `array` (uint8, (h, w, 4) premultiplied BGRA or (h, w) coverage) at document (x, y)."""
        return Tiles(channels=array.shape[2] if array.ndim == 3 else COVERAGE).with_array(array, x, y)

    @staticmethod
    def from_image(image: QImage, x: int = 0, y: int = 0) -> Tiles:
        """A colour picture of a QImage of any format, placed at document (x, y)."""
        image = image.convertToFormat(_FORMATS[COLOUR])
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        return Tiles.from_array(rows[:, : image.width() * 4].reshape(image.height(), image.width(), 4), x, y)

    @property
    def bounds(self) -> Rect:
        """The rectangle that the tiles cover, in document pixels; a multiple of the tile size."""
        if not self.tiles:
            return NOTHING
        columns, rows = zip(*self.tiles, strict=True)
        return self.tile_rect(min(columns), min(rows)) | self.tile_rect(max(columns), max(rows))

    def content_bounds(self) -> Rect:
        """The smallest rectangle around every pixel that is not fully transparent."""
        found, bounds = NOTHING, self.bounds

        def depth(item: tuple[Rect, Tile]) -> int:
            rect = item[0]
            return min(rect.x - bounds.x, rect.y - bounds.y, bounds.right - rect.right, bounds.bottom - rect.bottom)

        for rect, tile in sorted(self.items(), key=depth):  # from the outside in: most of the inside need not be read
            if rect in found:
                continue
            found |= nonzero(tile.array[..., 3] if self.channels == COLOUR else tile.array).moved(rect.x, rect.y)
        return found

    @property
    def nbytes(self) -> int:
        return sum(tile.nbytes for tile in self.tiles.values())

    def tile_rect(self, column: int, row: int) -> Rect:
        """The document rectangle of a tile, whether or not it exists."""
        return Rect(self.origin[0] + column * TILE, self.origin[1] + row * TILE, TILE, TILE)

    def keys(self, rect: Rect) -> Iterator[tuple[int, int]]:
        """Coordinates of the tiles that meet a document rectangle, whether or not they exist."""
        if rect.empty:
            return
        left, top = rect.x - self.origin[0], rect.y - self.origin[1]
        for row in range(top // TILE, (top + rect.height - 1) // TILE + 1):
            for column in range(left // TILE, (left + rect.width - 1) // TILE + 1):
                yield column, row

    def items(self, rect: Rect | None = None) -> Iterator[tuple[Rect, Tile]]:
        """The tiles that exist, with their document rectangles: all of them, or those that meet `rect`."""
        if rect is None:
            for key, tile in self.tiles.items():
                yield self.tile_rect(*key), tile
            return
        for key in self.keys(rect):
            if (tile := self.tiles.get(key)) is not None:
                yield self.tile_rect(*key), tile

    def read(self, rect: Rect) -> np.ndarray:
        """A copy of the pixels in `rect`: uint8, (height, width, 4) or (height, width)."""
        out = blank(max(0, rect.width), max(0, rect.height), self.channels)
        for where, tile in self.items(rect):
            part = where & rect
            out[part.y - rect.y : part.bottom - rect.y, part.x - rect.x : part.right - rect.x] = tile.array[
                part.y - where.y : part.bottom - where.y, part.x - where.x : part.right - where.x
            ]
        return out

    def pixel(self, x: int, y: int) -> tuple[int, ...]:
        """The channel values of one document pixel."""
        return tuple(int(value) for value in self.read(Rect(x, y, 1, 1)).reshape(-1))

    def image(self, rect: Rect) -> QImage:
        """A copy of the pixels in `rect` as a QImage that owns its memory."""
        return as_image(self.read(rect)).copy()

    def changed(self, rect: Rect, change: Callable[[np.ndarray, Rect], None]) -> Tiles:
        """A picture in which `change(array, where)` has altered the tiles that meet `rect`.

        `array` is a writable copy of one tile's part inside `rect` and `where` is that part in document pixels, so
        a change cannot reach outside `rect`. Tiles left fully transparent are dropped.
        """

        def alter(array: np.ndarray, whole: Rect) -> None:
            part = whole & rect
            change(array[part.y - whole.y : part.bottom - whole.y, part.x - whole.x : part.right - whole.x], part)

        return self._altered(rect, alter)

    def painted(self, rect: Rect, paint: Callable[[QPainter], None]) -> Tiles:
        """A picture in which `paint(painter)` has drawn inside `rect`.

        The painter is in document coordinates and clipped to `rect`; it is called once a tile.
        """

        def alter(array: np.ndarray, whole: Rect) -> None:
            image = as_image(array)  # a QPainter does not keep its device alive
            painter = QPainter(image)
            painter.translate(-whole.x, -whole.y)
            painter.setClipRect(QRect(*(whole & rect)))
            paint(painter)
            painter.end()

        return self._altered(rect, alter)

    def _altered(self, rect: Rect, alter: Callable[[np.ndarray, Rect], None]) -> Tiles:
        """`alter(array, whole)` changes a copy of each tile that meets `rect`; `whole` is where the tile lies."""
        changes: dict[tuple[int, int], Tile] = {}
        for key in self.keys(rect):
            old = self.tiles.get(key)
            array = old.array.copy() if old is not None else blank(TILE, TILE, self.channels)
            alter(array, self.tile_rect(*key))
            changes[key] = Tile(array)
        return self.with_tiles(changes)

    def with_tiles(self, changes: Mapping[tuple[int, int], Tile]) -> Tiles:
        """A picture with some tiles replaced. Tiles that are fully transparent are dropped."""
        tiles = {**self.tiles, **changes}
        for key, tile in changes.items():
            if not tile.array.any():
                del tiles[key]
        return self._of(tiles)

    def with_array(self, array: np.ndarray, x: int, y: int) -> Tiles:
        """A picture in which `array` replaces the pixels at document (x, y)."""
        rect = Rect(x, y, array.shape[1], array.shape[0])

        def copy_in(target: np.ndarray, where: Rect) -> None:
            target[:] = array[where.y - y : where.bottom - y, where.x - x : where.right - x]

        return self.changed(rect, copy_in)

    def cleared(self, rect: Rect) -> Tiles:
        """A picture that is transparent inside `rect`."""

        def erase(target: np.ndarray, _where: Rect) -> None:
            target[:] = 0

        return self.changed(rect & self.bounds, erase)

    def cropped(self, rect: Rect) -> Tiles:
        """A picture that is transparent outside `rect`."""
        return Tiles(self.channels).with_array(self.read(rect & self.bounds), *(rect & self.bounds)[:2])

    def moved(self, dx: int, dy: int) -> Tiles:
        """The same pixels, shifted; no pixel is copied."""
        return Tiles(self.channels, (self.origin[0] + dx, self.origin[1] + dy), self.tiles)

    def difference(self, other: Tiles) -> list[Rect]:
        """Document rectangles, at most one a tile, outside which the two pictures are equal."""
        if self is other:
            return []
        if self.origin != other.origin:
            return [rect for rect, _ in self.items()] + [rect for rect, _ in other.items()]
        found = []
        for key in self.tiles.keys() | other.tiles.keys():
            mine, others = self.tiles.get(key), other.tiles.get(key)
            if mine is not others:
                changed = nonzero(_bits(mine) ^ _bits(others))
                if not changed.empty:
                    whole = self.tile_rect(*key)
                    found.append(changed.moved(whole.x, whole.y))
        return found

    def _of(self, tiles: dict[tuple[int, int], Tile]) -> Tiles:
        return Tiles(self.channels, self.origin, MappingProxyType(tiles))


def nonzero(array: np.ndarray) -> Rect:
    """The smallest rectangle around everything in a 2-D array that is not 0."""
    rows = np.flatnonzero(array.any(axis=1))
    if not len(rows):
        return NOTHING
    columns = np.flatnonzero(array[rows[0] : rows[-1] + 1].any(axis=0))
    return Rect(int(columns[0]), int(rows[0]), int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1)


def _bits(tile: Tile | None) -> np.ndarray:
    """A tile with each pixel as one number; a missing one is a single 0, to be broadcast."""
    if tile is None:
        return np.zeros((1, 1), np.uint8)
    return packed(tile.array) if tile.array.ndim == 3 else tile.array


EMPTY = Tiles()
"""A layer with nothing on it."""

NO_COVERAGE = Tiles(COVERAGE)
"""A mask that shows nothing, or a selection of nothing."""
