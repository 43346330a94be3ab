"""While the t0 slider is held, the canvas shows what the model starts from: the guide with noise added."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from PySide6.QtCore import QObject, QRectF, Signal
from PySide6.QtGui import QImage, QPainter, QTransform

from sdedit_studio.editing.edit import Edit, edit_of
from sdedit_studio.editing.live_pictures import live_parameters, picture_dependencies
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import as_image
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.follower import Follower

if TYPE_CHECKING:
    from sdedit_studio.engine.engine import Engine
    from sdedit_studio.engine.noised import Noised
    from sdedit_studio.ui.canvas.view import CanvasView


@dataclass(frozen=True, eq=False)
class _Start:
    """An edit with its guide and noise. `cover`: (h, w) uint8 at their size, where it may change."""

    edit: Edit
    noised: Noised
    cover: np.ndarray

    def at(self, t0: float) -> QImage:
        """The picture at `t0`, premultiplied by that. Safe on any thread."""
        pixels = self.noised.at(t0).array
        bgra = np.dstack([pixels[..., ::-1], np.full(pixels.shape[:2], 255, np.uint8)])
        return as_image((bgra * (self.cover[..., None] / 255)).astype(np.uint8)).copy()


class NoisedGuide(QObject):
    """Draws the noised guide over everything else between `show` and `hide`. Needs a running asyncio loop.

    `shown_changed(bool)`: whether there is something to see; a model that works in latents has nothing to show.
    """

    shown_changed = Signal(bool)

    def __init__(self, session: Session, engine: Engine, view: CanvasView) -> None:
        super().__init__(view)
        self._session, self._engine, self._view = session, engine, view
        self._held = False
        self._frame: Rect | None = None
        self._image: QImage | None = None
        view.add_overlay(self._paint)
        self._follower = Follower(self, session, self._depends_on, changed=self._begin)

    @property
    def shown(self) -> bool:
        return self._image is not None

    def show(self) -> None:
        """Show the noised guide, and follow t0."""
        self._held = True
        self._follower.assume_changed()

    def hide(self) -> None:
        """Show the canvas without it again."""
        self._held = False
        self._follower.forget()
        self._follower.withdraw()
        self._show(None)

    def _depends_on(self) -> object | None:
        """The keyboard can undo while the mouse holds the slider."""
        session = self._session
        return picture_dependencies(session.document, replace(session.parameters, t0=0.0)) if self._held else None

    def _begin(self) -> None:
        self._show(None)
        self._follower.start(self._follow, "What the model starts from could not be shown.")

    async def _follow(self) -> None:
        """Draw the latest t0, as fast as pictures can be made, until cancelled."""
        session = self._session
        moved = asyncio.Event()
        session.parameters_changed.connect(moved.set)
        try:
            start = await asyncio.to_thread(self._start)
            while start is not None:
                moved.clear()
                self._frame = start.edit.frame
                self._show(await asyncio.to_thread(start.at, session.parameters.t0))
                await moved.wait()
        finally:
            session.parameters_changed.disconnect(moved.set)

    def _start(self) -> _Start | None:
        """None when there is nothing to work from, or nothing to see."""
        session = self._session
        try:
            edit = edit_of(session.document, live_parameters(session.parameters), session.revision)
            noised = self._engine.noised(edit.job)
        except ValueError:
            return None
        if noised is None:
            return None
        height, width = noised.guide.shape[:2]
        coverage = edit.job.coverage
        cover = np.full((height, width), 255, np.uint8)
        if coverage is not None:
            cover = np.asarray(Image.fromarray(coverage).resize((width, height), Image.Resampling.BOX))
        return _Start(edit, noised, cover)

    def _show(self, image: QImage | None) -> None:
        was, self._image = self.shown, image
        if was or image is not None:
            self._view.update()
        if was != self.shown:
            self.shown_changed.emit(self.shown)

    def _paint(self, painter: QPainter, to_view: QTransform, visible: Rect) -> None:
        """The model's own pixels, as the squares that they are."""
        if self._image is not None and self._frame is not None:
            painter.setTransform(to_view, combine=True)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(QRectF(*self._frame), self._image)
