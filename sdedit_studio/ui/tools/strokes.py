"""Brush, eraser and smudge: tools whose tip follows the pointer."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from PySide6.QtWidgets import QWidget

from sdedit_studio.document.target import Target, surface, with_surface
from sdedit_studio.raster.brush import Brush
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.smudge import Smudge
from sdedit_studio.raster.stroke import Stroke
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.document.targets import can_paint, step_name
from sdedit_studio.ui.tools.brushes import Brushes
from sdedit_studio.ui.tools.controls import tip_controls
from sdedit_studio.ui.tools.paint import OUTSIDE, PaintTool
from sdedit_studio.ui.tools.tool import Canvas, Pointer

RESIZE = 1.12
"""Factor of a step in size; always at least a pixel."""

HARDEN = 0.1


class StrokeTool(PaintTool):
    """A drag is one stroke and one undo step. Shift at the press joins it to the last one by a straight line."""

    every_sample = True
    label: ClassVar[str]
    needs_paint: ClassVar[bool] = False
    """Whether it can only change what has been painted."""

    def __init__(self, session: Session, canvas: Canvas, brushes: Brushes) -> None:
        super().__init__(session, canvas)
        self.brushes = brushes
        self._stroke: Stroke | Smudge | None = None
        self._target = Target.PIXELS
        self._alpha_locked = False
        self._pressure = 1.0
        self._last: tuple[float, float] | None = None
        self._seen = False

    @property
    def tip(self) -> Brush:
        return self.brushes[self.id]

    @property
    def diameter(self) -> float:
        return self.tip.size

    def make(self, pixels: Tiles, at: Pointer) -> Stroke | Smudge:
        """The stroke that a press begins."""
        raise NotImplementedError

    def begin(self, at: Pointer) -> None:
        if not can_paint(self.session):
            return
        layer, target = self.session.document.active_layer, self.session.target
        self._alpha_locked = layer.alpha_locked and target is Target.PIXELS
        if self._alpha_locked and (at.eraser or self.id == "eraser"):
            self.session.notices.tell(
                f"The transparency of “{layer.name}” is locked. Unlock it in the Layers panel to erase."
            )
            return
        self.gesture = self.session.begin(step_name(target, "Erase" if at.eraser else self.label), self.settle)
        self._seen = False
        self._target = target
        self._stroke = self.make(surface(self.session.document, target), at)
        if at.shift and self._last is not None:
            self._show(*self._stroke.extend(*self._last, at.pressure, at.time))
        self._extend(at)

    def drag(self, at: Pointer) -> None:
        if self.gesture is not None:
            self._extend(at)

    def end(self, at: Pointer) -> None:
        gesture, stroke = self.gesture, self._stroke
        if gesture is None or stroke is None:
            return
        # A pen that is lifted reports no pressure any more.
        self._show(*stroke.extend(at.x, at.y, self._pressure, at.time))
        self._show(*stroke.finish())
        self.gesture = self._stroke = None
        self._last = at.x, at.y
        before, now = (surface(document, self._target) for document in (gesture.before, self.session.document))
        if _equal(before, now) or not self._seen:
            gesture.cancel()
            if self._seen and (reason := self._nothing_done()):
                self.session.notices.tell(reason)
        else:
            gesture.commit()

    def resize(self, steps: float) -> None:
        size = self.tip.size * RESIZE**steps
        at_least = self.tip.size + steps
        self.brushes.change(self.id, size=float(round(max(size, at_least) if steps > 0 else min(size, at_least))))

    def scale_tip(self, factor: float) -> None:
        self.brushes.change(self.id, size=self.tip.size * factor)

    def harden(self, steps: float) -> None:
        self.brushes.change(self.id, hardness=round(self.tip.hardness + steps * HARDEN, 2))

    def set_opacity(self, opacity: float) -> None:
        self.brushes.change(self.id, opacity=opacity)

    def options(self) -> list[QWidget]:
        return tip_controls(self.brushes, self.id)

    def _extend(self, at: Pointer) -> None:
        if self._stroke is not None:
            self._pressure = at.pressure
            self._show(*self._stroke.extend(at.x, at.y, at.pressure, at.time))

    def _show(self, pixels: Tiles, dirty: Rect) -> None:
        if self.gesture is not None and not dirty.empty:
            document = self.session.document
            damage = dirty & document.bounds
            self._seen = self._seen or not damage.empty
            self.gesture.show(with_surface(document, self._target, pixels), [damage])

    def _mirror_x(self) -> float | None:
        return self.session.document.width / 2 if self.brushes.mirror else None

    def _nothing_done(self) -> str:
        """Why a stroke changed no pixel, where there is something to do about it."""
        document = self.session.document
        if document.selection is not None:
            return OUTSIDE
        if self._target is not Target.PIXELS:
            return ""
        nothing = f"There is nothing here on “{document.active_layer.name}”. Choose another layer in the Layers panel."
        return nothing if self.needs_paint else ""


class BrushTool(StrokeTool):
    id = "brush"
    title = "Brush"
    icon = "brush"
    shortcut = "B"
    label = "Brush stroke"
    hint = "Drag to paint. Shift draws a straight line from the last stroke, Alt takes a colour."
    erases: ClassVar[bool] = False

    def make(self, pixels: Tiles, at: Pointer) -> Stroke:
        erase = self.erases or at.eraser
        return Stroke(
            self.brushes["eraser" if erase else "brush"],
            self.session.paint[0],
            pixels,
            erase=erase,
            alpha_locked=self._alpha_locked,
            selection=self.session.document.selection,
            mirror_x=self._mirror_x(),
            stabiliser=self.brushes.stabiliser,
        )


class EraserTool(BrushTool):
    id = "eraser"
    title = "Eraser"
    icon = "eraser"
    shortcut = "E"
    label = "Erase"
    hint = "Drag to erase on the active layer. Shift erases in a straight line from the last stroke."
    needs_paint = True
    erases = True


class SmudgeTool(StrokeTool):
    id = "smudge"
    title = "Smudge"
    icon = "droplet"
    shortcut = "S"
    label = "Smudge"
    needs_paint = True
    hint = "Drag to smear the paint of the active layer. Length is how far it is carried."

    def make(self, pixels: Tiles, at: Pointer) -> Smudge:
        return Smudge(
            self.tip,
            pixels,
            alpha_locked=self._alpha_locked,
            selection=self.session.document.selection,
            mirror_x=self._mirror_x(),
            stabiliser=self.brushes.stabiliser,
        )

    def options(self) -> list[QWidget]:
        return tip_controls(self.brushes, self.id, flow="Length")


def _equal(before: Tiles, after: Tiles) -> bool:
    """Whether two pictures of one origin have the same pixels."""
    if before.tiles.keys() != after.tiles.keys():
        return False
    return all(
        tile is before.tiles[key] or np.array_equal(tile.array, before.tiles[key].array)
        for key, tile in after.tiles.items()
    )
