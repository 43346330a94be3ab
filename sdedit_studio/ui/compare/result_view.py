"""The result on a page of its own: next to the canvas, moving with it, or elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QHideEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent

from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.canvas.navigation import Navigation
from sdedit_studio.ui.canvas.page_view import PageView
from sdedit_studio.ui.canvas.view import MARGIN, CanvasView
from sdedit_studio.ui.canvas.viewport import Viewport
from sdedit_studio.ui.compare.compare import Compare


class ResultView(PageView):
    """Shows the right picture of `compare` over the document. No tool works here: dragging pans.

    `linked`: it shows the same part as the canvas, and moving either moves both; else the whole page, until someone
    moves it. Double-clicking shows the whole page again.
    """

    def __init__(self, canvas: CanvasView, compare: Compare, *, linked: bool) -> None:
        super().__init__()
        self._canvas, self._compare, self._linked = canvas, compare, linked
        self._own = Viewport()
        self._fits = True
        self._seen = False
        self._grabbed: QPointF | None = None
        self._navigation = Navigation(self)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setMinimumSize(64, 64)
        self.setAccessibleName("Result")

    @property
    def viewport(self) -> Viewport:
        if self._linked:
            return self._canvas.viewport
        document = self._canvas.session.document
        viewport = self._own.resized(self.width(), self.height(), self.devicePixelRatioF())
        viewport = viewport.with_page(document.width, document.height)
        return viewport.fitted() if self._fits else viewport

    def set_viewport(self, viewport: Viewport) -> None:
        if self._linked:
            self._canvas.set_viewport(viewport)
        else:
            self._own, self._fits = viewport, False
            self.update()

    @property
    def busy(self) -> bool:
        return self._grabbed is not None

    def cancel(self) -> bool:
        was_grabbed, self._grabbed = self.busy, None
        return was_grabbed

    def fit(self) -> None:
        if self._linked:
            self._canvas.fit()
        else:
            self._fits = True
            self.update()

    # --- Painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, viewport, area = QPainter(self), self.viewport, event.rect()
        self._canvas.draw_elsewhere(painter, area, viewport)
        visible = viewport.seen(QRectF(area.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not viewport.upright)
        self._compare.draw_right(painter, viewport.to_view, visible & viewport.page, QRectF(self.rect()))

    def _document_changed(self, rects: Iterable[Rect]) -> None:
        to_view = self.viewport.to_view
        for rect in rects:
            self.update(to_view.mapRect(QRectF(*rect)).toAlignedRect().adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN))

    # --- Events ----------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        self._set_seen(True)

    def hideEvent(self, event: QHideEvent) -> None:
        self._set_seen(False)

    def _set_seen(self, seen: bool) -> None:
        """Follow the painting only while visible. A minimised window gets show and hide events in a row."""
        if seen == self._seen:
            return
        self._seen = seen
        session, canvas = self._canvas.session, self._canvas
        for signal, slot in (
            (session.document_changed, self._document_changed),
            (session.document_replaced, self.fit),
            (canvas.caught_up, self.update),
            (canvas.view_changed, self.update),
            (self._compare.redrawn, self.update),
        ):
            signal.connect(slot) if seen else signal.disconnect(slot)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._grabbed = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is not None:
            self.pan_by(event.position() - self._grabbed)
            self._grabbed = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grabbed = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()
