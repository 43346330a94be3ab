"""Draws the background of a view: the surround, the shadow of the page and the checkerboard."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPixmap, QPolygonF, QTransform

from sdedit_studio.raster.tiles import as_image, blank
from sdedit_studio.ui.base import theme
from sdedit_studio.ui.canvas.viewport import Viewport

SQUARE = 8
"""Side of a checkerboard square in view pixels."""

BLUR = 9.0
"""Standard deviation of the shadow in view pixels."""

REACH = 27
"""How far the shadow fades to either side of the page's edge."""

DROP = 4.0
"""How far the shadow lies below the page."""

STRENGTH = {"dark": 0.55, "light": 0.28}


def draw_page(painter: QPainter, area: QRect, viewport: Viewport) -> None:
    """Everything below the composite, inside `area` of the view."""
    page = viewport.to_view.map(QPolygonF(QRectF(*viewport.page)))
    inside = page.boundingRect().toRect() if viewport.upright else QRect()
    if not inside.contains(area):
        painter.fillRect(area, theme.current().colour("surround"))
        _draw_shadow(painter, viewport)
    painter.setBrushOrigin(page.boundingRect().topLeft())
    if viewport.upright:
        painter.fillRect(inside & area, QBrush(_checkerboard(viewport.ratio)))
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(_checkerboard(viewport.ratio)))
        painter.drawPolygon(page)


def _draw_shadow(painter: QPainter, viewport: Viewport) -> None:
    """The shadow's picture in nine parts: the corners as they are, the sides drawn out, the middle not at all."""
    scale = viewport.scale
    across, down = (_parts(side * scale) for side in (viewport.page_width, viewport.page_height))
    picture = _shadow(STRENGTH[theme.current().name])
    painter.save()
    painter.translate(QPointF(0, DROP))
    painter.setTransform(QTransform.fromScale(1 / scale, 1 / scale) * viewport.to_view, combine=True)
    for column, (left, width, from_left, from_width) in enumerate(across):
        for row, (top, height, from_top, from_height) in enumerate(down):
            if (column, row) != (1, 1):
                target = QRectF(left, top, width, height)
                painter.drawImage(target, picture, QRectF(from_left, from_top, from_width, from_height))
    painter.restore()


def _parts(side: float) -> tuple[tuple[float, float, float, float], ...]:
    """Where the shadow's three parts along a side lie and how long they are, on the page and in the picture."""
    end = REACH + min(REACH, side / 2)
    whole = 4 * REACH + 1
    return (
        (-REACH, end, 0, end),
        (end - REACH, side + 2 * (REACH - end), 2 * REACH, 1),
        (side + REACH - end, end, whole - end, end),
    )


@cache
def _shadow(strength: float) -> QImage:
    """The blurred shadow of a square of 2 * REACH + 1 pixels: the product of its profiles across and down."""
    fall = [(1 + math.erf((x + 0.5 - REACH) / (BLUR * math.sqrt(2)))) / 2 for x in range(2 * REACH)]
    profile = np.array([*fall, 1.0, *reversed(fall)])
    array = blank(len(profile), len(profile))
    array[..., 3] = np.rint(255 * strength * np.outer(profile, profile))
    return as_image(array).copy()


@cache
def _checkerboard(ratio: float) -> QPixmap:
    side = round(SQUARE * ratio)
    made = QPixmap(2 * side, 2 * side)
    made.fill(QColor(190, 190, 190))
    painter = QPainter(made)
    painter.fillRect(side, 0, side, side, QColor(150, 150, 150))
    painter.fillRect(0, side, side, side, QColor(150, 150, 150))
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made
