"""Compares the result with the painting, or any two pictures.

They are shown over each other with a split, side by side, alternately, or as their difference. This module draws the
pictures; `stage.py` arranges the widgets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from math import ceil
from typing import cast

from PySide6.QtCore import QCoreApplication, QEvent, QLineF, QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QTransform

from sdedit_studio.document.document import Document
from sdedit_studio.editing.edit import EditPicture
from sdedit_studio.raster.geometry import NOTHING, Rect
from sdedit_studio.raster.tiles import EMPTY, Tiles
from sdedit_studio.ui.base.notices import report_failure
from sdedit_studio.ui.canvas.view import CanvasView
from sdedit_studio.ui.compare.captions import draw_legend, draw_name
from sdedit_studio.ui.compare.overlay_image import CRISP, OverlayImage, zoom_of
from sdedit_studio.ui.compare.split import Handle
from sdedit_studio.ui.generation.activity import Activity, Event
from sdedit_studio.ui.generation.generation import Generation

FLICKER_MS = 500
"""Milliseconds for each of two alternating pictures. Fewer than three changes a second are safe to look at."""

RELEASES = frozenset({QEvent.Type.KeyRelease})
PRESSES = frozenset(
    {
        QEvent.Type.MouseButtonPress,
        QEvent.Type.TabletPress,
        QEvent.Type.TouchBegin,
        QEvent.Type.KeyPress,
        QEvent.Type.ShortcutOverride,  # all that is seen of a key that is a shortcut
    }
)
"""Events that end `show_before_while_held` and `show_before_until_pressed`."""

SMOOTHED = 3
"""View pixels by which smooth drawing carries a pixel's colour further."""

PAINTING = "Your painting"
NOTHING_YET = "Result: press Generate or Live"


class CompareMode(Enum):
    """How the right picture is shown with the left one.

    SPLIT: over it, with a line between the two; BESIDE: next to it; WINDOW: in a window of its own; FLICKER: the two by
    turns; DIFFERENCE: by how much they differ.
    """

    SPLIT = "split"
    SIDE_BY_SIDE = "beside"
    WINDOW = "window"
    FLICKER = "flicker"
    DIFFERENCE = "difference"


RESULT_PLACES = CompareMode.SPLIT, CompareMode.SIDE_BY_SIDE, CompareMode.WINDOW
"""The modes that are kept and remembered. The others end when their pictures are gone."""


@dataclass(frozen=True)
class Comparison:
    """Two pictures and their names. None at the left is the painting itself, None at the right no picture."""

    left: EditPicture | None
    right: EditPicture | None
    names: tuple[str, str]


@dataclass(frozen=True)
class Overlays:
    """The images of a comparison; `difference` only in that mode."""

    left: OverlayImage | None = None
    right: OverlayImage | None = None
    difference: OverlayImage | None = None

    @staticmethod
    def of(left: EditPicture | None, right: EditPicture | None, mode: CompareMode) -> Overlays:
        """Safe on any thread."""
        different = mode is CompareMode.DIFFERENCE and right is not None
        return Overlays(
            OverlayImage.of(left) if left else None,
            OverlayImage.of(right) if right else None,
            OverlayImage.of_difference(left, right) if different and right else None,
        )

    def is_of(self, document: Document) -> bool:
        """Whether the right one is a picture of this very painting."""
        return self.right is not None and self.right.shown is not None and self.right.shown.edit.document is document

    def changed_from(self, before: Overlays, over: Tiles | None) -> Rect | None:
        """The part of the canvas that has to be drawn again when these come in the place of `before`; None where that
        is not known. `over`: what was drawn over those and will not be over these, if known. Safe on any thread.
        """
        new, old = self.right, before.right
        if over is None or self.left or before.left or new is None or old is None or self.area != before.area:
            return None
        return new.differs(old) | over.content_bounds()

    @property
    def area(self) -> Rect:
        """The part of the canvas that they can change, which the split runs across."""
        areas = [overlay.area for overlay in (self.left, self.right) if overlay]
        return areas[0] | areas[-1] if areas else NOTHING


NO_OVERLAYS = Overlays()


Wanted = tuple[EditPicture | None, EditPicture | None, CompareMode]
"""The two pictures that are to be made ready, and for which mode."""


def _made(wanted: Wanted, before: Overlays, over: Tiles | None) -> tuple[Overlays, Rect | None]:
    overlays = Overlays.of(*wanted)
    return overlays, overlays.changed_from(before, over)


