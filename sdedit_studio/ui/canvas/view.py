"""The canvas: the picture through its view transform, what is drawn over it, and the tool that works on it."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCursor,
    QDragEnterEvent,
    QDropEvent,
    QHideEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QRegion,
    QResizeEvent,
    QShowEvent,
    QTransform,
)

from sdedit_studio.document.edits import frame_of
from sdedit_studio.raster.compositor import Composite
from sdedit_studio.raster.geometry import NOTHING, Rect
from sdedit_studio.ui.canvas.ants import Ants
from sdedit_studio.ui.canvas.input import Input, ToolView
from sdedit_studio.ui.canvas.navigation import Navigation
from sdedit_studio.ui.canvas.page import draw_page
from sdedit_studio.ui.canvas.tip import SMALLEST, Tip
from sdedit_studio.ui.canvas.viewport import Viewport
from sdedit_studio.ui.document.drops import Drops
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.tools.brushes import Brushes
from sdedit_studio.ui.tools.lines import BLUE, draw_dashes
from sdedit_studio.ui.tools.tool import Tool
from sdedit_studio.ui.tools.toolbox import Toolbox

Overlay = Callable[[QPainter, QTransform, Rect], None]
"""Draws over the picture: the painter is in view pixels, the transform maps document to view, and the rectangle is the
part of the document that has to be drawn."""

HiddenArea = Callable[[], Rect]
"""The part of the document of which an overlay lets nothing through."""

REST_MS = 250
"""Without anything drawn, after which the painting under a picture that hides it is brought up to date."""

SLICE = 0.008
"""Seconds of compositing at a time."""

MARGIN = 3
"""View pixels by which smooth scaling spreads a change."""


class CanvasView(ToolView):
    """Shows the document of a session and lets its tool work on it.

    Signals: `view_changed()` when zoom, place, rotation or mirroring have changed; `cursor_moved(x, y)` with the
    pointer in document pixels, or None and None when it has left; `open_requested(Path)` when a document was dropped;
    `caught_up()` when more of a large change has been composited.
    """

    view_changed = Signal()
    cursor_moved = Signal(object, object)
    open_requested = Signal(object)
    caught_up = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.toolbox = Toolbox(session, self)
        self._tool = self.toolbox.tool(session.tool)
        self._viewport = Viewport(page_width=session.document.width, page_height=session.document.height)
        self._fits = True
        self._composite = Composite(session.document.width, session.document.height)
        self._overlays: list[tuple[Overlay, HiddenArea]] = []
        self._frame: Rect | None = None
        self._ants = Ants(self)
        self._tip = Tip()
        self._cursor: QCursor | Qt.CursorShape | None = None
        self._input = Input(self)
        self._navigation = Navigation(self)
        self._drops = Drops(session)
        self._catching_up = QTimer(self, interval=0)
        self._catching_up.timeout.connect(self._catch_up)
        self._resting = QTimer(self, singleShot=True, interval=REST_MS)
        self._resting.timeout.connect(self._catching_up.start)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setAcceptDrops(True)
        self.setMinimumSize(64, 64)
        self.setAccessibleName("Canvas")
        session.document_changed.connect(self._document_changed)
        session.document_replaced.connect(self._document_replaced)
        session.selection_changed.connect(self._selection_changed)
        session.layers_changed.connect(self._tell_tool)
        session.tool_changed.connect(self._tool_changed)
        self.brushes.changed.connect(self._brushes_changed)
        self._ants.stepped.connect(self.update)
        self._ants.follow(session.document)

    # --- For the window --------------------------------------------------------------------------------------------

    @property
    def tool(self) -> Tool:
        return self._tool

    @property
    def brushes(self) -> Brushes:
        return self.toolbox.brushes

    @property
    def viewport(self) -> Viewport:
        return self._viewport

    @property
    def mirrored(self) -> bool:
        return self._viewport.mirrored

    @property
    def to_view(self) -> QTransform:
        return self._viewport.to_view

    @property
    def waits(self) -> bool:
        """Whether something waits to be finished by `accept`."""
        return self._tool.waits

    @property
    def busy(self) -> bool:
        return self._input.busy

    def visible_rect(self) -> Rect:
        """The part of the canvas that is in sight, in document pixels."""
        return self._viewport.seen() & self._viewport.page

    def to_document(self, point: QPointF) -> QPointF:
        return self._viewport.to_document(point)

    def add_overlay(self, overlay: Overlay, hides: HiddenArea = lambda: NOTHING) -> None:
        """Have something drawn over the picture and under all outlines. Ask for it by `update`."""
        self._overlays.append((overlay, hides))
        self.update()

    def set_viewport(self, viewport: Viewport) -> None:
        self._fits = False
        if viewport != self._viewport:
            self._viewport = viewport
            self._ants.place(viewport.to_view, self.rect())
            self._input.refresh()
            self.update()
            self.view_changed.emit()

    def draw_elsewhere(self, painter: QPainter, area: QRect, viewport: Viewport) -> None:
        """Draw the page with the document, and nothing over it, in `area` of another view."""
        visible = viewport.seen(QRectF(area.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)))
        if self._composite.pending:
            self._refresh(visible, QRegion())
            if self._composite.pending:
                self._catching_up.start()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not viewport.upright)
        draw_page(painter, area, viewport)
        self._composite.draw(painter, viewport.to_view, visible)

    def fit(self) -> None:
        self.set_viewport(self._viewport.fitted())
        self._fits = True

    def actual_size(self) -> None:
        self.zoom_to(1.0)

    def zoom_in(self) -> None:
        """To the next round zoom, about the pointer if it is over the canvas."""
        self.set_viewport(self._viewport.stepped(True, self._pointer_or_middle()))

    def zoom_out(self) -> None:
        self.set_viewport(self._viewport.stepped(False, self._pointer_or_middle()))

    def reset_rotation(self) -> None:
        self.set_viewport(self._viewport.rotated_to(0.0))

    def toggle_mirror(self) -> None:
        """Swap left and right of what is seen; the picture itself stays as it is."""
        self.set_viewport(self._viewport.flipped())

    def cancel(self) -> bool:
        waited = self._input.waits
        self._input.drop()
        return self._tool.cancel() or waited

    def accept(self) -> bool:
        self._input.flush()
        return self._tool.accept()

    # --- For tools -------------------------------------------------------------------------------------------------

    @property
    def pixel(self) -> float:
        return 1 / self._viewport.scale

    def redraw(self) -> None:
        self.update()

    def pan(self, dx: float, dy: float) -> None:
        to_view = self.to_view
        self.pan_by(to_view.map(QPointF(dx, dy)) - to_view.map(QPointF(0, 0)))

    def zoom_step(self, inwards: bool, x: float, y: float) -> None:
        self.set_viewport(self._viewport.stepped(inwards, self.to_view.map(QPointF(x, y))))

    def show_rect(self, rect: Rect) -> None:
        self.set_viewport(self._viewport.showing(rect))

    def shift_ants(self, dx: int, dy: int) -> None:
        self._ants.shift(dx, dy)

    # --- For the input ---------------------------------------------------------------------------------------------

    def show_pointer(
        self, cursor: QCursor | Qt.CursorShape, at: QPointF | None = None, diameter: float | None = None
    ) -> None:
        across = 0.0 if at is None or diameter is None else diameter * self._viewport.scale
        if across < SMALLEST:
            across = 0.0
        self.update(self._tip.place(QPointF() if at is None else at, across, self.rect()))
        if across:
            cursor = Qt.CursorShape.BlankCursor
        if cursor is not self._cursor:  # setting the same again costs a third of a millisecond at every move
            self._cursor = cursor
            self.setCursor(cursor)

    def report_pointer(self, point: QPointF | None) -> None:
        if point is None:
            self.cursor_moved.emit(None, None)
        else:
            at = self.to_document(point)
            self.cursor_moved.emit(at.x(), at.y())

    # --- The document ----------------------------------------------------------------------------------------------

    def _document_changed(self, rects: list[Rect]) -> None:
        self._composite.invalidate(rects)
        for rect in rects:
            self.update(self._on_screen(rect))
        self._tell_tool()

    def _document_replaced(self) -> None:
        document = self.session.document
        self._input.drop()
        self._composite = Composite(document.width, document.height)
        self._frame = None
        self._viewport = self._viewport.with_page(document.width, document.height)
        self._ants.follow(document)
        self._tell_tool()
        self.fit()

    def _selection_changed(self) -> None:
        self._frame = None
        self._ants.follow(self.session.document)
        self._tell_tool()
        self.update()

    def _tell_tool(self) -> None:
        self._tool.document_changed()

    def _tool_changed(self, tool_id: str) -> None:
        self._input.flush()
        self._input.drop()
        self._tool.deactivate()
        self._tool = self.toolbox.tool(tool_id)
        self._tool.activate()
        self._input.refresh()
        self.update()

    def _brushes_changed(self) -> None:
        self._input.refresh()
        self.update()

    # --- The view --------------------------------------------------------------------------------------------------

    def _resized(self) -> None:
        fits = self._fits
        viewport = self._viewport.resized(self.width(), self.height(), self.devicePixelRatioF())
        self.set_viewport(viewport.fitted() if fits else viewport)
        self._fits = fits

    def _pointer_or_middle(self) -> QPointF:
        point = self.mapFromGlobal(QCursor.pos())
        return QPointF(point) if self.rect().contains(point) else self._viewport.middle

    def _on_screen(self, rect: Rect) -> QRect:
        """Where a document rectangle shows."""
        return self.to_view.mapRect(QRectF(*rect)).toAlignedRect().adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)

    # --- Painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        area = event.rect()
        visible = self._viewport.seen(QRectF(area.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)))
        on_page = visible & self._viewport.page
        hidden = self._viewport.upright and any(on_page in hides() for _, hides in self._overlays)
        if not hidden:
            self._composite_first(area, event.region())
        elif self._composite.pending:
            self._resting.start()
        painter = QPainter(self)  # clipped to the event's region, which may be much less than its rectangle
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not self._viewport.upright)
        draw_page(painter, area, self._viewport)
        if not hidden:
            self._composite.draw(painter, self.to_view, visible)
        self._paint_overlays(painter, on_page)
        self._paint_outlines(painter)

    def _paint_overlays(self, painter: QPainter, on_page: Rect) -> None:
        for overlay, _ in self._overlays:
            painter.save()
            overlay(painter, self.to_view, on_page)
            painter.restore()

    def _paint_outlines(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._tool.id != "frame":
            self._paint_frame(painter)
        if self.brushes.mirror:
            self._paint_axis(painter)
        self._ants.paint(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        self._tool.paint_overlay(painter, self.to_view)
        painter.restore()
        self._tip.paint(painter)

    def _paint_frame(self, painter: QPainter) -> None:
        """The part of the canvas that goes to the model, where that is not all of it."""
        if self._frame is None:
            self._frame = frame_of(self.session.document)
        if self._frame != self._viewport.page:
            path = QPainterPath()
            path.addPolygon(self.to_view.map(QPolygonF(QRectF(*self._frame))))
            path.closeSubpath()
            draw_dashes(painter, path, BLUE, dash=8)

    def _paint_axis(self, painter: QPainter) -> None:
        """The line at which strokes are mirrored."""
        x, reach = self._viewport.page_width / 2, 14 * self.pixel
        top, bottom = (self.to_view.map(QPointF(x, y)) for y in (-reach, self._viewport.page_height + reach))
        for colour, width in ((Qt.GlobalColor.black, 3.0), (BLUE, 1.25)):
            painter.setOpacity(0.25 if width > 2 else 0.9)
            painter.setPen(QPen(colour, width))
            painter.drawLine(top, bottom)
        painter.setOpacity(1.0)

    def _composite_first(self, area: QRect, painted: QRegion) -> None:
        """Composite for at most `SLICE`, beginning with what is about to be painted."""
        if self._composite.pending:
            self._refresh(self._viewport.seen(QRectF(area)), painted)
            if self._composite.pending:
                self._catching_up.start()

    def _catch_up(self) -> None:
        self._refresh(self.visible_rect(), QRegion())
        if not self._composite.pending:
            self._catching_up.stop()
        self.caught_up.emit()

    def _refresh(self, first: Rect, painted: QRegion) -> None:
        """Composite for a while, and have painted what is not about to be painted anyway."""
        for rect in self._composite.update(self.session.document.layers, first, SLICE):
            self.update(QRegion(self._on_screen(rect)) - painted)

    # --- Events ----------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._resized()
        self._ants.place(self.to_view, self.rect())

    def showEvent(self, event: QShowEvent) -> None:
        self._ants.set_showing(True)

    def hideEvent(self, event: QHideEvent) -> None:
        self._ants.set_showing(False)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._resized()
        return super().event(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._drops.welcomes(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        at = self.to_document(event.position())
        documents = self._drops.take(event.mimeData(), (math.floor(at.x()), math.floor(at.y())))
        event.acceptProposedAction()
        for path in documents:
            self.open_requested.emit(Path(path))
