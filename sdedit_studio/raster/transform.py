"""Moving, scaling, rotating and flipping pixels."""

from __future__ import annotations

import math

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles

_WIDEST_BORDER = 64


def transformed(pixels: Tiles, transform: QTransform, smooth: bool = True) -> Tiles:
    """The picture mapped by `transform`, from document pixels to document pixels. For colour and for coverage.

    `smooth`: bilinear where it is enlarged and averaged over area where it is shrunk, with antialiased borders;
    otherwise the nearest pixel. A shift alone goes to the nearest whole pixel: it copies nothing and blurs nothing.
    Flips and quarter turns about a pixel's corner or centre are exact.
    """
    if not transform.isScaling():  # nor anything that Qt ranks above scaling: rotation, shear, perspective
        dx, dy = round(transform.dx()), round(transform.dy())
        return pixels.moved(dx, dy) if dx or dy else pixels
    source = pixels.content_bounds()
    if source.empty:
        return Tiles(pixels.channels)
    smooth = smooth and not _maps_pixels_to_pixels(transform)
    if smooth:
        across, down = _scales(transform, source)
        # A transparent border makes bilinear sampling fade out at the content's edge instead of cutting it off. It has
        # to be a pixel wide after shrinking.
        source = source.grown(min(_WIDEST_BORDER, math.ceil(1 / min(1.0, across, down))))
        image = _shrunk(pixels.image(source), across, down)
    else:
        image = pixels.image(source)
    target = QRectF(*source)
    box = transform.mapRect(target).toAlignedRect()

    def paint(painter: QPainter) -> None:
        painter.setTransform(transform, True)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(target, image)

    return Tiles(pixels.channels).painted(Rect(box.x(), box.y(), box.width(), box.height()), paint)


def _maps_pixels_to_pixels(transform: QTransform) -> bool:
    turn = (transform.m11(), transform.m12(), transform.m21(), transform.m22())
    shift = (transform.dx(), transform.dy())
    return (
        transform.isAffine()
        and sorted(map(abs, turn)) == [0, 0, 1, 1]
        and all(value == round(value) for value in shift)
    )


def _scales(transform: QTransform, rect: Rect) -> tuple[float, float]:
    """How many times longer the middle lines of `rect` become, across and down; never 0."""
    x, y = rect.x + rect.width / 2, rect.y + rect.height / 2
    across = transform.map(QLineF(rect.x, y, rect.right, y)).length() / rect.width
    down = transform.map(QLineF(x, rect.y, x, rect.bottom)).length() / rect.height
    return max(across, 1e-6), max(down, 1e-6)


def _shrunk(image: QImage, across: float, down: float) -> QImage:
    """The image made smaller by area averaging, where bilinear sampling at these scales would skip pixels."""
    width, height = math.ceil(image.width() * min(1.0, across)), math.ceil(image.height() * min(1.0, down))
    return image.scaled(width, height, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
