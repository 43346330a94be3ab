"""The state that the whole window shares: the document with its history, the colours, the tool, the edit settings.

Panels and tools read it, change it through its methods, and listen to its signals; none of them knows another.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from sdedit_studio.document.document import Document
from sdedit_studio.document.history import History
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.results import Results
from sdedit_studio.document.target import Target
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles, blank
from sdedit_studio.ui.base.notices import Notices

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


class Session(QObject):
    """Signals: `changing()` right before the document becomes another one, so that a gesture in progress can become a
    step of its own first; `document_changed(list[Rect])` with the canvas rectangles to repaint; `document_replaced()`
    after another document was opened or the canvas size changed; `history_changed()` when undo, redo, the file or the
    modified mark may read differently; `selection_changed()`, also of the frame and of whether anything is protected;
    `layers_changed()` when the stack or a layer's fields (not only pixels) changed; `results_changed()` when there is
    another result, or one less, or a star; `colours_changed()`; `tool_changed(str)`; `target_changed()` when tools
    paint on something else; `parameters_changed()`; `picture_added(str)` when a picture was dropped or pasted, with its
    layer.
    """

    changing = Signal()
    document_changed = Signal(object)
    document_replaced = Signal()
    history_changed = Signal()
    selection_changed = Signal()
    layers_changed = Signal()
    results_changed = Signal()
    colours_changed = Signal()
    tool_changed = Signal(str)
    target_changed = Signal()
    parameters_changed = Signal()
    picture_added = Signal(str)

    def __init__(self, document: Document | None = None) -> None:
        super().__init__()
        self.notices = Notices(self)
        self._history = History(document or new_document())
        self._results = self._saved_results = Results()
        self.path: Path | None = None
        self.foreground: Colour = (59, 110, 165)
        self.background: Colour = (240, 236, 224)
        self.tool = "brush"
        self.target = Target.PIXELS
        self.parameters = Parameters()

    @property
    def document(self) -> Document:
        return self._history.document

    @property
    def history(self) -> History:
        """To read; changes go through the methods below."""
        return self._history

    @property
    def results(self) -> Results:
        """What the model made of the document so far. Undo does not know them."""
        return self._results

    @property
    def modified(self) -> bool:
        """Whether the picture or its results differ from what was last saved (or opened)."""
        return self._history.modified or self._results != self._saved_results

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
        self.changing.emit()
        self._history = History(document)
        if not saved:
            self._history.mark_saved(None)
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

    @property
    def paint(self) -> tuple[Colour, Colour]:
        """Foreground and background as tools lay them down: protection is white on black, whatever the colours."""
        return (WHITE, BLACK) if self.target is Target.PROTECTION else (self.foreground, self.background)

    def amend(self, document: Document, damage: list[Rect] | None = None) -> None:
        """Show a document without making an undo step: a gesture in progress, or a change that is not undone.

        `damage`: where the composite changes, if the caller knows it more closely than the tiles tell.
        """
        self.changing.emit()
        before = self.document
        self._history.amend(document)
        self._announce(before, damage)

    def commit(self, label: str, before: Document) -> None:
        """Make one undo step of all changes since `before`."""
        self._history.commit(label, before)
        self.history_changed.emit()

    def push(self, label: str, document: Document) -> None:
        """Change the document in one undo step."""
        self.changing.emit()
        before = self.document
        self.amend(document)
        self.commit(label, before)

    def undo(self) -> None:
        self.changing.emit()
        before = self.document
        if label := self._history.undo():
            self._announce(before)
            self.history_changed.emit()
            self.notices.tell(f"Undid: {label}")

    def redo(self) -> None:
        self.changing.emit()
        before = self.document
        if label := self._history.redo():
            self._announce(before)
            self.history_changed.emit()
            self.notices.tell(f"Redid: {label}")

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

    def set_colours(self, foreground: Colour | None = None, background: Colour | None = None) -> None:
        self.foreground = foreground or self.foreground
        self.background = background or self.background
        self.colours_changed.emit()

    def set_tool(self, tool: str) -> None:
        if tool != self.tool:
            self.tool = tool
            self.tool_changed.emit(tool)

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

    def _announce(self, before: Document, damage: list[Rect] | None = None) -> None:
        now = self.document
        if now is before:
            return
        if (now.width, now.height) != (before.width, before.height):
            self.document_replaced.emit()
        elif rects := now.damage(before) if damage is None else damage:
            self.document_changed.emit(rects)
        protected = now.protection is not None, before.protection is not None
        if now.selection is not before.selection or now.frame != before.frame or protected[0] != protected[1]:
            self.selection_changed.emit()
        if now.active != before.active or (self.target is Target.MASK and now.active_layer.mask is None):
            self.set_target(Target.PIXELS)
        if now.active != before.active or _fields(now) != _fields(before):
            self.layers_changed.emit()


def _fields(document: Document) -> list[tuple[Any, ...]]:
    return [
        (x.id, x.name, x.opacity, x.mode, x.visible, x.in_guide, x.alpha_locked, x.mask is None, x.follows)
        for x in document.layers
    ]
