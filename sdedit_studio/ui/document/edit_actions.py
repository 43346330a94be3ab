"""The commands of the Edit, Image, Layer and Select menus, asked for at the session's door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from sdedit_studio.document import edits
from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.target import Target
from sdedit_studio.files import pictures
from sdedit_studio.raster import selection
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles, as_image
from sdedit_studio.ui.base.dialog import answered
from sdedit_studio.ui.base.tasks import Tasks
from sdedit_studio.ui.document.door import Opened
from sdedit_studio.ui.document.drops import Drops, Source
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.document.size_dialogs import CanvasSizeDialog, ImageSizeDialog, NumberDialog
from sdedit_studio.ui.document.targets import only_pixels, step_name

Select = Callable[[Tiles | None, Rect], Tiles | None]
"""A new selection from the one there is and the canvas."""


class EditActions(QObject):
    """`view`: which part of the canvas is in sight, for pasting. `open_requested(Path)`: a document was pasted."""

    open_requested = Signal(object)

    def __init__(self, session: Session, tasks: Tasks, window: QWidget, view: Callable[[], Rect]) -> None:
        super().__init__(window)
        self._session, self._tasks, self._window, self._view = session, tasks, window, view
        self._drops = Drops(session)

    # --- Edit ------------------------------------------------------------------------------------------------------

    def cut(self) -> None:
        if not only_pixels(self._session, "Cut takes"):
            return
        taken: list[edits.Clip | None] = []

        def cut(document: Document) -> Document:
            after, clip = edits.cut(document)
            taken.append(clip)
            return after

        self._session.change("Cut", cut, then=lambda: self._put_on_clipboard(taken[-1]))

    def copy(self) -> None:
        if only_pixels(self._session, "Copy takes"):
            self._session.compute("Copy", edits.copied, self._put_on_clipboard)

    def copy_merged(self) -> None:
        self._session.compute("Copy all layers", edits.copied_merged, self._put_on_clipboard)

    def paste(self) -> None:
        """What is on the clipboard, as a layer: a picture, or the files that were copied in a file manager."""
        self._session.in_turn(self._paste)

    def add_pictures(self, files: Sequence[Path]) -> None:
        """Add picture files as layers, scaled down where they are larger than the canvas."""
        if files:
            bounds = self._session.document.bounds
            sources = [Source(path.stem, partial(pictures.read, path)) for path in files]
            self._drops.add(sources, (bounds.width // 2, bounds.height // 2))

    def clear(self) -> None:
        target = self._session.target
        self._session.change(step_name(target, "Clear"), lambda document: edits.clear(document, target))

    def fill(self) -> None:
        target, colour = self._session.target, self._session.paint[0]
        self._session.change(step_name(target, "Fill"), lambda document: edits.fill(document, colour, target))

    def _paste(self) -> None:
        mime, view = QGuiApplication.clipboard().mimeData(), self._view()
        if mime is None or not self._drops.welcomes(mime):
            self._session.notices.tell("There is no picture on the clipboard.")
            return
        middle = view.x + view.width // 2, view.y + view.height // 2
        for document in self._drops.take(mime, middle, in_turn=True):
            self.open_requested.emit(document)

    def _put_on_clipboard(self, clip: edits.Clip | None) -> None:
        if clip is None:
            self._session.notices.tell("There is nothing here to copy.")
            return
        QGuiApplication.clipboard().setImage(as_image(np.ascontiguousarray(clip.pixels)).copy())
        self._session.notices.tell(f"Copied {clip.pixels.shape[1]} × {clip.pixels.shape[0]} pixels.")

    # --- Image -----------------------------------------------------------------------------------------------------

    def canvas_size(self) -> None:
        self._tasks.start(self._canvas_size())

    def image_size(self) -> None:
        self._tasks.start(self._image_size())

    def crop_to_selection(self) -> None:
        def crop(document: Document) -> Document:
            chosen = document.selection
            return document if chosen is None else edits.cropped(document, chosen.content_bounds())

        self._session.change("Crop to selection", crop)

    def flip(self, *, horizontally: bool) -> None:
        label = "Flip left to right" if horizontally else "Flip top to bottom"
        self._session.change(label, lambda document: edits.flipped(document, horizontally=horizontally))

    def flatten(self) -> None:
        self._session.change("Flatten", edits.flattened)

    async def _canvas_size(self) -> None:
        document, opened = self._session.document, self._session.opened
        dialog = CanvasSizeDialog(self._window, document.width, document.height)
        if await answered(dialog):
            size, anchor = dialog.fields.value, dialog.anchor.value
            self._session.change("Canvas size", lambda now: edits.with_canvas(now, *size, anchor), of=opened)

    async def _image_size(self) -> None:
        document, opened = self._session.document, self._session.opened
        dialog = ImageSizeDialog(self._window, document.width, document.height)
        if await answered(dialog):
            size = dialog.fields.value
            self._session.change("Image size", lambda now: edits.scaled(now, *size), of=opened)

    # --- Layer -----------------------------------------------------------------------------------------------------

    def add_layer(self) -> None:
        def add(document: Document) -> Document:
            names = {layer.name for layer in document.layers}
            number = next(n for n in range(1, len(names) + 2) if f"Layer {n}" not in names)
            return document.inserted(Layer(f"Layer {number}"))

        self._at_once("Add layer", add)

    def duplicate_layer(self) -> None:
        self._at_once("Duplicate layer", lambda document: document.duplicated(document.active))

    def delete_layer(self) -> None:
        self._at_once("Delete layer", lambda document: document.removed(document.active))

    def merge_down(self) -> None:
        self._session.change("Merge down", lambda document: document.merged_down(document.active))

    def merge_visible(self) -> None:
        self._session.change("Merge visible layers", edits.merged_visible)

    def move_layer(self, by: int) -> None:
        """Move the active layer up (positive) or down in the stack."""
        label = "Raise layer" if by > 0 else "Lower layer"
        self._at_once(label, lambda document: document.reordered(document.active, max(0, document.active_index + by)))

    def switch_layer(self, field: str, on: str, off: str) -> None:
        """Turn a yes-or-no field of the active layer round; `on` and `off` name the step."""

        def switch() -> None:
            layer = self._session.document.active_layer
            value = not getattr(layer, field)
            self._at_once(on if value else off, lambda document: document.with_layer(layer.id, **{field: value}))

        self._session.in_turn(switch)

    def add_mask(self) -> None:
        """A mask that shows all of the active layer, to paint on."""

        def add(document: Document) -> Document:
            shown = document.bounds | document.active_layer.pixels.bounds
            mask = Tiles.from_array(np.full((shown.height, shown.width), 255, np.uint8), shown.x, shown.y)
            return document.with_layer(document.active, mask=mask)

        self._session.change("Add mask", add, at_once=True, then=lambda: self._session.set_target(Target.MASK))

    def paint_on_mask(self) -> None:
        """Paint on the active layer's mask, or again on its pixels."""
        on_it = self._session.target is Target.MASK
        self._session.choose_target(Target.PIXELS if on_it else Target.MASK)

    def remove_mask(self) -> None:
        self._at_once("Delete mask", lambda document: document.with_layer(document.active, mask=None))

    def mask_from_selection(self) -> None:
        self._at_once(
            "Mask from selection", lambda document: document.with_layer(document.active, mask=document.selection)
        )

    def activate_neighbour(self, by: int) -> None:
        """Make the layer above (positive) or below the active one."""

        def neighbour(document: Document) -> str:
            return document.layers[min(len(document.layers) - 1, max(0, document.active_index + by))].id

        self._session.activate_by(neighbour)

    # --- Select ----------------------------------------------------------------------------------------------------

    def select_all(self) -> None:
        self._select("Select all", lambda _old, bounds: selection.rectangle(bounds, bounds))

    def select_none(self) -> None:
        self._select("Deselect", lambda _old, _bounds: None)

    def select_inverse(self) -> None:
        self._select("Invert selection", selection.invert)

    def select_layer(self) -> None:
        """What is painted on the active layer."""

        def opaque(document: Document) -> Document:
            pixels = document.active_layer.pixels
            rect = pixels.bounds & document.bounds
            chosen = selection.of_array(np.ascontiguousarray(pixels.read(rect)[..., 3]), rect)
            return document.replace(selection=chosen)

        self._session.change("Select layer's paint", opaque)

    def feather(self) -> None:
        words = ("Feather selection", "Softens the edge, so that an edit fades into what is around it.", "Radius")
        self._tasks.start(self._ask_select(words, 12, 200, lambda n: lambda old, all_: selection.feather(old, n, all_)))

    def grow(self) -> None:
        words = ("Grow selection", "Moves the edge outwards.", "By")
        self._tasks.start(self._ask_select(words, 8, 200, lambda n: lambda old, all_: selection.grow(old, n, all_)))

    def shrink(self) -> None:
        words = ("Shrink selection", "Moves the edge inwards.", "By")
        self._tasks.start(self._ask_select(words, 8, 200, lambda n: lambda old, all_: selection.grow(old, -n, all_)))

    async def _ask_select(
        self, words: tuple[str, str, str], value: int, maximum: int, make: Callable[[int], Select]
    ) -> None:
        opened, dialog = self._session.opened, NumberDialog(self._window, *words, value, maximum)
        if await answered(dialog):
            self._select(words[0], make(dialog.field.value()), opened)

    def _select(self, label: str, change: Select, of: Opened | None = None) -> None:
        self._session.change(
            label, lambda document: document.replace(selection=change(document.selection, document.bounds)), of=of
        )

    # --- What is protected from the model --------------------------------------------------------------------------

    def protect(self) -> None:
        """Paint what the model leaves alone, or no longer."""
        on_it = self._session.target is Target.PROTECTION
        self._session.choose_target(Target.PIXELS if on_it else Target.PROTECTION)

    def clear_protection(self) -> None:
        self._at_once("Clear protection", lambda document: document.replace(protection=None))

    def invert_protection(self) -> None:
        self._protect("Invert protection", lambda now: selection.invert(now.protection, now.bounds))

    def protect_selection(self) -> None:
        """Protect what is selected, besides what is protected already."""
        self._protect(
            "Protect selection", lambda now: selection.combine(now.protection, now.selection, "add", now.bounds)
        )

    def select_protected(self) -> None:
        self._session.change("Select what is protected", lambda now: now.replace(selection=now.protection))

    def _protect(self, label: str, change: Callable[[Document], Tiles | None]) -> None:
        self._session.change(label, lambda document: document.replace(protection=change(document)))

    def _at_once(self, label: str, change: Callable[[Document], Document]) -> None:
        self._session.change(label, change, at_once=True)
