"""The result over the canvas, and the painting beside it: previews, the split, and holding a key to see before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QLineF, QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPen, QTransform
from PySide6.QtWidgets import QWidget

from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import EMPTY, Tiles, as_image
from sdedit_studio.ui import theme
from sdedit_studio.ui.edit import Shown
from sdedit_studio.ui.generation import Generation
from sdedit_studio.ui.icons import pixmap

if TYPE_CHECKING:
    from sdedit_studio.ui.canvas.view import CanvasView

CRISP = 2.0
"""From this zoom on, a result's pixels are drawn as squares, like the canvas's own."""

SMALLEST = 512
"""Pictures are halved down to about this side, so that zooming out neither flickers nor costs more."""

PREVIEW = 1024
"""Longest side to which a preview is enlarged, so that it is smooth and its selection's edge sharp, in pixels."""

INK, PAPER = "#26282c", "#ffffff"
"""Of the split handle, which lies on pictures and not on the theme."""


@dataclass(frozen=True, eq=False)
class Veil:
    """A picture ready to draw over its frame: premultiplied by the mask, at full size, half, a quarter and so on.

    `area`: the part of the canvas that it can change, which the split runs across.
    """

    shown: Shown
    levels: tuple[QImage, ...]
    area: Rect

    @staticmethod
    def of(shown: Shown) -> Veil:
        """Safe on any thread."""
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
        levels = [as_image(bgra).copy()]
        while max(levels[-1].width(), levels[-1].height()) > 2 * SMALLEST:
            half = levels[-1]
            levels.append(
                half.scaled(
                    max(1, half.width() // 2),
                    max(1, half.height() // 2),
                    mode=Qt.TransformationMode.SmoothTransformation,
                )
            )
        return Veil(shown, tuple(levels), area)

    def level(self, scale: float) -> QImage:
        """The smallest level that still has a pixel for each one on screen. `scale`: screen pixels per frame pixel."""
        wanted = scale * self.shown.edit.frame.width
        return next((image for image in reversed(self.levels) if image.width() >= wanted), self.levels[0])

    def crisp(self, scale: float) -> bool:
        """Whether pixels are large enough to be seen as such; a preview, enlarged anyway, is always smooth."""
        return scale >= CRISP and self.shown.picture.width == self.shown.edit.frame.width


class Handle(QWidget):
    """The grip of the split: where the mouse and the keyboard get hold of it. The canvas overlay draws it.

    `dragged(QPointF)` in the parent's pixels; `stepped(float)` as a part of the split's way; `toggled()`.
    """

    SIDE = 32

    dragged = Signal(QPointF)
    stepped = Signal(float)
    toggled = Signal()
    looked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._offset = QPointF()
        self.setFixedSize(self.SIDE, self.SIDE)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        self.setAccessibleName("Split between before and after")
        self.setToolTip("Drag to compare with your painting. Double-click to open or close it.\nHold \\ to see before.")
        self.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._offset = event.position() - QPointF(self.SIDE / 2, self.SIDE / 2)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.dragged.emit(self.mapToParent(event.position()) - self._offset)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._offset = event.position() - QPointF(self.SIDE / 2, self.SIDE / 2)
        self.toggled.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        large = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        match event.key():
            case Qt.Key.Key_Left:
                self.stepped.emit(-0.1 if large else -0.01)
            case Qt.Key.Key_Right:
                self.stepped.emit(0.1 if large else 0.01)
            case Qt.Key.Key_Home:
                self.stepped.emit(-1)
            case Qt.Key.Key_End:
                self.stepped.emit(1)
            case Qt.Key.Key_Space:
                self.toggled.emit()
            case _:
                super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.looked.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.looked.emit()


class Compare(QObject):
    """Draws what `generation` shows over the canvas, left of the split the painting, right of it the result.

    `split_toggled(bool)`: it was opened, or closed.
    """

    split_toggled = Signal(bool)

    def __init__(self, generation: Generation, view: CanvasView) -> None:
        super().__init__(view)
        self._generation = generation
        self._view = view
        self._veil: Veil | None = None
        self._wanted: Shown | None = None
        self._preparing: asyncio.Task[None] | None = None
        self._over = EMPTY
        self._before = False
        self._split = 0.0
        self._application = cast("QCoreApplication", QCoreApplication.instance())
        self._to_view = QTransform()
        self._handle = Handle(view)
        self._handle.dragged.connect(self._drag)
        self._handle.stepped.connect(lambda by: self.set_split(self._split + by))
        self._handle.toggled.connect(lambda: self.set_split(0.0 if self._split else 0.5))
        self._handle.looked.connect(view.update)
        self._placing = QTimer(self, singleShot=True, interval=0)
        self._placing.timeout.connect(self._place)
        generation.shown_changed.connect(self._changed)
        generation.painted_late.connect(view.update)
        view.add_overlay(self._paint)

    @property
    def split(self) -> float:
        """Where the split stands, 0 (all result) to 1 (all painting), across what the result can change."""
        return self._split

    def set_split(self, split: float) -> None:
        was_open = self._split > 0
        self._split = min(1.0, max(0.0, split))
        self._handle.setAccessibleDescription(f"{100 * self._split:.0f} % before")
        self._view.update()
        if (self._split > 0) != was_open:
            self.split_toggled.emit(not was_open)

    @property
    def before(self) -> bool:
        return self._before

    def hold(self, before: bool) -> None:
        """Show the painting alone, or with the result again."""
        self._before = before
        self._view.update()

    def peek(self) -> None:
        """Show the painting alone until a key is released; for a shortcut, which tells only of being pressed."""
        self.hold(True)
        self._application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        released = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyRelease and not event.isAutoRepeat()
        if released or event.type() == QEvent.Type.ApplicationDeactivate:
            self._application.removeEventFilter(self)
            self.hold(False)
        return super().eventFilter(watched, event)

    def _changed(self) -> None:
        shown = self._generation.shown
        if shown is not self._wanted:
            self._wanted = shown
            if shown is None:
                self._veil, self._over = None, EMPTY
                if self._preparing is not None:
                    self._preparing.cancel()
                    self._preparing = None
                self._view.update()
            elif self._preparing is None or self._preparing.done():
                self._preparing = asyncio.ensure_future(self._prepare())

    async def _prepare(self) -> None:
        """Make the veil of what is wanted. One that was overtaken meanwhile is newer than the last one all the same."""
        shown, ready = self._wanted, None
        while shown is not ready and shown is not None:
            veil = await asyncio.to_thread(Veil.of, shown)
            shown, ready = self._wanted, shown
            if shown is not None:
                self._veil, self._over = veil, EMPTY
                self._view.update()

    def _paint(self, painter: QPainter, to_view: QTransform, visible: Rect) -> None:
        self._to_view = to_view
        self._placing.start()
        if self._veil is None or self._before:
            return
        frame, area = self._veil.shown.edit.frame, self._veil.area
        scale = (to_view.determinant() ** 2) ** 0.25
        x = self._split_x(area)
        painter.save()
        painter.setTransform(to_view, combine=True)
        painter.setClipRect(QRectF(x, area.y, area.right - x, area.height), Qt.ClipOperation.IntersectClip)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not self._veil.crisp(scale))
        painter.drawImage(QRectF(*frame), self._veil.level(scale * painter.device().devicePixelRatioF()))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < CRISP)
        for painted in self._painted(self._veil):
            for where, tile in painted.items(visible & area):
                painter.drawImage(where.x, where.y, tile.image)
        painter.restore()
        self._paint_split(painter, self._line(area))

    def _painted(self, veil: Veil) -> Sequence[Tiles]:
        """What was painted after the guide of the veil. While the veil of a newer guide is being made, that includes
        what lies between the two guides.
        """
        newest, shown = self._generation.painted_since, self._generation.shown
        if shown is not None and shown.edit.document is veil.shown.edit.document:
            self._over = newest
            return (newest,)
        return self._over, newest

    def _paint_split(self, painter: QPainter, line: QLineF) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(0, 0, 0, 70), 4))
        painter.drawLine(line)
        painter.setPen(QPen(QColor(PAPER), 2))
        painter.drawLine(line)
        if (middle := self._grip(line)) is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            for spread, alpha in ((3.0, 25), (1.5, 60)):
                painter.setBrush(QColor(0, 0, 0, alpha))
                painter.drawEllipse(middle + QPointF(0, 1), 13 + spread, 13 + spread)
            if self._handle.hasFocus():
                painter.setBrush(theme.current().colour("accent"))
                painter.drawEllipse(middle, 16, 16)
            painter.setBrush(QColor(PAPER))
            painter.drawEllipse(middle, 13, 13)
            painter.translate(middle)
            painter.rotate(270 - line.angle())
            icon = pixmap("columns-2", INK, 14, self._view.devicePixelRatioF())
            painter.drawPixmap(QPointF(-7, -7), icon)
        painter.restore()

    def _split_x(self, area: Rect) -> float:
        return area.x + self._split * area.width

    def _line(self, area: Rect) -> QLineF:
        x = self._split_x(area)
        return self._to_view.map(QLineF(x, area.y, x, area.bottom))

    def _grip(self, line: QLineF) -> QPointF | None:
        """The middle of the visible part of the split, in view pixels."""
        inside = QRectF(self._view.rect()).adjusted(8, 8, -8, -8)
        seen = [step / 64 for step in range(65) if inside.contains(line.pointAt(step / 64))]
        return line.pointAt((seen[0] + seen[-1]) / 2) if seen else None

    def _place(self) -> None:
        middle = None
        if self._veil is not None and not self._before:
            middle = self._grip(self._line(self._veil.area))
        if middle is None and self._handle.hasFocus():
            self._view.setFocus()
        self._handle.setVisible(middle is not None)
        if middle is not None:
            self._handle.move((middle - QPointF(Handle.SIDE / 2, Handle.SIDE / 2)).toPoint())

    def _drag(self, at: QPointF) -> None:
        if self._veil is not None:
            area = self._veil.area
            x = self._to_view.inverted()[0].map(at).x()
            self.set_split((x - area.x) / area.width)