class Compare(QObject):
    """Draws over the canvas what `generation` shows, or two pictures that someone wants to compare.

    Signals: `changed()` when the mode, the pair, or whether the split is open has changed; `redrawn()` when what
    `draw_right` draws has.
    """

    changed = Signal()
    redrawn = Signal()

    def __init__(self, generation: Generation, view: CanvasView) -> None:
        super().__init__(view)
        self._generation = generation
        self._view = view
        self._mode = self._place = CompareMode.SPLIT
        self._pair: Comparison | None = None
        self._overlays = NO_OVERLAYS
        self._wanted: Wanted = (None, None, self._mode)
        self._preparing: asyncio.Task[None] | None = None
        self._over: Tiles | None = None
        self._before = False
        self._until = RELEASES
        self._split = self._split_outside = 0.0
        self._turn_of_right = True
        self._application = cast("QCoreApplication", QCoreApplication.instance())
        self._to_view = QTransform()
        self._handle = Handle(view)
        self._handle.dragged.connect(self._drag)
        self._handle.stepped.connect(lambda by: self.set_split(self._split + by))
        self._handle.toggled.connect(lambda: self.set_split(0.0 if self._split else 0.5))
        self._handle.focus_changed.connect(view.update)
        self._placing = QTimer(self, singleShot=True, interval=0)
        self._placing.timeout.connect(self._place_handle)
        self._turns = QTimer(self, interval=FLICKER_MS)
        self._turns.timeout.connect(self._take_turns)
        generation.shown_changed.connect(self._follow)
        generation.picture_requested.connect(self.end_comparison)
        generation.painted_late.connect(self._redraw)
        generation.session.document_replaced.connect(self.end_comparison)
        view.add_overlay(self._paint, self._hidden)

    # --- What is compared, and how ---------------------------------------------------------------------------------

    @property
    def mode(self) -> CompareMode:
        return self._mode

    @property
    def result_place(self) -> CompareMode:
        """The mode to return to after flicker or difference: one of `RESULT_PLACES`."""
        return self._place

    def set_mode(self, mode: CompareMode) -> None:
        if mode in RESULT_PLACES:
            self._place = mode
        if mode is not self._mode:
            self._mode, self._turn_of_right = mode, True
            self._follow()
            self._redraw()
            self.changed.emit()

    def toggle_mode(self, mode: CompareMode) -> None:
        """Take this mode, or return from it to `result_place`."""
        self.set_mode(self._place if mode is self._mode else mode)

    @property
    def comparison(self) -> Comparison:
        if self._pair:
            return self._pair
        return Comparison(None, self._generation.shown, (PAINTING, "Live" if self._generation.live.on else "Result"))

    @property
    def comparing(self) -> bool:
        """Whether two pictures are compared that someone chose, instead of the result with the painting."""
        return Activity.COMPARING in self._generation.underway

    def compare_pictures(self, left: EditPicture | None, right: EditPicture | None, names: tuple[str, str]) -> None:
        """Compare two pictures, None being the painting, until `end_comparison` or until a new picture is requested."""
        if right is None:
            left, right, names = right, left, (names[1], names[0])
        if not self.comparing:
            self._split_outside = self._split
        self._pair = Comparison(left, right, names)
        self._generation.underway.happen(Event.COMPARE)
        self._split = self._split or 0.5
        self._follow()
        self._redraw()
        self.changed.emit()

    def end_comparison(self) -> bool:
        """Compare the result with the painting again. Returns whether two other pictures were compared."""
        if self._pair is None:
            return False
        self._pair = None
        self._generation.underway.happen(Event.COMPARE_ENDED)
        self._split = self._split_outside
        self._follow()
        self._redraw()
        self.changed.emit()
        return True

    @property
    def split(self) -> float:
        """Position of the split, 0 (all result) to 1 (all painting), across the area that the result can change."""
        return self._split

    def set_split(self, split: float) -> None:
        was_open = self._split > 0
        self._split = min(1.0, max(0.0, split))
        self._handle.setAccessibleDescription(f"{100 * self._split:.0f} % before")
        self._view.update()
        if (self._split > 0) != was_open:
            self.changed.emit()

    def toggle_split(self) -> None:
        """Open the split in the middle, or close it; it belongs to the mode of its name."""
        open_ = self._mode is not CompareMode.SPLIT or not self._split
        self.set_mode(CompareMode.SPLIT)
        self.set_split(0.5 if open_ else 0.0)

    @property
    def before(self) -> bool:
        return self._before

    def set_before(self, before: bool) -> None:
        """Show the painting alone, or with the result again."""
        self._before = before
        self._redraw()

    def show_before_while_held(self) -> None:
        """Show the painting alone until a key is released. For a shortcut: Qt reports only that it was pressed."""
        self._look_before(RELEASES)

    def show_before_until_pressed(self) -> None:
        """Show the painting alone until a key or button is pressed. For a menu entry."""
        self._look_before(PRESSES)

    def _look_before(self, until: frozenset[QEvent.Type]) -> None:
        self._until = until
        self.set_before(True)
        self._application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        repeated = isinstance(event, QKeyEvent) and event.isAutoRepeat()
        if (event.type() in self._until and not repeated) or event.type() == QEvent.Type.ApplicationDeactivate:
            self._application.removeEventFilter(self)
            self.set_before(False)
        return super().eventFilter(watched, event)

    def close(self) -> None:
        """Stop preparing, before the window goes. Call it after `Generation.close`, which shows nothing any more."""
        self.end_comparison()
        self._application.removeEventFilter(self)
        if self._preparing is not None:
            self._preparing.cancel()

    # --- Making it ready -------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Prepare the overlays of the current comparison, or remove them at once if there is no picture."""
        comparison = self.comparison
        if comparison.right is None and self._mode not in RESULT_PLACES:
            self._mode = self._place
            self.changed.emit()
        wanted = comparison.left, comparison.right, self._mode
        if wanted != self._wanted:
            self._wanted = wanted
            if comparison.right is None:
                self._show(NO_OVERLAYS)
                if self._preparing is not None:
                    self._preparing.cancel()
                    self._preparing = None
            elif self._preparing is None or self._preparing.done():
                self._preparing = asyncio.ensure_future(self._prepare())

    async def _prepare(self) -> None:
        """Make the overlays that are wanted. If others are wanted meanwhile, these are shown first: they are newer."""
        ready = None
        while (wanted := self._wanted) != ready:
            before, right = self._overlays, wanted[1]
            same_painting = right is not None and before.is_of(right.edit.document)
            over = EMPTY if same_painting else self._over
            overlays, changed = NO_OVERLAYS, None
            with report_failure(
                partial(self._step_down, wanted), "This could not be shown. Your painting and results are unchanged."
            ):  # a difference of large pictures needs many times their memory
                overlays, changed = await asyncio.to_thread(_made, wanted, before, over)
            ready = wanted
            if self._wanted[1] is not None:
                known = self._overlays is before and (same_painting or self._over is over)
                self._show(overlays, changed if known else None)

    def _step_down(self, failed: Wanted, sentence: str, details: str) -> None:
        """After a failure, warn and go back to a simpler mode, unless something else is wanted by now."""
        if self._wanted != failed:
            return
        self._generation.session.notices.warn(sentence, details)
        if self._mode not in RESULT_PLACES:
            self.set_mode(self._place)
        else:
            self.end_comparison()

    def _show(self, overlays: Overlays, changed: Rect | None = None) -> None:
        """`changed`: the part of the canvas that has to be drawn again, or None if it is not known."""
        self._overlays, self._over = overlays, None
        flickers = self._mode is CompareMode.FLICKER and overlays.right is not None
        if flickers != self._turns.isActive():
            self._turns.start() if flickers else self._turns.stop()
        if changed is None or self._mode is not CompareMode.SPLIT:
            self._redraw()
        else:  # at a pen's pace, with all of the canvas to draw, its samples would have to wait
            wider = changed.grown(ceil(SMOOTHED / zoom_of(self._view.to_view)))
            self._view.update(self._view.to_view.mapRect(QRectF(*wider)).toAlignedRect())
            self.redrawn.emit()

    def _take_turns(self) -> None:
        self._turn_of_right = not self._turn_of_right
        self._view.update()

    def _redraw(self) -> None:
        self._view.update()
        self.redrawn.emit()

    # --- Drawing ---------------------------------------------------------------------------------------------------

    def draw_right(self, painter: QPainter, to_view: QTransform, visible: Rect, view: QRectF) -> None:
        """Draw the right picture over the page of another view, with its name. `view`: that view's own rectangle."""
        if self._overlays.right is None:
            page = QRectF(*self._generation.session.document.bounds)
            draw_name(painter, NOTHING_YET, to_view.mapRect(page) & view, Qt.AlignmentFlag.AlignHCenter)
        elif not self._before:
            self._draw(painter, self._overlays.right, to_view, visible)
            self._name(painter, 1, to_view, view, Qt.AlignmentFlag.AlignHCenter)

    def _paint(self, painter: QPainter, to_view: QTransform, visible: Rect) -> None:
        """Draw over the canvas."""
        self._to_view = to_view
        self._placing.start()
        overlays, view = self._overlays, QRectF(self._view.rect())
        if self._before or overlays.right is None:
            return
        middle = Qt.AlignmentFlag.AlignHCenter
        match self._mode:
            case CompareMode.SPLIT:
                self._paint_split(painter, overlays, to_view, visible)
                if self._split or self.comparing:
                    self._name(painter, 0, to_view, view, Qt.AlignmentFlag.AlignLeft)
                    self._name(painter, 1, to_view, view, Qt.AlignmentFlag.AlignRight)
            case CompareMode.SIDE_BY_SIDE | CompareMode.WINDOW:
                self._draw(painter, overlays.left, to_view, visible)
                self._name(painter, 0, to_view, view, middle)
            case CompareMode.FLICKER:
                side = int(self._turn_of_right)
                self._draw(painter, (overlays.left, overlays.right)[side], to_view, visible)
                self._name(painter, side, to_view, view, middle)
            case CompareMode.DIFFERENCE if overlays.difference is not None:
                overlays.difference.draw(painter, to_view)
                area = to_view.mapRect(QRectF(*overlays.difference.frame)) & view
                draw_name(painter, f"Difference: {' · '.join(self.comparison.names)}", area, middle)
                draw_legend(painter, area)

    def _hidden(self) -> Rect:
        """The part of the canvas under a picture that has no mask: in live mode all of it, so it need not be drawn."""
        overlay = self._overlays.right
        if self._before or self._mode is not CompareMode.SPLIT or overlay is None or overlay.masked:
            return NOTHING
        left = ceil(self._split_x(self._overlays.area))
        return overlay.frame & Rect(left, overlay.frame.y, overlay.frame.right - left, overlay.frame.height)

    def _draw(self, painter: QPainter, overlay: OverlayImage | None, to_view: QTransform, visible: Rect) -> None:
        """Draw a picture, and over the generation's own what was painted since."""
        if overlay is None:
            return
        overlay.draw(painter, to_view)
        if self.comparing:
            return
        painter.save()
        painter.setTransform(to_view, combine=True)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, zoom_of(to_view) < CRISP)
        for painted in self._painted(overlay):
            for where, tile in painted.items(visible & overlay.area):
                painter.drawImage(where.x, where.y, tile.image)
        painter.restore()

    def _painted(self, overlay: OverlayImage) -> Sequence[Tiles]:
        """What was painted after the guide of an overlay. While that of a newer guide is being made, this includes what
        was painted between the two guides.
        """
        newest, shown = self._generation.painted_since, self._generation.shown
        if shown is not None and overlay.shown is not None and shown.edit.document is overlay.shown.edit.document:
            self._over = newest
            return (newest,)
        return self._over or EMPTY, newest

    def _paint_split(self, painter: QPainter, overlays: Overlays, to_view: QTransform, visible: Rect) -> None:
        area, x = overlays.area, self._split_x(overlays.area)
        if self._split:
            self._draw(painter, overlays.left, to_view, visible)
        painter.save()
        painter.setTransform(to_view, combine=True)
        painter.setClipRect(QRectF(x, area.y, area.right - x, area.height), Qt.ClipOperation.IntersectClip)
        painter.setTransform(to_view.inverted()[0], combine=True)
        self._draw(painter, overlays.right, to_view, visible)
        painter.restore()
        self._handle.paint(painter, self._line(area))

    def _name(
        self, painter: QPainter, side: int, to_view: QTransform, view: QRectF, alignment: Qt.AlignmentFlag
    ) -> None:
        draw_name(painter, self.comparison.names[side], to_view.mapRect(QRectF(*self._overlays.area)) & view, alignment)

    def _split_x(self, area: Rect) -> float:
        return area.x + self._split * area.width

    def _line(self, area: Rect) -> QLineF:
        x = self._split_x(area)
        return self._to_view.map(QLineF(x, area.y, x, area.bottom))

    def _place_handle(self) -> None:
        there = self._mode is CompareMode.SPLIT and self._overlays.right is not None and not self._before
        self._handle.place(self._line(self._overlays.area) if there else None)

    def _drag(self, at: QPointF) -> None:
        if self._overlays.right is not None:
            area = self._overlays.area
            x = self._to_view.inverted()[0].map(at).x()
            self.set_split((x - area.x) / area.width)
