"""The document session: the document behind its door, its results and its file; and what is chosen about painting:
colours, tool, target, edit settings. Tools and panels listen to its signals; none of them knows another.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.results import Results
from sdedit_studio.document.target import Target
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles, blank
from sdedit_studio.ui.document.background import Background
from sdedit_studio.ui.document.door import Door

Colour = tuple[int, int, int]
"""sRGB, 0 .. 255 each."""

WHITE, BLACK = (255, 255, 255), (0, 0, 0)

DEFAULT_SIZE = (768, 512)


def new_document(
    width: int = DEFAULT_SIZE[0], height: int = DEFAULT_SIZE[1], paper: Colour | None = (255, 255, 255)
) -> Document:
    """An empty canvas: a paper layer filled with `paper` (transparent when None) under a layer to paint on."""
    pixels = Tiles()
    if paper is not None:
        array = blank(width, height)
        array[:] = (*reversed(paper), 255)
        pixels = Tiles.from_array(array)
    return Document.of(width, height, [Layer("Paper", pixels), Layer("Layer 1")])


class Session(Door):
    """Signals besides the door's: `results_changed()` when there is another result, or one less, or a star;
    `colours_changed()`; `tool_changed(str)`; `target_changed()` when tools paint on something else;
    `parameters_changed()`; `picture_added(str)` when a picture was dropped or pasted, with its layer.
    """

    results_changed = Signal()
    colours_changed = Signal()
    tool_changed = Signal(str)
    target_changed = Signal()
    parameters_changed = Signal()
    picture_added = Signal(str)

    def __init__(self, document: Document | None = None, background: Background | None = None) -> None:
        super().__init__(document or new_document(), background)
        self._results = self._saved_results = Results()
        self.path: Path | None = None
        self.foreground: Colour = (59, 110, 165)
        self.background: Colour = (240, 236, 224)
        self.tool = "brush"
        self.target = Target.PIXELS
        self.parameters = Parameters()

    @property
    def results(self) -> Results:
        """What the model made of the document so far. Undo does not know them."""
        return self._results

    @property
    def modified(self) -> bool:
        """Whether the picture or its results differ from what was last saved (or opened)."""
        return self._history.modified or self._results != self._saved_results

    @property
    def work(self) -> tuple[object, ...]:
        """What is lost when the document is closed without saving: equal as long as nothing was added to it."""
        return self._opened, *self._history.picture, self._results

    @property
    def paint(self) -> tuple[Colour, Colour]:
        """Foreground and background as tools lay them down: protection is white on black, whatever the colours."""
        return (WHITE, BLACK) if self.target is Target.PROTECTION else (self.foreground, self.background)

    # --- Files and results -----------------------------------------------------------------------------------------

    def open(
        self,
        document: Document,
        path: Path | None,
        parameters: Parameters | None = None,
        results: Results | None = None,
        *,
        saved: bool = True,
    ) -> None:
        """Replace everything by another document, with a fresh history. `saved`: nothing is lost if it is closed."""
        self.in_turn(lambda: self._open(document, path, parameters, results, saved))

    def set_results(self, results: Results) -> None:
        """Keep other results. It makes no undo step."""
        if results != self._results:
            self._results = results
            self.results_changed.emit()
            self.history_changed.emit()

    def mark_saved(self, document: Document, results: Results, path: Path) -> None:
        """Record that this document value with these results is what `path` now holds."""
        self._history.mark_saved(document)
        self._saved_results = results
        self.path = path
        self.history_changed.emit()

    # --- What is chosen --------------------------------------------------------------------------------------------

    def set_colours(self, foreground: Colour | None = None, background: Colour | None = None) -> None:
        self.foreground = foreground or self.foreground
        self.background = background or self.background
        self.colours_changed.emit()

    def set_tool(self, tool: str) -> None:
        if tool != self.tool:
            self.tool = tool
            self.tool_changed.emit(tool)

    def choose_target(self, target: Target) -> None:
        """As `set_target`, in its turn: on the layer that is active by then."""
        self.in_turn(lambda: self.set_target(target), changes=False)

    def set_target(self, target: Target) -> None:
        """Choose what tools paint on. A layer without a mask says so, and nothing changes."""
        if target is Target.MASK and self.document.active_layer.mask is None:
            self.notices.tell(f"“{self.document.active_layer.name}” has no mask. Add one in the Layer menu.")
        elif target is not self.target:
            self.target = target
            self.target_changed.emit()

    def set_parameters(self, **changes: Any) -> None:
        """Change edit settings. Raises ValueError when one is out of range."""
        parameters = replace(self.parameters, **changes)
        if parameters != self.parameters:
            self.parameters = parameters
            self.parameters_changed.emit()

    def _open(
        self,
        document: Document,
        path: Path | None,
        parameters: Parameters | None,
        results: Results | None,
        saved: bool,
    ) -> None:
        self._replace(document, saved=saved)
        self._results = self._saved_results = results or Results()
        self.path = path
        self.set_target(Target.PIXELS)
        self.document_replaced.emit()
        self.layers_changed.emit()
        self.selection_changed.emit()
        self.results_changed.emit()
        self.history_changed.emit()
        if parameters is not None:
            self.parameters = parameters
            self.parameters_changed.emit()

    def _announce(self, before: Document, damage: list[Rect] | None = None) -> None:
        """Tools paint on the pixels of a layer that has just become active, and where a mask is gone."""
        super()._announce(before, damage)
        now = self.document
        if now.active != before.active or (self.target is Target.MASK and now.active_layer.mask is None):
            self.set_target(Target.PIXELS)
