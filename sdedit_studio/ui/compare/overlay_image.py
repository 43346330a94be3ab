"""A picture prepared for drawing over its part of the canvas, at any zoom. For any thread."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from PIL import Image
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

from sdedit_studio.editing.edit import EditPicture
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import NOTHING, Rect
from sdedit_studio.raster.tiles import Tiles, as_image, nonzero

CRISP = 2.0
"""From this zoom on, a result's pixels are drawn as squares, like the canvas's own."""

SMALLEST = 512
"""Pictures are halved down to about this side, so that zooming out neither flickers nor costs more."""

PREVIEW = 1024
"""Longest side to which a preview is enlarged, so that it is smooth and its selection's edge sharp, in pixels."""

AMPLIFIED = 4
"""How much a difference is amplified: 255 / 4 grey levels and more show in the last colour."""

SCALE = ((0, 0, 0), (52, 60, 110), (190, 90, 70), (255, 200, 90), (255, 255, 255))
"""Colours of a difference from none to the largest, RGB, evenly apart; each lighter than the one before."""


PAPER = (255, 255, 255)
"""Background of transparent pixels when two pictures are subtracted."""


@dataclass(frozen=True, eq=False)
class OverlayImage:
    """Premultiplied BGRA over `frame`, at full size, half, a quarter and so on.

    `shown`: the picture it was made from, None for a difference. `area`: the part of the canvas that it can change.
    `exact`: whether it has a pixel for each of the canvas.
    """

    shown: EditPicture | None
    frame: Rect
    area: Rect
    levels: tuple[QImage, ...]
    exact: bool

    @staticmethod
    def of(shown: EditPicture) -> OverlayImage:
        picture, mask, frame = Image.fromarray(shown.picture.array), shown.edit.job.mask, shown.edit.frame
        scale = min(1.0, max(PREVIEW, *picture.size) / max(frame.width, frame.height))
        size = max(1, round(scale * frame.width)), max(1, round(scale * frame.height))
        colours = np.asarray(picture.resize(size, Image.Resampling.BICUBIC))[..., ::-1]
        bgra = np.full((size[1], size[0], 4), 255, np.uint8)
        if mask is None:
            bgra[..., :3] = colours
            area = frame
        else:
            bgra[..., 3] = np.asarray(Image.fromarray(mask.array).resize(size, Image.Resampling.BOX))
            bgra[..., :3] = (colours * bgra[..., 3:].astype(np.uint16) + 127) // 255
            area = Tiles.from_array(mask.array, frame.x, frame.y).content_bounds()
        return OverlayImage(shown, frame, area, _levels(bgra), shown.picture.width == frame.width)

    @staticmethod
    def of_difference(left: EditPicture | None, right: EditPicture) -> OverlayImage:
        """By how much the channel that differs most differs, in the colours of `SCALE`; `left` None is the painting."""
        frame = right.edit.frame
        differs = np.abs(_seen(left, right, frame).astype(np.int16) - _seen(right, right, frame)).max(axis=2)
        colours = difference_colours()[np.minimum(AMPLIFIED * differs, 255)]
        bgra = np.full((frame.height, frame.width, 4), 255, np.uint8)
        bgra[..., :3] = colours[..., ::-1]
        return OverlayImage(None, frame, frame, _levels(bgra), True)

    @property
    def masked(self) -> bool:
        """Whether the canvas shows through it."""
        return self.shown is not None and self.shown.edit.job.mask is not None

    def differs(self, other: OverlayImage) -> Rect:
        """The part of the canvas around all that does not look the same in the two."""
        size = self.levels[0].size()
        if self.frame != other.frame or size != other.levels[0].size():
            return self.frame | other.frame
        unlike = nonzero(_numbers(self.levels[0]) != _numbers(other.levels[0]))
        if unlike.empty:
            return NOTHING
        near = unlike.grown(2)  # smooth enlarging looks at the pixels next to these
        across, down = self.frame.width / size.width(), self.frame.height / size.height()
        left, top = floor(near.x * across), floor(near.y * down)
        right, bottom = ceil(near.right * across), ceil(near.bottom * down)
        return Rect(left, top, right - left, bottom - top).moved(self.frame.x, self.frame.y) & self.frame

    def draw(self, painter: QPainter, to_view: QTransform) -> None:
        """Draw it through a view transform; the painter is in view pixels, and its clip is respected."""
        scale = zoom_of(to_view)
        painter.save()
        painter.setTransform(to_view, combine=True)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not (self.exact and scale >= CRISP))
        painter.drawImage(QRectF(*self.frame), self.level(scale * painter.device().devicePixelRatioF()))
        painter.restore()

    def level(self, scale: float) -> QImage:
        """The smallest level that still has a pixel for each one on screen. `scale`: screen pixels per frame pixel."""
        wanted = scale * self.frame.width
        return next((image for image in reversed(self.levels) if image.width() >= wanted), self.levels[0])


def _numbers(image: QImage) -> np.ndarray:
    """The pixels, each as one number: uint32 (h, w)."""
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width())


def difference_colours() -> np.ndarray:
    """(256, 3) uint8 RGB: the colour of each amplified difference."""
    places = np.linspace(0, 255, len(SCALE))
    channels = [np.interp(np.arange(256), places, channel) for channel in zip(*SCALE, strict=True)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


def zoom_of(to_view: QTransform) -> float:
    """View pixels to a document pixel."""
    return (to_view.determinant() ** 2) ** 0.25


def _levels(bgra: np.ndarray) -> tuple[QImage, ...]:
    levels = [as_image(bgra).copy()]
    while max(levels[-1].width(), levels[-1].height()) > 2 * SMALLEST:
        half = levels[-1]
        size = max(1, half.width() // 2), max(1, half.height() // 2)
        levels.append(half.scaled(*size, mode=Qt.TransformationMode.SmoothTransformation))
    return tuple(levels)


def _seen(shown: EditPicture | None, other: EditPicture, rect: Rect) -> np.ndarray:
    """What the canvas shows inside `rect`, (h, w, 3) uint8 BGR: the painting, and `shown` over it where it is."""
    picture = flatten((shown or other).edit.document.layers, rect, PAPER)[..., :3].copy()
    if shown is None:
        return picture
    frame, mask = shown.edit.frame, shown.edit.job.mask
    common = rect & frame
    if common.empty:
        return picture
    image = Image.fromarray(shown.picture.array)
    if image.size != (frame.width, frame.height):
        image = image.resize((frame.width, frame.height), Image.Resampling.BICUBIC)
    inside = slice(common.y - frame.y, common.bottom - frame.y), slice(common.x - frame.x, common.right - frame.x)
    into = slice(common.y - rect.y, common.bottom - rect.y), slice(common.x - rect.x, common.right - rect.x)
    over = np.asarray(image)[..., ::-1][inside].astype(np.int32)
    cover = 255 if mask is None else mask.array[inside][..., None].astype(np.int32)
    picture[into] = (picture[into] * (255 - cover) + over * cover + 127) // 255
    return picture
