"""Selections: coverage made by shapes, combined, feathered, grown, and outlined.

A selection is a `Tiles` of `COVERAGE` inside the canvas rectangle `bounds`. Nothing selected is None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, cast

import numpy as np
from contourpy import contour_generator
from PIL import Image, ImageFilter
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPolygonF
from scipy import ndimage

from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import COVERAGE, TILE, Tiles, as_image, blank, nonzero

How = Literal["replace", "add", "subtract", "intersect"]

_CENTRES = np.meshgrid(np.arange(TILE + 1) + 0.5, np.arange(TILE + 1) + 0.5)
"""x and y of the pixel centres of a tile, with one more column and row; coverage belongs to them."""


def rectangle(rect: Rect, bounds: Rect) -> Tiles | None:
    """The pixels of `rect`, fully."""
    inside = rect & bounds
    return of_array(np.full((inside.height, inside.width), 255, np.uint8), inside)


def ellipse(rect: Rect, bounds: Rect) -> Tiles | None:
    """The ellipse that touches the sides of `rect`, antialiased."""
    path = QPainterPath()
    path.addEllipse(QRectF(*rect))
    return _filled(path, bounds)


def polygon(points: Sequence[tuple[float, float]], bounds: Rect) -> Tiles | None:
    """The polygon with these corners in document pixels, antialiased. Where it overlaps itself it is inside."""
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(x, y) for x, y in points]))
    path.closeSubpath()
    path.setFillRule(Qt.FillRule.WindingFill)
    return _filled(path, bounds)


def of_array(coverage: np.ndarray, rect: Rect) -> Tiles | None:
    """A selection of coverage, uint8 (h, w), that lies in `rect`; None when it is all 0."""
    return Tiles.from_array(coverage, rect.x, rect.y) if coverage.any() else None


def combine(old: Tiles | None, new: Tiles | None, how: How, bounds: Rect) -> Tiles | None:
    """Two selections as sets. For soft edges: union is the larger coverage, intersection the smaller."""
    if how == "replace" or old is None or new is None:
        kept = {"replace": new, "add": old or new, "subtract": old, "intersect": None}[how]
        return kept and of_array(kept.read(bounds & kept.bounds), bounds & kept.bounds)
    area = (old.bounds | new.bounds if how == "add" else old.bounds) & bounds
    before, coverage = old.read(area), new.read(area)
    match how:
        case "add":
            return of_array(np.maximum(before, coverage), area)
        case "subtract":
            return of_array(np.minimum(before, 255 - coverage), area)
        case "intersect":
            return of_array(np.minimum(before, coverage), area)


def invert(selection: Tiles | None, bounds: Rect) -> Tiles | None:
    """Everything that is not selected."""
    return rectangle(bounds, bounds) if selection is None else of_array(255 - selection.read(bounds), bounds)


def feather(selection: Tiles | None, radius: float, bounds: Rect) -> Tiles | None:
    """Edges softened over about `radius` pixels to both sides. An edge of the canvas is no edge of the selection."""
    if selection is None:
        return None
    reach = math.ceil(2 * radius) + 2  # of Pillow's three box blurs: never less than three pixels
    area = selection.content_bounds().grown(reach) & bounds
    blurred = Image.fromarray(selection.read(area)).filter(ImageFilter.GaussianBlur(radius / 2))
    return of_array(np.asarray(blurred), area)


def grow(selection: Tiles | None, pixels: int, bounds: Rect) -> Tiles | None:
    """Edges moved outwards by `pixels`, or inwards when negative. An edge of the canvas is no edge of the selection."""
    if selection is None or not pixels:
        return selection
    area = selection.content_bounds().grown(max(0, pixels) + 1) & bounds
    coverage = selection.read(area)
    return of_array(_dilated(coverage, pixels) if pixels > 0 else 255 - _dilated(255 - coverage, -pixels), area)


def contours(selection: Tiles | None, bounds: Rect) -> list[np.ndarray]:
    """The isolines of coverage at one half, by marching squares: document points (x, y), float64 (n, 2) each.

    Lines are cut at the borders of 256 px squares, so that only squares with an edge cost time.
    """
    if selection is None:
        return []
    area = selection.content_bounds() & bounds
    lines: list[np.ndarray] = []
    for y in range(area.y - 1, area.bottom, TILE):
        for x in range(area.x - 1, area.right, TILE):
            square = Rect(x, y, min(TILE, area.right - x) + 1, min(TILE, area.bottom - y) + 1)
            coverage = selection.read(square)
            inside = coverage > 127
            if not inside.any() or inside.all():
                continue
            part = _with_edges(inside)
            across, down = (centres[part.slices] for centres in _CENTRES)
            found = contour_generator(across, down, coverage[part.slices]).lines(127.5)
            for line in cast(list[np.ndarray], found):  # the default of its kinds of line
                turns = np.abs(np.diff(line, 2, axis=0)).max(axis=1) > 1e-6
                lines.append(line[np.concatenate([[True], turns, [True]])] + (x, y))
    return lines


def _with_edges(inside: np.ndarray) -> Rect:
    """The smallest rectangle of pixels that holds all edges in `inside`, bool (h, w)."""
    beside = inside[:, 1:] ^ inside[:, :-1]
    edges = nonzero((inside[1:, 1:] ^ inside[:-1, 1:]) | beside[1:] | beside[:-1])
    return Rect(edges.x, edges.y, edges.width + 1, edges.height + 1)


def _filled(path: QPainterPath, bounds: Rect) -> Tiles | None:
    box = path.boundingRect().toAlignedRect()
    area = Rect(box.x(), box.y(), box.width(), box.height()) & bounds
    if area.empty:
        return None
    coverage = blank(area.width, area.height, COVERAGE)
    image = as_image(coverage)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(-area.x, -area.y)
    painter.fillPath(path, Qt.GlobalColor.black)
    painter.end()
    return of_array(coverage, area)


def _dilated(coverage: np.ndarray, radius: int) -> np.ndarray:
    """The largest coverage within `radius`: a disc as a stack of rows, each a running maximum."""
    out = coverage.copy()
    height = len(coverage)
    for dy in range(min(radius, height - 1) + 1):
        reach = int(math.sqrt((radius + 0.5) ** 2 - dy**2))
        row = ndimage.maximum_filter1d(coverage, 2 * reach + 1, axis=1, mode="nearest")
        np.maximum(out[dy:], row[: height - dy], out=out[dy:])
        np.maximum(out[: height - dy], row[dy:], out=out[: height - dy])
    return out
