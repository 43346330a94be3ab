"""Fill and magic wand: tools that work on the area of one colour under the pointer."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtWidgets import QWidget

from sdedit_studio.document.document import Document
from sdedit_studio.document.painting import paint_over, plain
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.fill import flood
from sdedit_studio.raster.selection import of_array
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.document.targets import can_paint, step_name
from sdedit_studio.ui.tools.controls import Setting, choice, percent
from sdedit_studio.ui.tools.paint import PaintTool, inside_selection
from sdedit_studio.ui.tools.select import Selecting, SelectTool
from sdedit_studio.ui.tools.tool import Canvas, Pointer

Coverage = Callable[[Document], np.ndarray]
"""uint8 (height, width) of the canvas's size, made in a thread."""


class Area:
    """Which pixels belong to the one that was clicked."""

    def __init__(self) -> None:
        self.tolerance = Setting(12.0)
        self.connected = Setting(True)
        self.all_layers = Setting(True)

    def around(self, x: int, y: int) -> Coverage:
        tolerance, connected, all_layers = self.tolerance.value / 100, self.connected.value, self.all_layers.value

        def coverage(document: Document) -> np.ndarray:
            layers = document.layers if all_layers else [document.active_layer]
            return flood(flatten(layers, document.bounds), x, y, tolerance, connected)

        return coverage

    def controls(self) -> list[QWidget]:
        return [
            percent("Tolerance", self.tolerance),
            choice(
                "Fill only pixels that touch each other, or the colour everywhere",
                self.connected,
                [(True, "Connected"), (False, "Everywhere")],
            ),
            choice(
                "Look at the whole picture, or at the active layer alone",
                self.all_layers,
                [(True, "All layers"), (False, "This layer")],
            ),
        ]


class FillTool(PaintTool):
    id = "fill"
    title = "Fill"
    icon = "paint-bucket"
    shortcut = "F"
    hint = "Click to fill the area of one colour. Alt takes a colour."

    def __init__(self, session: Session, canvas: Canvas) -> None:
        super().__init__(session, canvas)
        self._area = Area()
        self._opacity = Setting(100.0)
        self._pressed = Pointer(0, 0)

    def begin(self, at: Pointer) -> None:
        self._pressed = at

    def end(self, at: Pointer) -> None:
        at = self._pressed  # wherever the pointer is by now
        x, y = math.floor(at.x), math.floor(at.y)
        if (x, y) not in self.session.document.bounds or not inside_selection(self.session, at):
            return
        if not can_paint(self.session):
            return
        target, colour = self.session.target, self.session.paint[0]
        coverage, opacity = self._area.around(x, y), self._opacity.value / 100
        self.session.change(
            step_name(target, "Fill"),
            lambda document: paint_over(document, document.bounds, plain(colour, opacity, coverage(document)), target),
        )

    def set_opacity(self, opacity: float) -> None:
        self._opacity.set(100 * opacity)

    def options(self) -> list[QWidget]:
        return [*self._area.controls(), percent("Opacity", self._opacity)]


class WandTool(SelectTool):
    id = "wand"
    title = "Magic wand"
    icon = "wand-sparkles"
    shortcut = "W"
    hint = "Click to select the area of one colour. Shift adds, Alt subtracts, both intersect."

    def __init__(self, session: Session, canvas: Canvas, selecting: Selecting) -> None:
        super().__init__(session, canvas, selecting)
        self._area = Area()
        self._pressed = Pointer(0, 0)

    def press(self, at: Pointer) -> None:
        self._pressed = at

    def release(self, at: Pointer) -> None:
        at = self._pressed  # wherever the pointer is by now
        x, y = math.floor(at.x), math.floor(at.y)
        if (x, y) in self.session.document.bounds:
            coverage = self._area.around(x, y)
            self.select(
                "Select by colour", self.how(at), lambda document: of_array(coverage(document), document.bounds)
            )
        elif self.how(at) == "replace":
            self.deselect()

    def options(self) -> list[QWidget]:
        how, feather = super().options()
        return [how, *self._area.controls(), feather]
